"""Due dates: n working days or calendar days after a start day, with the calculation.

The start day is not counted (《民法典》 art. 201). A limit in calendar days that would end on a day off ends
on the first working day after it (《民法典》 art. 203). Only dates matter; the caller turns a moment into
the date of Asia/Shanghai first. While a limit is paused (征求第三方意见 《政府信息公开条例》 art. 33 para. 3), no day counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Literal

from qa_service.workdays.calendar import WEEKDAYS, DayKind, DayStatus, WorkCalendar, describe_kind, doubt_of

MAX_DAYS = 366
LAST_START = date(2099, 12, 31)
LONGEST_PAUSES = 3660
DueStatus = Literal["official", "provisional"]


class LimitUnit(StrEnum):
    """What a time limit counts."""

    WORKDAY = "workday"
    DAY = "day"
    SAME_DAY = "same_day"


UNIT_NAMES = {LimitUnit.WORKDAY: "个工作日", LimitUnit.DAY: "日", LimitUnit.SAME_DAY: "日"}


@dataclass(frozen=True, slots=True)
class TimeLimit:
    """A time limit with its source. `starts` says in Chinese what starts it, `basis` is law and article.

    `days` is 0 for same_day and 1–366 otherwise; raises ValueError (Chinese) if not.
    """

    code: str
    name: str
    days: int
    unit: LimitUnit
    starts: str
    basis: str

    def __post_init__(self) -> None:
        check_count(self.days, self.unit)
        if self.days == 0 and self.unit is not LimitUnit.SAME_DAY:
            raise ValueError(f"时限 {self.code} 的天数为 0，当日办理的时限请用 same_day")


@dataclass(frozen=True, slots=True)
class Pause:
    """A time not counted: the days after `after` up to and including `through`. Pauses may overlap.

    `after` is the day on which the question went out, `through` the day on which the answer came (or was due);
    while none has come, today: what is then found is the earliest day possible. Raises ValueError (Chinese).
    """

    after: date
    through: date
    reason: str

    def __post_init__(self) -> None:
        if self.through < self.after:
            raise ValueError(f"暂停的结束日 {self.through} 早于开始日 {self.after}，请核对")
        if not self.reason:
            raise ValueError(f"{self.after} 起的暂停没有写事由，请填写，如“征求第三方意见”")

    def covers(self, day: date) -> bool:
        return self.after < day <= self.through


@dataclass(frozen=True, slots=True)
class Step:
    """One day of the calculation; `counted` is its number, None where it is not counted.

    `pause` is the reason of the pause that keeps a day from counting which otherwise would, `source` the document that
    makes the day no ordinary one.
    """

    day: date
    counted: int | None
    reason: str
    status: DayStatus
    kind: DayKind
    name: str = ""
    pause: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class DueDate:
    """The last day of a limit. `steps` run from the start day to `due` without a gap.

    `status` is provisional when any day after the start is not official. `awaited_notice` is then the
    year whose notice will settle it, None when the date is official.
    """

    due: date
    status: DueStatus
    start: date
    n: int
    unit: LimitUnit
    steps: tuple[Step, ...]
    awaited_notice: int | None = None
    pauses: tuple[Pause, ...] = ()


def due_date(
    start: date,
    n: int,
    calendar: WorkCalendar,
    unit: LimitUnit = LimitUnit.WORKDAY,
    pauses: Sequence[Pause] = (),
) -> DueDate:
    """The due date n units after `start`; n = 0 means the start day itself, whatever day it is.

    Days inside a pause do not count; a pause after the due date changes nothing.
    Raises ValueError (Chinese) for n outside 0–366, n ≠ 0 with same_day, or a start out of range.
    """
    check_count(n, unit)
    check_start(start, calendar)
    check_pauses(pauses)
    begin = calendar.entry(start)
    reason = f"{calendar.describe(start)}，起算日不计入"
    steps = [Step(start, None, reason, calendar.status(start), begin.kind, begin.name)]
    counted = 0
    while counted < n:
        day = steps[-1].day + timedelta(days=1)
        counts = unit is LimitUnit.DAY or calendar.is_workday(day)
        pause = next((pause.reason for pause in pauses if pause.covers(day)), "") if counts else ""
        if counts and not pause:
            counted += 1
            steps.append(make_step(day, counted, calendar, unit))
        else:
            steps.append(make_step(day, None, calendar, unit, pause))
    if n and unit is LimitUnit.DAY:
        steps += steps_to_workday(steps[-1].day, calendar)
    official = all(step.status is DayStatus.OFFICIAL for step in steps[1:])
    return DueDate(
        due=steps[-1].day,
        status="official" if official else "provisional",
        start=start,
        n=n,
        unit=unit,
        steps=tuple(steps),
        awaited_notice=None if official else calendar.awaited_notice,
        pauses=tuple(pauses),
    )


def explain(due: DueDate) -> list[str]:
    """The calculation as Chinese lines: start, every day with its reason, the due date, what is unsure."""
    lines = [
        f"起算日：{due.start}（{WEEKDAYS[due.start.weekday()]}）"
        + ("，当日不计入，次日起算" if due.n else ""),
        f"期限：{f'{due.n}{UNIT_NAMES[due.unit]}' if due.n else '当日'}",
        *(f"暂停：{p.after}次日至{p.through}，{p.reason}" for p in due.pauses),
        *(f"{step.day} {step.reason}" for step in due.steps[1:]),
        f"到期日：{due.due}（{WEEKDAYS[due.due.weekday()]}）{'' if due.status == 'official' else '，暂定'}",
        *(f"依据：{source}" for source in sources_of(due)),
    ]
    if any(step.status is DayStatus.PROVISIONAL for step in due.steps[1:]):
        lines.append(f"{due.awaited_notice}年放假通知尚未录入，暂按现有安排和法定节假日推定，录入后重新计算")
    if any(step.status is DayStatus.UNKNOWN for step in due.steps[1:]):
        lines.append("期限超出日历范围的部分暂按周一至周五推算，请在放假通知录入后重新计算")
    return lines


def sources_of(due: DueDate) -> list[str]:
    """The rules of counting that were applied, then the documents of the days that are not ordinary, as met."""
    if not due.n:
        return []
    rules = ["起算当日不计入，《民法典》第二百零一条"]
    if due.unit is LimitUnit.DAY:
        rules.append("最后一日是休息日的顺延，《民法典》第二百零三条")
    return [*rules, *dict.fromkeys(step.source for step in due.steps[1:] if step.source)]


def working_days_left(today: date, due: date, calendar: WorkCalendar) -> int:
    """Working days after `today` up to and including `due`; 0 on the due date, negative when overdue.

    Overdue days count the working days since; a rest day right after the due date is already -1.
    """
    if is_overdue(today, due):
        return -max(1, calendar.count_workdays(due, today))
    return calendar.count_workdays(today, due)


def is_overdue(today: date, due: date) -> bool:
    """Overdue from the day after the due date."""
    return today > due


def make_step(
    day: date, counted: int | None, calendar: WorkCalendar, unit: LimitUnit, pause: str = ""
) -> Step:
    """The step of one day after the start."""
    entry, status = calendar.entry(day), calendar.status(day)
    if counted is None:
        count = f"{pause}，暂停不计" if pause else "不计"
    else:
        count = f"第{counted}{'日' if unit is LimitUnit.DAY else '个工作日'}"
    reason = f"{brief_kind(day, calendar)}，{count}{doubt_of(status, calendar, day)}"
    return Step(day, counted, reason, status, entry.kind, entry.name, pause, entry.source)


def steps_to_workday(day: date, calendar: WorkCalendar) -> list[Step]:
    """Steps from the day after `day` to the first working day; none when `day` is one."""
    steps: list[Step] = []
    while not calendar.is_workday(day):
        day += timedelta(days=1)
        entry, status = calendar.entry(day), calendar.status(day)
        what = "届满日遇休息日，顺延至本日" if calendar.is_workday(day) else "顺延"
        reason = f"{brief_kind(day, calendar)}，{what}{doubt_of(status, calendar, day)}"
        steps.append(Step(day, None, reason, status, entry.kind, entry.name, source=entry.source))
    return steps


def brief_kind(day: date, calendar: WorkCalendar) -> str:
    """Day of the week, with what is special about the day where something is."""
    entry = calendar.entry(day)
    plain = entry.kind is DayKind.WORKDAY and not entry.name
    return WEEKDAYS[day.weekday()] if plain else describe_kind(entry)


def check_count(n: int, unit: LimitUnit) -> None:
    """Raise ValueError (Chinese) for a number of days that no limit has."""
    if isinstance(n, bool) or not isinstance(n, int):
        raise ValueError(f"期限天数应为整数，收到 {n!r}，请填写 0—{MAX_DAYS} 的整数")
    if not 0 <= n <= MAX_DAYS:
        raise ValueError(f"期限天数应在 0—{MAX_DAYS} 之间，收到 {n}，请核对")
    if unit is LimitUnit.SAME_DAY and n != 0:
        raise ValueError(f"当日办理的期限天数应为 0，收到 {n}，请改填 0 或者改用工作日")


def check_pauses(pauses: Sequence[Pause]) -> None:
    """Raise ValueError (Chinese) for pauses too long to be true: counting must come to an end."""
    days = sum((pause.through - pause.after).days for pause in pauses)
    if days > LONGEST_PAUSES:
        raise ValueError(f"暂停共{days}天，超过{LONGEST_PAUSES}天，请核对暂停的起止日期")


def check_start(start: date, calendar: WorkCalendar) -> None:
    """Raise ValueError (Chinese) for a start day that the calendar cannot count from."""
    if start < calendar.official_from:
        raise ValueError(f"起算日 {start} 早于日历起始日 {calendar.official_from}，无法计算，请核对日期")
    if start > LAST_START:
        raise ValueError(f"起算日 {start} 晚于 {LAST_START}，请核对日期")
