"""A unit learns that it has something new to do: 交办、改派、请协办、退回重办, one message for each such event.

The messages are written in the transaction of the act that they tell of, when its events are complete: with the act or
not at all, and once, since an event is stored once. The page shows them at once; what leaves the house waits for the
office to open, like reminders.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.cases import history
from qa_service.cases.models import Case, CaseEvent
from qa_service.cases.rounds import present
from qa_service.consultations.lifecycle import KIND
from qa_service.consultations.models import Consultation
from qa_service.watching import configuration, messages, texts
from qa_service.watching.messages import Letter
from qa_service.watching.recipients import load_directory
from qa_service.watching.rules import NEW_WORK, Group, NewWork


@history.tell_of_events
def tell_units(session: Session, events: Sequence[CaseEvent]) -> None:
    fresh = [row for row in events if row.event in NEW_WORK]
    if fresh:
        with messages.beside_the_act(session, "交办通知"):
            _tell(session, fresh)


def _tell(session: Session, events: Sequence[CaseEvent]) -> None:
    settings = configuration.load(session)
    if not settings.assignments:
        return
    directory = load_directory(session)
    units = {unit.id: unit for unit in session.scalars(select(Unit))}
    rows = select(Consultation).join(Case, Case.id == Consultation.case_id)
    ids = {row.case_id for row in events}
    found = {
        row.case_id: row
        for row in session.scalars(rows.where(Case.kind == KIND, Consultation.case_id.in_(ids)))
    }
    for event in events:
        if (consultation := found.get(event.case_id)) is None:
            continue
        case = consultation.case
        for unit, work in _told(event, case, units):
            title, body = texts.new_work(
                work, case.number, consultation.topic, unit.name, urgent=consultation.urgent,
                sign_by=consultation.sign_due_on if work.signed_for else None, due_on=present(case).due_on,
            )  # fmt: skip
            letter = Letter(work.code, title, body, f"/case/{case.number}", case.zone_id, in_hours=True)
            people = directory.told((Group.DOERS,), unit.id, case.zone_id)
            messages.post(session, people, letter, settings)


def _told(event: CaseEvent, case: Case, units: dict[int, Unit]) -> Iterator[tuple[Unit, NewWork]]:
    """The units that an event gives something to do: who holds the case since, then those asked to assist."""
    main, assisting = NEW_WORK[event.event]
    holder = event.after.get("holder_unit_id", case.holder_unit_id)
    if main is not None and holder is not None and holder in units:
        yield units[holder], main
    if assisting is not None:
        codes = event.data.get("assisting", ())
        by_code = {unit.code: unit for unit in units.values()}
        yield from ((by_code[code], assisting) for code in dict.fromkeys(codes) if code in by_code)
