"""From the calibrated probability to what the service does, and the level that is shown with a hit."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .types import Decision


@dataclass(frozen=True, slots=True)
class Bands:
    """Answer outright from `answer` on, offer a choice from `choose` on, otherwise refer.

    `answer` is a probability that the first hit answers, `choose` one that any of the first three does. A wrong
    official answer costs more than a choice of three, so `answer` stands where about 97 of 100 outright answers were
    right, on queries of two libraries. A choice that fits nothing costs a glance, a referral of what is answered costs
    days: below `choose` fewer than one in forty of the answerable questions is lost (docs/search.md).
    """

    answer: float = 0.92
    choose: float = 0.2


def decide(confidence: float, offered: float, hits: int, ambiguous: bool, bands: Bands) -> Decision:
    """`ambiguous`: something other than the probability forbids one outright answer."""
    if not hits:
        return Decision.REFER
    if confidence >= bands.answer and not ambiguous:
        return Decision.ANSWER
    return Decision.CHOOSE if offered >= bands.choose else Decision.REFER


def shown_score(fused: float, middle: float = 3.5, slope: float = 1.0) -> float:
    """A joint score as 0-1: a logistic curve, .5 at `middle`."""
    return round(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, slope * (fused - middle))))), 4)
