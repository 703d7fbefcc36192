"""本单位办件: what waits for a policy unit, the most urgent first, and what it has answered."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse

from qa_service.accounts.deps import DbSession, allow
from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.consultations import repository, views
from qa_service.kit.http import TransactionalRoute
from qa_service.watching import repository as watching
from qa_service.watching.cards import COLOURS
from qa_service.watching.rules import NOTICES
from qa_service.web.paging import Pages
from qa_service.web.render import page
from qa_service.zones.calendar import load_calendars

router = APIRouter(route_class=TransactionalRoute)
UnitOfficer = Annotated[Actor, Depends(allow(Role.UNIT))]
SIZE = 20
LISTED = 50  # of each group, the soonest due; the rest are on the board
GROUPS = (
    ("assigned", "待签收", "新交办的咨询件会出现在这里。"),
    ("in_progress", "办理中", "签收后的咨询件在这里，拟好答复后转入下一栏。"),
    ("in_review", "答复待审核", "工作人员拟定的答复，由本单位负责人审核后才能告知咨询人。"),
    ("replied", "已拟答复，待告知咨询人", "拟好答复后，还要告知咨询人才算办完。"),
)
ASSISTED = ("assigned", "in_progress", "in_review")


@router.get("/unit")
def show(
    request: Request,
    session: DbSession,
    actor: UnitOfficer,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    calendars = load_calendars(session)
    groups = []
    unit = session.get_one(Unit, actor.unit_id)
    for state, title, empty in GROUPS:
        if state == "in_review" and not unit.reviews_replies:
            continue
        items, total = repository.list_readable(
            session, actor, states=(state,), held_by=actor.unit_id, limit=LISTED
        )
        groups.append((title, empty, [views.summary(item, calendars) for item in items], total))
    items, total = repository.list_readable(
        session, actor, states=ASSISTED, assisted_by=actor.unit_id, limit=LISTED
    )
    total_assisted, assisted = total, [views.summary(item, calendars) for item in items]
    items, total = repository.list_readable(
        session,
        actor,
        states=("answered", "closed", "archived"),
        answered_by=actor.unit_id,
        newest_first=True,
        limit=SIZE,
        offset=(number - 1) * SIZE,
    )
    return page(
        request, "unit.html", unit=unit, notices=watching.notices(session, actor, open_only=True), names=NOTICES, colours=COLOURS,
        cards=watching.cards_now(session, actor),
        groups=groups, assisted=assisted, assisted_total=total_assisted,
        history=[views.summary(item, calendars) for item in items], pages=Pages(number, SIZE, total, "/unit?history=1"),
    )  # fmt: skip
