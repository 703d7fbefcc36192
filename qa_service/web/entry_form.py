"""The editing form of an entry: what is typed, kept as typed until it can be checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from starlette.datastructures import FormData, UploadFile

from qa_service.library.models import EntryVersion
from qa_service.library.schemas import ContentInput
from qa_service.web.forms import checked, text

BASIS = ("law", "version", "article", "phrase")
DATES = ("effective_from", "effective_to", "review_due")


@dataclass(frozen=True, slots=True)
class EntryForm:
    """`phrasings` is one wording a line, `audience` is separated by 、; dates are as the browser sends them."""

    question: str
    answer: str
    unit: str
    topic: str
    basis: tuple[dict[str, str], ...]
    phrasings: str
    audience: str
    effective_from: str
    effective_to: str
    review_due: str
    note: str

    @classmethod
    def empty(cls) -> EntryForm:
        return cls("", "", "", "", (), "", "", "", "", "", "")

    @classmethod
    def of_version(cls, version: EntryVersion, unit_code: str) -> EntryForm:
        return cls(
            question=version.question, answer=version.answer, unit=unit_code, topic=version.topic,
            basis=tuple({name: item.get(name, "") for name in BASIS} for item in version.basis),
            phrasings="\n".join(item["text"] for item in version.phrasings), audience="、".join(version.audience),
            effective_from=_iso(version.effective_from), effective_to=_iso(version.effective_to),
            review_due=_iso(version.review_due), note=version.note,
        )  # fmt: skip

    @classmethod
    def of_fields(cls, fields: FormData) -> EntryForm:
        # The form's own `version` field is the lock, so the row's date has another name.
        columns = [
            [_plain(value) for value in fields.getlist("basis_version" if name == "version" else name)]
            for name in BASIS
        ]
        rows = [dict(zip(BASIS, row, strict=True)) for row in zip(*columns, strict=False)]
        return cls(
            question=text(fields, "question"), answer=text(fields, "answer").replace("\r\n", "\n"),
            unit=text(fields, "unit"), topic=text(fields, "topic"),
            basis=tuple(row for row in rows if any(value.strip() for value in row.values())),
            phrasings=text(fields, "phrasings").replace("\r\n", "\n"), audience=text(fields, "audience"),
            effective_from=text(fields, "effective_from"), effective_to=text(fields, "effective_to"),
            review_due=text(fields, "review_due"), note=text(fields, "note"),
        )  # fmt: skip

    def checked(self) -> ContentInput:
        """Raises Invalid naming each field."""
        return checked(
            ContentInput,
            {
                "question": self.question, "answer": self.answer, "unit": self.unit, "topic": self.topic,
                "basis": list(self.basis), "note": self.note,
                "phrasings": [line.strip() for line in self.phrasings.split("\n") if line.strip()],
                "audience": [part for part in re.split(r"[、，,;；\s]+", self.audience) if part],
                **{name: getattr(self, name) or None for name in DATES},
            },
        )  # fmt: skip


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


def _plain(value: str | UploadFile) -> str:
    return value if isinstance(value, str) else ""
