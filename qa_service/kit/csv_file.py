"""Tables as CSV files that spreadsheet programs open as they are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins so would be run as a formula (OWASP, CSV Injection); in full width too, which Chinese and Japanese
# editions take for the same.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BOM = "\ufeff"  # without it Excel takes UTF-8 for the local code page


def csv_file(head: Sequence[str], rows: Iterable[Sequence[str | int | float]]) -> bytes:
    """UTF-8 with a byte order mark. Text that begins like a formula gets a leading apostrophe."""
    held = io.StringIO()
    writer = csv.writer(held)
    writer.writerow(map(safe_cell, head))
    writer.writerows([safe_cell(value) for value in row] for row in rows)
    return (BOM + held.getvalue()).encode("utf-8", "replace")


def safe_cell(value: str | int | float) -> str | int | float:
    """Numbers as they are; text so that it stays text."""
    if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA):
        return f"'{value}"
    return value
