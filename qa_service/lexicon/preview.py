"""What other words would change: logged questions asked with the words of today and with those proposed. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qa_service.search.engine import Engine
from qa_service.search.types import Decision, Filters, Outcome

QUESTIONS = 200
# A smaller difference of confidence decides nothing and is not worth anybody's look.
NOTABLE = 0.05


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of search in short; `key` is the first entry found, empty where nothing was."""

    key: str
    decision: Decision
    confidence: float

    @classmethod
    def of(cls, outcome: Outcome) -> Verdict:
        return cls(outcome.hits[0].id if outcome.hits else "", outcome.decision, outcome.confidence)

    def differs(self, other: Verdict) -> bool:
        return (
            self.key != other.key
            or self.decision is not other.decision
            or round(abs(self.confidence - other.confidence), 4) >= NOTABLE
        )


@dataclass(frozen=True, slots=True)
class Difference:
    question: str
    before: Verdict
    after: Verdict


@dataclass(frozen=True, slots=True)
class Preview:
    """`asked` questions were tried, of which `holding` hold the word; `differences` in their order."""

    asked: int
    holding: int
    differences: tuple[Difference, ...]

    @property
    def other_entry(self) -> int:
        return sum(d.before.key != d.after.key for d in self.differences)

    @property
    def other_result(self) -> int:
        """Of another entry or decision: more than a shift of confidence."""
        return sum(
            d.before.key != d.after.key or d.before.decision is not d.after.decision for d in self.differences
        )

    @property
    def other_decision(self) -> int:
        return sum(d.before.decision is not d.after.decision for d in self.differences)


def differences(
    before: Engine, after: Engine, questions: Sequence[str], filters: Filters
) -> tuple[Difference, ...]:
    """The questions that the two engines, of one library and encoder, answer differently.

    Each is encoded once, unless a word of one lexicon is heard in it: the encoder itself knows nothing of words.
    """
    found: list[Difference] = []
    for question in questions:
        read = before.read(question)
        alike = before.understood(question) == after.understood(question)
        verdicts = [
            Verdict.of(before.ask(question, filters, 1, read)),
            Verdict.of(after.ask(question, filters, 1, read if alike else None)),
        ]
        if verdicts[0].differs(verdicts[1]):
            found.append(Difference(question, verdicts[0], verdicts[1]))
    return tuple(found)
