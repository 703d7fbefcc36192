"""One consultation on one page: facts, history, and the next steps that the lifecycle table opens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, DeskOrAdmin, Staff
from qa_service.accounts.roles import Actor, Role
from qa_service.cases.models import Case
from qa_service.consultations import history_view, repository, views
from qa_service.consultations.lifecycle import LIBRARY_DECISIONS, SATISFACTION, TOLD_HOW
from qa_service.consultations.models import Consultation
from qa_service.consultations.routes import act_for, comparison_for, reveal_contact
from qa_service.consultations.rules import calls_for_redo
from qa_service.consultations.schemas import ActFields, ConsultationDetail, OpenAct
from qa_service.errors import Conflict, ServiceError
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute
from qa_service.library.schemas import AskResponse
from qa_service.registers.service import offers
from qa_service.responsibility.models import AccountabilityEvent
from qa_service.responsibility.rules import VERDICTS
from qa_service.responsibility.service import find_notice, list_events, was_late
from qa_service.web.desk import active_units, find_answers
from qa_service.web.forms import FIELD_NAMES, Fields, as_typed, checked, number, text
from qa_service.web.navigation import home_of
from qa_service.web.render import go, is_fragment, page
from qa_service.web.watched import watched_of
from qa_service.zones.calendar import load_calendars
from qa_service.zones.models import Topic, Zone

router = APIRouter(route_class=TransactionalRoute)

# Which acts want the library's opinion on the question: an entry to answer with, to merge into, a unit.
SEARCHING = frozenset({"answer", "assign", "reassign", "close"})
COMPARED = frozenset({"in_progress", "in_review", "replied", "answered"})
# The act that leads on from a state: shown first, and open.
LEADING = {
    "registered": "answer",
    "to_assign": "assign",
    "assigned": "sign",
    "in_progress": "reply",
    "in_review": "approve",
    "replied": "tell",
    "answered": "close",
}
WAITING = {
    "assigned": "等待承办单位签收。", "in_progress": "承办单位正在办理，拟好答复后会告知咨询人。", "to_assign": "等待专区交办。",
    "linked": "随牵头件办理，牵头件拟定答复后会用于本件。", "in_review": "等待承办单位负责人审核答复。",
}  # fmt: skip
# "code" is recorded by the progress page itself, when the person reads the answer there.
HOW_STAFF_TELL = {code: label for code, label in TOLD_HOW.items() if code != "code"}
# Acts that undo something or give the case away: shown last and in red, never open by themselves.
GRAVE = frozenset({"void", "return", "recall", "redo", "reject", "reassign", "unlink"})


@router.get("/case/{case_number}")
def show(request: Request, session: DbSession, actor: Staff, case_number: str) -> HTMLResponse:
    return show_case(request, session, actor, case_number)


def show_case(
    request: Request,
    session: Session,
    actor: Actor,
    case_number: str,
    *,
    typed: dict[str, str] | None = None,
    event: str = "",
    error: ServiceError | None = None,
    contact: dict[str, str] | None = None,
) -> HTMLResponse:
    consultation = repository.get_readable(session, actor, case_number)
    detail = views.detail(session, actor, consultation, load_calendars(session))
    leading = _leading(detail)
    searching = any(act.event in SEARCHING for act in detail.acts)
    found = find_answers(request, detail.question) if searching else None
    # Compared while it can still be changed; what the person has been told is no longer in question.
    drafted = detail.reply_text if detail.state in COMPARED else ""
    comparison = comparison_for(request, detail.question, drafted)
    notice, watched = find_notice(session, consultation.case_id), watched_of(session, actor, consultation)
    papers = offers(actor, consultation, detail, notice, {row.kind for row, _, _ in watched.notices})
    return page(
        request, "case.html", status=error.status if error else 200, case=detail, typed=typed or {}, event=event,
        error=error, errors=error.extra.get("errors", {}) if error else {}, contact=contact, found=found,
        comparison=comparison, notice_given=notice, papers=papers, verdicts=VERDICTS,
        accountability=_accountability(session, actor, case_number), was_late=was_late(consultation.case),
        may_hand_over=_may_hand_over(actor, consultation), watched=watched,
        orphaned=_orphaned(detail, typed, event, error), units=active_units(session),
        topics=list(session.scalars(select(Topic).order_by(Topic.position))), how=HOW_STAFF_TELL,
        acts=sorted(detail.acts, key=_importance(leading)), grave=GRAVE, leading=leading,
        waiting=WAITING.get(detail.state, ""), decisions=LIBRARY_DECISIONS, satisfaction=SATISFACTION, proposed=_proposed(found), home=home_of(actor),
        may_reveal=actor.role is not Role.SUPERVISOR and bool(consultation.person_name or consultation.contact),
        may_print=actor.role in (Role.DESK, Role.ADMIN),
    )  # fmt: skip


def _accountability(session: Session, actor: Actor, number: str) -> list[AccountabilityEvent]:
    if actor.role not in (Role.SUPERVISOR, Role.ADMIN):
        return []
    return [row for row, _ in list_events(session, actor, number=number)]


def _may_hand_over(actor: Actor, consultation: Consultation) -> bool:
    is_first = actor.id == consultation.first_asked_id and actor.role is Role.DESK
    return consultation.first_asked_record_id is not None and (is_first or actor.role is Role.ADMIN)


def _leading(detail: ConsultationDetail) -> str:
    """The step that the case waits for: a unit whose replies are reviewed submits them, and who was not content
    with the answer gets another."""
    events = {act.event for act in detail.acts}
    told_off = bool(detail.follow_ups) and detail.follow_ups[-1].round == detail.round
    if told_off and calls_for_redo(detail.follow_ups[-1].satisfaction) and "redo" in events:
        return "redo"
    leading = LEADING.get(detail.state, "")
    return "submit" if leading == "reply" and "submit" in events else leading


def _importance(leading: str) -> Callable[[OpenAct], int]:
    return lambda act: 0 if act.event == leading else 2 if act.event in GRAVE else 1


def _proposed(found: AskResponse | None) -> str:
    return found.proposed_unit.code if found and found.proposed_unit else ""


def _orphaned(
    detail: ConsultationDetail, typed: dict[str, str] | None, event: str, error: ServiceError | None
) -> list[tuple[str, str]]:
    """What was typed for an act that somebody else's act has made impossible: shown so it can be copied."""
    if not isinstance(error, Conflict) or any(act.event == event for act in detail.acts):
        return []
    return [
        (FIELD_NAMES.get(name, ""), value)
        for name, value in (typed or {}).items()
        if value and name in ActFields.model_fields
    ]


