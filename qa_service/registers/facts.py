"""What the papers of a consultation say: the values for the placeholders that `papers` declares."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor
from qa_service.consultations import views
from qa_service.consultations.lifecycle import CHANNELS, OUTCOMES, SATISFACTION, TOLD_HOW, URGENCIES
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import ConsultationDetail, Deadline
from qa_service.kit import clock
from qa_service.kit.privacy import without_personal_details
from qa_service.kit.words import cn_date, cn_datetime
from qa_service.registers.fill import Lists, Values
from qa_service.registers.papers import PLACEHOLDERS, Stage
from qa_service.responsibility.models import OneTimeNotice
from qa_service.responsibility.rules import VERDICTS
from qa_service.watching.models import WatchNotice
from qa_service.watching.rules import NOTICES, SUPERVISION_REASONS
from qa_service.watching.texts import demanded
from qa_service.zones.calendar import Calendars

IN_TIME = {True: "按期", False: "逾期", None: ""}


def stage_of(
    detail: ConsultationDetail, consultation: Consultation, notice: OneTimeNotice | None, issued: Collection[str]
) -> Stage:  # fmt: skip
    """`issued`: the kinds of 催办单, 督办单 that the case has (`rules.NOTICES`)."""
    return Stage(
        assigned=consultation.assigned_at is not None and consultation.case.holder_unit_id is not None,
        urged="urge" in issued, supervised="supervise" in issued, answered=bool(detail.answer), tried_to_tell=bool(detail.tellings),
        noticed=notice is not None,
    )  # fmt: skip


def facts_of(
    session: Session,
    actor: Actor,
    consultation: Consultation,
    calendars: Calendars,
    notice: OneTimeNotice | None,
    newest: Mapping[str, WatchNotice],
    *,
    revealed: bool,
) -> tuple[Values, Lists]:
    """(values, lists) of one consultation as `actor` may read it. Unless `revealed`, name and contact are masked, and
    taken out of the question and the notes as well; the answer is what the person was told and stays whole."""
    detail = views.detail(session, actor, consultation, calendars)
    values = {
        **_registered(detail, consultation, revealed),
        **_assigned(session, detail, consultation),
        **_answered(session, detail, consultation),
        "告知结论": VERDICTS[notice.verdict] if notice else "", "告知理由": notice.reason if notice else "",
        "一次性告知时间": cn_datetime(notice.at) if notice else "", "一次性告知人": notice.by if notice else "",
        **_issued("urge", newest.get("urge"), revealed), **_issued("supervise", newest.get("supervise"), revealed),
        "今天": cn_date(clock.today()), "打印人": actor.name,
    }  # fmt: skip
    lists = _lists(detail, notice)
    return values, lists if revealed else {name: _unnamed(rows) for name, rows in lists.items()}


def _registered(detail: ConsultationDetail, consultation: Consultation, revealed: bool) -> dict[str, str]:
    zone = consultation.zone
    question = consultation.question
    return {
        "编号": detail.number, "专区": zone.name, "专区地址": zone.address, "专区电话": zone.phone,
        "登记时间": cn_datetime(detail.registered_at), "登记日期": cn_date(detail.registered_at),
        "渠道": CHANNELS.get(detail.channel, detail.channel),
        "咨询人": consultation.person_name if revealed else detail.person_name,
        "联系方式": consultation.contact if revealed else detail.contact,
        "人群": detail.audience, "主题": detail.topic, "紧急程度": URGENCIES[detail.urgency],
        "问题": question if revealed else without_personal_details(question), "首问责任人": detail.first_asked,
        "状态": detail.state_label, "结果": OUTCOMES.get(detail.outcome, ""),
    }  # fmt: skip


def _assigned(session: Session, detail: ConsultationDetail, consultation: Consultation) -> dict[str, str]:
    holder = session.get(Unit, consultation.case.holder_unit_id) if consultation.case.holder_unit_id else None
    limit = detail.deadline
    assigned = consultation.assigned_at is not None
    return {
        "承办单位": detail.unit, "承办单位电话": holder.phone if holder else "", "协办单位": "、".join(detail.assisting),
        "政策线索": detail.policy_clue,
        "交办方式": ("指定交办，不得退回" if detail.designated else "一般交办") if assigned else "",
        "交办时间": cn_datetime(consultation.assigned_at), "交办人": consultation.assigned_by,
        "签收期限": cn_date(detail.sign_due_on), "签收时间": cn_datetime(consultation.signed_at),
        "签收人": consultation.signed_by, "退回期限": cn_date(detail.return_until), "退回次数": str(consultation.returns),
        "起算日": cn_date(limit.started_on) if limit else "", "截止日": _due(limit), "期限依据": limit.basis if limit else "",
        "期限情况": _time_left(limit), "办理轮次": f"第{detail.round}轮",
    }  # fmt: skip


def _due(limit: Deadline | None) -> str:
    if limit is None:
        return ""
    return cn_date(limit.due_on) + ("" if limit.status == "official" else "（暂定）")


def _time_left(limit: Deadline | None) -> str:
    """How the limit stands on the day of printing, in a clause for 催办、督办."""
    if limit is None:
        return ""
    if limit.met_on is not None:
        return f"已于{cn_date(limit.met_on)}答复"
    left = limit.working_days_left
    if left < 0:
        return f"已超过答复期限{-left}个工作日，尚未答复咨询人"
    return "今天到期，尚未答复咨询人" if left == 0 else f"距答复期限还有{left}个工作日，尚未答复咨询人"


def _answered(session: Session, detail: ConsultationDetail, consultation: Consultation) -> dict[str, str]:
    unit = session.get(Unit, consultation.reply_unit_id) if consultation.reply_unit_id else None
    on_spot = bool(detail.answer) and not consultation.reply_text
    return {
        "答复内容": detail.answer, "答复单位": unit.name if unit else (consultation.zone.name if on_spot else ""),
        "答复人": consultation.replied_by or (consultation.told_by if on_spot else ""), "审核人": consultation.reviewed_by,
        "答复时间": cn_datetime(consultation.replied_at or (consultation.told_at if on_spot else None)),
        "告知方式": TOLD_HOW.get(consultation.told_how, ""), "告知时间": cn_datetime(consultation.told_at),
        "告知人": consultation.told_by, "是否按期": IN_TIME[detail.rounds[0].in_time] if detail.rounds else "",
        "满意度": SATISFACTION.get(detail.follow_ups[-1].satisfaction, "") if detail.follow_ups else "",
        "引导单位": detail.guided_to, "引导单位联系方式": detail.guided_contact,
    }  # fmt: skip


def _issued(kind: str, row: WatchNotice | None, revealed: bool) -> dict[str, str]:
    """The newest 催办单 or 督办单 as it was issued, not as the case stands now, and the unit's feedback."""
    act = NOTICES[kind]
    if row is None:
        return dict.fromkeys(PLACEHOLDERS[act], "")
    text, feedback, told = demanded(row.text), row.feedback, row.content
    said = {
        f"{act}单编号": row.number, f"{act}单位": told["unit"], f"{act}时间": cn_datetime(row.issued_at),
        f"{act}日期": cn_date(row.issued_at), f"{act}人": row.issued_by,
        f"{act}要求": text if revealed else without_personal_details(text),
        f"{act}时状态": told["state"] + (f"（第{row.round}轮办理）" if row.round > 1 else ""),
        f"{act}时截止日": told["due_on"], f"{act}时期限情况": told["left"],
        f"{act}反馈期限": cn_date(row.feedback_due_on),
        f"{act}反馈": feedback if revealed else without_personal_details(feedback),
        f"{act}反馈人": row.feedback_by, f"{act}反馈时间": cn_datetime(row.feedback_at),
    }  # fmt: skip
    return said | ({"督办事由": SUPERVISION_REASONS[row.reason_code]} if kind == "supervise" else {})


