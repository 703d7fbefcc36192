"""自助一体机: the shared question flow in its own shell, and the device's registration."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from qa_service.accounts.deps import KIOSK_COOKIE, DbSession
from qa_service.accounts.models import Kiosk
from qa_service.accounts.service import actor_by_kiosk_token
from qa_service.consultations.routes import settings_of
from qa_service.errors import Forbidden
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute, database_of
from qa_service.web.question_flow import Shell, flow_router
from qa_service.web.visitors import visitor_of

router = APIRouter(route_class=TransactionalRoute)
FIVE_YEARS = 5 * 365 * 24 * 3600


@router.get("/kiosk/activate")
def activate(request: Request, token: Annotated[str, Query(max_length=128)] = "") -> Response:
    """Opened once on the machine itself: from then on it is known by its cookie."""
    with database_of(request).read() as session:
        if actor_by_kiosk_token(session, token) is None:
            raise Forbidden(
                "这个启用地址不对，或者已经作废。",
                "请管理员在“系统管理—一体机”中重新生成启用地址，再在本机打开。",
            )
    response = RedirectResponse("/kiosk", status_code=303)
    response.set_cookie(
        KIOSK_COOKIE, token, max_age=FIVE_YEARS, httponly=True, samesite="strict", path="/",
        secure=settings_of(request).secure_cookies,
    )  # fmt: skip
    return response


@router.post("/kiosk/alive")
def alive(request: Request, session: DbSession) -> JSONResponse:
    """The machine reports that it runs, and learns that the server does."""
    visitor = visitor_of(request)
    if visitor.id is not None:
        session.get_one(Kiosk, visitor.id).last_seen = clock.now()
    return JSONResponse({"registered": visitor.id is not None})


router.include_router(flow_router(Shell(base="/kiosk", channel="kiosk", layout="layouts/kiosk.html")))
