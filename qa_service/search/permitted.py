"""Which entries a question may be answered from: those of a topic, a unit, and valid on a day."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .types import Document, Filters, Mask
from .validity import obstacle

_KEPT = 64


class Permitted:
    """Masks over `documents`. Many threads may ask; what two work out at once is the same."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._masks: dict[Filters, Mask] = {}

    def by(self, filters: Filters) -> Mask:
        """Which entries these filters permit; kept, since a day's questions share a few filters."""
        mask = self._masks.get(filters)
        if mask is None:
            mask = np.array([_permitted(document, filters) for document in self._documents], dtype=np.bool_)
            if len(self._masks) >= _KEPT:
                self._masks.clear()
            self._masks[filters] = mask
        return mask


def _permitted(document: Document, filters: Filters) -> bool:
    if filters.topic is not None and document.topic != filters.topic:
        return False
    if filters.unit is not None and document.unit != filters.unit:
        return False
    return filters.on is None or obstacle(document, filters.on) is None
