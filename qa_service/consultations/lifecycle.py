"""政策咨询件的办理流程: the lifecycle table of a consultation and its referral.

Rules: DOMAIN-level table of 登记、交办、回复 as in 青禾县政务公开专区工作规范 第十三条至第十九条 (a sample of
the local rules that the office puts in force). What is told only to the zone is not yet answered
(第十六条): `replied` is still 办理中 until the person has been told. What the table cannot say (limits, who
reviews, who may be merged) stands in `rules.py`.
"""

from __future__ import annotations

from qa_service.accounts.roles import Role
from qa_service.cases.lifecycle import STAY, Act, Audience, Clock, Lifecycle, State

DESK = frozenset({Role.DESK, Role.ADMIN})
INTAKE = frozenset({Role.DESK, Role.ADMIN, Role.KIOSK, Role.CITIZEN, Role.SYSTEM})
ASSIGNERS = frozenset({Role.DESK, Role.ADMIN, Role.SUPERVISOR})
UNIT = frozenset({Role.UNIT})
CALLERS = frozenset({Role.DESK, Role.ADMIN, Role.SUPERVISOR})
SYSTEM = frozenset({Role.SYSTEM})
CITIZENS = frozenset({Role.CITIZEN})

KIND = "consultation"
CATEGORY = "ZX"
LIMIT_CODE = "consultation_reply"
SIGN_LIMIT, RETURN_LIMIT, REDO_LIMIT = "consultation_sign", "consultation_return", "consultation_redo"

STATES = {
    state.code: state
    for state in (
        State("registered", "已登记", "登记"),
        State("answered_on_spot", "当场答复", "已答复"),
        State("guided", "已引导", "已引导"),
        State("channelled", "已告知渠道", "已告知渠道"),
        State("to_assign", "待交办", "待交办", timed=True),
        State("assigned", "已交办，待签收", "已交办", timed=True),
        State("in_progress", "办理中", "办理中", timed=True),
        State("in_review", "答复待审核", "办理中", timed=True),
        State("replied", "已拟答复，待告知咨询人", "办理中", timed=True),
        State("linked", "已并案，随牵头件办理", "办理中", timed=True),
        State("answered", "已答复", "已答复"),
        State("closed", "已办结", "办结"),
        State("archived", "已归档", "归档", final=True),
        State("void", "已作废", "作废", final=True),
    )
}


def _from(*codes: str) -> frozenset[str]:
    return frozenset(codes)


