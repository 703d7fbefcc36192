"""看板: what waits, by working days left; for the desk, for a unit, for the supervisor, and for the wall."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, Staff
from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.consultations import views
from qa_service.consultations.schemas import ConsultationSummary
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute
from qa_service.statistics import repository, service
from qa_service.statistics.lanes import BY_CODE, LANES, board_days
from qa_service.statistics.routes import (
    BoardDimension,
    Code,
    PageNumber,
    lane_condition,
    lane_named,
    page_behind,
)
from qa_service.statistics.scope import DIMENSIONS, Filters, Scope
from qa_service.web.paging import Pages
from qa_service.web.render import is_fragment, page
from qa_service.web.scope_form import describe, filter_choices
from qa_service.zones.calendar import load_calendars
from qa_service.zones.models import Zone

router = APIRouter(route_class=TransactionalRoute)
SIZE = 50
CARDS = 6
# The lanes of the wall screen, and how many lines of late and soon-due cases have room below them.
WALL_LANES = ("overdue", "today", "next", "to_tell")
WALL_LATE = 7
WALL_SECONDS = 30


@router.get("/board")
def show(
    request: Request,
    session: DbSession,
    actor: Staff,
    scope: Filters,
    by: Annotated[BoardDimension | None, Query()] = None,
) -> HTMLResponse:
    by = by or ("topic" if actor.role is Role.UNIT else "unit")
    lines = service.lanes_by(session, actor, scope, by)
    counts = service.totals(lines)
    query = urlencode(scope.query())
    return page(
        request, "board/board.html", scope=scope, by=by, lines=lines, counts=counts, lanes=LANES, cards=CARDS,
        dimensions={name: DIMENSIONS[name] for name in ("unit", "zone", "topic") if (name, actor.role) != ("unit", Role.UNIT)},
        shown=_cards(session, actor, scope, CARDS),
        title=_title(session, actor), query=query, all_address=_behind(scope), total=sum(counts.values()),
        addresses={line.key: _behind(scope.narrowed(by, line.key)) for line in lines},
        described=describe(session, scope), choices=filter_choices(session, actor),
    )  # fmt: skip


def _behind(scope: Scope) -> str:
    return f"/board/cases?{urlencode(scope.query())}&lane="


def _title(session: Session, actor: Actor) -> str:
    if actor.role is Role.UNIT:
        return f"{session.get_one(Unit, actor.unit_id).name}看板"
    zone = session.get(Zone, actor.zone_id) if actor.zone_id else None
    return f"{zone.name}看板" if zone else "全部专区看板"


def _cards(session: Session, actor: Actor, scope: Scope, limit: int) -> dict[str, list[ConsultationSummary]]:
    """The first cases of each lane, masked."""
    calendars = load_calendars(session)
    found = repository.first_of_lanes(session, actor, scope, board_days(clock.today(), calendars), limit)
    return {lane: [views.summary(item, calendars) for item in items] for lane, items in found.items()}


@router.get("/board/cases")
def show_cases(
    request: Request, session: DbSession, actor: Staff, scope: Filters, lane: Code, number: PageNumber = 1
) -> HTMLResponse:
    chosen = lane_named(lane)
    rows, total = page_behind(session, actor, scope, lane_condition(session, chosen), number, SIZE)
    query = urlencode(scope.query())
    return page(
        request, "statistics/cases.html", title=chosen.label, definition=chosen.hint, rows=rows, total=total,
        period=None, described=describe(session, scope), back=f"/board?{query}", back_label="回到看板",
        pages=Pages(number, SIZE, total, f"/board/cases?{query}&lane={lane}"), person=actor.role is not Role.UNIT,
    )  # fmt: skip


@router.get("/board/wall")
def wall(request: Request, session: DbSession, actor: Staff, scope: Filters) -> HTMLResponse:
    """For a screen on the wall: numbers, units and days, nothing that names a person or says what was asked."""
    lines = service.lanes_by(session, actor, scope, "unit")
    counts = service.totals(lines)
    shown = _cards(session, actor, scope, WALL_LATE)
    pressing = [row for lane in ("overdue", "today", "next") for row in shown.get(lane, ())]
    return page(
        request, "board/wall_screen.html" if is_fragment(request) else "board/wall.html", counts=counts,
        lanes=[BY_CODE[code] for code in WALL_LANES], rows=pressing[:WALL_LATE], now=clock.now(),
        open_total=sum(counts.values()), title=_title(session, actor), seconds=WALL_SECONDS,
        late_units=[line for line in lines if line.counts.get("overdue")][:WALL_LATE],
        described=describe(session, scope),
    )  # fmt: skip
