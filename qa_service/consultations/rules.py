"""What the lifecycle table cannot say about a consultation: pure rules, each named, with its source.

`规范` is the 青禾县政务公开专区工作规范 in corpus/zone/rules, a sample of the local rules that an office puts in force.
"""

from __future__ import annotations

from datetime import date

from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.due import TimeLimit, due_date

# A reply's text, and its basis line by line in one string.
Reply = tuple[str, str]

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


def why_no_rating(rated: bool) -> str:
    """Why the person cannot rate the answer, "" where they can: 一次服务一次评价 (GB/T 39734-2020), and an answer that was
    given anew is another service."""
    return "您已经评价过这次答复。" if rated else ""


def calls_for_redo(satisfaction: str) -> bool:
    """回访不满意、很不满意的，退回重办 (规范 第十六条)."""
    return satisfaction in DISSATISFIED


# Where a case may lead others: it is being handled and nobody has been told yet.
LEADING_STATES = frozenset({"to_assign", "assigned", "in_progress", "in_review", "replied"})


def why_no_link(
    *, same: bool, zones: tuple[str, str], leading_open: bool, leading_follows: bool, has_followers: bool
) -> str:
    """Why a case cannot go with another (并案), "" where it can: one level only, both open, and one zone tree.

    `zones` are the paths of the leading case's zone and the follower's. Merged cases stay countable, so none is
    ever part of another (the ledger of S2 附件1 四-2 counts every 咨询).
    """
    if same:
        return "不能与自己并案。"
    if not in_one_subtree(*zones):
        return "两件不在同一个专区及其下级专区内，不能并案。"
    if leading_follows:
        return "这一件本身已并入其他件，请填写最终的牵头件。"
    if not leading_open:
        return "牵头件不在办理中，不能再并入。"
    if has_followers:
        return "已有其他件并入这一件，请先取消那些并案。"
    return ""


# Where a reply is beyond review, so that other cases may be answered with it.
SHARED_STATES = frozenset({"replied", "answered", "closed", "archived"})


def is_own_reply(reply: Reply, given: Reply | None) -> bool:
    """Whether a merged case's reply was written or edited for it, and is not what its leading case gave it (`given`,
    None where it has had nothing yet). What was written for the person stays until people decide otherwise:
    每件咨询单独告知 (规范 第十六条)."""
    return bool(reply[0]) and reply != given


def why_no_adoption(*, follows: bool, leading_shared: bool, one_unit: bool, same_reply: bool) -> str:
    """Why a case cannot take over its leading case's reply (采用牵头件答复), "" where it can.

    `one_unit`: the unit that holds the case is the one that gave the leading reply; for another unit it would be a
    reply that it has not given (规范 第十六条: 由政策制定单位答复).
    """
    if not follows:
        return "本件没有并入其他件，没有牵头件的答复可以采用。"
    if not leading_shared:
        return "牵头件现在没有定稿的答复。"
    if not one_unit:
        return "牵头件的答复是其他单位拟定的，不能直接采用。"
    if same_reply:
        return "本件的答复与牵头件现在的答复相同，不需要采用。"
    return ""


def in_one_subtree(path: str, other: str) -> bool:
    """Whether two zones belong to one tree: the first code of their paths ("/QH01/QH02/") is the same. How far an
    actor may reach within it is decided by what the actor may read."""
    return path.split("/")[1:2] == other.split("/")[1:2]


def repeats_or_contradicts(similarity: float, facts_differ: bool) -> str:
    """What a reply does to a published entry that answers the same question: "repeat" where it says nearly the
    same with the same figures, else "contradict" (规范 第五条: 同一问题线上线下口径一致)."""
    return "repeat" if similarity >= NEAR_DUPLICATE and not facts_differ else "contradict"


# Share of the text in common from which two answers say the same in other words. The tests hold it against the sample
# library: an answer with a figure changed or a sentence added stays above, answers of different entries stay below.
NEAR_DUPLICATE = 0.8

# Share of two questions of one person in common from which they are one matter (事项).
SAME_MATTER = 0.6


def is_same_matter(alike: float) -> bool:
    """同一（服务对象, 事项）: the second visit about it finds the first one's 首问责任人 (DOMAIN §7.3 assertion 33).

    The law names no measure; a question in nearly the same words is taken to be the same matter.
    """
    return alike >= SAME_MATTER
