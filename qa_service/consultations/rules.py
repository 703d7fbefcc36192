"""What the lifecycle table cannot say about a consultation: pure rules, each named, with its source.

`规范` is the 青禾县政务公开专区工作规范 in corpus/zone/rules, a sample of the local rules that an office puts in force.
"""

from __future__ import annotations

from datetime import date

from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.due import TimeLimit, due_date

DISSATISFIED = frozenset({"dissatisfied", "very_dissatisfied"})


def last_day(assigned_on: date, limit: TimeLimit, calendar: WorkCalendar) -> date:
    """The last day on which a unit signs for, or returns, what was assigned on `assigned_on`; the day of
    assignment is not counted (《民法典》第二百零一条; 规范 第十五条)."""
    return due_date(assigned_on, limit.days, calendar, limit.unit).due


def is_sign_overdue(sign_by: date | None, signed_on: date | None, today: date) -> bool:
    """签收超时: not signed for by the end of `sign_by`, or signed for later (规范 第十五条)."""
    return sign_by is not None and (signed_on or today) > sign_by


def why_no_return(designated: bool, return_until: date | None, today: date) -> str:
    """Why a unit can no longer return a case (退回), "" where it can.

    指定交办的不得再退回 (规范 第十五条; the like in 潍坊市12345政务服务便民热线条例 第二十二条); others only until the end
    of `return_until` (the like in 山东省 12345 办法: 非本单位职责 2 个工作日内回退).
    """
    if designated:
        return "这件事项是指定交办的，不能再退回。"
    if return_until is not None and today > return_until:
        return f"退回应在{return_until.year}年{return_until.month}月{return_until.day}日以前提出，现在已经过了退回期限。"
    return ""


def needs_review(unit_reviews: bool, actor_leads: bool) -> bool:
    """承办单位审核: what staff draft is reviewed by the unit's leader before it goes out, where the unit has
    switched that on; what a leader drafts is a reviewed reply."""
    return unit_reviews and not actor_leads


def in_time(due_on: date | None, met_on: date | None) -> bool | None:
    """按期 ⇔ 首次有效答复日 ≤ 截止日 (规范 第十四条); None while it is not settled, or where no limit runs."""
    return None if due_on is None or met_on is None else met_on <= due_on


def calls_for_redo(satisfaction: str) -> bool:
    """回访不满意、很不满意的，退回重办 (规范 第十六条)."""
    return satisfaction in DISSATISFIED
