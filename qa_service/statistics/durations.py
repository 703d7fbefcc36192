"""Working days taken, by our own calendar: percentiles over how many cases took from which day to which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from qa_service.workdays.calendar import WorkCalendar


@dataclass(frozen=True, slots=True)
class Taken:
    """`count` cases whose clock began on `start` (not counted) and that were answered on `met`."""

    start: date
    met: date
    count: int


class DayCounter:
    """Working days between days of one range, each day looked at once."""

    def __init__(self, calendar: WorkCalendar, first: date, last: date) -> None:
        self._first = first
        self._worked = [0]
        for offset in range((last - first).days):
            worked = calendar.is_workday(first + timedelta(days=offset + 1))
            self._worked.append(self._worked[-1] + worked)

    def between(self, start: date, met: date) -> int:
        """Working days in (start, met]; 0 when `met` is not later."""
        if met <= start:
            return 0
        return self._worked[(met - self._first).days] - self._worked[(start - self._first).days]


def counter_for(calendar: WorkCalendar, taken: Iterable[Taken]) -> DayCounter | None:
    days = [day for item in taken for day in (item.start, item.met)]
    return DayCounter(calendar, min(days), max(days)) if days else None


def percentile(counted: dict[int, int], percent: int) -> int | None:
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
