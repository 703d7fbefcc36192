"""What has to be done by when: every open case and stage with its due date, in a few statements for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, and_, func, select
from sqlalchemy.orm import Session, aliased

from qa_service.cases.models import Case, CaseEvent, CaseRound
from qa_service.consultations.lifecycle import KIND
from qa_service.consultations.models import Consultation
from qa_service.kit import clock
from qa_service.watching.rules import RULES, TIMED, WatchRule, WatchSettings
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.due import due_date, working_days_left
from qa_service.zones.calendar import Calendars, load_calendars
from qa_service.zones.models import Limit

# The states whose stage has no date of its own in the register: it runs from the day the state was entered.
ENTERED = {state: rule for rule in RULES.values() if rule.days_setting for state in rule.states}


@dataclass(frozen=True, slots=True)
class Pending:
    """One thing that still has to be done. `left`: working days, negative once overdue; `unit_id`: who holds the case,
    or the case that it goes with."""

    case_id: int
    number: str
    round: int
    rule: WatchRule
    due_on: date
    left: int
    limit_days: int
    zone_id: int
    unit_id: int | None
    topic: str

    @property
    def key(self) -> tuple[int, int, str, date]:
        return self.case_id, self.round, self.rule.code, self.due_on


@dataclass
class _Counter:
    """Counting in one calendar after the other; the same few dates come again and again."""

    calendars: Calendars
    today: date
    _left: dict[tuple[int, date], int] = field(default_factory=dict)
    _due: dict[tuple[int, date, int], date] = field(default_factory=dict)

    def left(self, zone_id: int, due_on: date) -> int:
        calendar = self.calendars.of(zone_id)
        key = id(calendar), due_on
        if key not in self._left:
            self._left[key] = working_days_left(self.today, due_on, calendar)
        return self._left[key]

    def due(self, zone_id: int, entered: date, days: int) -> date:
        calendar: WorkCalendar = self.calendars.of(zone_id)
        key = id(calendar), entered, days
        if key not in self._due:
            self._due[key] = due_date(entered, days, calendar).due
        return self._due[key]


def find_pending(
    session: Session, settings: WatchSettings, case_ids: Sequence[int] | None = None
) -> list[Pending]:
    """Everything pending, or what is pending on the cases named, in the order of the cases."""
    counter = _Counter(load_calendars(session), clock.today())
    limits = {row.code: row.days for row in session.scalars(select(Limit))}
    entered = _entered(session, case_ids)
    found: list[Pending] = []
    for row in session.execute(_open_cases(case_ids)):
        found += _of_case(row, counter, limits, entered, settings)
    return found


def _of_case(
    row: Row[Any], counter: _Counter, limits: dict[str, int], entered: dict[int, date], settings: WatchSettings
) -> Iterator[Pending]:  # fmt: skip
    def pending(rule: WatchRule, due_on: date, limit_days: int) -> Pending:
        return Pending(
            row.id, row.number, row.round, rule, due_on, counter.left(row.zone_id, due_on), limit_days, row.zone_id,
            row.holder_unit_id or row.leading_unit_id, row.topic,
        )  # fmt: skip

    later = row.round > 1
    due_on = row.round_due if later else row.due_on
    met_on = row.round_met if later else row.met_on
    code = row.round_limit if later else row.limit_code
    if due_on is not None and met_on is None:
        yield pending(RULES["case"], due_on, limits.get(code, 0))
    if row.state == "assigned" and row.sign_due_on is not None:
        yield pending(RULES["sign"], row.sign_due_on, 1)
    rule = ENTERED.get(row.state)
    if rule is not None and row.id in entered and (days := getattr(settings, rule.days_setting)):
        yield pending(rule, counter.due(row.zone_id, entered[row.id], days), days)


def _open_cases(case_ids: Sequence[int] | None) -> Any:
    leading = aliased(Case)
    statement = (
        select(
            Case.id, Case.number, Case.round, Case.state, Case.zone_id, Case.holder_unit_id, Consultation.topic,
            Consultation.sign_due_on, leading.holder_unit_id.label("leading_unit_id"),
            CaseRound.due_on.label("round_due"), CaseRound.met_on.label("round_met"),
            CaseRound.limit_code.label("round_limit"), Case.due_on, Case.met_on, Case.limit_code,
        )
        .join(Consultation, Consultation.case_id == Case.id)
        .outerjoin(leading, leading.id == Consultation.leading_id)
        .outerjoin(CaseRound, and_(CaseRound.case_id == Case.id, CaseRound.number == Case.round))
        .where(Case.kind == KIND, Case.state.in_(TIMED))
        .order_by(Case.id)
    )  # fmt: skip
    return statement if case_ids is None else statement.where(Case.id.in_(case_ids))


def _entered(session: Session, case_ids: Sequence[int] | None) -> dict[int, date]:
    """The day on which each case came into the state it is in, for states whose stage runs from then."""
    statement = (
        select(CaseEvent.case_id, func.max(CaseEvent.at).label("at"))
        .join(Case, and_(Case.id == CaseEvent.case_id, Case.state == CaseEvent.to_state))
        .where(Case.kind == KIND, Case.state.in_(list(ENTERED)), CaseEvent.from_state != CaseEvent.to_state)
        .group_by(CaseEvent.case_id)
    )
    if case_ids is not None:
        statement = statement.where(CaseEvent.case_id.in_(case_ids))
    found: dict[int, date] = {}
    for row in session.execute(statement):
        at: datetime = row.at
        found[row.case_id] = clock.local(at).date()
    return found
