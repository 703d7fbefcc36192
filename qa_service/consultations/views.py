"""A consultation as its readers see it: masked for lists, whole for those who handle it, public for the citizen."""

from __future__ import annotations

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
    Deadline,
    Event,
    OpenAct,
    Progress,
)
from qa_service.consultations.service import open_acts
from qa_service.kit import clock
from qa_service.kit.privacy import mask_contact, mask_name, without_personal_details
from qa_service.library.face import basis_lines
from qa_service.library.models import Entry, EntryVersion
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.due import working_days_left
from qa_service.zones.models import Limit


def summary(consultation: Consultation, calendar: WorkCalendar) -> ConsultationSummary:
    """A row of a list: name and contact are masked for everybody, also where they stand in the question."""
    row = _summary(consultation, calendar)
    return ConsultationSummary(**{**row, "question": without_personal_details(consultation.question)})


def _summary(consultation: Consultation, calendar: WorkCalendar) -> dict[str, Any]:
    case, today = consultation.case, clock.today()
    state = LIFECYCLE.states[case.state]
    running = is_running(LIFECYCLE, case)
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
    session: Session, actor: Actor, consultation: Consultation, calendar: WorkCalendar
) -> ConsultationDetail:
    """The whole case for those who handle it. The contact stays masked: reading it is an act of its own."""
    case = consultation.case
    answer, answer_basis = answer_given(session, consultation)
    entry_key = session.scalar(select(Entry.key).where(Entry.id == consultation.library_entry_id))
    audiences = (Audience.PUBLIC, Audience.STAFF) if actor.role is Role.UNIT else tuple(Audience)
    return ConsultationDetail(
        **_summary(consultation, calendar), zone=consultation.zone.name, first_asked=consultation.first_asked_name,
        audience=consultation.audience, round=case.round, trace_id=consultation.trace_id, answer=answer,
        answer_basis=answer_basis, guided_to=consultation.guided_to,
        guided_contact=consultation.guided_contact or consultation.no_contact_reason,
        policy_clue=consultation.policy_clue, designated=consultation.designated,
        reply_text=consultation.reply_text, reply_basis=[item["text"] for item in consultation.reply_basis],
        replied_by=consultation.replied_by, told_how=consultation.told_how, told_at=consultation.told_at,
        library_decision=consultation.library_decision, library_entry=entry_key or "",
        deadline=_deadline(session, case, calendar),
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
    answer, basis = answer_given(session, consultation)
    if consultation.told_at is None and case.state not in ("replied", "answered", "closed", "archived"):
        answer, basis = "", []
    return Progress(
        number=case.number, state=LIFECYCLE.states[case.state].official, question=consultation.question,
        registered_at=case.registered_at, unit=consultation.holder.name if consultation.holder else "",
        due_on=case.due_on, due_status=case.due_status, overdue=is_overdue(LIFECYCLE, case, clock.today()), answer=answer,
        answer_basis=basis, events=[_public_event(event) for event in case.events if event.audience == Audience.PUBLIC],
    )  # fmt: skip


def answer_given(session: Session, consultation: Consultation) -> tuple[str, list[str]]:
    """The text the citizen was given: the unit's reply, or the very version of the entry used."""
    if consultation.reply_text:
        return consultation.reply_text, [item["text"] for item in consultation.reply_basis]
    if consultation.entry_version_id is None:
        return "", []
    version = session.get_one(EntryVersion, consultation.entry_version_id)
    return version.answer, basis_lines(version.basis)


def _deadline(session: Session, case: Case, calendar: WorkCalendar) -> Deadline | None:
    if case.due_on is None or case.clock_started_on is None:
        return None
    limit = session.get(Limit, case.limit_code) if case.limit_code else None
    return Deadline(
        due_on=case.due_on, status=case.due_status, started_on=case.clock_started_on,
        working_days_left=working_days_left(clock.today(), case.due_on, calendar),
        overdue=is_overdue(LIFECYCLE, case, clock.today()), met_on=case.met_on, steps=case.due_steps,
        basis=f"{limit.name}：{limit.basis}" if limit else "",
    )  # fmt: skip


def _event(event: CaseEvent) -> Event:
    return Event(
        at=event.at, event=event.event, actor=event.actor_name, role=event.actor_role, sentence=event.sentence,
        audience=event.audience,
    )  # fmt: skip


def _public_event(event: CaseEvent) -> Event:
    """Who acted is named by office, not by person."""
    view = _event(event)
    return view.model_copy(update={"actor": Role(event.actor_role).label})
