"""The working-day calendar: which days are worked, how sure that is, and how to say so in Chinese.

Rules (State Council notices; 《全国年节及纪念日放假办法》 2024-11-10, art. 2, 3, 6):
Monday to Friday are worked unless a notice gives them off; a Saturday or Sunday named by a notice as 上班
is an ordinary working day; the half-days of art. 3 (8 March, 4 May …) remain working days.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType

WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
SATURDAY = 5
# The next year's notice may still move days after this one: it did for 2006, 2007, 2011 and 2018.
LATE_DECEMBER = 20


class DayKind(StrEnum):
    """What a day is. `holiday` and `makeup` come from a notice, the others from the day of the week."""

    WORKDAY = "workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    MAKEUP = "makeup"


class DayStatus(StrEnum):
    """How sure a day is: by notice, by inference from the statutory holidays, or Monday–Friday only."""

    OFFICIAL = "official"
    PROVISIONAL = "provisional"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day. `name` is the festival (国庆节, 国庆节调休放假); both texts are empty for an ordinary day."""

    day: date
    kind: DayKind
    name: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """Immutable calendar of the days that are not ordinary, with the range it may be relied on.

    `days` holds holidays and make-up days by date. `official_from` and `official_through` bound the years
    whose notice is in (1 January … 31 December); `provisional_through` is the last day for which the
    statutory holidays have been inferred (None: no such days). `overrides` are local decisions
    (地方放假、临时调整) that win over everything else. Raises ValueError when these contradict each other.
    """

    days: Mapping[date, CalendarDay]
    official_from: date
    official_through: date
    provisional_through: date | None = None
    overrides: Mapping[date, CalendarDay] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.official_from > self.official_through:
            raise ValueError(f"日历起始日 {self.official_from} 晚于截止日 {self.official_through}，请核对")
        check_days(self.days, {DayKind.HOLIDAY, DayKind.MAKEUP})
        check_days(self.overrides, {DayKind.HOLIDAY, DayKind.MAKEUP, DayKind.WORKDAY})
        object.__setattr__(self, "days", MappingProxyType(dict(self.days)))
        object.__setattr__(self, "overrides", MappingProxyType(dict(self.overrides)))

    @property
    def awaited_notice(self) -> int:
        """The first year whose notice has not been entered."""
        return self.official_through.year + 1

    def entry(self, day: date) -> CalendarDay:
        """The day as the calendar has it; an ordinary day is made up from its day of the week."""
        known = self.overrides.get(day) or self.days.get(day)
        if known:
            return known
        return CalendarDay(day, DayKind.WEEKEND if day.weekday() >= SATURDAY else DayKind.WORKDAY)

    def is_workday(self, day: date) -> bool:
        return self.entry(day).kind in (DayKind.WORKDAY, DayKind.MAKEUP)

    def status(self, day: date) -> DayStatus:
        """Official up to 19 December of the last year with a notice; later days wait for the next notice."""
        if day in self.overrides:
            return DayStatus.OFFICIAL
        if day < self.official_from:
            return DayStatus.UNKNOWN
        if day < date(self.official_through.year, 12, LATE_DECEMBER):
            return DayStatus.OFFICIAL
        if day <= max(self.official_through, self.provisional_through or self.official_through):
            return DayStatus.PROVISIONAL
        return DayStatus.UNKNOWN

    def describe(self, day: date) -> str:
        """The day in Chinese, e.g. 周六，国庆节放假 or 周日，调休上班; says so where it is not official."""
        return describe_kind(self.entry(day)) + doubt_of(self.status(day), self, day)

    def count_workdays(self, after: date, through: date) -> int:
        """Working days in (after, through]; 0 when `through` is not later."""
        return sum(self.is_workday(after + timedelta(days=i + 1)) for i in range((through - after).days))


def with_notice(calendar: WorkCalendar, year: int, days: Iterable[CalendarDay]) -> WorkCalendar:
    """The calendar after the notice of `year` is entered (or entered again with corrections).

    `days` are the holidays and make-up days of the notice, 1 January among them. A notice governs from
    20 December of the year before to 19 December: what stood there, inferred or noticed, is replaced.
    Raises ValueError (Chinese) for a year out of turn or a day that the notice cannot hold.
    """
    first, last = calendar.official_from.year, calendar.awaited_notice
    if not first <= year <= last:
        raise ValueError(f"不能录入{year}年的通知：现有{first}—{last - 1}年，请先录入{last}年的通知")
    new = {d.day: d for d in days}
    if date(year, 1, 1) not in new:
        raise ValueError(f"通知中没有{year}年1月1日元旦放假，请核对年份")
    begins = max(date(year - 1, 12, LATE_DECEMBER), calendar.official_from)
    for day in new:
        if not begins <= day <= date(year, 12, 31):
            raise ValueError(f"{day} 不在{year}年通知的范围内，请核对日期")
    governed_until = date(year, 12, LATE_DECEMBER)
    kept = {d: entry for d, entry in calendar.days.items() if not begins <= d < governed_until}
    through = max(calendar.official_through, date(year, 12, 31))
    return replace(calendar, days=kept | new, official_through=through)


def noticed_days(calendar: WorkCalendar, year: int) -> tuple[CalendarDay, ...]:
    """The holidays and make-up days of the year's notice, in order; none where it has not been entered."""
    if not calendar.official_from.year <= year < calendar.awaited_notice:
        return ()
    begins, until = date(year - 1, 12, LATE_DECEMBER), date(year, 12, LATE_DECEMBER)
    return tuple(entry for day, entry in sorted(calendar.days.items()) if begins <= day < until)


def describe_kind(entry: CalendarDay) -> str:
    """Day of the week and what kind of day it is, in Chinese."""
    weekday = WEEKDAYS[entry.day.weekday()]
    match entry.kind:
        case DayKind.HOLIDAY:
            return f"{weekday}，{entry.name}{'' if entry.name.endswith('假') else '放假'}"
        case DayKind.MAKEUP:
            return f"{weekday}，调休上班"
        case DayKind.WEEKEND:
            return f"{weekday}，休息日"
        case DayKind.WORKDAY:
            return f"{weekday}，{f'{entry.name}，照常上班' if entry.name else '工作日'}"


def doubt_of(status: DayStatus, calendar: WorkCalendar, day: date) -> str:
    """What to add in brackets where a day is not official; empty where it is."""
    if status is DayStatus.OFFICIAL:
        return ""
    if day < calendar.official_from:
        return f"（日历自{calendar.official_from.year}年起，此前暂按周一至周五推算）"
    year = calendar.awaited_notice
    if status is DayStatus.UNKNOWN:
        return f"（{day.year}年放假通知未录入，暂按周一至周五推算）"
    if day.year < year:
        return f"（{year}年放假通知录入前暂定）"
    return "（暂按法定节假日推定）"


def check_days(days: Mapping[date, CalendarDay], allowed: set[DayKind]) -> None:
    """Raise ValueError (Chinese) for a key that is not its day, a kind out of place or a nameless holiday."""
    for day, entry in days.items():
        if day != entry.day:
            raise ValueError(f"日历键 {day} 与日期 {entry.day} 不一致")
        if entry.kind not in allowed:
            raise ValueError(f"{day} 的类型 {entry.kind} 不能列在这里，请用 holiday 或 makeup")
        if entry.kind is DayKind.MAKEUP and day.weekday() < SATURDAY:
            raise ValueError(f"{day} 是{WEEKDAYS[day.weekday()]}，不能是调休上班日，请核对日期")
        if entry.kind is DayKind.HOLIDAY and not entry.name:
            raise ValueError(f"{day} 放假缺少节日名称，请填写")
