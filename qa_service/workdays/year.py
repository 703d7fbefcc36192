"""One year of the calendar as a person looks at it: months of weeks, marks, names, how sure, by what document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from qa_service.workdays.calendar import DayKind, DayStatus, WorkCalendar, describe_kind
from qa_service.workdays.change import days_of_year


@dataclass(frozen=True, slots=True)
class YearDay:
    """`mark` is 休 or 班 where the day is not as its day of the week says; `label` the festival on the first day
    of its run; `said` the whole day in words."""

    day: date
    kind: DayKind
    status: DayStatus
    local: bool
    mark: str
    name: str
    label: str
    said: str
    source: str

    @property
    def off(self) -> bool:
        return self.kind in (DayKind.HOLIDAY, DayKind.WEEKEND)


@dataclass(frozen=True, slots=True)
class Month:
    """`weeks` begin on Monday; None stands for the days of other months."""

    number: int
    workdays: int
    weeks: tuple[tuple[YearDay | None, ...], ...]


@dataclass(frozen=True, slots=True)
class Span:
    first: date
    last: date
    status: DayStatus


@dataclass(frozen=True, slots=True)
class Source:
    """A document with the days of the year that it decides."""

    document: str
    off: int
    worked: int


@dataclass(frozen=True, slots=True)
class Year:
    number: int
    workdays: int
    months: tuple[Month, ...]
    spans: tuple[Span, ...]
    sources: tuple[Source, ...]
    special: tuple[YearDay, ...]


def year_of(calendar: WorkCalendar, number: int) -> Year:
    days = list(_days(calendar, number))
    return Year(
        number=number,
        workdays=sum(not day.off for day in days),
        months=tuple(_month(month, list(held)) for month, held in groupby(days, lambda d: d.day.month)),
        spans=tuple(_spans(days)),
        sources=tuple(_sources(days)),
        special=tuple(day for day in days if day.mark),
    )


def _days(calendar: WorkCalendar, number: int) -> Iterator[YearDay]:
    before = ""
    for day in days_of_year(number):
        entry = calendar.entry(day)
        local = day in calendar.overrides
        mark = (
            "休" if entry.kind is DayKind.HOLIDAY else "班" if entry.kind is DayKind.MAKEUP or local else ""
        )
        name = entry.name.removesuffix("调休放假") if entry.kind is DayKind.HOLIDAY else ""
        label = name if name != before or day.day == 1 else ""
        before = name
        yield YearDay(
            day,
            entry.kind,
            calendar.status(day),
            local,
            mark,
            entry.name,
            label,
            describe_kind(entry),
            entry.source,
        )


def _month(number: int, days: list[YearDay]) -> Month:
    cells: list[YearDay | None] = [None] * days[0].day.weekday()
    cells += days
    cells += [None] * (-len(cells) % 7)
    weeks = tuple(tuple(cells[at : at + 7]) for at in range(0, len(cells), 7))
    return Month(number, sum(not day.off for day in days), weeks)


def _spans(days: list[YearDay]) -> Iterator[Span]:
    """Stretches of days that are equally sure; local decisions do not break one."""
    first = days[0].day
    status = days[0].status
    for day in days[1:]:
        if day.status is not status and not day.local:
            yield Span(first, day.day - timedelta(days=1), status)
            first, status = day.day, day.status
    yield Span(first, days[-1].day, status)


def _sources(days: list[YearDay]) -> Iterator[Source]:
    marked = [day for day in days if day.mark and day.source]
    for document in dict.fromkeys(day.source for day in marked):
        held = [day for day in marked if day.source == document]
        yield Source(document, sum(day.off for day in held), sum(not day.off for day in held))
