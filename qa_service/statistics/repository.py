"""Every query behind boards and statistics. Each starts from what the actor may read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Label, Select, String, case, func, literal, select, type_coerce
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.cases.models import Case
from qa_service.consultations.models import Consultation, GivenBack
from qa_service.consultations.repository import SOONEST_FIRST, in_full, may_read, present_due, readable
from qa_service.statistics import periods
from qa_service.statistics.figures import FIGURES, SUMS
from qa_service.statistics.lanes import LANES, WAITING_STATES, BoardDays, condition
from qa_service.statistics.scope import NONE, Scope
from qa_service.zones.models import Zone

# 承办单位: who holds the case, or the one that answered it.
UNIT_ID = func.coalesce(Case.holder_unit_id, Consultation.reply_unit_id)
Key = int | str | None
ZonesByDays = Mapping[BoardDays, list[int]]


def scoped(actor: Actor, scope: Scope, *, of_returner: bool = False) -> Select[Consultation]:
    """The consultations that `actor` may read and `scope` looks at. `of_returner`: the unit that it names is one that
    returned them, not the one that holds them."""
    statement = readable(actor).where(*_of_cases(scope))
    if scope.unit:
        statement = statement.where(_of_unit(scope.unit, of_returner=of_returner))
    if scope.topic:
        statement = statement.where(Consultation.topic == ("" if scope.topic == NONE else scope.topic))
    if scope.channel:
        statement = statement.where(Consultation.channel == scope.channel)
    return statement


def _of_cases(scope: Scope) -> list[ColumnElement[bool]]:
    """What `scope` says of the case alone."""
    conditions: list[ColumnElement[bool]] = []
    if scope.period:
        conditions.append(Case.registered_at >= periods.midnight(scope.period.first))
        conditions.append(Case.registered_at < periods.midnight(scope.period.last + timedelta(days=1)))
    if scope.zone:
        top = select(Zone.path).where(Zone.code == scope.zone).scalar_subquery()
        conditions.append(Case.zone_id.in_(select(Zone.id).where(Zone.path.startswith(top))))
    if scope.at:
        conditions.append(Case.zone_id == select(Zone.id).where(Zone.code == scope.at).scalar_subquery())
    return conditions


def _counted(actor: Actor, scope: Scope, dimension: str) -> Select[Any]:
    """`scoped`, to count by `dimension`: without the consultations where nothing is asked of them, which is half the
    time, since the index has all that is asked of the cases."""
    if (
        actor.role is Role.UNIT
        or dimension not in ("zone", "month")
        or scope.unit
        or scope.topic
        or scope.channel
    ):
        return scoped(actor, scope)
    return select(Case.id).where(*may_read(actor), *_of_cases(scope))


def _of_unit(code: str, *, of_returner: bool) -> ColumnElement[bool]:
    unit_id = select(Unit.id).where(Unit.code == code).scalar_subquery()
    if of_returner:  # whoever returned a case is known, so none is in the line of cases without a unit
        return Case.id.in_(select(GivenBack.case_id).where(GivenBack.unit_id == unit_id))
    return UNIT_ID.is_(None) if code == NONE else unit_id == UNIT_ID


def _key(dimension: str, scope: Scope) -> ColumnElement[Any]:
    """What a table by `dimension` has a line for: ids of zones and units, else the text itself."""
    if dimension == "month":
        assert scope.period is not None
        months = list(scope.period.months())
        if len(months) == 1:
            return literal(months[0])
        return _month_among(months)
    columns: dict[str, ColumnElement[Any]] = {
        "zone": Case.zone_id.expression, "unit": UNIT_ID, "topic": Consultation.topic.expression,
        "channel": Consultation.channel.expression,
    }  # fmt: skip
    return columns[dimension]


def _month_among(months: Sequence[str]) -> ColumnElement[Any]:
    """The month of registration, found by halving: five comparisons a case for two years."""
    if len(months) == 1:
        return literal(months[0])
    half = len(months) // 2
    begin = periods.midnight(periods.named(months[half]).first)
    return case((Case.registered_at < begin, _month_among(months[:half])), else_=_month_among(months[half:]))


def count_figures(
    session: Session, actor: Actor, scope: Scope, dimension: str, today: date
) -> dict[Key, dict[str, int]]:
    """Every figure, by the lines of `dimension`."""
    key = _key(dimension, scope).label("line")
    # FILTER rather than SUM over CASE: on SQLite half the time, since a case that does not count costs no call.
    figures = [figure for figure in FIGURES if figure.code not in SUMS]
    sums = [func.count().filter(figure.predicate(today)).label(figure.code) for figure in figures]
    counted: dict[Key, dict[str, int]] = {}
    for row in session.execute(
        _counted(actor, scope, dimension).with_only_columns(key, *sums).group_by("line")
    ):
        line = counted[row[0]] = {figure.code: row[n] for n, figure in enumerate(figures, 1)}
        for code, parts in SUMS.items():
            line[code] = sum(line[part] for part in parts)
    return counted


def count_returned(
    session: Session, actor: Actor, scope: Scope, dimension: str
) -> tuple[dict[Key, int], int]:
    """Cases that units returned, by the lines of `dimension` and in all; by unit: of those that returned them."""
    statement = scoped(actor, scope, of_returner=True).join(GivenBack, GivenBack.case_id == Case.id)
    key = GivenBack.unit_id.expression if dimension == "unit" else _key(dimension, scope)
    if dimension == "unit" and scope.unit:
        statement = statement.where(
            GivenBack.unit_id == select(Unit.id).where(Unit.code == scope.unit).scalar_subquery()
        )
    # Few cases are returned: which ones is told rather than counted, so that one pass does for both.
    pairs = set(session.execute(statement.with_only_columns(key.label("line"), Case.id)).all())
    return dict(Counter(line for line, _ in pairs)), len({case_id for _, case_id in pairs})


def answered_days(
    session: Session, actor: Actor, scope: Scope, dimension: str
) -> list[tuple[Key, int, str, str]]:
    """(line of `dimension`, zone, start of the clock, first answer) of each answered case, the days as 2026-11-22.

    One row a case and no dates parsed: there are hardly fewer pairs of days than cases, so grouping them in the
    database costs a sort and saves nothing.
    """
    key = _key(dimension, scope).label("line")
    started, met = type_coerce(Case.clock_started_on, String), type_coerce(Case.met_on, String)
    statement = _counted(actor, scope, dimension).where(
        Case.met_on.is_not(None), Case.clock_started_on.is_not(None)
    )
    rows = session.execute(statement.with_only_columns(key, Case.zone_id, started, met))
    return [(line, zone, str(start), str(answered)) for line, zone, start, answered in rows]


def count_lanes(
    session: Session, actor: Actor, scope: Scope, dimension: str, days: ZonesByDays
) -> list[tuple[Key, str, int]]:
    """(line of `dimension`, lane, cases) of what waits."""
    key = _key(dimension, scope).label("line")
    lane = _lane_of(days)
    rows = session.execute(
        _counted(actor, scope, dimension)
        .where(Case.state.in_(WAITING_STATES))
        .with_only_columns(key, lane, func.count())
        .group_by("line", "lane")
    )
    return [(line, code, count) for line, code, count in rows if code]


def _lane_of(days: ZonesByDays) -> Label[Any]:
    """The lane that a waiting case is in; each is in one."""
    return case(*((condition(lane, days), literal(lane.code)) for lane in LANES), else_=None).label("lane")


def first_of_lanes(
    session: Session, actor: Actor, scope: Scope, days: ZonesByDays, limit: int
) -> dict[str, list[Consultation]]:
    """The cases soonest due of every lane."""
    # One pass in which lane and due date are found once a case, then the first of each lane.
    waiting = (
        scoped(actor, scope)
        .where(Case.state.in_(WAITING_STATES))
        .with_only_columns(Case.id, _lane_of(days), present_due.label("due_on"), Consultation.urgent)
        .subquery()
    )
    order = (waiting.c.due_on.is_(None), waiting.c.due_on, waiting.c.urgent.desc(), waiting.c.id)
    place = func.row_number().over(partition_by=waiting.c.lane, order_by=order).label("place")
    placed = select(waiting.c.id, waiting.c.lane, place).where(waiting.c.lane.is_not(None)).subquery()
    chosen: dict[str, list[int]] = {lane.code: [] for lane in LANES}
    first = select(placed.c.id, placed.c.lane).where(placed.c.place <= limit).order_by(placed.c.place)
    for id_, lane in session.execute(first):
        chosen[lane].append(id_)
    found = iter(in_full(session, actor, [id_ for ids in chosen.values() for id_ in ids]))
    return {code: [next(found) for _ in ids] for code, ids in chosen.items()}


def list_cases(
    session: Session,
    actor: Actor,
    scope: Scope,
    condition: ColumnElement[bool],
    *,
    of_returner: bool = False,
    limit: int,
    offset: int = 0,
    newest_first: bool = False,
) -> list[Consultation]:
    """The cases behind a number, a page of them; the soonest due first, or the newest."""
    order = (Case.id.desc(),) if newest_first else SOONEST_FIRST
    # First which cases, from narrow columns, then these in full: far pages sort no texts.
    chosen = scoped(actor, scope, of_returner=of_returner).where(condition).with_only_columns(Case.id)
    ids = list(session.scalars(chosen.order_by(*order).limit(limit).offset(offset)))
    return in_full(session, actor, ids)


def count_cases(
    session: Session, actor: Actor, scope: Scope, condition: ColumnElement[bool], *, of_returner: bool = False
) -> int:
    statement = scoped(actor, scope, of_returner=of_returner).where(condition).with_only_columns(func.count())
    return session.scalar(statement) or 0


def readable_zones(session: Session, actor: Actor) -> Sequence[Zone]:
    """The zones whose cases `actor` may read: for desks and supervisors their subtree."""
    statement = select(Zone).order_by(Zone.path)
    if actor.zone_id is not None:
        own = select(Zone.path).where(Zone.id == actor.zone_id).scalar_subquery()
        statement = statement.where(Zone.path.startswith(own))
    return session.scalars(statement).all()