def _lists(detail: ConsultationDetail, notice: OneTimeNotice | None) -> dict[str, Sequence[Values]]:
    return {
        "办理过程": _numbered(
            {"时间": cn_datetime(event.at), "内容": event.sentence, "经办人": event.actor} for event in detail.events
        ),
        "依据": _numbered({"内容": line} for line in detail.answer_basis),
        "告知": _numbered(
            {"时间": cn_datetime(row.at), "方式": TOLD_HOW.get(row.how, row.how), "经办人": row.by,
             "结果": "已告知" if row.succeeded else "没有告知到", "说明": row.note}
            for row in detail.tellings
        ),
        "协办意见": _numbered(
            {"单位": row.unit, "时间": cn_datetime(row.at), "内容": row.text} for row in detail.opinions
        ),
        "回访": _numbered(
            {"时间": cn_datetime(row.at), "方式": TOLD_HOW.get(row.how, row.how), "经办人": row.by,
             "结果": SATISFACTION.get(row.satisfaction, row.satisfaction), "说明": row.note}
            for row in detail.follow_ups
        ),
        "轮次": [
            {"序号": str(row.number), "起算日": cn_date(row.started_on), "截止日": cn_date(row.due_on),
             "答复日": cn_date(row.met_on), "是否按期": IN_TIME[row.in_time]}
            for row in detail.rounds
        ],
        "补正": _numbered({"内容": line} for line in (notice.missing if notice else ())),
    }  # fmt: skip


def _numbered(rows: Iterable[dict[str, str]]) -> list[Values]:
    return [{"序号": str(number), **row} for number, row in enumerate(rows, 1)]


def _unnamed(rows: Sequence[Values]) -> list[Values]:
    """Free text in the lists (notes of calls, reasons) may name a number: taken out like in every list."""
    return [{name: without_personal_details(text) for name, text in row.items()} for row in rows]
