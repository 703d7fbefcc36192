"""导入: files in, a report row by row, and only then the import itself."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse

from qa_service.accounts.deps import DbSession, Editor
from qa_service.errors import Invalid, ServiceError
from qa_service.kit.http import TransactionalRoute
from qa_service.library import importer
from qa_service.library.routes import read_uploads
from qa_service.web.render import is_fragment, page

router = APIRouter(route_class=TransactionalRoute)


@router.get("/library/import")
def show(request: Request, actor: Editor) -> HTMLResponse:
    return page(request, "library/import.html", report=None, error=None)


@router.post("/library/import")
def submit(
    request: Request,
    session: DbSession,
    actor: Editor,
    do: Annotated[str, Form(max_length=16)] = "try",
    files: Annotated[list[UploadFile] | None, File()] = None,
) -> HTMLResponse:
    """`do=try` only reports; `do=import` imports when every row is sound, and otherwise reports."""
    report, problem = None, None
    try:
        chosen = [upload for upload in files or [] if upload.filename]
        if not chosen:
            raise Invalid("还没有选择文件。", "请先选择要导入的文件。")
        report = importer.import_uploads(session, actor, read_uploads(chosen), dry_run=do != "import")
    except ServiceError as error:
        session.rollback()
        problem = error
    template = "parts/import_report.html" if is_fragment(request) else "library/import.html"
    return page(request, template, status=problem.status if problem else 200, report=report, error=problem)
