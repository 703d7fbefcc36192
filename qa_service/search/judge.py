"""What tells whether a first hit answers, and whether one of those offered does: fitted elsewhere, brought by an encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .logistic import Logistic

FEATURES = (
    "margin", "passage", "level", "weakest", "missing", "strictly_missing", "wording", "tokens", "words",
)  # fmt: skip
OFFER_FEATURES = ("lead", "passage", "weakest", "wording", "level", "tokens")


@dataclass(frozen=True, slots=True)
class Judge:
    """`first` over FEATURES: the first hit answers; `offer` over OFFER_FEATURES: one of those offered does."""

    first: Logistic
    offer: Logistic

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Judge:
        """From its fields as read from JSON. Raises ValueError, KeyError or TypeError when they are not."""
        return cls(Logistic.of(data["first"], FEATURES), Logistic.of(data["offer"], OFFER_FEATURES))
