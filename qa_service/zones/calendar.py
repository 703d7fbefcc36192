"""The working-day calendar and the time limits as stored, handed to the pure rules of `workdays`."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qa_service.errors import NotFound, Unavailable
from qa_service.kit import clock
from qa_service.workdays.calendar import CalendarDay, DayKind, DayStatus, WorkCalendar
from qa_service.workdays.calendar_file import CalendarRow, build_calendar
from qa_service.workdays.due import LimitUnit, TimeLimit
from qa_service.zones.models import Limit, WorkCalendarDay


def load_calendar(session: Session) -> WorkCalendar:
    """The calendar in force. Built once for a state of the table, which changes once a year."""
    count, latest = session.execute(select(func.count(), func.max(WorkCalendarDay.entered_at))).one()
    if not count:
        raise Unavailable("还没有工作日历，算不出截止日。", "请管理员先导入工作日历。")
    held = _last_built.get("calendar")
    key = (str(session.get_bind().engine.url), count, str(latest))
    if held is not None and held[0] == key:
        return held[1]
    rows = session.execute(
        select(
            WorkCalendarDay.day, WorkCalendarDay.kind, WorkCalendarDay.name, WorkCalendarDay.source,
            WorkCalendarDay.status,
        )
    )  # fmt: skip
    calendar = build_calendar(
        [
            CalendarRow(0, CalendarDay(day, DayKind(kind), name, source), DayStatus(status))
            for day, kind, name, source, status in rows
        ]
    )
    _last_built["calendar"] = (key, calendar)
    return calendar


_last_built: dict[str, tuple[tuple[str, int, str], WorkCalendar]] = {}


def store_calendar(session: Session, rows: list[CalendarRow]) -> int:
    """Put rows of a calendar file into the table; returns how many days are new or changed."""
    build_calendar(rows)  # raises CalendarFileError before anything is touched
    held = {row.day: row for row in session.scalars(select(WorkCalendarDay))}
    changed = 0
    for row in rows:
        entry = row.entry
        stored = held.pop(entry.day, None) or WorkCalendarDay(
            day=entry.day, kind="", name="", source="", status=""
        )
        new = (entry.kind.value, entry.name, entry.source, row.status.value)
        if (stored.kind, stored.name, stored.source, stored.status) != new:
            stored.kind, stored.name, stored.source, stored.status = new
            stored.entered_at = clock.now()
            session.add(stored)
            changed += 1
    for gone in held.values():
        session.delete(gone)
    session.flush()
    return changed + len(held)


def load_limit(session: Session, code: str) -> TimeLimit:
    limit = find_limit(session, code)
    if limit is None:
        raise NotFound(f"时限“{code}”没有配置。", "请管理员导入示例专区或在时限表中补上。")
    return limit


def find_limit(session: Session, code: str) -> TimeLimit | None:
    """The limit, None where the office has not put such a one in force."""
    row = session.get(Limit, code)
    if row is None:
        return None
    return TimeLimit(
        code=row.code,
        name=row.name,
        days=row.days,
        unit=LimitUnit(row.unit),
        starts=row.starts,
        basis=row.basis,
    )
