"""办理进度: for the person who asked, by query code and the last four digits of the phone."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from qa_service.consultations.routes import progress_for
from qa_service.errors import ServiceError
from qa_service.kit.http import TransactionalRoute
from qa_service.web.forms import Fields, text
from qa_service.web.render import page

router = APIRouter(route_class=TransactionalRoute)

STEPS = ("登记", "已交办", "办理中", "已答复")
ENDINGS = {"已引导": "已引导", "已告知渠道": "已告知渠道", "作废": "已作废"}
REACHED = {"登记": 0, "待交办": 0, "已交办": 1, "办理中": 2, "已答复": 3, "办结": 3, "归档": 3}


@router.get("/progress")
def ask(request: Request) -> HTMLResponse:
    return page(
        request,
        "progress.html",
        code="",
        phone4="",
        found=None,
        error=None,
        steps=STEPS,
        reached=0,
        ending="",
    )


@router.post("/progress")
def look_up(request: Request, fields: Fields) -> HTMLResponse:
    code, phone4 = text(fields, "code")[:24], text(fields, "phone4")[:4]
    try:
        found = progress_for(request, code, phone4)
    except ServiceError as error:
        return page(
            request, "progress.html", status=error.status, code=code, phone4=phone4, found=None, error=error,
            steps=STEPS, reached=0, ending="",
        )  # fmt: skip
    return page(
        request, "progress.html", code=code, phone4=phone4, found=found, error=None, steps=STEPS,
        reached=REACHED.get(found.state, 0), ending=ENDINGS.get(found.state, ""),
    )  # fmt: skip
