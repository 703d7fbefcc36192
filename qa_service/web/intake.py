"""导入工单: a CSV file of another system's orders, tried first, then registered all or not at all."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, DeskOrAdmin
from qa_service.accounts.roles import Actor
from qa_service.consultations import service
from qa_service.consultations.routes import settings_of
from qa_service.errors import Invalid, ServiceError
from qa_service.kit.csv_file import csv_file
from qa_service.kit.http import TransactionalRoute, database_of
from qa_service.library.importer import Report
from qa_service.library.routes import asker_of
from qa_service.registers.intake import Batch, take_in
from qa_service.registers.intake_rows import COLUMNS, ROW_LIMIT, SIZE_LIMIT
from qa_service.web.papers import download
from qa_service.web.render import is_fragment, page
from qa_service.zones.models import Zone

router = APIRouter(route_class=TransactionalRoute)


@router.get("/desk/register/intake")
def show(request: Request, session: DbSession, actor: DeskOrAdmin) -> HTMLResponse:
    return _page(request, _zones(session, actor))


@router.get("/desk/register/intake/sample.csv")
def sample(actor: DeskOrAdmin) -> Response:
    """The head of the table, to be filled in."""
    return download(csv_file(list(COLUMNS), []), "工单导入样表.csv", "text/csv; charset=utf-8")


@router.post("/desk/register/intake")
def submit(
    request: Request,
    actor: DeskOrAdmin,
    do: Annotated[str, Form(max_length=16)] = "try",
    source: Annotated[str, Form(max_length=32, pattern=r"^[A-Za-z0-9_\-]*$")] = "",
    zone: Annotated[str, Form(max_length=32)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> HTMLResponse:
    """`do=try` only reports; `do=import` registers when every line is sound, and otherwise reports."""
    report, problem = None, None
    try:
        if file is None or not file.filename:
            raise Invalid("还没有选择文件。", "请先选择要导入的 CSV 文件。")
        batch = Batch.of(source, file.filename, file.file.read(SIZE_LIMIT + 1))
        report = _take_in(request, actor, batch, zone, dry_run=do != "import")
    except ServiceError as error:
        problem = error
    if is_fragment(request):
        return page(
            request, "parts/intake_report.html", status=problem.status if problem else 200, report=report,
            error=problem,
        )  # fmt: skip
    with database_of(request).read() as session:
        return _page(request, _zones(session, actor), report, problem)


def _take_in(request: Request, actor: Actor, batch: Batch, zone: str, *, dry_run: bool) -> Report:
    """The searches are made before the database is taken for writing, which is then short."""
    database, asker = database_of(request), asker_of(request)
    if not dry_run:
        for question in batch.questions():
            asker.test(question)
    with database.read() if dry_run else database.write() as session:
        return take_in(
            session, actor, service.zone_for(session, actor, zone), batch, asker, dry_run=dry_run,
            clock_start=settings_of(request).consult_clock_start,
        )  # fmt: skip


def _zones(session: Session, actor: Actor) -> list[Zone]:
    """Where this actor registers: the own zone first, then those below it."""
    own = session.get(Zone, actor.zone_id) if actor.zone_id else None
    statement = select(Zone).order_by(Zone.path)
    return list(session.scalars(statement.where(Zone.path.startswith(own.path)) if own else statement))


def _page(
    request: Request, zones: list[Zone], report: Report | None = None, error: ServiceError | None = None
) -> HTMLResponse:
    return page(
        request, "intake.html", status=error.status if error else 200, zones=zones, report=report, error=error,
        columns=COLUMNS, most=ROW_LIMIT,
    )  # fmt: skip
