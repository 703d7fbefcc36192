"""Every query on consultations. Each starts from what the actor may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from qa_service.accounts.roles import Actor, Role
from qa_service.cases.models import Case, CaseEvent, CaseRound
from qa_service.consultations.lifecycle import BY_CODE, KIND, STATES
from qa_service.consultations.models import AssistingUnit, Consultation, FollowUp, Opinion, Telling
from qa_service.errors import NotFound
from qa_service.zones.models import Zone

TIMED = tuple(state.code for state in STATES.values() if state.timed)
# By the present round's limit; few cases are in a later one, and only those are looked up.
present_due = case(
    (Case.round == 1, Case.due_on),
    else_=select(CaseRound.due_on)
    .where(CaseRound.case_id == Case.id, CaseRound.number == Case.round)
    .correlate(Case)
    .scalar_subquery(),
)
# 紧急 changes no limit: it only goes before others that are due on the same day.
URGENT_FIRST = Consultation.urgent.desc()
SOONEST_FIRST = (present_due.is_(None), present_due, URGENT_FIRST, Case.id)


def readable(actor: Actor) -> Select[Consultation]:
    """Administrators and supervisors without a zone see all; desks and supervisors their zone's subtree;
    policy units what they hold, assist in or have answered; everybody else nothing."""
    return select(Consultation).join(Case, Case.id == Consultation.case_id).where(*may_read(actor))


def may_read(actor: Actor) -> list[ColumnElement[bool]]:
    """What holds of the cases in `readable`; only for policy units does it look at the consultation as well."""
    kind, nothing = Case.kind == KIND, Case.id < 0
    if actor.role is Role.ADMIN:
        return [kind]
    if actor.role in (Role.DESK, Role.SUPERVISOR):
        if actor.zone_id is None:
            return [kind] if actor.role is Role.SUPERVISOR else [nothing]
        own = select(Zone.path).where(Zone.id == actor.zone_id).scalar_subquery()
        # The few zones are found once, not compared case by case: that was a fifth of every long list's time.
        return [kind, Case.zone_id.in_(select(Zone.id).where(Zone.path.startswith(own)))]
    if actor.role is Role.UNIT:
        mine = or_(
            Case.holder_unit_id == actor.unit_id,
            Consultation.reply_unit_id == actor.unit_id,
            _assisted_by(actor.unit_id),
        )
        return [kind, mine]
    return [nothing]


def _assisted_by(unit_id: int | None) -> ColumnElement[bool]:
    return Consultation.assisting.any(
        and_(AssistingUnit.unit_id == unit_id, AssistingUnit.ended_at.is_(None))
    )


def _late_on(today: date) -> ColumnElement[bool]:
    """The present round's limit has run out: that of the case in round 1, of its own row afterwards."""
    first = and_(Case.round == 1, Case.due_on < today, Case.met_on.is_(None))
    later = Case.rounds.any(
        and_(CaseRound.number == Case.round, CaseRound.due_on < today, CaseRound.met_on.is_(None))
    )
    return and_(or_(first, and_(Case.round > 1, later)), Case.state.in_(TIMED))


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


def lock_to_link(session: Session, follower: str, leading: str) -> None:
    """Lock two cases that are to go together, the older first: two desks may link them in opposite directions."""
    pair = select(Case.id).where(Case.number.in_((follower, leading))).order_by(Case.id)
    session.execute(pair.with_for_update())


def lock_leading(session: Session, follower: str) -> None:
    """Lock the leading case before its follower: whoever shares a reply takes them in the same order."""
    leading = (
        select(Consultation.leading_id)
        .join(Case, Case.id == Consultation.case_id)
        .where(Case.number == follower)
    )
    session.execute(select(Case.id).where(Case.id.in_(leading)).with_for_update())


def followers(session: Session, leading_id: int, *, to_act: bool = False) -> Sequence[Consultation]:
    """The consultations that go with this one, whoever may read them, oldest first. `to_act` locks them first: what
    their units are just writing is then seen."""
    statement = (
        select(Consultation).where(Consultation.leading_id == leading_id).order_by(Consultation.case_id)
    )
    if not to_act:
        return session.scalars(statement).all()
    own = select(Consultation.case_id).where(Consultation.leading_id == leading_id)
    session.execute(select(Case.id).where(Case.id.in_(own)).order_by(Case.id).with_for_update())
    return session.scalars(statement.execution_options(populate_existing=True)).all()


