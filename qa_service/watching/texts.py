"""What messages say. They may leave the house: number, unit, topic, days left and link, nothing of the citizen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from qa_service.watching.pending import Pending
from qa_service.watching.rules import SUPERVISION_REASONS, NewWork, Step
from qa_service.workdays.calendar import WEEKDAYS

ASKED = {
    "case": "请抓紧拟定答复并告知咨询人。", "assign": "请及时交办。", "sign": "请及时签收；不属于本单位职责的，请在退回期限内退回。",
    "review": "请及时审核答复。", "tell": "答复已经拟好，请及时告知咨询人。",
}  # fmt: skip
# To those who do not do the step themselves.
BY_STEP = {
    "suggest": "可以发催办单。",
    "leader": "请督促办理。",
    "supervisor": "请督促承办单位办理，必要时催办、督办。",
}
UNASSIGNED = "还没有交办承办单位，请及时交办。"
LISTED = 10


def said_date(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"


def said_left(left: int) -> str:
    if left < 0:
        return f"已超期{-left}个工作日"
    return "今天到期" if left == 0 else f"还剩{left}个工作日"


def subject_of(number: str, topic: str) -> str:
    return f"{number}（{topic}）" if topic else number


def reminder(pending: Pending, step: Step, unit: str) -> tuple[str, str]:
    """(title, body) of one reminder."""
    title = f"{step.label}：{pending.number} {pending.rule.label}"
    asked = BY_STEP.get(step.code, ASKED[pending.rule.code])
    if pending.unit_id is None:
        asked = UNASSIGNED
    holder = f"由{unit}承办，" if unit else ""
    body = (
        f"咨询件{subject_of(pending.number, pending.topic)}{holder}{pending.rule.label}于{said_date(pending.due_on)}截止，"
        f"{said_left(pending.left)}。{asked}"
    )
    return title, body


def new_work(
    work: NewWork, number: str, topic: str, unit: str, *, urgent: bool, sign_by: date | None, due_on: date | None
) -> tuple[str, str]:  # fmt: skip
    """(title, body) for a unit that is given something to do. The reason is left out: it may name somebody."""
    marked = f"{work.label}（紧急）" if urgent else work.label
    signed = f"签收期限{said_date(sign_by)}，" if sign_by else ""
    due = f"{signed}答复期限{said_date(due_on)}。" if due_on else ""
    return (
        f"{marked}：{number}",
        f"咨询件{subject_of(number, topic)}{work.label}，单位：{unit}。{due}{work.asked}",
    )


def notice(kind: str, notice_number: str, case: str, reason_code: str, feedback_due: date) -> tuple[str, str]:
    """(title, body) for the unit that gets an urging or supervision notice."""
    name = {"urge": "催办单", "supervise": "督办单"}[kind]
    reason = f"，事由：{SUPERVISION_REASONS[reason_code]}" if reason_code else ""
    return (
        f"{name}：{case}",
        f"收到{name}{notice_number}，涉及咨询件{case}{reason}。请于{said_date(feedback_due)}前登录系统办理并反馈。",
    )


def demanded(text: str) -> str:
    """What a notice demands: an urging notice may be issued without a word of its own."""
    return text or "请抓紧办理，拟定答复并告知咨询人。"


def feedback(kind: str, notice_number: str, case: str, unit: str) -> tuple[str, str]:
    name = {"urge": "催办单", "supervise": "督办单"}[kind]
    return (
        f"{name}已反馈：{case}",
        f"{unit}已对{name}{notice_number}（咨询件{case}）作出反馈，请登录系统查看。",
    )


def contested(case: str, label: str, unit: str) -> tuple[str, str]:
    return (
        f"申诉：{case} {label}",
        f"{unit}对咨询件{case}的{label}提出申诉，请登录系统核实，决定撤销或者维持。",
    )


def decided(case: str, label: str, decision: str) -> tuple[str, str]:
    return f"{label}{decision}：{case}", f"咨询件{case}的{label}已{decision}，理由请登录系统查看。"


def bad_rating(case: str) -> tuple[str, str]:
    return (
        f"差评：{case}",
        f"咨询人对咨询件{case}的答复评价不满意。请在1个工作日内联系咨询人核实；确实没有答复清楚的，退回重办。",
    )


def stages_moved(numbers: list[str], why: str, changes: Sequence[tuple[str, date, date]]) -> tuple[str, str]:
    """(title, body) for a unit whose 签收 or 退回期限 have been counted anew; `changes` (what, from, to) are said where
    it is one case."""
    if len(numbers) == 1:
        said = "，".join(
            f"{label}由{said_date(before)}调整为{said_date(after)}" for label, before, after in changes
        )
        return f"签收、退回期限重新计算：{numbers[0]}", f"{why}，咨询件{numbers[0]}的{said}。"
    listed = "、".join(numbers[:LISTED]) + ("等" if len(numbers) > LISTED else "")
    return (
        f"{len(numbers)}件咨询件的签收、退回期限重新计算",
        f"{why}，交办本单位的{len(numbers)}件咨询件签收、退回期限重新计算：{listed}。新的日期见各件页面。",
    )


def moved(numbers: list[str], why: str, before: date, after: date) -> tuple[str, str]:
    """(title, body) for a unit whose deadlines have been counted anew; the dates are said where it is one case."""
    if len(numbers) == 1:
        change = (
            f"由{said_date(before)}调整为{said_date(after)}"
            if before != after
            else f"重新计算后仍为{said_date(after)}"
        )
        return f"答复期限重新计算：{numbers[0]}", f"{why}，咨询件{numbers[0]}的答复期限{change}。"
    listed = "、".join(numbers[:LISTED]) + ("等" if len(numbers) > LISTED else "")
    return (
        f"{len(numbers)}件咨询件的答复期限重新计算",
        f"{why}，本单位承办的{len(numbers)}件咨询件答复期限重新计算：{listed}。新的截止日见本单位办件。",
    )
