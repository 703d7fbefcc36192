"""签收和退回期限 after the calendar has changed: what is still open is counted anew, as due dates are.

First a plan, which a preview shows as it is, then the plan carried out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor
from qa_service.cases import history
from qa_service.cases.lifecycle import Audience
from qa_service.cases.models import Case, CaseEvent
from qa_service.cases.moves import Moves
from qa_service.consultations import rules
from qa_service.consultations.lifecycle import KIND, RETURN_LIMIT, SIGN_LIMIT
from qa_service.consultations.models import Consultation
from qa_service.kit import clock
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.due import TimeLimit
from qa_service.zones.calendar import Calendars, find_limit

EVENT = "recompute_stage"
BATCH = 1000


@dataclass(frozen=True, slots=True)
class Stage:
    """A day by which a unit has to take a step, and the states in which it can still matter."""

    column: str
    limit: str
    label: str
    open_in: frozenset[str]


STAGES = (
    Stage("sign_due_on", SIGN_LIMIT, "签收期限", frozenset({"assigned"})),
    # A reply that is sent back for correction leads to 办理中 again, where the unit may still return the case.
    Stage(
        "return_until",
        RETURN_LIMIT,
        "退回期限",
        frozenset({"assigned", "in_progress", "in_review", "replied"}),
    ),
)


@dataclass(frozen=True, slots=True)
class StageMoved:
    """One stage date as it is and as it would be; never the same day."""

    case_id: int
    number: str
    state: str
    stage: Stage
    before: date
    after: date


@dataclass(frozen=True, slots=True)
class StagePlan(Moves):
    """What recomputing would do to the open dates of one stage; `changes` in the order of the cases."""

    stage: Stage
    open: int
    changes: tuple[StageMoved, ...]

    @property
    def moves(self) -> list[tuple[date, date, int]]:
        """How many move from which date to which, in order."""
        counted = Counter((change.before, change.after) for change in self.changes)
        return [(before, after, number) for (before, after), number in sorted(counted.items())]


def plan_stages(session: Session, calendars: Calendars, *, to_change: bool = False) -> tuple[StagePlan, ...]:
    """The open dates of every stage counted anew by `calendars`, in the order of STAGES. `to_change` locks the cases
    until the plan has been carried out."""
    limits = {stage.limit: find_limit(session, stage.limit) for stage in STAGES}
    states = frozenset[str]().union(*(stage.open_in for stage in STAGES))
    columns = [getattr(Consultation, stage.column) for stage in STAGES]
    statement = (
        select(Case.id, Case.number, Case.state, Case.zone_id, Consultation.assigned_at, *columns)
        .join(Case, Case.id == Consultation.case_id)
        .where(Case.kind == KIND, Case.state.in_(states), Consultation.assigned_at.is_not(None))
        .order_by(Case.id)
    )
    rows = session.execute(statement.with_for_update(of=Case) if to_change else statement).all()
    last_day = _counting()
    plans = []
    for stage in STAGES:
        limit, held, changes = limits[stage.limit], 0, []
        for row in rows if limit is not None else ():
            before = row._mapping[stage.column]
            if row.state not in stage.open_in or before is None:
                continue
            assert limit is not None and row.assigned_at is not None
            held += 1
            after = last_day(row.assigned_at, limit, calendars.of(row.zone_id))
            if after != before:
                changes.append(StageMoved(row.id, row.number, row.state, stage, before, after))
        plans.append(StagePlan(stage, held, tuple(changes)))
    return tuple(plans)


def carry_out(session: Session, actor: Actor, plans: Sequence[StagePlan], why: str, document: str) -> None:
    """Write the plans' dates, with one event a case, whatever number of its dates move."""
    moved: dict[int, list[StageMoved]] = {}
    for plan in plans:
        for change in plan.changes:
            moved.setdefault(change.case_id, []).append(change)
    ids = sorted(moved)
    for at in range(0, len(ids), BATCH):
        part = ids[at : at + BATCH]
        for row in session.scalars(select(Consultation).where(Consultation.case_id.in_(part))):
            for change in moved[row.case_id]:
                setattr(row, change.stage.column, change.after)
        history.append_many(session, [_event(actor, moved[case_id], why, document) for case_id in part])


def _event(actor: Actor, changes: Sequence[StageMoved], why: str, document: str) -> CaseEvent:
    first = changes[0]
    said = "，".join(f"{c.stage.label}由{_said(c.before)}调整为{_said(c.after)}" for c in changes)
    return CaseEvent(
        case_id=first.case_id, event=EVENT, at=clock.now(), actor_role=actor.role, actor_id=actor.id,
        actor_name=actor.name, from_state=first.state, to_state=first.state, sentence=f"{why}，{said}。",
        audience=Audience.STAFF, data={"why": why, "document": document},
    )  # fmt: skip


def _counting() -> Callable[[datetime, TimeLimit, WorkCalendar], date]:
    """`rules.last_day`, each day counted once."""
    counted: dict[tuple[date, str, int], date] = {}

    def last_day(assigned_at: datetime, limit: TimeLimit, calendar: WorkCalendar) -> date:
        start = clock.local(assigned_at).date()
        key = (start, limit.code, id(calendar))
        if key not in counted:
            counted[key] = rules.last_day(start, limit, calendar)
        return counted[key]

    return last_day


def _said(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"