LIFECYCLE = Lifecycle(
    kind=KIND,
    initial="registered",
    states=STATES,
    acts=(
        Act(
            "answer", "用这条答复", _from("registered"), "answered_on_spot", DESK,
            "当场答复，采用问答库条目“{entry}”。", needs=("entry",), audience=Audience.PUBLIC,
            outcome="answered_on_spot",
        ),
        Act(
            "guide", "引导到其他单位", _from("registered", "to_assign"), "guided", DESK,
            "不属于本县单位职责，引导向{guided_to}咨询。", needs=("guided_to",),
            options=("guided_contact", "no_contact_reason"), audience=Audience.PUBLIC, outcome="guided",
            consequence="引导后不再计算答复期限，由咨询人自行向该单位咨询。",
        ),
        Act(
            "channel_disclosure", "转为信息公开申请", _from("registered", "to_assign"), "channelled", DESK,
            "属于政府信息公开申请，已告知申请渠道，答复期限另行计算。", options=("note",),
            audience=Audience.PUBLIC, outcome="channelled_disclosure",
            consequence="将按政府信息公开申请办理，本件不再计算咨询答复期限。",
        ),
        Act(
            "channel_complaint", "告知信访投诉渠道", _from("registered", "to_assign"), "channelled", DESK,
            "属于信访、投诉、举报事项，已告知相应渠道。", options=("note",), audience=Audience.PUBLIC,
            outcome="channelled_complaint", consequence="本件不作为政策咨询办理。",
        ),
        Act(
            "refer", "转登记交办", _from("registered", "answered_on_spot"), "to_assign", INTAKE,
            "问答库中没有合适的答复，转政策制定单位办理。", clock=Clock.START, audience=Audience.PUBLIC,
        ),
        Act(
            "assign", "交办", _from("to_assign"), "assigned", ASSIGNERS, "交办{unit_name}办理。",
            needs=("unit",), options=("assisting", "policy_clue", "designated"), audience=Audience.PUBLIC,
        ),
        Act(
            "reassign", "改派", _from("assigned", "in_progress", "in_review"), "assigned", ASSIGNERS,
            "改派{unit_name}办理：{reason}", needs=("unit", "reason"),
            options=("assisting", "policy_clue", "designated"),
            consequence="改派后由新的承办单位签收办理，答复期限不重新计算。",
        ),
        Act(
            "assist", "增加协办单位", _from("assigned", "in_progress", "in_review"), STAY, ASSIGNERS,
            "请{assisting_names}协办。", needs=("assisting",),
        ),
        Act(
            "set_urgency", "调整紧急程度",
            _from("registered", "to_assign", "assigned", "in_progress", "in_review", "replied", "linked"), STAY, ASSIGNERS,
            "紧急程度调整为“{urgency_label}”：{reason}", needs=("urgency", "reason"),
            consequence="只影响标记和同一截止日内的先后，不改变答复期限。",
        ),
        Act(
            "opine", "提出协办意见", _from("assigned", "in_progress", "in_review"), STAY, UNIT,
            "{unit_name}提出协办意见。", needs=("opinion",), assisting=True,
        ),
        Act(
            "recall", "收回交办", _from("assigned"), "to_assign", ASSIGNERS, "收回交办，重新确定承办单位：{reason}",
            needs=("reason",),
        ),
        Act("sign", "签收", _from("assigned"), "in_progress", UNIT, "{unit_name}已签收。", audience=Audience.PUBLIC),
        Act(
            "return", "退回", _from("assigned", "in_progress"), "to_assign", UNIT,
            "{unit_name}退回：{reason}", needs=("reason",),
            consequence="退回后由专区改派其他单位，答复期限不重新计算。",
        ),
        Act(
            "reply", "拟定答复", _from("in_progress", "in_review", "replied"), "replied", UNIT,
            "{unit_name}已拟定答复，待告知咨询人。", needs=("text", "basis"),
        ),
        Act(
            "submit", "拟定答复并送审", _from("in_progress", "in_review", "replied"), "in_review", UNIT,
            "{unit_name}已拟定答复，送本单位负责人审核。", needs=("text", "basis"),
        ),
        Act(
            "approve", "审核通过", _from("in_review"), "replied", UNIT, "{unit_name}负责人审核通过答复，待告知咨询人。",
            options=("note",),
        ),
        Act(
            "reject", "退回修改", _from("in_review"), "in_progress", UNIT, "{unit_name}负责人退回修改：{reason}",
            needs=("reason",),
        ),
        Act(
            "tell", "登记已告知咨询人", _from("replied"), "answered", UNIT | DESK | {Role.CITIZEN}, "答复已告知咨询人（{how}）。",
            needs=("how",), clock=Clock.MET, audience=Audience.PUBLIC, outcome="answered_by_unit",
        ),
        Act(
            "tell_failed", "登记没有告知到", _from("replied"), STAY, UNIT | DESK, "告知咨询人没有成功（{how}）：{note}",
            needs=("how", "note"), consequence="只作记录。咨询人没有得到答复的，答复期限仍在计算。",
        ),
        Act(
            "follow_up", "登记回访", _from("answered_on_spot", "answered", "closed"), STAY, CALLERS,
            "回访咨询人（{how}）：{satisfaction}。", needs=("how", "satisfaction"), options=("note",),
        ),
        Act(
            "rate", "评价", _from("answered_on_spot", "answered", "closed"), STAY, CITIZENS, "咨询人评价：{satisfaction}。",
            needs=("satisfaction",), options=("note",), audience=Audience.PUBLIC,
        ),
        Act(
            "link", "并案", _from("to_assign", "assigned", "in_progress"), "linked", ASSIGNERS,
            "与{leading}是同一问题，并入该件办理。", needs=("leading",), audience=Audience.PUBLIC,
            consequence="并案后由牵头件的承办单位一并答复；本件仍单独编号、单独计算期限、单独告知。",
        ),
        Act(
            "unlink", "取消并案", _from("linked"), "to_assign", ASSIGNERS, "取消并案，单独办理：{reason}",
            needs=("reason",), consequence="取消后由专区另行交办，答复期限不重新计算。",
        ),
        Act(
            "share", "随牵头件答复", _from("linked", "replied"), "replied", SYSTEM,
            "牵头件{leading}已拟定答复，用于答复本件，待告知咨询人。", needs=("text", "basis", "leading"),
        ),
        Act(
            "offer", "告知牵头件更正", _from("in_progress", "in_review", "replied"), STAY, SYSTEM,
            "牵头件{leading}更正了答复；本件的答复另有修改，没有替换，需要的请用“采用牵头件答复”。",
            needs=("text", "basis", "leading"),
        ),
        Act(
            "adopt", "采用牵头件答复", _from("in_progress", "in_review", "replied"), "replied", UNIT,
            "{unit_name}采用牵头件{leading}的答复，待告知咨询人。",
            consequence="本件现在的答复由牵头件的答复代替，原来的内容保留在办理过程中。",
        ),
        Act(
            "close", "办结", _from("answered"), "closed", DESK, "办结。{decision_sentence}",
            needs=("library_decision",), options=("reason", "entry_key", "entry_question", "topic"),
        ),
        Act(
            "redo", "退回重办", _from("answered", "closed"), "in_progress", ASSIGNERS,
            "咨询人对答复不满意，退回重办（第{round}轮）：{reason}", needs=("reason",), audience=Audience.PUBLIC,
            consequence="承办单位须重新答复；首轮是否按期的记录保留不变。",
        ),
        Act(
            "archive", "归档", _from("answered_on_spot", "guided", "channelled", "closed"), "archived", DESK, "归档。",
            consequence="归档后不能再修改。",
        ),
        Act(
            "void", "作废", _from("registered", "to_assign", "assigned"), "void", ASSIGNERS, "作废：{reason}",
            needs=("reason",), outcome="void", consequence="作废后编号保留、记录可查，但不再办理。",
        ),
    ),
)  # fmt: skip

