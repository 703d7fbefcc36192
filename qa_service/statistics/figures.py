"""统计口径: every figure of the statistics with its name, its definition and the predicate that counts it.

The number on the page and the list of cases behind it are made from the same predicate. Knows no database and
no HTTP: predicates are expressions over the columns of a consultation and its case, true for the cases that
count on the day `today`.

Whether a case was kept within its limit is DOMAIN-level rule 按期 ⇔ 首次有效答复日 ≤ 截止日 (青禾县政务公开专区
工作规范 第十四条、第十六条), as `cases.service.is_overdue` has it; guided cases have no part in it (第十九条).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_, select, true

from qa_service.cases.models import Case
from qa_service.consultations.lifecycle import STATES
from qa_service.consultations.models import Consultation, FollowUp, GivenBack

TIMED = tuple(state.code for state in STATES.values() if state.timed)
# A case answered on the spot and then referred keeps that outcome until the unit has answered.
SETTLED_ON_SPOT = ("answered_on_spot", "archived")
# 好差评五级 (GB/T 39734-2020): "基本满意" and better; a call that did not get through rates nothing.
SATISFIED = ("very_satisfied", "satisfied", "fair")
UNREACHED = "unreached"
CHANNELLED = ("channelled_disclosure", "channelled_complaint")


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of cases. `definition` stands beside the number wherever it is shown. `of_returner`: where it is
    counted by unit, by the units that returned the case instead of the one that holds it."""

    code: str
    label: str
    definition: str
    predicate: Callable[[date], ColumnElement[bool]]
    of_returner: bool = False


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of one figure in the sum of others; what stands behind it is the list of `part`."""

    code: str
    label: str
    definition: str
    part: str
    whole: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Duration:
    """A percentile of working days from the start of the clock to the answer; behind it: `ANSWERED`."""

    code: str
    label: str
    definition: str
    percent: int


def open_and_timed() -> ColumnElement[bool]:
    """The first round's limit still runs, or has not begun. Later rounds do not change its punctuality."""
    return and_(Case.state.in_(TIMED), Case.met_on.is_(None))


def _rated(*degrees: str) -> ColumnElement[bool]:
    """The last rating a person gave was one of `degrees`; without any, that they gave one."""
    last = select(func.max(FollowUp.id)).where(FollowUp.satisfaction != UNREACHED).group_by(FollowUp.case_id)
    cases = select(FollowUp.case_id).where(FollowUp.id.in_(last))
    return Case.id.in_(cases.where(FollowUp.satisfaction.in_(degrees)) if degrees else cases)


