"""拟定、审核、告知、回访、重办: what a unit's answer goes through until the person is content with it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.cases import rounds
from qa_service.consultations import repository, rules
from qa_service.consultations.lifecycle import BY_CODE, LIMIT_CODE, RATINGS, REDO_LIMIT
from qa_service.consultations.models import Consultation, FollowUp, Telling
from qa_service.consultations.schemas import ActFields
from qa_service.errors import Forbidden, Invalid, NotAllowedNow
from qa_service.kit import clock
from qa_service.zones.calendar import find_limit, load_calendars, load_limit


def draft(actor: Actor, consultation: Consultation, event: str, fields: ActFields) -> None:
    """The unit's answer as drafted (`submit`) or as it goes out (`reply`), whichever the unit's rule asks for."""
    reviewed = must_be_reviewed(actor, consultation)
    if event == "reply" and reviewed:
        raise NotAllowedNow(
            "贵单位的答复须经单位负责人审核后才能告知咨询人。", "请用“拟定答复并送审”提交，内容不用重填。"
        )
    if event == "submit" and not reviewed:
        raise NotAllowedNow("贵单位的答复不需要另行审核。", "请用“拟定答复”直接提交，内容不用重填。")
    consultation.reply_text = fields.text
    consultation.reply_basis = [{"text": line.strip()} for line in fields.basis.splitlines() if line.strip()]
    consultation.reply_unit_id = actor.unit_id
    consultation.replied_by, consultation.replied_at = actor.name, clock.now()
    leads = event == "reply" and actor.leads
    consultation.reviewed_by = actor.name if leads else ""
    consultation.reviewed_at = clock.now() if leads else None


def must_be_reviewed(actor: Actor, consultation: Consultation) -> bool:
    unit = consultation.holder
    return unit is not None and rules.needs_review(unit.reviews_replies, actor.leads)


def review(actor: Actor, consultation: Consultation, *, passed: bool) -> None:
    """Raises Forbidden for those who do not lead the unit."""
    if not actor.leads:
        raise Forbidden("答复由单位负责人审核。", "请通知本单位负责人登录审核。")
    consultation.reviewed_by = actor.name if passed else ""
    consultation.reviewed_at = clock.now() if passed else None


def tell(session: Session, actor: Actor, consultation: Consultation, fields: ActFields) -> None:
    """The person has the answer: how, when, by whom."""
    _check_way(actor, fields.how)
    consultation.told_how, consultation.told_by = fields.how, actor.name
    consultation.told_at = clock.now()
    keep_telling(session, actor, consultation, fields.how, succeeded=True)


def tell_failed(session: Session, actor: Actor, consultation: Consultation, fields: ActFields) -> None:
    """An attempt that did not reach the person is kept, with what was tried."""
    _check_way(actor, fields.how)
    keep_telling(session, actor, consultation, fields.how, succeeded=False, note=fields.note)


def keep_telling(
    session: Session, actor: Actor, consultation: Consultation, how: str, *, succeeded: bool, note: str = ""
) -> None:
    session.add(
        Telling(
            case_id=consultation.case_id, round=consultation.case.round, at=clock.now(), by=actor.name, how=how,
            succeeded=succeeded, note=note,
        )
    )  # fmt: skip


def follow_up(session: Session, actor: Actor, consultation: Consultation, fields: ActFields) -> None:
    _check_way(actor, fields.how)
    session.add(
        FollowUp(
            case_id=consultation.case_id, round=consultation.case.round, at=clock.now(), by=actor.name, how=fields.how,
            satisfaction=fields.satisfaction, note=fields.note,
        )
    )  # fmt: skip


def rate(session: Session, actor: Actor, consultation: Consultation, fields: ActFields) -> None:
    """评价 by the person who asked, once a round. Raises NotAllowedNow for a second one, Invalid for what is no rating."""
    if fields.satisfaction not in RATINGS:
        raise Invalid("请选择满意程度。", "五项里选一项。", errors={"satisfaction": "请选择"})
    if why := rules.why_no_rating(repository.own_rating(session, consultation) is not None):
        raise NotAllowedNow(why, "还有问题的，请联系专区窗口。")
    session.add(
        FollowUp(
            case_id=consultation.case_id, round=consultation.case.round, at=clock.now(), by=actor.name, how=BY_CODE,
            satisfaction=fields.satisfaction, note=fields.note,
        )
    )  # fmt: skip


def redo(session: Session, consultation: Consultation) -> None:
    """A new round with a time limit of its own, counted from today. Earlier rounds stay as they were."""
    limit = find_limit(session, REDO_LIMIT) or load_limit(session, LIMIT_CODE)
    case = consultation.case
    calendar = load_calendars(session, to_count=True).of(case.zone_id)
    rounds.begin(session, case, limit, clock.today(), calendar)
    consultation.told_at, consultation.told_by, consultation.told_how = None, "", ""
    consultation.reviewed_by, consultation.reviewed_at = "", None


def _check_way(actor: Actor, how: str) -> None:
    if (how == BY_CODE) != (actor.role is Role.CITIZEN):
        raise Invalid(
            "请选择实际告知咨询人的方式。",
            "咨询人凭查询码查看答复的，由系统自动登记。",
            errors={"how": "请重新选择"},
        )
