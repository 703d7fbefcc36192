"""登记、交办、回复台账: the register table."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from qa_service.accounts.deps import DbSession
from qa_service.consultations import repository, views
from qa_service.consultations.lifecycle import STATES
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute
from qa_service.web.desk import DeskReader
from qa_service.web.paging import Pages
from qa_service.web.render import page
from qa_service.zones.calendar import load_calendars

router = APIRouter(route_class=TransactionalRoute)
SIZE = 50


@router.get("/desk/register")
def show(
    request: Request,
    session: DbSession,
    actor: DeskReader,
    state: Annotated[str, Query(max_length=32)] = "",
    overdue: bool = False,
    q: Annotated[str, Query(max_length=128)] = "",
    order: Annotated[str, Query(max_length=8)] = "due",
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    items, total = repository.list_readable(
        session, actor, states=(state,) if state in STATES else (), overdue_on=clock.today() if overdue else None,
        text=q.strip(), newest_first=order == "new", limit=SIZE, offset=(number - 1) * SIZE,
    )  # fmt: skip
    _, overdue_total = repository.list_readable(session, actor, overdue_on=clock.today(), limit=1)
    calendars = load_calendars(session)
    kept = {"state": state, "q": q, "order": order} | ({"overdue": "1"} if overdue else {})
    return page(
        request, "register.html", rows=[views.summary(item, calendars) for item in items], total=total,
        overdue_total=overdue_total, states=STATES, state=state, overdue=overdue, q=q, order=order,
        filters=urlencode(kept), pages=Pages(number, SIZE, total, f"/desk/register?{urlencode(kept)}"),
    )  # fmt: skip
