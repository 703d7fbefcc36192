"""Every query behind boards and statistics. Each starts from what the actor may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Label, Select, String, case, func, literal, select, type_coerce
from sqlalchemy.orm import Session, joinedload, selectinload

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor
from qa_service.cases.models import Case
from qa_service.consultations.models import Consultation
from qa_service.consultations.repository import readable
from qa_service.statistics import periods
from qa_service.statistics.figures import FIGURES
from qa_service.statistics.lanes import LANES, WAITING_STATES, BoardDays
from qa_service.statistics.scope import NONE, Scope
from qa_service.zones.models import Zone

# 承办单位: who holds the case, or the one that answered it.
UNIT_ID = func.coalesce(Case.holder_unit_id, Consultation.reply_unit_id)
SOONEST_FIRST = (Case.due_on.is_(None), Case.due_on, Case.id)
Key = int | str | None


def scoped(actor: Actor, scope: Scope) -> Select[Consultation]:
    """The consultations that `actor` may read and `scope` looks at."""
    statement = readable(actor)
    if scope.period:
        statement = statement.where(
            Case.registered_at >= periods.midnight(scope.period.first),
            Case.registered_at < periods.midnight(scope.period.last + timedelta(days=1)),
        )
    if scope.zone:
        top = select(Zone.path).where(Zone.code == scope.zone).scalar_subquery()
        statement = statement.where(Case.zone_id.in_(select(Zone.id).where(Zone.path.startswith(top))))
    if scope.at:
        statement = statement.where(
            Case.zone_id == select(Zone.id).where(Zone.code == scope.at).scalar_subquery()
        )
    if scope.unit == NONE:
        statement = statement.where(UNIT_ID.is_(None))
    elif scope.unit:
        statement = statement.where(
            select(Unit.id).where(Unit.code == scope.unit).scalar_subquery() == UNIT_ID
        )
    if scope.topic:
        statement = statement.where(Consultation.topic == ("" if scope.topic == NONE else scope.topic))
    if scope.channel:
        statement = statement.where(Consultation.channel == scope.channel)
    return statement


def _key(dimension: str, scope: Scope) -> ColumnElement[Any]:
    """What a table by `dimension` has a line for: ids of zones and units, else the text itself."""
    if dimension == "month":
        assert scope.period is not None
        months = list(scope.period.months())
        if len(months) == 1:
            return literal(months[0])
        ends = [periods.midnight(periods.named(month).last + timedelta(days=1)) for month in months]
        whens = [(Case.registered_at < end, literal(month)) for end, month in zip(ends, months, strict=True)]
        return case(*whens[:-1], else_=months[-1])
    columns: dict[str, ColumnElement[Any]] = {
        "zone": Case.zone_id.expression, "unit": UNIT_ID, "topic": Consultation.topic.expression,
        "channel": Consultation.channel.expression,
    }  # fmt: skip
    return columns[dimension]


def count_figures(
    session: Session, actor: Actor, scope: Scope, dimension: str, today: date
) -> dict[Key, dict[str, int]]:
    """Every figure, by the lines of `dimension`."""
    key = _key(dimension, scope).label("line")
    # FILTER rather than SUM over CASE: on SQLite half the time, since a case that does not count costs no call.
    sums = [func.count().filter(figure.predicate(today)).label(figure.code) for figure in FIGURES]
    rows = session.execute(scoped(actor, scope).with_only_columns(key, *sums).group_by("line"))
    return {row[0]: {figure.code: row[n] for n, figure in enumerate(FIGURES, 1)} for row in rows}


def answered_days(session: Session, actor: Actor, scope: Scope, dimension: str) -> list[tuple[Key, str, str]]:
    """(line of `dimension`, start of the clock, first answer) of each answered case, the days as 2026-11-22.

    One row a case and no dates parsed: there are hardly fewer pairs of days than cases, so grouping them in the
    database costs a sort and saves nothing.
    """
    key = _key(dimension, scope).label("line")
    started, met = type_coerce(Case.clock_started_on, String), type_coerce(Case.met_on, String)
    statement = scoped(actor, scope).where(Case.met_on.is_not(None), Case.clock_started_on.is_not(None))
    rows = session.execute(statement.with_only_columns(key, started, met))
    return [(line, str(start), str(answered)) for line, start, answered in rows]


def count_lanes(
    session: Session, actor: Actor, scope: Scope, dimension: str, days: BoardDays
) -> list[tuple[Key, str, int]]:
    """(line of `dimension`, lane, cases) of what waits."""
    key = _key(dimension, scope).label("line")
    lane = _lane_of(days)
    rows = session.execute(
        scoped(actor, scope)
        .where(Case.state.in_(WAITING_STATES))
        .with_only_columns(key, lane, func.count())
        .group_by("line", "lane")
    )
    return [(line, code, count) for line, code, count in rows if code]


def _lane_of(days: BoardDays) -> Label[Any]:
    """The lane that a waiting case is in; each is in one."""
    return case(*((lane.predicate(days), literal(lane.code)) for lane in LANES), else_=None).label("lane")


def first_of_lanes(
    session: Session, actor: Actor, scope: Scope, days: BoardDays, limit: int
) -> dict[str, list[Consultation]]:
    """The cases soonest due of every lane."""
    chosen: dict[str, list[int]] = {}
    for lane in LANES:
        # Saying again that the case waits lets the index give them in order: half the time of one ranked pass.
        waiting = scoped(actor, scope).where(Case.state.in_(WAITING_STATES), lane.predicate(days))
        ids = session.scalars(waiting.with_only_columns(Case.id).order_by(*SOONEST_FIRST).limit(limit)).all()
        chosen[lane.code] = list(ids)
    found = iter(_in_full(session, actor, [id_ for ids in chosen.values() for id_ in ids]))
    return {code: [next(found) for _ in ids] for code, ids in chosen.items()}


def _in_full(session: Session, actor: Actor, ids: Sequence[int]) -> list[Consultation]:
    """These cases, in this order, ready to be listed."""
    found = session.scalars(
        readable(actor)
        .where(Case.id.in_(ids))
        .options(joinedload(Consultation.case), selectinload(Consultation.holder))
    )
    by_id = {item.case_id: item for item in found}
    return [by_id[id_] for id_ in ids]


def list_cases(
    session: Session,
    actor: Actor,
    scope: Scope,
    condition: ColumnElement[bool],
    *,
    limit: int,
    offset: int = 0,
    newest_first: bool = False,
) -> list[Consultation]:
    """The cases behind a number, a page of them; the soonest due first, or the newest."""
    order = (Case.id.desc(),) if newest_first else SOONEST_FIRST
    # First which cases, from narrow columns, then these in full: far pages sort no texts.
    chosen = scoped(actor, scope).where(condition).with_only_columns(Case.id)
    ids = list(session.scalars(chosen.order_by(*order).limit(limit).offset(offset)))
    return _in_full(session, actor, ids)


def count_cases(session: Session, actor: Actor, scope: Scope, condition: ColumnElement[bool]) -> int:
    statement = scoped(actor, scope).where(condition).with_only_columns(func.count())
    return session.scalar(statement) or 0


def readable_zones(session: Session, actor: Actor) -> Sequence[Zone]:
    """The zones whose cases `actor` may read: for desks and supervisors their subtree."""
    statement = select(Zone).order_by(Zone.path)
    if actor.zone_id is not None:
        own = select(Zone.path).where(Zone.id == actor.zone_id).scalar_subquery()
        statement = statement.where(Zone.path.startswith(own))
    return session.scalars(statement).all()
