"""办理进度: for the person who asked, by query code and the last four digits of the phone; there they rate the answer."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from qa_service.consultations.lifecycle import RATINGS
from qa_service.consultations.routes import progress_for, rate_for
from qa_service.consultations.schemas import Progress, RatingRequest
from qa_service.errors import ServiceError
from qa_service.kit.http import TransactionalRoute
from qa_service.web.forms import Fields, checked, text
from qa_service.web.render import page

router = APIRouter(route_class=TransactionalRoute)

STEPS = ("登记", "已交办", "办理中", "已答复")
ENDINGS = {"已引导": "已引导", "已告知渠道": "已告知渠道", "作废": "已作废"}
REACHED = {"登记": 0, "待交办": 0, "已交办": 1, "办理中": 2, "已答复": 3, "办结": 3, "归档": 3}


def _page(
    request: Request, code: str = "", phone4: str = "", found: Progress | None = None, error: ServiceError | None = None,
    *, thanked: bool = False,
) -> HTMLResponse:  # fmt: skip
    state = found.state if found else ""
    return page(
        request, "progress.html", status=error.status if error else 200, code=code, phone4=phone4, found=found, error=error,
        steps=STEPS, reached=REACHED.get(state, 0), ending=ENDINGS.get(state, ""), ratings=RATINGS, thanked=thanked,
    )  # fmt: skip


@router.get("/progress")
def ask(request: Request) -> HTMLResponse:
    return _page(request)


@router.post("/progress")
def look_up(request: Request, fields: Fields) -> HTMLResponse:
    code, phone4 = _known_by(fields)
    try:
        return _page(request, code, phone4, progress_for(request, code, phone4))
    except ServiceError as error:
        return _page(request, code, phone4, error=error)


@router.post("/progress/rating")
def rate(request: Request, fields: Fields) -> HTMLResponse:
    code, phone4 = _known_by(fields)
    given = {"satisfaction": text(fields, "satisfaction"), "note": text(fields, "note")}
    try:
        data = checked(RatingRequest, {"code": code, "phone4": phone4, **given})
        return _page(request, code, phone4, rate_for(request, data), thanked=True)
    except ServiceError as error:
        try:
            found = progress_for(request, code, phone4)
        except ServiceError:
            found = None
        return _page(request, code, phone4, found, error)


def _known_by(fields: Fields) -> tuple[str, str]:
    return text(fields, "code")[:24], text(fields, "phone4")[:4]
