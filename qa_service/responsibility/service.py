"""Giving a one-time notice, entering and settling accountability events. Callers commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor
from qa_service.accounts.service import audit
from qa_service.cases import service as cases
from qa_service.cases.lifecycle import Audience
from qa_service.cases.models import Case
from qa_service.consultations import repository
from qa_service.consultations import rules as consultation_rules
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.errors import Conflict, Invalid, NotAllowedNow, NotFound
from qa_service.kit import clock
from qa_service.responsibility import rules
from qa_service.responsibility.models import AccountabilityEvent, OneTimeNotice
from qa_service.zones.models import Zone


def give_notice(
    session: Session,
    actor: Actor,
    consultation: Consultation,
    verdict: str,
    missing: Sequence[str],
    reason: str,
) -> OneTimeNotice:
    """一次性告知. Raises Conflict for a second one, Invalid for one that is not complete."""
    case = consultation.case
    before = find_notice(session, case.id)
    field, why = rules.why_no_notice(before is not None, verdict, missing, reason)
    if before is not None:
        raise Conflict(why, "可以查看、打印已经给出的一次性告知书。")
    if why:
        raise Invalid(why, "请补充后再提交。", errors={field: why})
    notice = OneTimeNotice(
        case_id=case.id, at=clock.now(), by=actor.name, verdict=verdict, missing=list(missing), reason=reason
    )
    session.add(notice)
    cases.note(
        session, case, actor, "one_time_notice", f"已一次性告知：{rules.VERDICTS[verdict]}。",
        audience=Audience.PUBLIC, data={"verdict": verdict, "missing": list(missing), "reason": reason},
    )  # fmt: skip
    return notice


def find_notice(session: Session, case_id: int) -> OneTimeNotice | None:
    return session.get(OneTimeNotice, case_id)


def enter_event(
    session: Session, actor: Actor, *, source: str, number: str, person: str, facts: str, happened_on: date,
    handling: str,
) -> AccountabilityEvent:  # fmt: skip
    """责任追究, linked to the case `number` where one is named; the actor must be able to read that."""
    consultation = repository.get_readable(session, actor, number) if number else None
    field, why = rules.why_no_accountability(
        source, consultation is not None, consultation is not None and was_late(consultation.case)
    )
    if why:
        raise Invalid(why, "请修改后再提交。", errors={field: why})
    if happened_on > clock.today():
        raise Invalid("发生日期不能晚于今天。", "请核对日期。", errors={"happened_on": "不能晚于今天"})
    row = AccountabilityEvent(
        source=source, case_id=consultation.case_id if consultation else None,
        zone_id=consultation.case.zone_id if consultation else _zone_of(session, actor), person=person, facts=facts,
        happened_on=happened_on, created_at=clock.now(), created_by=actor.name,
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit(session, actor, "accountability", str(row.id), source=source, case=number)
    if handling:
        settle(session, actor, row, handling)
    return row


def settle(session: Session, actor: Actor, row: AccountabilityEvent, handling: str) -> None:
    """处理结果: written once, and not changed afterwards."""
    if row.handling:
        raise NotAllowedNow("这件责任追究已经有处理结果，不能再改。", "如有新的情况，请另行登记一件。")
    row.handling, row.handled_by, row.handled_at = handling, actor.name, clock.now()
    session.flush()
    audit(session, actor, "accountability-settled", str(row.id))


def was_late(case: Case) -> bool:
    """Whether any round of the case is, or was, late: what has been late once stays on record."""
    ended = any(consultation_rules.in_time(row.due_on, row.met_on) is False for row in case.rounds)
    return ended or cases.is_overdue(LIFECYCLE, case, clock.today())


def readable(actor: Actor) -> Select[AccountabilityEvent]:
    """Supervisors with a zone see what happened in it and below it; those without one, and administrators, all."""
    statement = select(AccountabilityEvent)
    if actor.zone_id is None:
        return statement
    own = select(Zone.path).where(Zone.id == actor.zone_id).scalar_subquery()
    return statement.join(Zone, Zone.id == AccountabilityEvent.zone_id).where(Zone.path.startswith(own))


def find_event(session: Session, actor: Actor, event_id: int) -> AccountabilityEvent:
    row = session.scalar(readable(actor).where(AccountabilityEvent.id == event_id).with_for_update())
    if row is None:
        raise NotFound("没有找到这件责任追究。", "请从责任追究列表进入。")
    return row


def list_events(
    session: Session, actor: Actor, *, number: str = "", limit: int = 50, offset: int = 0
) -> list[tuple[AccountabilityEvent, str]]:
    """(event, number of its case), newest first."""
    statement = (
        readable(actor).outerjoin(Case, Case.id == AccountabilityEvent.case_id).add_columns(Case.number)
    )
    if number:
        statement = statement.where(Case.number == number)
    rows = session.execute(statement.order_by(AccountabilityEvent.id.desc()).limit(limit).offset(offset))
    return [(row[0], row[1] or "") for row in rows]


def _zone_of(session: Session, actor: Actor) -> int:
    top = select(Zone.id).where(Zone.parent_id.is_(None)).order_by(Zone.id).limit(1)
    return actor.zone_id or session.scalars(top).one()
