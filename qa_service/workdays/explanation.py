"""A due date's calculation as it is kept with a case, and in few words: what was skipped, made up for, paused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NotRequired, TypedDict

from qa_service.workdays.calendar import DayKind
from qa_service.workdays.due import DueDate, LimitUnit, Pause, TimeLimit

DAYS_OFF = (DayKind.WEEKEND, DayKind.HOLIDAY)


class StoredStep(TypedDict):
    """One day as kept; `date` is YYYY-MM-DD. Cases of before pauses were known have only the first three."""

    date: str
    counted: int | None
    reason: str
    kind: NotRequired[str]
    name: NotRequired[str]
    pause: NotRequired[str]


class StoredPause(TypedDict):
    after: str
    through: str
    reason: str


@dataclass(frozen=True, slots=True)
class Run:
    """Days one after the other with the same name, e.g. 春节 2026-02-15 … 2026-02-23."""

    first: date
    last: date
    name: str

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1


@dataclass(frozen=True, slots=True)
class Summary:
    """What the calculation passed over and what it counted though it is a weekend."""

    holidays: tuple[Run, ...]
    weekends: int
    makeups: tuple[Run, ...]
    paused: tuple[Run, ...]


def stored_steps(due: DueDate) -> list[StoredStep]:
    return [
        {
            "date": step.day.isoformat(),
            "counted": step.counted,
            "reason": step.reason,
            "kind": step.kind.value,
            "name": step.name,
            "pause": step.pause,
        }
        for step in due.steps
    ]


def read_pauses(stored: Sequence[StoredPause]) -> list[Pause]:
    return [
        Pause(date.fromisoformat(p["after"]), date.fromisoformat(p["through"]), p["reason"]) for p in stored
    ]


def store_pause(pause: Pause) -> StoredPause:
    return {
        "after": pause.after.isoformat(), "through": pause.through.isoformat(), "reason": pause.reason,
    }  # fmt: skip


def summarise(steps: Sequence[StoredStep]) -> Summary:
    """The calculation in few words; the start day is no part of it."""
    after = [step for step in steps[1:] if "kind" in step]
    uncounted = [step for step in after if step["counted"] is None]
    return Summary(
        holidays=tuple(_runs(uncounted, lambda s: s["name"] if s["kind"] == DayKind.HOLIDAY else "")),
        weekends=sum(step["kind"] == DayKind.WEEKEND for step in uncounted),
        makeups=tuple(
            _runs(after, lambda s: "调休上班" if s["kind"] == DayKind.MAKEUP and s["counted"] else "")
        ),
        paused=tuple(_runs(uncounted, lambda s: s["pause"])),
    )


def _runs(steps: Sequence[StoredStep], name_of: Callable[[StoredStep], str]) -> Iterator[Run]:
    held: Run | None = None
    for step in steps:
        name, day = name_of(step), date.fromisoformat(step["date"])
        if not name:
            continue
        if held is not None and held.name == name and held.last + timedelta(days=1) == day:
            held = Run(held.first, day, name)
            continue
        if held is not None:
            yield held
        held = Run(day, day, name)
    if held is not None:
        yield held


def rule_of(limit: TimeLimit) -> str:
    """The rule in words: 5个工作日，起算当日不计入。起算日：登记或者交办之日."""
    match limit.unit:
        case LimitUnit.WORKDAY:
            count = f"{limit.days}个工作日"
        case LimitUnit.DAY:
            count = f"{limit.days}日（最后一日遇休息日的，顺延至其后第一个工作日）"
        case LimitUnit.SAME_DAY:
            return f"当日办理。起算日：{limit.starts}"
    return f"{count}，起算当日不计入。起算日：{limit.starts}"
