"""What the calendar API takes in and gives out."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from qa_service.calendars.service import LocalDays, Preview
from qa_service.consultations.stage_dates import StagePlan
from qa_service.kit import clock
from qa_service.kit.schemas import Input
from qa_service.workdays.year import Year
from qa_service.zones.models import CalendarOverride, Zone

Token = Annotated[str, StringConstraints(max_length=64)]


class _Stripped(Input):
    model_config = ConfigDict(str_strip_whitespace=True)


class NoticeInput(_Stripped):
    """`content` 为放假通知全文（该年通知已录入的，可以只有变动的节日），或者 CSV、JSON；不带 `token` 时只预览，带预览得到的 `token` 时录入。"""

    content: Annotated[str, StringConstraints(max_length=2_000_000)]
    year: Annotated[int, Field(ge=2000, le=2099)] | None = None
    source: Annotated[str, StringConstraints(max_length=200)] = ""
    token: Token = ""


class LocalInput(_Stripped):
    """地方调整：`first` 至 `last` 在该专区及下级专区放假或者上班。"""

    zone: Annotated[str, StringConstraints(max_length=32)]
    first: date
    last: date | None = None
    kind: Literal["holiday", "workday"]
    name: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    document: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    token: Token = ""

    def days(self) -> LocalDays:
        last = self.last or self.first
        return LocalDays(self.zone, self.first, last, self.kind, self.name, self.document)


class Confirmation(_Stripped):
    token: Token = ""


class DayChangeView(BaseModel):
    date: date
    before: str
    after: str
    moves: bool = Field(description="是否由上班变为休息，或者相反")
    source: str


class MoveView(BaseModel):
    before: date
    after: date
    cases: int


class StageView(BaseModel):
    """签收期限（`sign_due_on`）或者退回期限（`return_until`）随日历的变化。"""

    stage: str
    name: str
    open_cases: int
    earlier: int
    later: int
    past_at_once: int = Field(description="现在还没有过、重新计算后已经过了的件数")
    moves: list[MoveView]


class PreviewView(BaseModel):
    """`saved` 为真时已经录入并重新计算，否则只是预览。"""

    saved: bool
    title: str
    document: str
    days: list[DayChangeView]
    open_cases: int
    earlier: int
    later: int
    overdue_at_once: int = Field(description="重新计算后新的截止日早于今天的件数")
    settled: int = Field(description="日期不变，由暂定转为确定（或者相反）的件数")
    moves: list[MoveView]
    stages: list[StageView] = Field(description="签收期限和退回期限的变化")
    token: str


class SpecialDay(BaseModel):
    date: date
    kind: str
    name: str
    status: str
    local: bool
    source: str


class SpanView(BaseModel):
    first: date
    last: date
    status: str


class YearView(BaseModel):
    year: int
    workdays: int
    spans: list[SpanView]
    days: list[SpecialDay] = Field(description="与星期不一致的日子：放假、调休上班、地方调整")


class LocalView(BaseModel):
    id: int
    zone: str
    date: date
    kind: str
    name: str
    document: str
    entered_by: str
    entered_at: datetime
    withdrawn_by: str
    withdrawn_at: datetime | None


def preview_view(found: Preview, *, saved: bool) -> PreviewView:
    return PreviewView(
        saved=saved, title=found.title, document=found.document, open_cases=found.plan.open,
        earlier=found.plan.earlier, later=found.plan.later, settled=found.plan.settled,
        overdue_at_once=found.plan.past_at_once(clock.today()),
        days=[
            DayChangeView(date=c.day, before=c.before, after=c.after, moves=c.moves, source=c.source) for c in found.days
        ],
        moves=_moves(found.moves), stages=[_stage_view(plan) for plan in found.stages],
        token="" if saved else found.token,
    )  # fmt: skip


def _stage_view(plan: StagePlan) -> StageView:
    return StageView(
        stage=plan.stage.column, name=plan.stage.label, open_cases=plan.open, earlier=plan.earlier, later=plan.later,
        past_at_once=plan.past_at_once(clock.today()), moves=_moves(plan.moves),
    )  # fmt: skip


def _moves(moves: Iterable[tuple[date, date, int]]) -> list[MoveView]:
    return [MoveView(before=before, after=after, cases=number) for before, after, number in moves]


def year_view(year: Year) -> YearView:
    return YearView(
        year=year.number, workdays=year.workdays,
        spans=[SpanView(first=s.first, last=s.last, status=s.status) for s in year.spans],
        days=[
            SpecialDay(date=d.day, kind=d.kind, name=d.name, status=d.status, local=d.local, source=d.source)
            for d in year.special
        ],
    )  # fmt: skip


def local_view(override: CalendarOverride, zone: Zone) -> LocalView:
    return LocalView(
        id=override.id, zone=zone.code, date=override.day, kind=override.kind, name=override.name,
        document=override.document, entered_by=override.entered_by, entered_at=override.entered_at,
        withdrawn_by=override.withdrawn_by, withdrawn_at=override.withdrawn_at,
    )  # fmt: skip