OUTCOMES = {
    "answered_on_spot": "当场答复", "answered_by_unit": "承办单位答复", "guided": "引导",
    "channelled_disclosure": "转信息公开申请", "channelled_complaint": "告知信访投诉渠道", "void": "作废",
}  # fmt: skip
CHANNELS = {"window": "窗口", "kiosk": "自助一体机", "phone": "电话", "web": "网站"}
# 紧急程度, a column of the 登记 (DOMAIN §1.6). No rule gives an urgent case another limit: it is marked, and goes before
# others that are due on the same day.
URGENCIES = {"normal": "一般", "urgent": "紧急"}
BY_CODE = "code"
TOLD_HOW = {
    "in_person": "当面",
    "phone": "电话",
    "sms": "短信",
    "email": "邮件",
    "mail": "信函",
    BY_CODE: "凭查询码查询",
}
# 好差评五级 (GB/T 39734-2020), as the person gives them; a call that did not get through is kept as one.
RATINGS = {
    "very_satisfied": "非常满意", "satisfied": "满意", "fair": "基本满意", "dissatisfied": "不满意",
    "very_dissatisfied": "非常不满意",
}  # fmt: skip
SATISFACTION = {**RATINGS, "unreached": "没有联系上"}
LIBRARY_DECISIONS = {"new": "新增条目", "merge": "并入已有条目", "none": "不入库"}
