"""A change of the calendar before it is made: the calendar as it would be, and the days that it changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from qa_service.workdays.calendar import (
    LATE_DECEMBER,
    CalendarDay,
    DayStatus,
    WorkCalendar,
    describe_kind,
    with_notice,
)
from qa_service.workdays.calendar_file import CalendarRow
from qa_service.workdays.statutory import MOVABLE, statutory_days


@dataclass(frozen=True, slots=True)
class DayChange:
    """One day that becomes another kind of day, or the same kind with another certainty or name."""

    day: date
    before: str
    after: str
    worked_before: bool
    worked_after: bool
    source: str

    @property
    def moves(self) -> bool:
        """Whether the day begins or ceases to be worked: only such days move due dates."""
        return self.worked_before != self.worked_after


def with_rows(calendar: WorkCalendar, rows: Sequence[CalendarRow]) -> WorkCalendar:
    """The calendar after the notices in `rows` are entered, each year from the first on.

    A year is in `rows` when its 1 January is an official holiday there. Inferred rows replace all inferred days
    after the last notice; where nothing has been inferred after it, the law infers the next year
    (`statutory.MOVABLE`). Raises ValueError (Chinese).
    """
    official = [row.entry for row in rows if row.status is DayStatus.OFFICIAL]
    years = sorted({entry.day.year for entry in official if (entry.day.month, entry.day.day) == (1, 1)})
    if not years:
        raise ValueError("没有任何一年的元旦放假，看不出是哪一年的安排，请录入全年的放假安排")
    shares: dict[int, list[CalendarDay]] = {year: [] for year in years}
    for entry in official:
        year = _notice_of(entry.day, years)
        if year not in shares:
            raise ValueError(f"{entry.day} 所在的{year}年没有元旦放假，请录入该年完整的放假安排")
        shares[year].append(entry)
    for year, days in shares.items():
        calendar = with_notice(calendar, year, days)
    return _with_inferred(calendar, [row.entry for row in rows if row.status is DayStatus.PROVISIONAL])


def _notice_of(day: date, years: Iterable[int]) -> int:
    """The year whose notice governs the day: late December belongs to the next one, where that is in."""
    late = (day.month, day.day) >= (12, LATE_DECEMBER)
    return day.year + (late and day.year + 1 in years)


def _with_inferred(calendar: WorkCalendar, inferred: list[CalendarDay]) -> WorkCalendar:
    if not inferred:
        inferred = _by_law(calendar)
    if not inferred:
        return calendar
    early = next((entry for entry in inferred if entry.day <= calendar.official_through), None)
    if early is not None:
        raise ValueError(f"{early.day.year}年已有正式通知，不能有暂定日 {early.day}，请删去")
    noticed = {day: entry for day, entry in calendar.days.items() if day <= calendar.official_through}
    through = date(max(entry.day for entry in inferred).year, 12, 31)
    return replace(
        calendar, days=noticed | {entry.day: entry for entry in inferred}, provisional_through=through
    )


def _by_law(calendar: WorkCalendar) -> list[CalendarDay]:
    """The holidays of the year whose notice comes next, unless days after the last notice are inferred already."""
    done = calendar.provisional_through
    if done is not None and done > calendar.official_through:
        return []
    dates = MOVABLE.get(calendar.awaited_notice)
    return statutory_days(dates) if dates else []


def with_overrides(calendar: WorkCalendar, overrides: Mapping[date, CalendarDay]) -> WorkCalendar:
    """The calendar with local decisions, which replace those it had."""
    return replace(calendar, overrides=overrides)


def changed_days(before: WorkCalendar, after: WorkCalendar) -> list[DayChange]:
    """Every day that is not as it was, in order; ordinary days that only become certain are left out."""
    named = {*before.days, *after.days, *before.overrides, *after.overrides}
    return [change for day in sorted(named) if (change := _change(day, before, after)) is not None]


def _change(day: date, before: WorkCalendar, after: WorkCalendar) -> DayChange | None:
    old, new = before.entry(day), after.entry(day)
    was, will = describe_kind(old), describe_kind(new)
    doubted, doubtful = (calendar.status(day) is DayStatus.PROVISIONAL for calendar in (before, after))
    if doubted and not doubtful:
        was += "（暂定）"
    elif doubtful and not doubted:
        will += "（暂定）"
    if was == will:
        return None
    source = new.source or old.source
    return DayChange(day, was, will, before.is_workday(day), after.is_workday(day), source)


def days_of_year(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=i) for i in range((date(year + 1, 1, 1) - first).days)]
