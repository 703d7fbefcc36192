"""Working days taken, by our own calendar, and their percentiles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from typing import TypeVar

from qa_service.workdays.calendar import WorkCalendar

Key = TypeVar("Key")


def days_taken(
    calendar_of: Callable[[int], WorkCalendar], spans: Iterable[tuple[Key, int, str, str]]
) -> dict[Key, Counter[int]]:
    """From (line, zone, start of the clock, first answer), the days as 2026-11-22: how many cases of each line took
    how many working days by the calendar of their zone. The start is not counted; answered on or before it is 0
    days. Each day of a calendar is looked at once."""
    held = Counter(spans)
    calendars = {zone: calendar_of(zone) for zone in {zone for _, zone, _, _ in held}}
    days: dict[int, set[str]] = {}
    for _, zone, start, met in held:
        days.setdefault(id(calendars[zone]), set()).update((start, met))
    numbers = {id(calendar): _numbers(calendar, days[id(calendar)]) for calendar in calendars.values()}
    numbers_in = {zone: numbers[id(calendar)] for zone, calendar in calendars.items()}
    taken: dict[Key, Counter[int]] = {}
    for (line, zone, start, met), count in held.items():
        number = numbers_in[zone]
        taken.setdefault(line, Counter())[max(0, number[met] - number[start])] += count
    return taken


def _numbers(calendar: WorkCalendar, days: Iterable[str]) -> dict[str, int]:
    """For each day the working days since the earliest of them, so that a difference is a count."""
    wanted = sorted(days)
    if not wanted:
        return {}
    day, number, numbers = date.fromisoformat(wanted[0]), 0, {wanted[0]: 0}
    for name in wanted[1:]:
        while day.isoformat() != name:
            day += timedelta(days=1)
            number += calendar.is_workday(day)
        numbers[name] = number
    return numbers


def percentile(counted: Mapping[int, int], percent: int) -> int | None:
    """The least number of days that at least `percent` of 100 cases do not exceed (nearest rank). `counted`:
    cases by number of days. None for no cases."""
    total = sum(counted.values())
    if not total:
        return None
    wanted, reached = -(-total * percent // 100), 0
    for days in sorted(counted):
        reached += counted[days]
        if reached >= wanted:
            return days
    return None