@router.post("/case/{case_number}/contact")
def reveal(request: Request, session: DbSession, actor: Staff, case_number: str) -> HTMLResponse:
    contact = reveal_contact(session, actor, case_number)
    if is_fragment(request):
        return page(request, "parts/contact.html", contact=contact)
    return show_case(request, session, actor, case_number, contact=contact)


@router.get("/case/{case_number}/slip")
def slip(request: Request, session: DbSession, actor: DeskOrAdmin, case_number: str) -> HTMLResponse:
    """The slip to hand to the person: number, query code, due date; printed 80 mm wide."""
    consultation = repository.get_readable(session, actor, case_number)
    return page(
        request, "slip.html", case=consultation.case, question=consultation.question,
        has_phone=bool(consultation.contact_last4), unit=consultation.holder.name if consultation.holder else "",
        zone=session.get_one(Zone, consultation.case.zone_id), asked_at=consultation.case.registered_at,
    )  # fmt: skip


@router.get("/case/{case_number}/history")
def history(request: Request, session: DbSession, actor: Staff, case_number: str) -> HTMLResponse:
    """办理过程, for the file: facts, calculation of the due date and every event, printed on A4."""
    consultation = repository.get_readable(session, actor, case_number)
    return page(
        request, "history.html", case=views.detail(session, actor, consultation, load_calendars(session)),
        history=history_view.history(session, actor, consultation), printed_at=clock.now(),
    )  # fmt: skip


@router.post("/case/{case_number}/{event}")
def act(
    request: Request, session: DbSession, actor: Staff, case_number: str, event: str, fields: Fields
) -> Response:
    typed = as_typed(fields)
    try:
        act_for(request, session, actor, case_number, event, _act_fields(typed), number(fields, "version"))
    except ServiceError as error:
        session.rollback()
        return show_case(request, session, actor, case_number, typed=typed, event=event, error=error)
    return go(request, _after(session, actor, case_number), saved=text(fields, "draft"))


def _act_fields(typed: dict[str, str]) -> ActFields:
    values: dict[str, Any] = {name: typed[name] for name in ActFields.model_fields if name in typed}
    values["designated"] = typed.get("designated") == "1"
    values["assisting"] = [code for code in typed.get("assisting", "").split(",") if code]
    return checked(ActFields, values)


def _after(session: Session, actor: Actor, case_number: str) -> str:
    """The case again; a unit that has given the case back no longer sees it and goes to its inbox."""
    if actor.role is not Role.UNIT:
        return f"/case/{case_number}"
    still_readable = session.scalar(repository.readable(actor).where(Case.number == case_number).limit(1))
    return f"/case/{case_number}" if still_readable else "/unit?returned=1"