def last_event_data(session: Session, case_id: int, events: Sequence[str]) -> dict[str, Any] | None:
    """What came with the newest of these events of a case."""
    statement = select(CaseEvent.data).where(CaseEvent.case_id == case_id, CaseEvent.event.in_(events))
    return session.scalar(statement.order_by(CaseEvent.seq.desc()).limit(1))


def _matching(
    actor: Actor, states: tuple[str, ...], overdue_on: date | None, text: str
) -> Select[Consultation]:
    """The filters of the register: what is on the page is what is exported."""
    statement = readable(actor)
    if states:
        statement = statement.where(Case.state.in_(states))
    if overdue_on:
        statement = statement.where(_late_on(overdue_on))
    if text:
        like = f"%{text.replace('%', '').replace('_', '')}%"
        statement = statement.where(or_(Consultation.question.like(like), Case.number.like(like)))
    return statement


def _order(newest_first: bool) -> tuple[Any, ...]:
    return (Case.id.desc(),) if newest_first else SOONEST_FIRST


def ids_readable(
    session: Session,
    actor: Actor,
    *,
    states: tuple[str, ...] = (),
    overdue_on: date | None = None,
    text: str = "",
    newest_first: bool = False,
) -> Sequence[int]:
    """The keys of everything that `list_readable` would page through, in its order."""
    statement = _matching(actor, states, overdue_on, text).with_only_columns(Case.id)
    return session.scalars(statement.order_by(*_order(newest_first))).all()


def list_readable(
    session: Session,
    actor: Actor,
    *,
    states: tuple[str, ...] = (),
    overdue_on: date | None = None,
    unsigned_on: date | None = None,
    held_by: int | None = None,
    assisted_by: int | None = None,
    answered_by: int | None = None,
    since: datetime | None = None,
    text: str = "",
    newest_first: bool = False,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[Consultation], int]:
    """A page and the count; `unsigned_on`: those that on that day are past their limit for signing.

    Sorted by due date, soonest first (those without one last) and of one day the urgent first, or newest first.
    """
    statement = _matching(actor, states, overdue_on, text)
    if unsigned_on:
        statement = statement.where(Case.state == "assigned", Consultation.sign_due_on < unsigned_on)
    if held_by:
        statement = statement.where(Case.holder_unit_id == held_by)
    if assisted_by:
        statement = statement.where(_assisted_by(assisted_by))
    if answered_by:
        statement = statement.where(Consultation.reply_unit_id == answered_by)
    if since:
        statement = statement.where(Case.registered_at >= since)
    total = session.scalar(statement.with_only_columns(func.count())) or 0
    # First which cases, from narrow columns, then these in full: far pages sort no texts.
    page = statement.with_only_columns(Case.id).order_by(*_order(newest_first)).limit(limit).offset(offset)
    return in_full(session, actor, session.scalars(page).all()), total


def in_full(session: Session, actor: Actor, ids: Sequence[int]) -> list[Consultation]:
    """These cases, in this order, ready to be listed."""
    found = session.scalars(
        readable(actor)
        .where(Case.id.in_(ids))
        .options(joinedload(Consultation.case), selectinload(Consultation.holder))
    )
    by_id = {item.case_id: item for item in found}
    return [by_id[id_] for id_ in ids]


def by_query_code(session: Session, code: str, *, to_act: bool = False) -> Consultation | None:
    """`to_act` locks the case first, as `get_readable` does."""
    if to_act:
        session.execute(select(Case.id).where(Case.query_code == code).with_for_update())
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


def opinions(session: Session, case_id: int) -> Sequence[Opinion]:
    return session.scalars(select(Opinion).where(Opinion.case_id == case_id).order_by(Opinion.id)).all()


def tellings(session: Session, case_id: int) -> Sequence[Telling]:
    return session.scalars(select(Telling).where(Telling.case_id == case_id).order_by(Telling.id)).all()


def follow_ups(session: Session, case_id: int) -> Sequence[FollowUp]:
    return session.scalars(select(FollowUp).where(FollowUp.case_id == case_id).order_by(FollowUp.id)).all()


def own_rating(session: Session, consultation: Consultation) -> FollowUp | None:
    """What the person who asked has rated the answer of the present round themselves."""
    return session.scalar(
        select(FollowUp).where(
            FollowUp.case_id == consultation.case_id, FollowUp.round == consultation.case.round,
            FollowUp.how == BY_CODE,
        )
    )  # fmt: skip


def number_of(session: Session, case_id: int | None) -> str:
    return session.scalar(select(Case.number).where(Case.id == case_id)) or "" if case_id else ""
