"""API: boards, statistics, and the cases behind each of their numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, Staff
from qa_service.accounts.roles import Actor
from qa_service.consultations import views
from qa_service.consultations.schemas import ConsultationSummary
from qa_service.errors import Invalid
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute
from qa_service.statistics import figures, lanes, repository, service
from qa_service.statistics.figures import Figure
from qa_service.statistics.lanes import Lane
from qa_service.statistics.schemas import Board, BoardLine, Definition, Statistics, StatisticsLine
from qa_service.statistics.scope import Filters, PeriodScope, Scope
from qa_service.zones.calendar import load_calendars

router = APIRouter(tags=["看板与统计"], route_class=TransactionalRoute)
Dimension = Literal["unit", "zone", "topic", "channel", "month"]
BoardDimension = Literal["unit", "zone", "topic"]
Code = Annotated[str, Query(max_length=32)]
PageNumber = Annotated[int, Query(alias="page", ge=1, le=100_000)]


def figure_named(code: str) -> Figure:
    if code not in figures.BY_CODE:
        raise Invalid(
            f"没有“{code}”这个指标。", f"可用的指标：{'、'.join(f.code for f in figures.FIGURES)}。"
        )
    return figures.BY_CODE[code]


def lane_named(code: str) -> Lane:
    if code not in lanes.BY_CODE:
        raise Invalid(
            f"看板上没有“{code}”这一栏。", f"可用的栏：{'、'.join(lane.code for lane in lanes.LANES)}。"
        )
    return lanes.BY_CODE[code]


def page_behind(
    session: Session,
    actor: Actor,
    scope: Scope,
    condition: ColumnElement[bool],
    number: int,
    size: int,
    *,
    of_returner: bool = False,
) -> tuple[list[ConsultationSummary], int]:
    """A page of the cases that `condition` counts, masked, and how many there are."""
    calendars = load_calendars(session)
    found = repository.list_cases(
        session, actor, scope, condition, limit=size, offset=(number - 1) * size, of_returner=of_returner
    )
    total = repository.count_cases(session, actor, scope, condition, of_returner=of_returner)
    return [views.summary(item, calendars) for item in found], total


def figure_page(
    session: Session, actor: Actor, scope: Scope, figure: Figure, number: int, size: int
) -> tuple[list[ConsultationSummary], int]:
    condition = figure.predicate(clock.today())
    return page_behind(session, actor, scope, condition, number, size, of_returner=figure.of_returner)


def lane_condition(session: Session, lane: Lane) -> ColumnElement[bool]:
    return lanes.condition(lane, lanes.board_days(clock.today(), load_calendars(session)))


@router.get("/statistics")
def read_statistics(
    session: DbSession, actor: Staff, scope: PeriodScope, by: Dimension = "unit"
) -> Statistics:
    """一段期间的各项指标，按单位、专区、主题、渠道或月份分列；口径在 `definitions`。"""
    assert scope.period is not None
    made = service.report(session, actor, scope, by)
    return Statistics(
        first=scope.period.first, last=scope.period.last, by=by, total=StatisticsLine.of(made.total),
        lines=[StatisticsLine.of(line) for line in made.lines],
        definitions=[
            Definition(code=item.code, label=item.label, definition=item.definition)
            for item in (*figures.FIGURES, *figures.RATES, *figures.DURATIONS)
        ],
    )  # fmt: skip


@router.get("/statistics/cases")
def list_behind_figure(
    session: DbSession,
    actor: Staff,
    response: Response,
    scope: PeriodScope,
    figure: Code,
    page: PageNumber = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[ConsultationSummary]:
    """一个指标背后的咨询件；总数在 X-Total-Count，与指标的数相等。"""
    items, total = figure_page(session, actor, scope, figure_named(figure), page, size)
    response.headers["X-Total-Count"] = str(total)
    return items


@router.get("/board")
def read_board(session: DbSession, actor: Staff, scope: Filters, by: BoardDimension = "unit") -> Board:
    """待办的咨询件按剩余工作日分栏的件数。"""
    lines = service.lanes_by(session, actor, scope, by)
    return Board(
        lanes=[Definition(code=lane.code, label=lane.label, definition=lane.hint) for lane in lanes.LANES],
        counts=service.totals(lines), by=by, lines=[BoardLine.of(line) for line in lines],
    )  # fmt: skip


@router.get("/board/cases")
def list_behind_lane(
    session: DbSession,
    actor: Staff,
    response: Response,
    scope: Filters,
    lane: Code,
    page: PageNumber = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[ConsultationSummary]:
    """看板一栏的咨询件，先到期的在前；总数在 X-Total-Count。"""
    items, total = page_behind(session, actor, scope, lane_condition(session, lane_named(lane)), page, size)
    response.headers["X-Total-Count"] = str(total)
    return items
