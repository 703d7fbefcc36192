"""API: the working-day calendar, read by anybody, changed by administrators after a preview."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import Admin, DbSession, Staff
from qa_service.calendars import service
from qa_service.calendars.schemas import (
    Confirmation,
    LocalInput,
    LocalView,
    NoticeInput,
    PreviewView,
    YearView,
    local_view,
    preview_view,
    year_view,
)
from qa_service.errors import NotFound
from qa_service.kit.http import TransactionalRoute
from qa_service.workdays.year import Year, year_of
from qa_service.zones.calendar import load_calendars
from qa_service.zones.models import Zone

router = APIRouter(tags=["工作日历"], route_class=TransactionalRoute)


def year_for(session: Session, number: int, zone: str) -> Year:
    """The year as it is in a zone, or in the whole country for no zone. Raises NotFound."""
    zone_id = session.scalar(select(Zone.id).where(Zone.code == zone)) if zone else None
    if zone and zone_id is None:
        raise NotFound(f"没有代码为“{zone}”的专区。", "请重新选择专区。")
    return year_of(load_calendars(session).of(zone_id), number)


@router.get("/calendar/local")
def list_local(session: DbSession, actor: Staff) -> list[LocalView]:
    """地方调整，含已撤下的。"""
    return [local_view(override, zone) for override, zone in service.list_local(session)]


@router.get("/calendar/{year}")
def read_year(
    session: DbSession,
    year: Annotated[int, Path(ge=2000, le=2099)],
    zone: Annotated[str, Query(max_length=32, description="专区代码；空则不计地方调整")] = "",
) -> YearView:
    """一年的工作日历：哪些日子与星期不一致、依据哪个通知、正式到哪一天。"""
    return year_view(year_for(session, year, zone))


@router.post("/calendar/notice")
def enter_notice(session: DbSession, actor: Admin, data: NoticeInput) -> PreviewView:
    """录入放假通知。先不带 `token` 预览，再带上预览的 `token` 录入；录入后重新计算所有在办期限。"""
    if not data.token:
        return preview_view(
            service.preview_notice(session, data.content, data.year, data.source), saved=False
        )
    done = service.enter_notice(session, actor, data.content, data.year, data.source, data.token)
    return preview_view(done, saved=True)


@router.post("/calendar/local")
def enter_local(session: DbSession, actor: Admin, data: LocalInput) -> PreviewView:
    """录入地方调整，先预览后确认。"""
    if not data.token:
        return preview_view(service.preview_local(session, data.days()), saved=False)
    return preview_view(service.enter_local(session, actor, data.days(), data.token), saved=True)


@router.post("/calendar/local/{override_id}/withdraw")
def withdraw_local(
    session: DbSession, actor: Admin, override_id: Annotated[int, Path(ge=1, le=2**31 - 1)], data: Confirmation
) -> PreviewView:  # fmt: skip
    """撤下地方调整，先预览后确认；记录保留。"""
    if not data.token:
        return preview_view(service.preview_withdrawal(session, override_id), saved=False)
    return preview_view(service.withdraw_local(session, actor, override_id, data.token), saved=True)
