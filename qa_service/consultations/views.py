"""A consultation as its readers see it: masked for lists, whole for those who handle it, public for the citizen."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.cases.lifecycle import Audience
from qa_service.cases.models import Case, CaseEvent, CaseRound
from qa_service.cases.rounds import present
from qa_service.cases.service import is_overdue, is_running
from qa_service.consultations import first_asked, merging, repository, rules
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import (
    ConsultationDetail,
    ConsultationSummary,
    DayRun,
    Deadline,
    Event,
    FollowUpView,
    HandedTo,
    Interruption,
    OpenAct,
    OpinionView,
    Progress,
    RoundView,
    TellingView,
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
    running, due_on = is_running(LIFECYCLE, case), present(case).due_on
    calendar = calendars.of(case.zone_id)
    return {
        "number": case.number, "state": case.state, "state_label": state.label, "official_state": state.official,
        "outcome": case.outcome, "registered_at": case.registered_at, "channel": consultation.channel,
        "person_name": mask_name(consultation.person_name), "contact": mask_contact(consultation.contact),
        "question": consultation.question, "topic": consultation.topic,
        "urgency": consultation.urgency,
        "unit": consultation.holder.name if consultation.holder else "", "due_on": due_on,
        "working_days_left": working_days_left(today, due_on, calendar) if running and due_on else None,
        "overdue": is_overdue(LIFECYCLE, case, today), "sign_due_on": consultation.sign_due_on,
        "sign_overdue": case.state in SIGNABLE and _sign_overdue(consultation, today), "version": case.version,
    }  # fmt: skip


# Where signing is still owed, or was done for the assignment in force.
SIGNABLE = frozenset({"assigned", "in_progress", "in_review", "replied", "answered", "closed", "archived"})


def _sign_overdue(consultation: Consultation, today: date) -> bool:
    signed_on = clock.local(consultation.signed_at).date() if consultation.signed_at else None
    return rules.is_sign_overdue(consultation.sign_due_on, signed_on, today)


def detail(
    session: Session, actor: Actor, consultation: Consultation, calendars: Calendars
) -> ConsultationDetail:
    """The whole case for those who handle it. The contact stays masked: reading it is an act of its own."""
    case = consultation.case
    answer, answer_basis = answer_given(session, consultation)
    leading_reply, leading_basis = merging.other_reply(consultation)
    entry_key = session.scalar(select(Entry.key).where(Entry.id == consultation.library_entry_id))
    audiences = (Audience.PUBLIC, Audience.STAFF) if actor.role is Role.UNIT else tuple(Audience)
    return ConsultationDetail(
        **_summary(consultation, calendars), zone=consultation.zone.name, first_asked=consultation.first_asked_name,
        handed_to=[
            HandedTo(name=row.to_name, post=row.to_post, phone=row.to_phone, reason=row.reason, by=row.by, at=row.at)
            for row in first_asked.handed_to(session, consultation)
        ],
        audience=consultation.audience, round=case.round, trace_id=consultation.trace_id, answer=answer,
        answer_basis=answer_basis, guided_to=consultation.guided_to,
        guided_contact=consultation.guided_contact or consultation.no_contact_reason,
        policy_clue=consultation.policy_clue, designated=consultation.designated,
        assisting=[row.unit.name for row in consultation.assisting_now], return_until=consultation.return_until,
        opinions=[
            OpinionView(unit=row.unit.name, by=row.by, at=row.at, text=row.text)
            for row in repository.opinions(session, case.id)
        ],
        tellings=[
            TellingView(round=row.round, at=row.at, by=row.by, how=row.how, succeeded=row.succeeded, note=row.note)
            for row in repository.tellings(session, case.id)
        ],
        follow_ups=[
            FollowUpView(round=row.round, at=row.at, by=row.by, how=row.how, satisfaction=row.satisfaction, note=row.note)
            for row in repository.follow_ups(session, case.id)
        ],
        leading=repository.number_of(session, consultation.leading_id), leading_reply=leading_reply,
        leading_reply_basis=leading_basis,
        followers=[row.case.number for row in repository.followers(session, case.id)], rounds=rounds_of(case), reviewed_by=consultation.reviewed_by,
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


def rounds_of(case: Case) -> list[RoundView]:
    """Every round whose limit has begun; the first stands in the case until it is met."""
    rows: list[Case | CaseRound] = list(case.rounds)
    if case.due_on is not None and not any(row.number == 1 for row in case.rounds):
        rows.insert(0, case)
    return [
        RoundView(
            number=row.number if isinstance(row, CaseRound) else 1, started_on=row.clock_started_on, due_on=row.due_on,
            met_on=row.met_on, in_time=rules.in_time(row.due_on, row.met_on),
        )
        for row in rows
    ]  # fmt: skip


def progress(session: Session, consultation: Consultation) -> Progress:
    """What the citizen sees by query code: public events only, no name and no contact."""
    case, limit = consultation.case, present(consultation.case)
    answer, basis = answer_given(session, consultation)
    if consultation.told_at is None and case.state not in ("replied", "answered", "closed", "archived"):
        answer, basis = "", []
    rated = repository.own_rating(session, consultation)
    may_rate = LIFECYCLE.find(case.state, "rate") is not None and rated is None
    return Progress(
        number=case.number, state=LIFECYCLE.states[case.state].official, question=consultation.question,
        registered_at=case.registered_at, unit=consultation.holder.name if consultation.holder else "",
        due_on=limit.due_on, due_status=limit.due_status, overdue=is_overdue(LIFECYCLE, case, clock.today()), answer=answer,
        answer_basis=basis, may_rate=may_rate, rating=rated.satisfaction if rated else "",
        events=[_public_event(event) for event in case.events if event.audience == Audience.PUBLIC],
    )  # fmt: skip


def answer_given(session: Session, consultation: Consultation) -> tuple[str, list[str]]:
    """The text the citizen was given: the unit's reply, or the very version of the entry used."""
    if consultation.reply_text:
        return consultation.reply_text, [item["text"] for item in consultation.reply_basis]
    if consultation.entry_version_id is None:
        return "", []
    version = session.get_one(EntryVersion, consultation.entry_version_id)
    return version.answer, basis_lines(version.basis)


def deadline_of(session: Session, case: Case, calendar: WorkCalendar) -> Deadline | None:
    """The present round's time limit with its calculation."""
    row = present(case)
    if row.due_on is None or row.clock_started_on is None:
        return None
    held = session.get(Limit, row.limit_code) if row.limit_code else None
    limit, found = limit_of(held) if held else None, summarise(row.due_steps)
    return Deadline(
        due_on=row.due_on, status=row.due_status, started_on=row.clock_started_on,
        working_days_left=working_days_left(clock.today(), row.due_on, calendar),
        overdue=is_overdue(LIFECYCLE, case, clock.today()), met_on=row.met_on, steps=[dict(step) for step in row.due_steps],
        basis=f"{limit.name}：{limit.basis}" if limit else "", rule=rule_of(limit) if limit else "",
        skipped=[_run(run) for run in found.holidays], weekend_days_skipped=found.weekends,
        makeup_days=[_run(run) for run in found.makeups],
        pauses=[
            Interruption(after=pause.after, through=pause.through, reason=pause.reason,
                         days_skipped=_days_skipped(row.due_steps, pause))
            for pause in read_pauses(row.due_pauses or [])
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
