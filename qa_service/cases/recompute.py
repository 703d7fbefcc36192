"""Recomputing the deadlines that still run, after the calendar has changed.

First a plan, which a preview shows as it is, then the plan carried out in bulk. A limit that is met, or whose case
has ended or gone another way, keeps the date it was measured by.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import Select, Table, and_, bindparam, or_, select, update
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor
from qa_service.cases import history
from qa_service.cases.lifecycle import Audience, Lifecycle
from qa_service.cases.models import Case, CaseEvent, CaseRound
from qa_service.cases.moves import Moves
from qa_service.kit import clock
from qa_service.workdays.calendar import WEEKDAYS, WorkCalendar
from qa_service.workdays.due import DueDate, TimeLimit, due_date
from qa_service.workdays.explanation import StoredPause, StoredStep, read_pauses, stored_steps
from qa_service.zones.calendar import Calendars, limit_of
from qa_service.zones.models import Limit

EVENT = "recompute"
BATCH = 1000
Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """One deadline as it is and as it would be; the same date where only its certainty changes."""

    case_id: int
    round: int
    number: str
    state: str
    before: date
    before_status: str
    before_steps: list[StoredStep]
    after: date
    after_status: str
    steps: list[StoredStep]

    @property
    def told(self) -> bool:
        """Whether anybody need know: only the wording of the calculation has changed where not."""
        return (self.before, self.before_status) != (self.after, self.after_status)


@dataclass(frozen=True, slots=True)
class Plan(Moves):
    """What recomputing would do to the open deadlines; `changes` in the order of the cases."""

    open: int
    changes: tuple[Moved, ...]

    @property
    def settled(self) -> int:
        """The date stays; it becomes official, or provisional again."""
        return sum(change.after == change.before and change.told for change in self.changes)

    @property
    def told(self) -> int:
        return sum(change.told for change in self.changes)


def plan_recompute(
    session: Session, lifecycles: Sequence[Lifecycle], calendars: Calendars, *, to_change: bool = False
) -> Plan:
    """Every open deadline counted anew by `calendars`. `to_change` locks the cases, so that none is met, closed or
    acted on until the plan has been carried out."""
    rows = [
        row
        for limited in (Case, CaseRound)
        for row in session.execute(_open(limited, lifecycles, to_change=to_change))
    ]
    limits = {row.code: limit_of(row) for row in session.scalars(select(Limit))}
    counted: dict[tuple[int, str, date, str], tuple[DueDate, list[StoredStep]]] = {}
    changes = []
    for row in rows:
        calendar = calendars.of(row.zone_id)
        key = (id(calendar), row.limit_code, row.clock_started_on, str(row.due_pauses))
        if key not in counted:
            counted[key] = _count(row.clock_started_on, limits[row.limit_code], calendar, row.due_pauses)
        due, steps = counted[key]
        if (row.due_on, row.due_status, row.due_steps) != (due.due, due.status, steps):
            changes.append(
                Moved(
                    row.id,
                    row.round,
                    row.number,
                    row.state,
                    row.due_on,
                    row.due_status,
                    row.due_steps,
                    due.due,
                    due.status,
                    steps,
                )
            )
    return Plan(len(rows), tuple(changes))


def _open(
    limited: type[Case] | type[CaseRound], lifecycles: Sequence[Lifecycle], *, to_change: bool
) -> Select[*tuple[Any, ...]]:
    """`cases.service.is_running` for all kinds at once, in SQL: the limits of first rounds, or of later ones."""
    timed = or_(
        *(
            and_(Case.kind == one.kind, Case.state.in_([s.code for s in one.states.values() if s.timed]))
            for one in lifecycles
        )
    )
    statement = select(
        Case.id, Case.round, Case.number, Case.state, Case.zone_id, limited.limit_code, limited.clock_started_on,
        limited.due_on, limited.due_status, limited.due_steps, limited.due_pauses,
    ).where(
        limited.due_on.is_not(None), limited.clock_started_on.is_not(None), limited.met_on.is_(None), timed
    )  # fmt: skip
    if limited is CaseRound:
        present = and_(CaseRound.case_id == Case.id, CaseRound.number == Case.round)
        statement = statement.join(CaseRound, present).where(CaseRound.number > 1)
    statement = statement.order_by(Case.id)
    return statement.with_for_update() if to_change else statement


def _count(
    start: date, limit: TimeLimit, calendar: WorkCalendar, pauses: list[StoredPause] | None
) -> tuple[DueDate, list[StoredStep]]:
    due = due_date(start, limit.days, calendar, limit.unit, read_pauses(pauses or []))
    return due, stored_steps(due)


def carry_out(
    session: Session, actor: Actor, plan: Plan, why: str, document: str, progress: Tell | None = None
) -> None:
    """Write the plan's dates and tell those concerned. `why` is the occasion in Chinese, `document` its notice."""
    total = len(plan.changes)
    for at in range(0, total, BATCH):
        part = plan.changes[at : at + BATCH]
        _write(session, [change for change in part if change.round == 1], Case)
        _write(session, [change for change in part if change.round > 1], CaseRound)
        tell_concerned(session, actor, part, why, document)
        if progress:
            progress("recompute", at + len(part), total)


