"""The front page, and the choice of type size and contrast."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from qa_service.accounts.deps import CurrentActor, DbSession
from qa_service.kit.http import TransactionalRoute
from qa_service.web.navigation import home_of
from qa_service.web.render import THEME_COOKIE, THEMES, local_path, page
from qa_service.zones.models import Zone

router = APIRouter(include_in_schema=False, route_class=TransactionalRoute)
YEAR = 365 * 24 * 3600


@router.get("/")
def front(request: Request, session: DbSession, actor: CurrentActor) -> HTMLResponse:
    zone = session.scalar(select(Zone).where(Zone.parent_id.is_(None)).order_by(Zone.id))
    return page(request, "front.html", zone=zone, home=home_of(actor) if actor.is_staff else "")


@router.get("/theme")
def choose_theme(to: Annotated[str, Query(max_length=16)] = "default", back: Annotated[str, Query(max_length=512)] = "/") -> Response:  # fmt: skip
    response = RedirectResponse(local_path(back, "/"), status_code=303)
    if to in THEMES:
        response.set_cookie(THEME_COOKIE, to, max_age=YEAR, samesite="lax", path="/")
    return response
