"""The holidays of a year by law alone, for a year whose notice is not out yet.

《全国年节及纪念日放假办法》 (2024-11-10): art. 2 names the days, art. 6 gives a working day off for each that
falls on a Saturday or Sunday. No exchange of days (调休) is guessed, so no due date is put off by a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from qa_service.workdays.calendar import SATURDAY, CalendarDay, DayKind

SOURCE = "《全国年节及纪念日放假办法》推定"


@dataclass(frozen=True, slots=True)
class MovableDates:
    """Dates of one year that the lunar calendar and the solar terms decide.

    `new_year` is 正月初一, `qingming` 清明, `dragon_boat` 五月初五, `mid_autumn` 八月十五.
    """

    new_year: date
    qingming: date
    dragon_boat: date
    mid_autumn: date


def _movable(year: int, *months_and_days: int) -> MovableDates:
    new_year, dragon_boat, mid_autumn = (
        date(year, *months_and_days[at : at + 2]) for at in (0, 3, 5)
    )  # fmt: skip
    return MovableDates(new_year, date(year, 4, months_and_days[2]), dragon_boat, mid_autumn)


# 正月初一 (month, day), 清明 (day of April), 五月初五, 八月十五. The lunar dates as three programs give them alike, 清明 by
# the sun's longitude of 15° in China time.
MOVABLE = {
    dates.new_year.year: dates
    for dates in (
        _movable(2027, 2, 6, 5, 6, 9, 9, 15), _movable(2028, 1, 26, 4, 5, 28, 10, 3),
        _movable(2029, 2, 13, 4, 6, 16, 9, 22), _movable(2030, 2, 3, 5, 6, 5, 9, 12),
        _movable(2031, 1, 23, 5, 6, 24, 10, 1), _movable(2032, 2, 11, 4, 6, 12, 9, 19),
        _movable(2033, 1, 31, 4, 6, 1, 9, 8), _movable(2034, 2, 19, 5, 6, 20, 9, 27),
        _movable(2035, 2, 8, 5, 6, 10, 9, 16), _movable(2036, 1, 28, 4, 5, 30, 10, 4),
        _movable(2037, 2, 15, 4, 6, 18, 9, 24), _movable(2038, 2, 4, 5, 6, 7, 9, 13),
        _movable(2039, 1, 24, 5, 5, 27, 10, 2), _movable(2040, 2, 12, 4, 6, 14, 9, 20),
    )
}  # fmt: skip


def statutory_days(dates: MovableDates) -> list[CalendarDay]:
    """Holidays of the year of `dates` in order, days in lieu of a weekend (补假) included.

    A day in lieu is the first working day after its festival that is no holiday itself.
    """
    year = dates.new_year.year
    festivals = [
        ("元旦", [date(year, 1, 1)]),
        ("春节", [dates.new_year + timedelta(days=i) for i in range(-1, 3)]),
        ("清明节", [dates.qingming]),
        ("劳动节", [date(year, 5, 1), date(year, 5, 2)]),
        ("端午节", [dates.dragon_boat]),
        ("中秋节", [dates.mid_autumn]),
        ("国庆节", [date(year, 10, i) for i in (1, 2, 3)]),
    ]
    names: dict[date, str] = {}
    for name, days in festivals:
        for day in days:
            names[day] = f"{names[day]}、{name}" if day in names else name
    for name, days in festivals:
        for day in days:
            if day.weekday() >= SATURDAY:
                names[next_free_workday(max(days), names)] = f"{name}补假"
    return [CalendarDay(day, DayKind.HOLIDAY, names[day], SOURCE) for day in sorted(names)]


def next_free_workday(after: date, taken: dict[date, str]) -> date:
    """The first Monday–Friday after `after` that is not taken."""
    day = after + timedelta(days=1)
    while day.weekday() >= SATURDAY or day in taken:
        day += timedelta(days=1)
    return day
