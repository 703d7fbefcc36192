"""The published face of an entry: all that a hit shows, held in memory beside the search index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from qa_service.kit import clock
from qa_service.library.models import EntryVersion
from qa_service.search.types import Document


@dataclass(frozen=True, slots=True)
class Face:
    """One published version as plain data; `basis` is one line a law or document, as it is shown."""

    key: str
    version_id: int
    version_number: int
    question: str
    answer: str
    phrasings: tuple[str, ...]
    basis: tuple[str, ...]
    unit_id: int
    unit: str
    topic: str
    audience: tuple[str, ...]
    effective_from: date | None
    effective_to: date | None
    review_due: date | None
    published_on: date | None

    @classmethod
    def of(cls, key: str, version: EntryVersion, unit: str) -> Face:
        """`unit`: the name of the version's unit."""
        return cls(
            key=key, version_id=version.id, version_number=version.number, question=version.question,
            answer=version.answer, phrasings=tuple(p["text"] for p in version.phrasings),
            basis=tuple(basis_lines(version.basis)), unit_id=version.unit_id, unit=unit, topic=version.topic,
            audience=tuple(version.audience), effective_from=version.effective_from,
            effective_to=version.effective_to, review_due=version.review_due,
            published_on=clock.local(version.published_at).date() if version.published_at else None,
        )  # fmt: skip

    def document(self) -> Document:
        return Document(
            id=self.key, question=self.question, answer=self.answer, phrasings=self.phrasings, topic=self.topic,
            unit=str(self.unit_id), issuer=self.unit, audience=self.audience, effective_from=self.effective_from,
            effective_to=self.effective_to, review_due=self.review_due,
        )  # fmt: skip


def basis_lines(basis: Iterable[dict[str, str]]) -> list[str]:
    """One line a law and article, in order; an article cited for two phrases stands once."""
    return list(dict.fromkeys(map(basis_line, basis)))


def basis_line(item: dict[str, str]) -> str:
    """《失业保险条例》（1999年1月22日）第十四条, or the text as written where it has no parts."""
    if not item.get("article"):
        return item["law"]
    version = item.get("version", "")
    dated = ""
    if version:
        year, month, day = version.split("-")
        dated = f"（{year}年{int(month)}月{int(day)}日）"
    return f"《{item['law']}》{dated}{item['article']}"
