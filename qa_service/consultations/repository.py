"""Every query on consultations. Each starts from what the actor may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from qa_service.accounts.roles import Actor, Role
from qa_service.cases.models import Case
from qa_service.consultations.lifecycle import KIND, STATES
from qa_service.consultations.models import Consultation
from qa_service.errors import NotFound
from qa_service.zones.models import Zone

TIMED = tuple(state.code for state in STATES.values() if state.timed)


def readable(actor: Actor) -> Select[Consultation]:
    """Administrators and supervisors without a zone see all; desks and supervisors their zone's subtree;
    policy units what they hold or have answered; everybody else nothing."""
    statement = select(Consultation).join(Case, Case.id == Consultation.case_id).where(Case.kind == KIND)
    if actor.role is Role.ADMIN:
        return statement
    if actor.role in (Role.DESK, Role.SUPERVISOR):
        if actor.zone_id is None:
            return statement if actor.role is Role.SUPERVISOR else statement.where(Case.id < 0)
        own = select(Zone.path).where(Zone.id == actor.zone_id).scalar_subquery()
        # The few zones are found once, not compared case by case: that was a fifth of every long list's time.
        return statement.where(Case.zone_id.in_(select(Zone.id).where(Zone.path.startswith(own))))
    if actor.role is Role.UNIT:
        return statement.where(
            or_(Case.holder_unit_id == actor.unit_id, Consultation.reply_unit_id == actor.unit_id)
        )
    return statement.where(Case.id < 0)


def get_readable(session: Session, actor: Actor, number: str, *, to_act: bool = False) -> Consultation:
    """`to_act` locks the case first: who comes second then sees what the first has done."""
    if to_act:
        session.execute(select(Case.id).where(Case.number == number).with_for_update())
    found = session.scalar(
        readable(actor)
        .where(Case.number == number)
        .options(joinedload(Consultation.case).selectinload(Case.events), joinedload(Consultation.holder))
    )
    if found is None:
        raise NotFound(f"没有找到编号为 {number} 的咨询件。", "请核对编号；不由您经办的事项无法查看。")
    return found


def list_readable(
    session: Session,
    actor: Actor,
    *,
    states: tuple[str, ...] = (),
    overdue_on: date | None = None,
    since: datetime | None = None,
    text: str = "",
    newest_first: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Consultation], int]:
    """A page and the count. Sorted by due date, soonest first (those without one last), or newest first."""
    statement = readable(actor)
    if states:
        statement = statement.where(Case.state.in_(states))
    if overdue_on:
        statement = statement.where(
            and_(Case.due_on < overdue_on, Case.met_on.is_(None), Case.state.in_(TIMED))
        )
    if since:
        statement = statement.where(Case.registered_at >= since)
    if text:
        like = f"%{text.replace('%', '').replace('_', '')}%"
        statement = statement.where(or_(Consultation.question.like(like), Case.number.like(like)))
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    order = (Case.id.desc(),) if newest_first else (Case.due_on.is_(None), Case.due_on, Case.id)
    page = session.scalars(
        statement.options(joinedload(Consultation.case), selectinload(Consultation.holder))
        .order_by(*order)
        .limit(limit)
        .offset(offset)
    )
    return list(page), total


def by_query_code(session: Session, code: str) -> Consultation | None:
    return session.scalar(
        select(Consultation)
        .join(Case, Case.id == Consultation.case_id)
        .where(Case.query_code == code, Case.kind == KIND)
        .options(joinedload(Consultation.case).selectinload(Case.events), joinedload(Consultation.holder))
    )


def numbers_by_trace(session: Session, actor: Actor, traces: Sequence[str]) -> dict[str, str]:
    """The numbers of the consultations that these searches led to, by the search's record."""
    statement = readable(actor).where(Consultation.trace_id.in_(traces))
    found = session.execute(statement.with_only_columns(Consultation.trace_id, Case.number).order_by(Case.id))
    return {row.trace_id: row.number for row in found}


def by_case(session: Session, case_id: int) -> Consultation:
    return session.scalars(select(Consultation).where(Consultation.case_id == case_id)).one()
