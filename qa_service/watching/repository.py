"""Every query on cards, notices and messages. Each starts from what the actor may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from qa_service.accounts.models import Unit, User
from qa_service.accounts.roles import Actor, Role
from qa_service.cases.models import Case
from qa_service.consultations import repository as consultations
from qa_service.consultations.models import Consultation
from qa_service.errors import NotFound
from qa_service.kit import clock
from qa_service.kit.database import insert_into
from qa_service.watching.models import (
    Message,
    MessageDelivery,
    NoticeCounter,
    Robot,
    Substitute,
    WatchCard,
    WatchNotice,
)
from qa_service.watching.rules import RULES, WITH_UNIT


def _readable_cases(actor: Actor) -> Select[Any]:
    return consultations.readable(actor).with_only_columns(Consultation.case_id)


def readable_cards(actor: Actor) -> Select[WatchCard]:
    """Who reads a case reads its cards; a unit those that were issued while it held the case."""
    statement = select(WatchCard).join(Case, Case.id == WatchCard.case_id)
    if actor.role is Role.UNIT:
        return statement.where(WatchCard.unit_id == actor.unit_id)
    return statement.where(WatchCard.case_id.in_(_readable_cases(actor)))


def readable_notices(actor: Actor) -> Select[WatchNotice]:
    """As with cards; a unit keeps reading what it was sent, also when it has lost the case."""
    statement = select(WatchNotice).join(Case, Case.id == WatchNotice.case_id)
    if actor.role is Role.UNIT:
        return statement.where(WatchNotice.unit_id == actor.unit_id)
    return statement.where(WatchNotice.case_id.in_(_readable_cases(actor)))


def _in_force() -> ColumnElement[bool]:
    """Neither ended nor withdrawn; nor does anybody wait for the watcher's next look: what has been done no longer shows
    a card."""
    waiting = (and_(WatchCard.rule == rule.code, Case.state.in_(rule.states)) for rule in RULES.values())
    return and_(
        WatchCard.ended_at.is_(None),
        WatchCard.decision != "withdrawn",
        WatchCard.round == Case.round,
        or_(*waiting),
    )


def cards_now(
    session: Session, actor: Actor, *, contested: bool = False, limit: int = 200
) -> list[tuple[WatchCard, str, str, str]]:
    """(card, case number, unit's name, topic): those in force, red before yellow and the oldest due date first; or
    those contested and not yet decided."""
    statement = (
        readable_cards(actor)
        .join(Consultation, Consultation.case_id == Case.id)
        .outerjoin(Unit, Unit.id == WatchCard.unit_id)
        .add_columns(Case.number, func.coalesce(Unit.name, ""), Consultation.topic)
    )
    if contested:
        statement = statement.where(WatchCard.contested_at.is_not(None), WatchCard.decided_at.is_(None))
    else:
        statement = statement.where(_in_force())
    order = (WatchCard.colour, WatchCard.due_on, WatchCard.id)
    rows = session.execute(statement.order_by(*order).limit(limit))
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def count_now(session: Session, actor: Actor) -> dict[str, int]:
    statement = (
        readable_cards(actor)
        .with_only_columns(WatchCard.colour, func.count())
        .where(_in_force())
        .group_by(WatchCard.colour)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def cards_of(session: Session, actor: Actor, case_id: int) -> Sequence[WatchCard]:
    statement = readable_cards(actor).where(WatchCard.case_id == case_id)
    return session.scalars(statement.order_by(WatchCard.id.desc())).all()


def get_card(session: Session, actor: Actor, card_id: int) -> WatchCard:
    card = session.scalar(readable_cards(actor).where(WatchCard.id == card_id))
    if card is None:
        raise NotFound("没有找到这张牌。", "请从督促办理页面或者办件页进入。")
    return card


def notices(
    session: Session, actor: Actor, *, case_id: int | None = None, open_only: bool = False, limit: int = 200
) -> list[tuple[WatchNotice, str, str]]:
    """(notice, case number, unit's name), those without feedback first, then the newest."""
    statement = readable_notices(actor).join(Unit, Unit.id == WatchNotice.unit_id)
    if case_id is not None:
        statement = statement.where(WatchNotice.case_id == case_id)
    if open_only:
        statement = statement.where(WatchNotice.feedback_at.is_(None))
    order = (WatchNotice.feedback_at.is_not(None), WatchNotice.id.desc())
    rows = session.execute(statement.add_columns(Case.number, Unit.name).order_by(*order).limit(limit))
    return [(row[0], row[1], row[2]) for row in rows]


def newest_notices(session: Session, actor: Actor, case_id: int) -> dict[str, WatchNotice]:
    """The last notice of each kind that the case has."""
    statement = readable_notices(actor).where(WatchNotice.case_id == case_id).order_by(WatchNotice.id)
    return {row.kind: row for row in session.scalars(statement)}


def get_notice(session: Session, actor: Actor, number: str) -> WatchNotice:
    found = session.scalar(readable_notices(actor).where(WatchNotice.number == number))
    if found is None:
        raise NotFound(f"没有找到编号为 {number} 的催办单或督办单。", "请从办件页进入。")
    return found


def next_serial(session: Session, zone_id: int, kind: str, year: int) -> int:
    first = insert_into(session, NoticeCounter).values(zone_id=zone_id, kind=kind, year=year, last=1)
    statement = first.on_conflict_do_update(
        index_elements=["zone_id", "kind", "year"], set_={"last": NoticeCounter.last + 1}
    )
    return session.execute(statement.returning(NoticeCounter.last)).scalar_one()


def to_urge(session: Session, actor: Actor, today: date, limit: int = 100) -> list[Consultation]:
    """建议催办: overdue with a unit, and not urged in this round since."""
    late, _ = consultations.list_readable(
        session, actor, states=tuple(sorted(WITH_UNIT)), overdue_on=today, limit=limit
    )
    urged = {
        (row.case_id, row.round)
        for row in session.execute(
            select(WatchNotice.case_id, WatchNotice.round).where(
                WatchNotice.case_id.in_([one.case_id for one in late])
            )
        )
    }
    return [one for one in late if (one.case_id, one.case.round) not in urged]


def own_messages(actor: Actor) -> Select[Message]:
    return select(Message).where(Message.user_id == actor.id, Message.shown_at.is_not(None))


def unread(session: Session, actor: Actor) -> int:
    statement = own_messages(actor).where(Message.read_at.is_(None)).with_only_columns(func.count())
    return session.scalar(statement) or 0


def list_messages(
    session: Session, actor: Actor, *, limit: int = 50, offset: int = 0
) -> tuple[Sequence[Message], int]:
    """The unread first, then the newest; and how many there are."""
    total = session.scalar(own_messages(actor).with_only_columns(func.count())) or 0
    statement = own_messages(actor).order_by(Message.read_at.is_not(None), Message.id.desc())
    return session.scalars(statement.limit(limit).offset(offset)).all(), total


def get_message(session: Session, actor: Actor, message_id: int) -> Message:
    found = session.scalar(own_messages(actor).where(Message.id == message_id))
    if found is None:
        raise NotFound("没有这条通知。", "请从通知列表进入。")
    return found


def read_all(session: Session, actor: Actor) -> None:
    session.execute(
        update(Message)
        .where(Message.user_id == actor.id, Message.read_at.is_(None), Message.shown_at.is_not(None))
        .values(read_at=clock.now())
    )


def failures(session: Session, limit: int = 100) -> list[tuple[MessageDelivery, str, str | None]]:
    """(delivery, title, name of the user or robot): what was given up, or has failed and is being tried again."""
    bad = or_(
        MessageDelivery.failed_at.is_not(None),
        and_(MessageDelivery.delivered_at.is_(None), MessageDelivery.last_result != ""),
    )
    statement = (
        select(MessageDelivery, Message.title, func.coalesce(User.display_name, Robot.name))
        .join(Message, Message.id == MessageDelivery.message_id)
        .outerjoin(User, User.id == Message.user_id)
        .outerjoin(Robot, Robot.id == Message.robot_id)
        .where(bad)
        .order_by(MessageDelivery.failed_at.is_(None), MessageDelivery.id.desc())
    )
    return [(row[0], row[1], row[2]) for row in session.execute(statement.limit(limit))]


def substitutes_of(session: Session, user_id: int | None) -> list[tuple[Substitute, str]]:
    """(substitute, name), those in force or to come."""
    other = aliased(User)
    statement = (
        select(Substitute, other.display_name)
        .join(other, other.id == Substitute.substitute_id)
        .where(
            Substitute.user_id == user_id, Substitute.withdrawn_at.is_(None), Substitute.last >= clock.today()
        )
        .order_by(Substitute.first)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def colleagues(session: Session, actor: Actor) -> Sequence[User]:
    """Who may stand in for the actor: the same post, in the same unit or zone, so that they may read the same."""
    statement = select(User).where(
        User.active, User.role == actor.role, User.id != actor.id, User.unit_id.is_(None)
        if actor.unit_id is None
        else User.unit_id == actor.unit_id,
        User.zone_id.is_(None) if actor.zone_id is None else User.zone_id == actor.zone_id,
    )  # fmt: skip
    return session.scalars(statement.order_by(User.id)).all()
