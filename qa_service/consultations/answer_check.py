"""Whether a unit's answer repeats or contradicts what the library already publishes. It warns and never blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from qa_service.consultations import rules
from qa_service.library.asking import Asked
from qa_service.search.types import Decision
from qa_service.text.comparison import Span, differing, similarity

LOOKED_AT = 5  # hits of each of the two searches that are compared
REPLY_SEARCHED = 200  # characters of the reply that are searched for


class Searches(Protocol):
    """The live search, without a record: checking makes no statistics."""

    def test(self, question: str) -> Asked: ...


@dataclass(frozen=True, slots=True)
class Finding:
    """A published entry beside the reply. `kind` is "repeat" or "contradict"; the spans are the numbers, dates and
    amounts in the reply and in the entry's answer that the other does not name."""

    kind: str
    key: str
    question: str
    answer: str
    basis: tuple[str, ...]
    confidence: float
    similarity: float
    reply_spans: tuple[Span, ...]
    answer_spans: tuple[Span, ...]


def check(searches: Searches, question: str, reply: str) -> list[Finding]:
    """The entry that answers the question with high confidence, and those whose answers are nearly this reply.

    Contradictions first, then what repeats; the most alike first.
    """
    if not reply.strip():
        return []
    by_question = searches.test(question)
    by_reply = searches.test(reply[:REPLY_SEARCHED])
    sure = by_question.outcome.decision is Decision.ANSWER
    findings: dict[str, Finding] = {}
    for asked in (by_question, by_reply):
        for place, hit in enumerate(asked.outcome.hits[:LOOKED_AT]):
            same_question = sure and asked is by_question and place == 0
            face = asked.snapshot.faces[hit.id]
            alike = similarity(reply, face.answer)
            if face.key in findings or not (same_question or alike >= rules.NEAR_DUPLICATE):
                continue
            here, there = differing(reply, face.answer)
            findings[face.key] = Finding(
                kind=rules.repeats_or_contradicts(alike, bool(here or there)), key=face.key, question=face.question,
                answer=face.answer, basis=face.basis,
                confidence=asked.outcome.confidence if same_question else hit.score, similarity=alike,
                reply_spans=tuple(here), answer_spans=tuple(there),
            )  # fmt: skip
    return sorted(findings.values(), key=lambda f: (f.kind != "contradict", -f.similarity))
