"""A consultation as its readers see it: masked for lists, whole for those who handle it, public for the citizen."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.cases.lifecycle import Audience
from qa_service.cases.models import Case, CaseEvent
from qa_service.cases.service import is_overdue, is_running
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import (
    ConsultationDetail,
    ConsultationSummary,
    DayRun,
    Deadline,
    Event,
    Interruption,
    OpenAct,
    Progress,
)
from qa_service.consultations.service import open_acts
from qa_service.kit import clock
from qa_service.kit.privacy import mask_contact, mask_name, without_personal_details
from qa_service.library.face import basis_lines
from qa_service.library.models import Entry, EntryVersion
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.due import Pause, working_days_left
from qa_service.workdays.explanation import Run, StoredStep, read_pauses, rule_of, summarise
from qa_service.zones.calendar import Calendars, limit_of
from qa_service.zones.models import Limit


def summary(consultation: Consultation, calendars: Calendars) -> ConsultationSummary:
    """A row of a list: name and contact are masked for everybody, also where they stand in the question."""
    row = _summary(consultation, calendars)
    return ConsultationSummary(**{**row, "question": without_personal_details(consultation.question)})


def _summary(consultation: Consultation, calendars: Calendars) -> dict[str, Any]:
    case, today = consultation.case, clock.today()
    state = LIFECYCLE.states[case.state]
    running, calendar = is_running(LIFECYCLE, case), calendars.of(case.zone_id)
    return {
        "number": case.number, "state": case.state, "state_label": state.label, "official_state": state.official,
        "outcome": case.outcome, "registered_at": case.registered_at, "channel": consultation.channel,
        "person_name": mask_name(consultation.person_name), "contact": mask_contact(consultation.contact),
        "question": consultation.question, "topic": consultation.topic,
        "unit": consultation.holder.name if consultation.holder else "", "due_on": case.due_on,
        "working_days_left": working_days_left(today, case.due_on, calendar) if running and case.due_on else None,
        "overdue": is_overdue(LIFECYCLE, case, today), "version": case.version,
    }  # fmt: skip


def detail(
    session: Session, actor: Actor, consultation: Consultation, calendars: Calendars
) -> ConsultationDetail:
    """The whole case for those who handle it. The contact stays masked: reading it is an act of its own."""
    case = consultation.case
    answer, answer_basis = _answer_given(session, consultation)
    entry_key = session.scalar(select(Entry.key).where(Entry.id == consultation.library_entry_id))
    audiences = (Audience.PUBLIC, Audience.STAFF) if actor.role is Role.UNIT else tuple(Audience)
    return ConsultationDetail(
        **_summary(consultation, calendars), zone=consultation.zone.name, first_asked=consultation.first_asked_name,
        audience=consultation.audience, round=case.round, trace_id=consultation.trace_id, answer=answer,
        answer_basis=answer_basis, guided_to=consultation.guided_to,
        guided_contact=consultation.guided_contact or consultation.no_contact_reason,
        policy_clue=consultation.policy_clue, designated=consultation.designated,
        reply_text=consultation.reply_text, reply_basis=[item["text"] for item in consultation.reply_basis],
        replied_by=consultation.replied_by, told_how=consultation.told_how, told_at=consultation.told_at,
        library_decision=consultation.library_decision, library_entry=entry_key or "",
        deadline=deadline_of(session, case, calendars.of(case.zone_id)),
        events=[_event(event) for event in case.events if event.audience in audiences],
        acts=[
            OpenAct(event=act.event, label=act.label, needs=list(act.needs), options=list(act.options),
                    consequence=act.consequence)
            for act in open_acts(actor, consultation)
        ],
    )  # fmt: skip


def progress(session: Session, consultation: Consultation) -> Progress:
    """What the citizen sees by query code: public events only, no name and no contact."""
    case = consultation.case
    answer, basis = _answer_given(session, consultation)
    if consultation.told_at is None and case.state not in ("replied", "answered", "closed", "archived"):
        answer, basis = "", []
    return Progress(
        number=case.number, state=LIFECYCLE.states[case.state].official, question=consultation.question,
        registered_at=case.registered_at, unit=consultation.holder.name if consultation.holder else "",
        due_on=case.due_on, due_status=case.due_status, overdue=is_overdue(LIFECYCLE, case, clock.today()), answer=answer,
        answer_basis=basis, events=[_public_event(event) for event in case.events if event.audience == Audience.PUBLIC],
    )  # fmt: skip


def _answer_given(session: Session, consultation: Consultation) -> tuple[str, list[str]]:
    """The text the citizen was given: the unit's reply, or the very version of the entry used."""
    if consultation.reply_text:
        return consultation.reply_text, [item["text"] for item in consultation.reply_basis]
    if consultation.entry_version_id is None:
        return "", []
    version = session.get_one(EntryVersion, consultation.entry_version_id)
    return version.answer, basis_lines(version.basis)


def deadline_of(session: Session, case: Case, calendar: WorkCalendar) -> Deadline | None:
    if case.due_on is None or case.clock_started_on is None:
        return None
    row = session.get(Limit, case.limit_code) if case.limit_code else None
    limit, found = limit_of(row) if row else None, summarise(case.due_steps)
    return Deadline(
        due_on=case.due_on, status=case.due_status, started_on=case.clock_started_on,
        working_days_left=working_days_left(clock.today(), case.due_on, calendar),
        overdue=is_overdue(LIFECYCLE, case, clock.today()), met_on=case.met_on, steps=[dict(step) for step in case.due_steps],
        basis=f"{limit.name}：{limit.basis}" if limit else "", rule=rule_of(limit) if limit else "",
        skipped=[_run(run) for run in found.holidays], weekend_days_skipped=found.weekends,
        makeup_days=[_run(run) for run in found.makeups],
        pauses=[
            Interruption(after=held.after, through=held.through, reason=held.reason,
                         days_skipped=_days_skipped(case.due_steps, held))
            for held in read_pauses(case.due_pauses or [])
        ],
    )  # fmt: skip


def _run(run: Run) -> DayRun:
    return DayRun(first=run.first, last=run.last, days=run.days, name=run.name)


def _days_skipped(steps: list[StoredStep], pause: Pause) -> int:
    """How many days of the calculation the pause kept from counting."""
    return sum(bool(step.get("pause")) and pause.covers(date.fromisoformat(step["date"])) for step in steps)


def _event(event: CaseEvent) -> Event:
    return Event(
        at=event.at, event=event.event, actor=event.actor_name, role=event.actor_role, sentence=event.sentence,
        audience=event.audience,
    )  # fmt: skip


def _public_event(event: CaseEvent) -> Event:
    """Who acted is named by office, not by person."""
    view = _event(event)
    return view.model_copy(update={"actor": Role(event.actor_role).label})
