"""What the question and library API takes in and gives out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints

from qa_service.kit.schemas import Input
from qa_service.library.asking import Asked
from qa_service.library.face import Face, basis_lines
from qa_service.library.gap_report import GapReport, Total
from qa_service.library.gaps import Cluster
from qa_service.library.lifecycle import LIFECYCLE
from qa_service.library.live import Snapshot, UnitCard
from qa_service.library.models import Entry, EntryVersion
from qa_service.search.types import Hit as SearchHit
from qa_service.text.regions import Bearing

QUESTION_LIMIT = 10_000


class AskRequest(Input):
    """一个问题。超过 300 字的部分不参与检索。"""

    question: Annotated[str, StringConstraints(max_length=QUESTION_LIMIT)] = Field(
        examples=["公积金能不能取出来交房租"]
    )
    topic: Annotated[str, StringConstraints(max_length=64)] | None = None
    limit: int = Field(5, ge=1, le=50)


class UnitOfHit(BaseModel):
    code: str
    name: str
    phone: str
    address: str
    hours: str


class HitView(BaseModel):
    """一条命中：答复全文、依据、单位、有效期，以及为什么命中。`score` 为 0—1，越大越好。"""

    key: str
    version_id: int
    question: str
    answer: str
    basis: list[str]
    unit: UnitOfHit | None
    topic: str
    audience: list[str]
    published_on: date | None
    effective_from: date | None
    effective_to: date | None
    review_due: date | None
    score: float
    parts: dict[str, float]
    matched_phrasing: str
    highlights: list[tuple[int, int]]
    matched_terms: list[tuple[str, str]]
    same_as: str = Field("", description="内容相同、排在前面的一条")
    bearing: Bearing = Field(
        Bearing.SAME,
        description="这条的地区与提问：same 相符或无从区分 | unasked 提问没说地区 | unsaid 提问说了、这条没说或只说其中一部分 | elsewhere 别的地区",
    )
    regions: list[str] = Field([], description="这条所说的地区")


class SuppressedView(BaseModel):
    key: str
    question: str
    reason: str


class AskResponse(BaseModel):
    trace_id: str
    decision: str = Field(description="answer 直接答复 | choose 请选择 | refer 转登记交办")
    confidence: float = Field(description="首条命中能回答这个问题的概率")
    hits: list[HitView]
    normalised_query: str = Field(description="实际检索的问题：规整写法，按读音理解的词已换成规范写法")
    readings: list[tuple[str, str]] = Field(description="按读音理解的词：[原来的写法, 理解为]")
    regions: list[str] = Field([], description="提问里说到的地区")
    lexical_only: bool
    suppressed: list[SuppressedView]
    proposed_unit: UnitOfHit | None = Field(description="没有答复时，建议交办的政策制定单位")
    timings: dict[str, float]
    cached: bool

    @classmethod
    def of(cls, asked: Asked) -> AskResponse:
        outcome, faces, units = asked.outcome, asked.snapshot.faces, asked.snapshot.units
        return cls(
            trace_id=asked.trace_id, decision=outcome.decision, confidence=round(outcome.confidence, 4),
            hits=[hit_view(hit, faces[hit.id], units.get(faces[hit.id].unit_id)) for hit in outcome.hits],
            normalised_query=outcome.normalised_query, readings=list(outcome.readings),
            regions=list(outcome.regions), lexical_only=outcome.lexical_only,
            suppressed=[
                SuppressedView(key=s.id, question=faces[s.id].question, reason=SUPPRESSED_REASONS[s.reason])
                for s in outcome.suppressed
            ],
            proposed_unit=propose_unit(asked), timings={k: round(v, 3) for k, v in outcome.timings.items()},
            cached=asked.cached,
        )  # fmt: skip


SUPPRESSED_REASONS = {
    "expired": "已过有效期", "not_yet_effective": "尚未生效", "review_overdue": "已到复核日期，待复核",
}  # fmt: skip


def propose_unit(asked: Asked) -> UnitOfHit | None:
    """The unit behind most of the evidence among the first five hits: likely the maker of the policy."""
    weight: dict[int, float] = {}
    for hit in asked.outcome.hits[:5]:
        unit_id = asked.snapshot.faces[hit.id].unit_id
        weight[unit_id] = weight.get(unit_id, 0.0) + max(hit.score, 0.0)
    if not weight:
        return None
    best = max(sorted(weight), key=lambda unit_id: weight[unit_id])
    card = asked.snapshot.units.get(best)
    return unit_view(card) if card else None


def unit_view(card: UnitCard) -> UnitOfHit:
    return UnitOfHit(code=card.code, name=card.name, phone=card.phone, address=card.address, hours=card.hours)


def hit_view(hit: SearchHit, face: Face, card: UnitCard | None) -> HitView:
    return HitView(
        key=face.key, version_id=face.version_id, question=face.question, answer=face.answer,
        basis=list(face.basis), unit=unit_view(card) if card else None, topic=face.topic,
        audience=list(face.audience), published_on=face.published_on, effective_from=face.effective_from,
        effective_to=face.effective_to, review_due=face.review_due, score=round(hit.score, 4),
        parts={k: round(v, 4) for k, v in hit.parts.items()}, matched_phrasing=hit.matched_phrasing,
        highlights=[(span.start, span.end) for span in hit.highlights], matched_terms=list(hit.matched_terms),
        same_as=hit.same_as, bearing=hit.bearing, regions=list(hit.regions),
    )  # fmt: skip


def distinct(hits: list[HitView]) -> list[HitView]:
    """The hits without those that only repeat an earlier one: five choices should be five answers."""
    return [hit for hit in hits if not hit.same_as]


class Suggested(BaseModel):
    text: str
    key: str
    how: str


class Choice(Input):
    """群众从候选中选定的一条；`key` 为空表示“都不是”。"""

    key: Annotated[str, StringConstraints(max_length=64)] = ""


class BasisInput(Input):
    law: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    version: Annotated[str, StringConstraints(max_length=10, pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    article: Annotated[str, StringConstraints(max_length=64)] = ""
    phrase: Annotated[str, StringConstraints(max_length=64)] = ""


class ContentInput(Input):
    """条目内容。`version` 为打开时的锁版本号（新建时不填）。"""

    question: Annotated[str, StringConstraints(max_length=500)]
    answer: Annotated[str, StringConstraints(max_length=20_000)]
    unit: Annotated[str, StringConstraints(max_length=32)]
    topic: Annotated[str, StringConstraints(max_length=64)] = ""
    basis: list[BasisInput] = Field(default_factory=list)
    phrasings: list[Annotated[str, StringConstraints(max_length=500)]] = Field(default_factory=list)
    audience: list[Annotated[str, StringConstraints(max_length=32)]] = Field(default_factory=list)
    effective_from: date | None = None
    effective_to: date | None = None
    review_due: date | None = None
    note: Annotated[str, StringConstraints(max_length=2000)] = ""


class ActRequest(Input):
    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)] = ""


class VersionView(BaseModel):
    number: int
    state: str
    state_label: str
    question: str
    answer: str
    basis: list[str]
    phrasings: list[dict[str, str]]
    topic: str
    audience: list[str]
    effective_from: date | None
    effective_to: date | None
    review_due: date | None
    author: str
    reviewer: str
    created_at: datetime
    published_at: datetime | None
    note: str
    source: dict[str, Any]

    @classmethod
    def of(cls, version: EntryVersion) -> VersionView:
        return cls(
            number=version.number, state=version.state, state_label=LIFECYCLE.states[version.state].label,
            question=version.question, answer=version.answer, basis=basis_lines(version.basis),
            phrasings=version.phrasings, topic=version.topic, audience=version.audience,
            effective_from=version.effective_from, effective_to=version.effective_to,
            review_due=version.review_due, author=version.author_name, reviewer=version.reviewer_name,
            created_at=version.created_at, published_at=version.published_at, note=version.note,
            source=version.source,
        )  # fmt: skip


class EntryView(BaseModel):
    key: str
    question: str = Field(description="草稿、已发布或（已撤回时）最后一版的标准问")
    version: int = Field(description="锁版本号，修改和办理时在 If-Match 中带回")
    published: VersionView | None
    working: VersionView | None

    @classmethod
    def of(cls, entry: Entry, face: EntryVersion | None = None) -> EntryView:
        face = face or entry.working or entry.published
        return cls(
            key=entry.key, question=face.question if face else "", version=entry.version,
            published=VersionView.of(entry.published) if entry.published else None,
            working=VersionView.of(entry.working) if entry.working else None,
        )  # fmt: skip


class EntryPage(BaseModel):
    items: list[EntryView]
    total: int
    page: int
    size: int


class GapTotal(BaseModel):
    name: str = Field(description="单位代码或主题；空为说不准")
    count: int
    clusters: int

    @classmethod
    def of(cls, name: str, total: Total) -> GapTotal:
        return cls(name=name, count=total.count, clusters=total.clusters)


class GapView(BaseModel):
    """一个知识缺口：问同一件事的各种说法合在一起。`unit`、`topic` 是最接近的条目的单位和主题，仅供参考。"""

    question: str
    count: int
    wordings: list[tuple[str, int]]
    first: datetime
    last: datetime
    channels: list[tuple[str, int]]
    unit: str
    topic: str
    nearest: str = Field(description="最接近的已发布条目的编号")
    nearest_question: str
    score: float

    @classmethod
    def of(cls, cluster: Cluster, snapshot: Snapshot) -> GapView:
        face = snapshot.faces.get(cluster.nearest)
        return cls(
            question=cluster.question, count=cluster.count, wordings=list(cluster.wordings), first=cluster.first,
            last=cluster.last, channels=list(cluster.channels), unit=unit_code(snapshot, cluster.unit_id),
            topic=cluster.topic, nearest=cluster.nearest, nearest_question=face.question if face else "",
            score=round(cluster.score, 4),
        )  # fmt: skip


def unit_code(snapshot: Snapshot, unit_id: int | None) -> str:
    card = snapshot.units.get(unit_id) if unit_id else None
    return card.code if card else ""


class GapPage(BaseModel):
    """`rows` 为汇总了的提问数，`total_rows` 为期间没有答上的全部提问数；两者不同时，只汇总了最近的一部分。"""

    items: list[GapView]
    total: int
    page: int
    size: int
    rows: int
    total_rows: int
    settled: int = Field(description="其中问法已经补进问答库、不再列出的提问数")
    by_unit: list[GapTotal]
    by_topic: list[GapTotal]

    @classmethod
    def of(
        cls, report: GapReport, snapshot: Snapshot, chosen: list[Cluster], page: int, size: int
    ) -> GapPage:
        return cls(
            items=[GapView.of(cluster, snapshot) for cluster in chosen[(page - 1) * size : page * size]],
            total=len(chosen), page=page, size=size, rows=report.rows, total_rows=report.total,
            settled=report.settled,
            by_unit=[GapTotal.of(unit_code(snapshot, unit), total) for unit, total in report.by_unit.items()],
            by_topic=[GapTotal.of(topic, total) for topic, total in report.by_topic.items()],
        )  # fmt: skip
