"""Whether an entry may be answered from on a given day."""

from __future__ import annotations

from datetime import date

from .types import Document


def obstacle(document: Document, on: date) -> str | None:
    """Why the entry may not be answered from on this day: "not_yet_effective", "expired",
    "review_overdue", or None when it may. All three dates are the last or first permitted day."""
    if document.effective_from is not None and on < document.effective_from:
        return "not_yet_effective"
    if document.effective_to is not None and on > document.effective_to:
        return "expired"
    if document.review_due is not None and on > document.review_due:
        return "review_overdue"
    return None
