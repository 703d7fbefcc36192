"""导出台账: the register page's selection as Excel or CSV."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from qa_service.accounts.roles import Actor
from qa_service.kit.http import TransactionalRoute, database_of
from qa_service.registers.export import export_ledger
from qa_service.registers.ledger import Selection
from qa_service.web.desk import DeskReader
from qa_service.web.forms import Fields, text
from qa_service.web.papers import REASON_LIMIT

router = APIRouter(route_class=TransactionalRoute)


@router.get("/desk/register/export")
def export_masked(
    request: Request,
    actor: DeskReader,
    file: Annotated[str, Query(max_length=8)] = "xlsx",
    state: Annotated[str, Query(max_length=32)] = "",
    overdue: bool = False,
    q: Annotated[str, Query(max_length=128)] = "",
    order: Annotated[str, Query(max_length=8)] = "due",
) -> Response:
    """With the person masked, as in the list."""
    selection = Selection(state=state, overdue=overdue, text=q, newest_first=order == "new")
    return _file(request, actor, selection, file)


@router.post("/desk/register/export")
def export_revealed(request: Request, actor: DeskReader, fields: Fields) -> Response:
    """With names and contacts, for the reason given."""
    selection = Selection(
        state=text(fields, "state"), overdue=text(fields, "overdue") == "1", text=text(fields, "q")[:128],
        newest_first=text(fields, "order") == "new",
    )  # fmt: skip
    reason = text(fields, "reason").strip()[:REASON_LIMIT]
    return _file(request, actor, selection, text(fields, "file"), reveal=True, reason=reason)


def _file(
    request: Request,
    actor: Actor,
    selection: Selection,
    file_format: str,
    *,
    reveal: bool = False,
    reason: str = "",
) -> Response:
    made = export_ledger(database_of(request), actor, selection, file_format, reveal=reveal, reason=reason)
    disposition = f"attachment; filename=\"ledger.{file_format}\"; filename*=UTF-8''{quote(made.name)}"
    return FileResponse(
        made.path, media_type=made.media_type, headers={"Content-Disposition": disposition},
        background=BackgroundTask(made.path.unlink, missing_ok=True),
    )  # fmt: skip