FIGURES = (
    Figure(
        "received", "登记", "期间内登记的全部咨询件，作废的也计入；合并办理的，每件各计一次。", lambda today: true(),
    ),
    Figure(
        "on_spot", "当场答复", "用问答库当场答复、没有再转交办的。",
        lambda today: and_(Case.outcome == "answered_on_spot", Case.state.in_(SETTLED_ON_SPOT)),
    ),
    Figure(
        "guided", "引导", "不属于本县单位职责、引导到其他单位咨询的，不计算答复期限。",
        lambda today: Case.outcome == "guided",
    ),
    Figure(
        "channelled", "告知渠道", "转为信息公开申请，或者告知信访、投诉、举报渠道的，不计算答复期限。",
        lambda today: Case.outcome.in_(CHANNELLED),
    ),
    Figure("void", "作废", "登记后作废的，编号和记录保留。", lambda today: Case.state == "void"),
    Figure("waiting", "登记待处理", "只作了登记、还没有确定怎样处理的。", lambda today: Case.state == "registered"),
    Figure(
        "referred", "转交办", "转政策制定单位办理的，包括待交办、办理中和已经答复的；后来引导、告知渠道、作废的不算。",
        lambda today: or_(Case.state.in_(TIMED), Case.met_on.is_not(None)),
    ),
    Figure(
        "answered", "已答复", "转交办后，答复已经告知咨询人的；重办的，以第一次告知为准。",
        lambda today: Case.met_on.is_not(None),
    ),
    Figure(
        "in_time", "按期答复", "第一次告知咨询人的日期不晚于截止日的，截止日当天算按期。",
        lambda today: Case.met_on <= Case.due_on,
    ),
    Figure(
        "late", "逾期答复", "第一次告知咨询人的日期晚于截止日的。", lambda today: Case.met_on > Case.due_on,
    ),
    Figure(
        "overdue_open", "超期未答复", "截止日已过、到今天还没有告知咨询人的；只交给专区、没有告知咨询人的也算未答复。",
        lambda today: and_(open_and_timed(), Case.due_on < today),
    ),
    Figure(
        "overdue", "超期合计", "逾期答复和超期未答复之和。",
        lambda today: or_(Case.met_on > Case.due_on, and_(open_and_timed(), Case.due_on < today)),
    ),
    Figure(
        "running", "期限内办理", "还没有答复、截止日未到或者期限尚未起算的。",
        lambda today: and_(open_and_timed(), or_(Case.due_on.is_(None), Case.due_on >= today)),
    ),
    Figure(
        "returned", "曾被退回", "承办单位至少退回过一次的；按单位看时，计入退回的单位，几个单位退回过的，在各单位各计一次，合计只计一次。",
        lambda today: Case.id.in_(select(GivenBack.case_id).correlate(None)), of_returner=True,
    ),
    Figure(
        "merged", "并案", "与其他件是同一问题、并入牵头件一并办理的；每件仍各自计入登记、答复和是否按期，牵头件不计入本项。",
        lambda today: Case.id.in_(
            select(Consultation.case_id).where(Consultation.leading_id.is_not(None)).correlate(None)
        ),
    ),
    Figure(
        "redone", "退回重办", "咨询人不满意、退回重办过的；首轮是否按期不变。", lambda today: Case.round > 1,
    ),
    Figure(
        "rated", "已评价", "咨询人自己评价，或者回访时作了评价的；没有联系上的不计，不推定好评；多次评价的，按最后一次。", lambda today: _rated(),
    ),
    Figure(
        "satisfied", "满意", "最后一次评价为“非常满意”“满意”或者“基本满意”的。", lambda today: _rated(*SATISFIED),
    ),
)  # fmt: skip
BY_CODE = {figure.code: figure for figure in FIGURES}
ANSWERED = "answered"
# Each received case is in exactly one of these, each referred case in exactly one of those.
PARTS_OF_RECEIVED = ("on_spot", "guided", "channelled", "void", "waiting", "referred")
PARTS_OF_REFERRED = ("in_time", "late", "overdue_open", "running")
# What need not be counted, in the order in which it is added up.
SUMS = {"overdue": ("late", "overdue_open"), "referred": PARTS_OF_REFERRED, "received": PARTS_OF_RECEIVED}

RATES = (
    Rate(
        "on_spot_rate", "当场答复率", "当场答复占登记（不含作废）的比例。", "on_spot",
        ("on_spot", "guided", "channelled", "waiting", "referred"),
    ),
    Rate(
        "in_time_rate", "按期答复率", "按期答复占应答复的比例；应答复＝按期答复＋逾期答复＋超期未答复，引导的和期限未到的不算。",
        "in_time", ("in_time", "late", "overdue_open"),
    ),
    Rate("satisfaction", "满意率", "满意占已评价的比例。", "satisfied", ("rated",)),
)  # fmt: skip
DURATIONS = (
    Duration(
        "median", "办理天数中位数", "已答复的，从起算日到第一次告知咨询人之日的工作日数，起算日不计入；半数不多于此数。", 50,
    ),
    Duration("p90", "办理天数九成位", "计法同上；九成的件不多于此数。", 90),
)  # fmt: skip
