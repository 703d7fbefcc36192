"""签收和退回期限 after the calendar has changed: what is still open is counted anew, as due dates are."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor
from qa_service.cases import history
from qa_service.cases.lifecycle import Audience
from qa_service.cases.models import Case, CaseEvent
from qa_service.consultations import rules
from qa_service.consultations.lifecycle import KIND, RETURN_LIMIT, SIGN_LIMIT
from qa_service.consultations.models import Consultation
from qa_service.kit import clock
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.due import TimeLimit
from qa_service.zones.calendar import Calendars, find_limit

EVENT = "recompute_stage"
# Column, limit, what it is called, and the states in which it is open.
STAGES = (
    ("sign_due_on", SIGN_LIMIT, "签收期限", frozenset({"assigned"})),
    ("return_until", RETURN_LIMIT, "退回期限", frozenset({"assigned", "in_progress"})),
)


@dataclass(frozen=True, slots=True)
class _Moved:
    consultation: Consultation
    column: str
    label: str
    after: date


def recompute(session: Session, actor: Actor, calendars: Calendars, why: str, document: str) -> int:
    """Count the open days anew by `calendars`, with one event a case; returns how many cases changed."""
    moved: dict[int, list[_Moved]] = {}
    for change in _changes(session, calendars):
        moved.setdefault(change.consultation.case_id, []).append(change)
    events = []
    for case_id, changes in moved.items():
        before = {c.column: getattr(c.consultation, c.column) for c in changes}
        for change in changes:
            setattr(change.consultation, change.column, change.after)
        state = changes[0].consultation.case.state
        said = "，".join(f"{c.label}由{_said(before[c.column])}调整为{_said(c.after)}" for c in changes)
        events.append(
            CaseEvent(
                case_id=case_id, event=EVENT, at=clock.now(), actor_role=actor.role, actor_id=actor.id,
                actor_name=actor.name, from_state=state, to_state=state, sentence=f"{why}，{said}。", audience=Audience.STAFF,
                data={"why": why, "document": document},
            )
        )  # fmt: skip
    history.append_many(session, events)
    return len(moved)


def _changes(session: Session, calendars: Calendars) -> Iterator[_Moved]:
    limits = {code: find_limit(session, code) for _, code, _, _ in STAGES}
    states = frozenset[str]().union(*(open_in for *_, open_in in STAGES))
    rows = session.scalars(
        select(Consultation)
        .join(Case, Case.id == Consultation.case_id)
        .where(Case.kind == KIND, Case.state.in_(states), Consultation.assigned_at.is_not(None))
        .order_by(Case.id)
        .with_for_update(of=Case)
    )
    last_day = _counting()
    for row in rows.all():
        assert row.assigned_at is not None
        for column, code, label, open_in in STAGES:
            limit = limits[code]
            if limit is None or row.case.state not in open_in or getattr(row, column) is None:
                continue
            after = last_day(row.assigned_at, limit, calendars.of(row.case.zone_id))
            if after != getattr(row, column):
                yield _Moved(row, column, label, after)


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
