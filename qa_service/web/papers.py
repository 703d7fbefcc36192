"""文书: the papers of a case as Word files, and their templates for administrators."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import Admin, DbSession, Staff
from qa_service.accounts.models import AuditEvent
from qa_service.consultations.routes import settings_of
from qa_service.errors import Invalid, ServiceError
from qa_service.kit.http import TransactionalRoute
from qa_service.registers import service
from qa_service.registers.fill import SIZE_LIMIT
from qa_service.registers.papers import LISTS, PAPERS, PLACEHOLDERS
from qa_service.registers.service import find_paper
from qa_service.registers.templates import Templates
from qa_service.web.case import show_case
from qa_service.web.forms import Fields, text
from qa_service.web.render import go, page

router = APIRouter(route_class=TransactionalRoute)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
REASON_LIMIT = 200
LOGGED = 20


def download(data: bytes, name: str, media_type: str) -> Response:
    """`data` as a file that the browser saves under the Chinese `name`."""
    suffix = name.rpartition(".")[2]
    disposition = f"attachment; filename=\"file.{suffix}\"; filename*=UTF-8''{quote(name)}"
    return Response(data, media_type=media_type, headers={"Content-Disposition": disposition})


def templates_of(request: Request) -> Templates:
    return Templates.of(settings_of(request))


@router.get("/case/{case_number}/papers/{code}")
def print_masked(request: Request, session: DbSession, actor: Staff, case_number: str, code: str) -> Response:
    """The paper with the person masked, as everybody who may read the case may print it."""
    paper, data = service.make_paper(session, actor, templates_of(request), case_number, code)
    return download(data, f"{paper.name}-{case_number}.docx", DOCX)


@router.post("/case/{case_number}/papers/reveal")
def print_revealed(
    request: Request, session: DbSession, actor: Staff, case_number: str, fields: Fields
) -> Response:
    """The paper chosen with name and contact, for the reason given."""
    try:
        paper, data = service.make_paper(
            session, actor, templates_of(request), case_number, text(fields, "paper"), reveal=True,
            reason=text(fields, "reason").strip()[:REASON_LIMIT],
        )  # fmt: skip
    except ServiceError as error:
        session.rollback()
        return show_case(request, session, actor, case_number, event="papers", error=error)
    return download(data, f"{paper.name}-{case_number}.docx", DOCX)


@router.get("/admin/forms")
def show(request: Request, session: DbSession, actor: Admin) -> HTMLResponse:
    return _show(request, session)


def _show(
    request: Request, session: Session, *, error: ServiceError | None = None, code: str = ""
) -> HTMLResponse:
    templates = templates_of(request)
    rows = []
    for paper in PAPERS.values():
        problem, used = "", []
        try:
            used = templates.checked(paper, templates.read(paper)).placeholders()
        except ServiceError as found:
            problem = f"{found.message}{found.remedy}"
        rows.append((paper, templates.is_own(paper), problem, used, templates.versions(paper)))
    changes = session.scalars(
        select(AuditEvent).where(AuditEvent.action.in_(("form-template", "form-template-restored")))
        .order_by(AuditEvent.id.desc()).limit(LOGGED)
    )  # fmt: skip
    return page(
        request, "admin/forms.html", status=error.status if error else 200, error=error, code=code, rows=rows,
        placeholders=PLACEHOLDERS, lists=LISTS, folder=str(templates.own), changes=list(changes),
    )  # fmt: skip


@router.get("/admin/forms/{code}/file")
def download_template(
    request: Request, actor: Admin, code: str, version: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    paper, templates = find_paper(code), templates_of(request)
    data = templates.read_version(paper, version) if version else templates.read(paper)
    return download(data, f"{paper.name}.docx", DOCX)


@router.post("/admin/forms/{code}")
def upload_template(
    request: Request,
    session: DbSession,
    actor: Admin,
    code: str,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    try:
        if file is None or not file.filename:
            raise Invalid("还没有选择模板文件。", "请选择一个 .docx 文件。")
        data = file.file.read(SIZE_LIMIT + 1)
        service.accept_template(session, actor, templates_of(request), code, data)
    except ServiceError as error:
        session.rollback()
        return _show(request, session, error=error, code=code)
    return go(request, f"/admin/forms#{code}")


@router.post("/admin/forms/{code}/restore")
def restore_template(
    request: Request,
    session: DbSession,
    actor: Admin,
    code: str,
    version: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    try:
        service.restore_template(session, actor, templates_of(request), code, version)
    except ServiceError as error:
        session.rollback()
        return _show(request, session, error=error, code=code)
    return go(request, f"/admin/forms#{code}")
