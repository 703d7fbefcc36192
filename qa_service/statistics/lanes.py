"""看板的栏: what waits, by the working days left of its present round. Each waiting case stands in exactly one lane.

A late case stays in the late lane whatever else is true of it: an answer drafted and not told is late too
(青禾县政务公开专区工作规范 第十六条).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, or_

from qa_service.cases.models import Case
from qa_service.consultations.repository import present_due
from qa_service.statistics.figures import TIMED
from qa_service.workdays.calendar import WorkCalendar
from qa_service.zones.calendar import Calendars


@dataclass(frozen=True, slots=True)
class BoardDays:
    """Today, the next working day after it, and the third."""

    today: date
    next: date
    third: date


@dataclass(frozen=True, slots=True)
class Lane:
    """`tone` is its colour class; `hint` says what belongs here and what is to be done."""

    code: str
    label: str
    hint: str
    tone: str
    predicate: Callable[[BoardDays], ColumnElement[bool]]


def days_after(today: date, calendar: WorkCalendar) -> BoardDays:
    following: list[date] = []
    day = today
    while len(following) < 3:
        day += timedelta(days=1)
        if calendar.is_workday(day):
            following.append(day)
    return BoardDays(today, following[0], following[2])


def board_days(today: date, calendars: Calendars) -> Mapping[BoardDays, list[int]]:
    """The days that part the lanes, with the zones for which they are these: local decisions may move them."""
    if not calendars.local:
        return {days_after(today, calendars.national): list(calendars.paths)}
    zones: dict[BoardDays, list[int]] = {}
    for zone_id in calendars.paths:
        zones.setdefault(days_after(today, calendars.of(zone_id)), []).append(zone_id)
    return zones


def condition(lane: Lane, zones: Mapping[BoardDays, list[int]]) -> ColumnElement[bool]:
    """Whether a case stands in `lane`, by the calendar of its zone."""
    if len(zones) == 1:
        return lane.predicate(next(iter(zones)))
    return or_(*(and_(Case.zone_id.in_(ids), lane.predicate(days)) for days, ids in zones.items()))


def _waits() -> ColumnElement[bool]:
    return Case.state.in_(TIMED)


def _undrafted() -> ColumnElement[bool]:
    return and_(_waits(), Case.state != "replied")


LANES = (
    Lane(
        "overdue", "已超期", "截止日已过，还没有告知咨询人。", "over",
        lambda days: and_(_waits(), present_due < days.today),
    ),
    Lane(
        "today", "今天到期", "今天内告知咨询人，仍是按期。", "soon",
        lambda days: and_(_undrafted(), present_due == days.today),
    ),
    Lane(
        "next", "下一工作日到期", "还剩1个工作日。", "soon",
        lambda days: and_(_undrafted(), present_due > days.today, present_due <= days.next),
    ),
    Lane(
        "soon", "剩2—3个工作日", "", "fine",
        lambda days: and_(_undrafted(), present_due > days.next, present_due <= days.third),
    ),
    Lane("later", "剩4个工作日以上", "", "fine", lambda days: and_(_undrafted(), present_due > days.third)),
    Lane(
        "to_tell", "待告知咨询人", "答复已拟定，告知咨询人后才算答复。", "soon",
        lambda days: and_(_waits(), Case.state == "replied", present_due >= days.today),
    ),
    Lane(
        "untimed", "待处理，未起算", "只作了登记，或者期限尚未起算。", "fine",
        lambda days: or_(Case.state == "registered", and_(_waits(), present_due.is_(None))),
    ),
    Lane("to_close", "已答复，待办结", "由窗口决定是否收入问答库后办结。", "good", lambda days: Case.state == "answered"),
)  # fmt: skip
# The states in which a case may be in a lane: what is settled need not be looked at.
WAITING_STATES = ("registered", *TIMED, "answered")
BY_CODE = {lane.code: lane for lane in LANES}
