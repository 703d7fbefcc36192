"""API: zones, topics, and the calculation of due dates."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import select

from qa_service.accounts.deps import DbSession
from qa_service.errors import Invalid
from qa_service.kit.http import TransactionalRoute
from qa_service.workdays.due import LimitUnit, due_date
from qa_service.workdays.due_command import parse_pause
from qa_service.zones.calendar import load_calendar
from qa_service.zones.models import Topic, Zone

router = APIRouter(tags=["专区与期限"], route_class=TransactionalRoute)


class ZoneView(BaseModel):
    code: str
    name: str
    level: str
    parent: str
    address: str
    phone: str
    hours: str


class TopicView(BaseModel):
    name: str
    kiosk: str
    group: str


class Due(BaseModel):
    due: date
    status: str
    steps: list[dict[str, Any]]


@router.get("/zones")
def list_zones(session: DbSession) -> list[ZoneView]:
    zones = list(session.scalars(select(Zone).order_by(Zone.path)))
    codes = {zone.id: zone.code for zone in zones}
    return [
        ZoneView(code=z.code, name=z.name, level=z.level, parent=codes.get(z.parent_id or 0, ""), address=z.address,
                 phone=z.phone, hours=z.hours)
        for z in zones
    ]  # fmt: skip


@router.get("/topics")
def list_topics(session: DbSession) -> list[TopicView]:
    rows = session.scalars(select(Topic).order_by(Topic.position))
    return [TopicView(name=t.name, kiosk=t.kiosk, group=t.group) for t in rows]


@router.get("/due")
def calculate_due(
    session: DbSession,
    received: date,
    days: Annotated[int, Query(ge=0, le=366)],
    unit: LimitUnit = LimitUnit.WORKDAY,
    zone: Annotated[str, Query(max_length=32, description="专区代码；空则不计地方调整")] = "",
    pause: Annotated[
        list[str] | None, Query(max_length=20, description="期限暂停：发出日/收到日/事由，可以多次给出")
    ] = None,
) -> Due:
    """由收到日推算截止日，并列出每一天为什么计或不计，暂停的日子不计。"""
    zone_id = session.scalar(select(Zone.id).where(Zone.code == zone)) if zone else None
    if zone and zone_id is None:
        raise Invalid(f"没有代码为“{zone}”的专区。", "请核对专区代码，或者不填。")
    try:
        pauses = [parse_pause(text) for text in pause or ()]
        due = due_date(received, days, load_calendar(session, zone_id), unit, pauses)
    except ValueError as error:
        raise Invalid(str(error), "请核对日期和天数。") from error
    steps = [{"date": s.day.isoformat(), "counted": s.counted, "reason": s.reason} for s in due.steps]
    return Due(due=due.due, status=due.status, steps=steps)