def _write(session: Session, changes: Sequence[Moved], limited: type[Case] | type[CaseRound]) -> None:
    if not changes:
        return
    table = cast(Table, limited.__table__)
    if limited is Case:
        here = table.c.id == bindparam("case")
    else:
        here = and_(table.c.case_id == bindparam("case"), table.c.number == bindparam("round"))
    statement = (
        update(table)
        .where(here)
        .values(due_on=bindparam("due"), due_status=bindparam("status"), due_steps=bindparam("steps"))
    )
    values = [
        {"case": c.case_id, "due": c.after, "status": c.after_status, "steps": c.steps}
        | ({"round": c.round} if limited is CaseRound else {})
        for c in changes
    ]
    session.execute(statement, values)
    for change in changes:
        history.changed_in_bulk(
            session, limited, change.case_id, change.round,
            before={"due_on": change.before, "due_status": change.before_status, "due_steps": change.before_steps},
            after={"due_on": change.after, "due_status": change.after_status, "due_steps": change.steps},
        )  # fmt: skip


def tell_concerned(session: Session, actor: Actor, changes: Sequence[Moved], why: str, document: str) -> None:
    """One event on each case, for everybody who reads the case: the person who asked was told a date, the unit
    works by it, the desk and the supervisor watch it. Messages to the units: `watching.deadlines.tell_moved`. Where only
    the wording of the calculation has changed, the event is there for the record alone."""
    history.append_many(session, [_event(actor, change, why, document) for change in changes])


def _event(actor: Actor, change: Moved, why: str, document: str) -> CaseEvent:
    return CaseEvent(
        case_id=change.case_id, event=EVENT, at=clock.now(), actor_role=actor.role, actor_id=actor.id,
        actor_name=actor.name, from_state=change.state, to_state=change.state, sentence=sentence_of(change, why),
        audience=Audience.PUBLIC if change.told else Audience.INTERNAL,
        data={
            "before": change.before.isoformat(), "before_status": change.before_status,
            "after": change.after.isoformat(), "after_status": change.after_status, "why": why, "document": document,
        },
    )  # fmt: skip


def sentence_of(change: Moved, why: str) -> str:
    """The change as people read it: old date, new date, why."""
    old, new = _said(change.before, change.before_status), _said(change.after, change.after_status)
    if change.before != change.after:
        return f"{why}，答复期限由{old}调整为{new}。"
    if not change.told:
        return f"{why}，答复期限不变，只是计算过程的说明有变化。"
    certain = "确定为" if change.after_status == "official" else "改为暂定："
    return f"{why}，重新计算后答复期限不变，{certain}{_said(change.after, 'official')}。"


def _said(day: date, status: str) -> str:
    doubt = "" if status == "official" else "（暂定）"
    return f"{day.year}年{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）{doubt}"


def by_date(plan: Plan) -> list[tuple[date, date, int]]:
    """How many deadlines move from which date to which, in order: what a preview shows."""
    moves = Counter((c.before, c.after) for c in plan.changes if c.before != c.after)
    return [(before, after, number) for (before, after), number in sorted(moves.items())]
