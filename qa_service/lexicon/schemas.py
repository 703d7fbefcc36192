"""What the lexicon API takes in and gives out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from qa_service.kit.schemas import Input
from qa_service.lexicon.preview import Preview, Verdict
from qa_service.lexicon.rules import Kind, Word
from qa_service.lexicon.service import Listed
from qa_service.library.face import Face

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class WordInput(Input):
    """要添加的词。`official` 只有口语词才填。"""

    kind: Kind = Field(
        description="synonym 口语词 | term 结巴词条 | stop_word 提问虚词", examples=["synonym"]
    )
    said: Text = Field(examples=["房本儿"])
    official: Text = Field("", examples=["不动产权证书"])


class WordView(BaseModel):
    id: int | None = Field(description="随软件附带的词没有编号，不能撤下")
    kind: Kind
    said: str
    official: str
    bundled: bool
    added_by: str
    added_at: datetime | None
    withdrawn_by: str
    withdrawn_at: datetime | None

    @classmethod
    def of(cls, listed: Listed) -> WordView:
        word = listed.word
        return cls(
            id=listed.id, kind=word.kind, said=word.said, official=word.official, bundled=listed.id is None,
            added_by=listed.added_by, added_at=listed.added_at, withdrawn_by=listed.withdrawn_by,
            withdrawn_at=listed.withdrawn_at,
        )  # fmt: skip


class WordPage(BaseModel):
    items: list[WordView]
    total: int
    page: int
    size: int


class VerdictView(BaseModel):
    """检索结果的要点：首条条目、处理决定、把握程度。`key` 为空表示没有命中。"""

    key: str
    question: str
    decision: str
    confidence: float

    @classmethod
    def of(cls, verdict: Verdict, faces: Mapping[str, Face]) -> VerdictView:
        face = faces.get(verdict.key)
        return cls(
            key=verdict.key, question=face.question if face else "", decision=verdict.decision,
            confidence=round(verdict.confidence, 4),
        )  # fmt: skip


class DifferenceView(BaseModel):
    question: str
    before: VerdictView
    after: VerdictView


class PreviewView(BaseModel):
    """保存前的试查：用近期不同的提问，比较现在与添加以后的检索结果。"""

    kind: Kind
    said: str
    official: str
    asked: int = Field(description="试查的提问数")
    holding: int = Field(description="其中含有这个词的")
    other_entry: int = Field(description="首条条目不同的")
    other_decision: int = Field(description="处理决定不同的")
    other_result: int = Field(description="首条条目或处理决定不同的；其余只是把握程度不同")
    differences: list[DifferenceView]

    @classmethod
    def of(cls, word: Word, preview: Preview, faces: Mapping[str, Face]) -> PreviewView:
        return cls(
            kind=word.kind, said=word.said, official=word.official, asked=preview.asked, holding=preview.holding,
            other_entry=preview.other_entry, other_decision=preview.other_decision,
            other_result=preview.other_result,
            differences=[
                DifferenceView(
                    question=difference.question, before=VerdictView.of(difference.before, faces),
                    after=VerdictView.of(difference.after, faces),
                )
                for difference in preview.differences
            ],
        )  # fmt: skip
