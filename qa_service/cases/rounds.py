"""办理轮次: each round of a case has a time limit of its own, and none of them is ever set back.

The first round's stands in the case itself (首次有效答复日 is what 按期 is judged by); a redo (退回重办) begins
another, and what became of the rounds before stays as it was (规范 第十六条).
"""

from __future__ import annotations

from datetime import date

from sqlalchemy.orm import Session

from qa_service.cases.models import Case, CaseRound, TimeLimited
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.due import TimeLimit, due_date
from qa_service.workdays.explanation import read_pauses, stored_steps


def present(case: Case) -> TimeLimited:
    """Where the present round's limit stands: `clock_started_on`, `due_on`, `due_steps`, `met_on` …"""
    if case.round > 1:
        return next((row for row in case.rounds if row.number == case.round), case)
    return case


def set_due(limited: TimeLimited, limit: TimeLimit, start: date, calendar: WorkCalendar) -> None:
    due = due_date(start, limit.days, calendar, limit.unit, read_pauses(limited.due_pauses or []))
    limited.limit_code = limit.code
    limited.clock_started_on = start
    limited.due_on = due.due
    limited.due_status = str(due.status)
    limited.due_steps = stored_steps(due)


def begin(session: Session, case: Case, limit: TimeLimit, start: date, calendar: WorkCalendar) -> CaseRound:
    """The next round, its limit counted from `start`."""
    case.round += 1
    row = CaseRound(case_id=case.id, number=case.round, met_on=None)
    set_due(row, limit, start, calendar)
    case.rounds.append(row)
    session.flush()
    return row


def meet(session: Session, case: Case, day: date) -> None:
    """The present round's limit is met on `day`, if it has not been met before."""
    limited = present(case)
    if limited.met_on is not None:
        return
    limited.met_on = day
    if isinstance(limited, Case):
        case.rounds.append(
            CaseRound(
                case_id=case.id, number=1, limit_code=case.limit_code, clock_started_on=case.clock_started_on,
                due_on=case.due_on, due_status=case.due_status, due_steps=case.due_steps, due_pauses=case.due_pauses,
                met_on=day,
            )
        )  # fmt: skip
    session.flush()
