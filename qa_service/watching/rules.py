"""When a case or a stage of it is green, yellow or red, and who is reminded when: pure rules as tables.

Sources: 到期前 1 个工作日发提示信号、超期亮牌 is the practice of electronic supervision (电子监察); the numbers are
settings of the office (`WatchSettings`), and what is here is only their default. `规范` is the sample of local rules
in corpus/zone/rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from qa_service.watching.office_hours import OfficeHours, parse_hours

DEFAULT_HOURS = "08:30-12:00 14:00-17:30"
TIMED = frozenset({"to_assign", "assigned", "in_progress", "in_review", "replied", "linked"})
WITH_UNIT = frozenset({"assigned", "in_progress", "in_review", "replied"})


class Colour(StrEnum):
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Group(StrEnum):
    """Who is told: those who do the step (办理人), their leader, the supervisor, the desk that assigned it."""

    DOERS = "doers"
    LEADERS = "leaders"
    SUPERVISORS = "supervisors"
    DESK = "desk"


@dataclass(frozen=True, slots=True)
class WatchRule:
    """One thing with a limit: the whole case, or a stage of it. `states`: where it still has to be done; `doers`: who
    does it; `days_setting`: the setting with the stage's working days, where no row of 时限表 has them."""

    code: str
    label: str
    states: frozenset[str]
    doers: Group
    basis: str
    days_setting: str = ""


