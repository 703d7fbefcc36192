"""工作日历: a year at a glance for all staff; notices and local decisions entered by administrators."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile

from qa_service.accounts.deps import Admin, DbSession, Staff
from qa_service.calendars import service
from qa_service.calendars.reading import text_of
from qa_service.calendars.routes import year_for
from qa_service.calendars.schemas import LocalInput, NoticeInput
from qa_service.calendars.service import LocalDays, Preview
from qa_service.errors import Conflict, Invalid, ServiceError
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute, database_of
from qa_service.web.forms import Fields, as_typed, checked, text
from qa_service.web.render import go, page
from qa_service.zones.calendar import load_calendars
from qa_service.zones.models import Zone

router = APIRouter(route_class=TransactionalRoute)
FIRST_YEAR = 2004
YEARS_AHEAD = 2


@router.get("/calendar")
def this_year(
    request: Request, session: DbSession, actor: Staff, zone: Annotated[str, Query(max_length=32)] = ""
) -> HTMLResponse:
    return year(request, session, actor, clock.today().year, zone)


@router.get("/calendar/{number}")
def year(
    request: Request,
    session: DbSession,
    actor: Staff,
    number: Annotated[int, Path(ge=FIRST_YEAR, le=2099)],
    zone: Annotated[str, Query(max_length=32)] = "",
) -> HTMLResponse:
    """Without a zone named, the reader's own: there the local decisions count that count for their cases."""
    zones = list(session.scalars(select(Zone).order_by(Zone.path)))
    own = next((one.code for one in zones if one.id == actor.zone_id), zones[0].code if zones else "")
    zone = zone or own
    national = load_calendars(session).national
    return page(
        request, "calendar_year.html", year=year_for(session, number, zone), zone=zone, zones=zones,
        awaited=national.awaited_notice, first_year=FIRST_YEAR, last_year=national.awaited_notice + YEARS_AHEAD,
        from_year=national.official_from.year,
    )  # fmt: skip


@router.get("/admin/calendar")
def admin(
    request: Request, session: DbSession, actor: Admin, done: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0
) -> HTMLResponse:
    return _admin(request, session, done=done)


def _admin(
    request: Request,
    session: Session,
    *,
    form: str = "notice",
    typed: dict[str, str] | None = None,
    preview: Preview | None = None,
    done: int = 0,
    error: ServiceError | None = None,
    override_id: int = 0,
) -> HTMLResponse:
    calendars, history = load_calendars(session), service.history(session)
    extra = error.extra if error else {}
    return page(
        request, "admin/calendar.html", status=error.status if error else 200, form=form, typed=typed or {},
        preview=preview, history=history, done=next((event for event in history if event.id == done), None),
        error=error, errors=extra.get("errors", {}), problems=extra.get("problems", []), override_id=override_id,
        awaited=calendars.national.awaited_notice, official_from=calendars.national.official_from.year,
        local=service.list_local(session), zones=list(session.scalars(select(Zone).order_by(Zone.path))),
        kinds=service.OVERRIDE_KINDS,
    )  # fmt: skip


def _change(
    request: Request,
    session: Session,
    form: str,
    typed: dict[str, str],
    preview: Callable[[Session], Preview],
    save: Callable[[str], Preview],
    override_id: int = 0,
) -> Response:
    """Preview without a token, save with one. A token that no longer fits shows the preview as it is now.

    Previews read in a session apart: the request's own would hold the writers' turn while deadlines are counted.
    """
    refused: ServiceError | None = None
    if token := typed.get("token", ""):
        try:
            save(token)
            return go(request, f"/admin/calendar?done={service.history(session, 1)[0].id}")
        except ServiceError as error:
            session.rollback()
            refused = error
    with database_of(request).read() as reading:
        found: Preview | None = None
        if refused is None or isinstance(refused, Conflict):
            try:
                found = preview(reading)
            except ServiceError as error:
                refused = error
        return _admin(
            request, reading, form=form, typed=typed, preview=found, error=refused, override_id=override_id
        )


@router.post("/admin/calendar/notice")
def notice(request: Request, session: DbSession, actor: Admin, fields: Fields) -> Response:
    typed = as_typed(fields)
    try:
        if uploaded := _uploaded(fields):
            typed["content"] = text_of(uploaded)
        data = checked(
            NoticeInput,
            {
                "content": typed.get("content", ""), "year": typed.get("year") or None,
                "source": typed.get("source", ""), "token": typed.get("token", ""),
            },
        )  # fmt: skip
    except ServiceError as error:
        return _admin(request, session, typed=typed, error=error)
    return _change(
        request, session, "notice", typed,
        lambda reading: service.preview_notice(reading, data.content, data.year, data.source),
        lambda token: service.enter_notice(session, actor, data.content, data.year, data.source, token),
    )  # fmt: skip


def _uploaded(fields: FormData) -> bytes:
    file = fields.get("file")
    return file.file.read() if isinstance(file, UploadFile) and file.filename else b""


@router.post("/admin/calendar/local")
def local(request: Request, session: DbSession, actor: Admin, fields: Fields) -> Response:
    typed = as_typed(fields)
    try:
        wanted = _local_days(typed)
    except ServiceError as error:
        return _admin(request, session, form="local", typed=typed, error=error)
    return _change(
        request, session, "local", typed,
        lambda reading: service.preview_local(reading, wanted),
        lambda token: service.enter_local(session, actor, wanted, token),
    )  # fmt: skip


def _local_days(typed: dict[str, str]) -> LocalDays:
    names = ("zone", "first", "kind", "name", "document")
    values: dict[str, Any] = {name: typed.get(name, "") for name in names}
    for name in ("first", "last"):
        if typed.get(name) and not _is_day(typed[name]):
            raise Invalid(
                "日期不存在或者格式不对。", "请写成 2026-11-22。", errors={name: "日期格式应为 2026-11-22"}
            )
    return checked(LocalInput, {**values, "last": typed.get("last") or None}).days()


def _is_day(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return True


@router.post("/admin/calendar/local/{override_id}/withdraw")
def withdraw(
    request: Request, session: DbSession, actor: Admin, fields: Fields,
    override_id: Annotated[int, Path(ge=1, le=2**31 - 1)],
) -> Response:  # fmt: skip
    return _change(
        request, session, "withdraw", {"token": text(fields, "token")},
        lambda reading: service.preview_withdrawal(reading, override_id),
        lambda token: service.withdraw_local(session, actor, override_id, token), override_id,
    )  # fmt: skip
