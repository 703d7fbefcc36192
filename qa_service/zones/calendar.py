"""The working-day calendar and the time limits as stored, handed to the pure rules of `workdays`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qa_service.errors import NotFound, Unavailable
from qa_service.kit import clock
from qa_service.kit.database import insert_into
from qa_service.workdays.calendar import SATURDAY, CalendarDay, DayKind, DayStatus, WorkCalendar
from qa_service.workdays.calendar_file import CalendarRow, build_calendar
from qa_service.workdays.change import with_overrides
from qa_service.workdays.due import LimitUnit, TimeLimit
from qa_service.zones.models import CalendarOverride, CalendarRevision, Limit, WorkCalendarDay, Zone


@dataclass(frozen=True)
class Calendars:
    """The calendar of the whole country, and that of each zone where a local document decides otherwise.

    `local` holds the local decisions by zone id, `paths` each zone's path; a zone is under the decisions of all
    zones above it, the nearest one winning.
    """

    national: WorkCalendar
    local: Mapping[int, Mapping[date, CalendarDay]]
    paths: Mapping[int, str]
    _built: dict[int, WorkCalendar] = field(default_factory=dict, compare=False)

    def of(self, zone_id: int | None) -> WorkCalendar:
        """The calendar in force in a zone; the country's where nothing local is decided, or for no zone."""
        if zone_id is None or not self.local:
            return self.national
        if zone_id not in self._built:
            here = self.paths.get(zone_id, "")
            above = sorted(
                (z for z in self.local if here.startswith(self.paths[z])), key=lambda z: self.paths[z]
            )
            decided: dict[date, CalendarDay] = {}
            for zone in above:
                decided.update(self.local[zone])
            self._built[zone_id] = with_overrides(self.national, decided) if decided else self.national
        return self._built[zone_id]

    def changed(
        self,
        national: WorkCalendar | None = None,
        local: Mapping[int, Mapping[date, CalendarDay]] | None = None,
    ) -> Calendars:
        """As they would be with another calendar of the country, or with other local decisions."""
        return replace(
            self,
            national=national or self.national,
            local=self.local if local is None else local,
            _built={},
        )


def load_calendars(session: Session, *, to_count: bool = False) -> Calendars:
    """The calendars in force, built once for each revision.

    `to_count`: a clock is about to be started by them. A change of the calendar then waits until that has been
    committed, so that it finds the new deadline and recomputes it.
    """
    statement = select(CalendarRevision.value).where(CalendarRevision.id == 1)
    revision = session.scalar(statement.with_for_update(read=True) if to_count else statement) or 0
    count, latest = session.execute(select(func.count(), func.max(WorkCalendarDay.entered_at))).one()
    if not count:
        raise Unavailable("还没有工作日历，算不出截止日。", "请管理员先导入工作日历。")
    zones = session.scalar(select(func.count()).select_from(Zone)) or 0
    key = (str(session.get_bind().engine.url), revision, count, str(latest), zones)
    held = _last_built.get("calendars")
    if held is not None and held[0] == key:
        return held[1]
    calendars = Calendars(
        national=build_calendar(_rows(session)),
        local=_local_days(overrides_in_force(session)),
        paths={row.id: row.path for row in session.execute(select(Zone.id, Zone.path))},
    )
    _last_built["calendars"] = (key, calendars)
    return calendars


_last_built: dict[str, tuple[tuple[str, int, int, str, int], Calendars]] = {}


def load_calendar(session: Session, zone_id: int | None = None) -> WorkCalendar:
    """The calendar in force in a zone, or in the whole country."""
    return load_calendars(session).of(zone_id)


def _rows(session: Session) -> list[CalendarRow]:
    table = WorkCalendarDay
    rows = session.execute(select(table.day, table.kind, table.name, table.source, table.status))
    return [
        CalendarRow(0, CalendarDay(day, DayKind(kind), name, source), DayStatus(status))
        for day, kind, name, source, status in rows
    ]


def overrides_in_force(session: Session) -> list[CalendarOverride]:
    statement = select(CalendarOverride).where(CalendarOverride.withdrawn_at.is_(None))
    return list(session.scalars(statement.order_by(CalendarOverride.day, CalendarOverride.id)))


def local_day(day: date, kind: str, name: str, document: str) -> CalendarDay:
    """A local decision as a day of the calendar: a weekend day that is worked is a make-up day."""
    worked = DayKind.MAKEUP if day.weekday() >= SATURDAY else DayKind.WORKDAY
    return CalendarDay(day, DayKind.HOLIDAY if kind == DayKind.HOLIDAY else worked, name, document)


def _local_days(overrides: Sequence[CalendarOverride]) -> dict[int, dict[date, CalendarDay]]:
    local: dict[int, dict[date, CalendarDay]] = {}
    for override in overrides:
        entry = local_day(override.day, override.kind, override.name, override.document)
        local.setdefault(override.zone_id, {})[override.day] = entry
    return local


def current_revision(session: Session, *, to_change: bool = False) -> int:
    """`to_change` locks it: the next to change the calendar waits, and so does the starting of clocks."""
    statement = select(CalendarRevision.value).where(CalendarRevision.id == 1)
    return session.scalar(statement.with_for_update() if to_change else statement) or 0


def next_revision(session: Session) -> int:
    first = insert_into(session, CalendarRevision).values(id=1, value=1)
    statement = first.on_conflict_do_update(index_elements=["id"], set_={"value": CalendarRevision.value + 1})
    return session.execute(statement.returning(CalendarRevision.value)).scalar_one()


def store_calendar(session: Session, rows: Sequence[CalendarRow]) -> int:
    """Put all rows of a calendar into the table; returns how many days are new or changed."""
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
    if changed or held:
        next_revision(session)
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
    return limit_of(row)


def limit_of(row: Limit) -> TimeLimit:
    return TimeLimit(
        code=row.code,
        name=row.name,
        days=row.days,
        unit=LimitUnit(row.unit),
        starts=row.starts,
        basis=row.basis,
    )