RULES: Mapping[str, WatchRule] = {
    rule.code: rule
    for rule in (
        WatchRule("case", "答复期限", TIMED, Group.DOERS, "规范 第十四条、第十六条：5个工作日内主动答复咨询人"),
        WatchRule(
            "assign", "交办", frozenset({"to_assign"}), Group.DESK, "规范 第十四条：及时交办政策制定单位", "assign_days"
        ),
        WatchRule("sign", "签收", frozenset({"assigned"}), Group.DOERS, "规范 第十五条：自交办之日起1个工作日内签收"),
        WatchRule("review", "答复审核", frozenset({"in_review"}), Group.LEADERS, "单位内部审核，本专区设定的天数", "review_days"),
        WatchRule("tell", "告知咨询人", frozenset({"replied"}), Group.DOERS, "规范 第十六条：尚未告知咨询人的不视为已经答复", "tell_days"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """What the office sets. All numbers are working days.

    Yellow: at most `yellow_short` left where the limit is shorter than `long_from`, else `yellow_long` (缺省：5 日件剩
    1 日、20 日件剩 3 日); at most `stage_yellow` left in a stage. Red: from the day after the due date, whatever is set.
    A stage with 0 days is not watched. The desk is told to send an urging notice on the first day after the due date
    (逾期次日发催办通知书). `assignments`: whether units are told of what is newly given to them.
    """

    yellow_short: int = 1
    yellow_long: int = 3
    long_from: int = 10
    stage_yellow: int = 0
    assign_days: int = 1
    review_days: int = 1
    tell_days: int = 1
    remind_before: int = 1
    leader_after: int = 1
    supervisor_after: int = 2
    urge_days: int = 1
    supervise_days: int = 3
    hours: str = DEFAULT_HOURS
    email: bool = True
    robots: bool = True
    assignments: bool = True

    @property
    def office_hours(self) -> OfficeHours:
        return parse_hours(self.hours)


def yellow_from(rule: WatchRule, limit_days: int, settings: WatchSettings) -> int:
    """How many working days left turn the card yellow."""
    if rule.code != "case":
        return settings.stage_yellow
    return settings.yellow_short if limit_days < settings.long_from else settings.yellow_long


def colour_of(rule: WatchRule, left: int, limit_days: int, settings: WatchSettings) -> Colour:
    """`left`: working days left as `working_days_left` counts them, negative once overdue."""
    if left < 0:
        return Colour.RED
    return Colour.YELLOW if left <= yellow_from(rule, limit_days, settings) else Colour.GREEN


def why(rule: WatchRule, colour: Colour, left: int, limit_days: int, settings: WatchSettings) -> str:
    """The card's reason, as it is kept."""
    if colour is Colour.RED:
        return f"{rule.label}已超期"
    threshold = yellow_from(rule, limit_days, settings)
    said = "今天到期" if left == 0 else f"只剩{left}个工作日"
    begins = f"剩余不超过{threshold}个工作日" if threshold else "到期当天"
    return f"{rule.label}{said}（{begins}亮黄牌）"


@dataclass(frozen=True, slots=True)
class Step:
    """One reminder of a rule's timetable, and to whom it goes."""

    code: str
    label: str
    to: tuple[Group, ...]


BEFORE = Step("before", "即将到期", (Group.DOERS,))
DUE_DAY = Step("due", "今天到期", (Group.DOERS,))
LATE = Step("late", "已经超期", (Group.DOERS,))
TO_DESK = Step("suggest", "建议催办", (Group.DESK,))
TO_LEADER = Step("leader", "超期报单位负责人", (Group.LEADERS,))
TO_SUPERVISOR = Step("supervisor", "超期报监督管理", (Group.SUPERVISORS,))
STEPS: Mapping[str, Step] = {
    step.code: step for step in (BEFORE, DUE_DAY, LATE, TO_DESK, TO_LEADER, TO_SUPERVISOR)
}


def steps_due(rule: WatchRule, left: int, settings: WatchSettings) -> list[Step]:
    """The reminders that are due with so many working days left: before, on, and after the due date, then upwards.

    A step that was missed because the service did not run is not made up for once its time is over: a reminder that
    something falls due tomorrow is of no use the day after.
    """
    return [replace(step, to=_named(rule, step.to)) for step in _steps(rule, left, settings)]


def _named(rule: WatchRule, groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """The groups with those who do this very stage for 办理人."""
    return tuple(rule.doers if group is Group.DOERS else group for group in groups)


def _steps(rule: WatchRule, left: int, settings: WatchSettings) -> list[Step]:
    if left > 0:
        return [BEFORE] if left <= settings.remind_before else []
    if left == 0:
        return [DUE_DAY]
    late = -left
    steps = [LATE]
    if rule.code == "case":
        steps.append(TO_DESK)
    if late >= settings.leader_after:
        steps.append(TO_LEADER)
    if late >= settings.supervisor_after:
        steps.append(TO_SUPERVISOR)
    return steps


@dataclass(frozen=True, slots=True)
class NewWork:
    """What a unit is told when it is given something to do. `signed_for`: it has to be signed for first."""

    code: str
    label: str
    asked: str
    signed_for: bool = False


ASSISTING = NewWork("assisting", "请协办", "请向承办单位提出协办意见。")
# Event → what the unit that then holds the case is told, and those that it asks to assist.
NEW_WORK: Mapping[str, tuple[NewWork | None, NewWork | None]] = {
    "assign": (NewWork("assigned", "新交办", "请按期签收，主动答复咨询人。", signed_for=True), ASSISTING),
    "reassign": (NewWork("reassigned", "改派", "请按期签收，主动答复咨询人。", signed_for=True), ASSISTING),
    "assist": (None, ASSISTING),
    "redo": (NewWork("redone", "退回重办", "咨询人对答复不满意，请重新答复并告知咨询人。"), None),
}


NOTICES = {"urge": "催办", "supervise": "督办"}
NOTICE_CATEGORIES = {"urge": "CB", "supervise": "DB"}
# 督办事由 (潍坊市12345政务服务便民热线条例 第二十六条).
SUPERVISION_REASONS = {
    "refused": "拒不接收", "overdue": "逾期未办", "unresolved": "应解决未解决", "harmful": "办理不力造成负面影响", "other": "其他",
}  # fmt: skip


def why_no_notice(kind: str, reason: str, text: str, *, state: str, overdue: bool) -> tuple[str, str]:
    """(field, why) a notice cannot be issued, two empty texts where it can. An urging notice goes to a unit that still has
    something to do; supervision also looks back on a case that was answered badly."""
    if kind == "urge":
        return ("", "") if state in WITH_UNIT else ("form", "这件事项现在没有单位在办理，不能催办。")
    if reason not in SUPERVISION_REASONS:
        return "reason_code", "请选择督办事由。"
    if reason == "overdue" and not overdue:
        return "reason_code", "这件事项没有超期，不能以“逾期未办”督办。"
    if not text.strip():
        return "text", "请写明督办的事实和要求。"
    return "", ""
