"""What `qa-service due` says: arguments as text in, a due date, its JSON object or its lines out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta, timezone
from typing import TypedDict

from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.calendar_file import parse_day
from qa_service.workdays.due import DueDate, DueStatus, LimitUnit, Pause, due_date, explain

# China keeps one time without daylight saving since 1991; the calendar starts later.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class StepObject(TypedDict):
    """One day of the calculation; `date` is YYYY-MM-DD, `counted` null where the day is not counted."""

    date: str
    counted: int | None
    reason: str


class DueObject(TypedDict):
    """What `due --json` prints."""

    due: str
    status: DueStatus
    steps: list[StepObject]


class LineError(TypedDict):
    """What `due --batch --json` prints for a line it cannot read; `line` is 1-based."""

    line: int
    error: str


def find_due(
    received: str, days: int, unit: str, calendar: WorkCalendar, pauses: Sequence[str] = ()
) -> DueDate:
    """The due date for arguments as typed. Raises ValueError (Chinese)."""
    if unit not in (LimitUnit.WORKDAY, LimitUnit.DAY):
        raise ValueError(f"单位“{unit}”不认识，请用 workday（工作日）或 day（日历日）")
    start = parse_received(received)
    return due_date(start, days, calendar, LimitUnit(unit), [parse_pause(text) for text in pauses])


def as_object(due: DueDate) -> DueObject:
    """The JSON object of a due date."""
    steps: list[StepObject] = [
        {"date": step.day.isoformat(), "counted": step.counted, "reason": step.reason} for step in due.steps
    ]
    return {"due": due.due.isoformat(), "status": due.status, "steps": steps}


def as_text(due: DueDate) -> str:
    """What `due` prints for a person: the date first, then the calculation."""
    status = "正式" if due.status == "official" else "暂定"
    return "\n".join([f"{due.due} {status}", *explain(due)])


def run_batch(lines: Iterable[str], unit: str, calendar: WorkCalendar) -> Iterator[DueObject | LineError]:
    """One object for each line RECEIVED<TAB>N that is not blank, in order; a bad line gives its error."""
    for number, line in enumerate(lines, start=1):
        text = line.lstrip("\ufeff").strip()
        if not text:
            continue
        received, _, days = text.partition("\t")
        try:
            yield as_object(find_due(received, parse_count(days), unit, calendar))
        except ValueError as error:
            yield {"line": number, "error": f"第{number}行：{error}"}


def parse_count(text: str) -> int:
    """A number of days as typed. Raises ValueError (Chinese)."""
    text = text.strip()
    if not re.fullmatch(r"-?[0-9]{1,6}", text):
        raise ValueError(f"天数“{text}”不是整数，请写成“日期<TAB>天数”，如 2026-02-13<TAB>5")
    return int(text)


def parse_pause(text: str) -> Pause:
    """A pause typed as 2026-03-10/2026-03-24 or 2026-03-10/2026-03-24/事由. Raises ValueError (Chinese)."""
    after, _, rest = text.partition("/")
    through, _, reason = rest.partition("/")
    first, last = parse_day(after.strip()), parse_day(through.strip())
    if first is None or last is None:
        raise ValueError(
            f"暂停“{text}”格式不对，请写成“发出日/收到日/事由”，如 2026-03-10/2026-03-24/征求第三方意见"
        )
    return Pause(first, last, reason.strip() or "期限暂停")


def parse_received(text: str) -> date:
    """The day of receipt from a date, or from a date and time (an offset is turned into Beijing time).

    Raises ValueError (Chinese) when it is neither.
    """
    text = text.strip()
    if day := parse_day(text):
        return day
    try:
        moment = datetime.fromisoformat(text)
        return (moment.astimezone(SHANGHAI) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        raise ValueError(f"日期“{text}”不存在或者格式不对，请写成 2026-02-13 或 2026-02-13 17:00") from None
