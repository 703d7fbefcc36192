"""督促办理 on pages: what is yellow and red now, contested cards, urging and supervision notices, and their printing."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, Staff, allow
from qa_service.accounts.roles import Actor, Role
from qa_service.consultations import views
from qa_service.errors import ServiceError
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute
from qa_service.watching import repository, routes
from qa_service.watching.cards import COLOURS
from qa_service.watching.messages import CHANNELS
from qa_service.watching.routes import Contester, Issuer, Supervisor, UnitOfficer
from qa_service.watching.rules import NOTICES, SUPERVISION_REASONS
from qa_service.watching.schemas import ContestInput, DecisionInput, FeedbackInput, WatchNoticeInput
from qa_service.watching.texts import demanded
from qa_service.web.case import show_case
from qa_service.web.forms import Fields, as_typed, checked, text
from qa_service.web.render import go, page
from qa_service.zones.calendar import load_calendars

router = APIRouter(route_class=TransactionalRoute)
Watcher = Annotated[Actor, Depends(allow(Role.SUPERVISOR, Role.DESK, Role.ADMIN))]


@router.get("/watching")
def show(request: Request, session: DbSession, actor: Watcher) -> HTMLResponse:
    return _show(request, session, actor)


def _show(
    request: Request, session: Session, actor: Actor, error: ServiceError | None = None, at: int = 0
) -> HTMLResponse:
    """`at`: the card whose form comes back with `error`."""
    calendars = load_calendars(session)
    oversees = actor.role in (Role.SUPERVISOR, Role.ADMIN)
    return page(
        request, "watching.html", status=error.status if error else 200, error=error, at=at,
        counts=repository.count_now(session, actor), colours=COLOURS, names=NOTICES, channels=CHANNELS,
        cards=repository.cards_now(session, actor),
        contested=repository.cards_now(session, actor, contested=True), may_decide=actor.role is Role.SUPERVISOR,
        to_urge=[views.summary(one, calendars) for one in repository.to_urge(session, actor, clock.today())],
        notices=repository.notices(session, actor), oversees=oversees,
        failures=repository.failures(session) if oversees else [],
    )  # fmt: skip


@router.post("/watching/cards/{card_id}/contest")
def contest(request: Request, session: DbSession, actor: Contester, card_id: int, fields: Fields) -> Response:
    number = text(fields, "case")
    try:
        data = checked(ContestInput, {"reason": text(fields, "reason")})
        number = routes.contest_card(session, actor, card_id, data).case
    except ServiceError as error:
        session.rollback()
        return show_case(
            request, session, actor, number, typed=as_typed(fields), event=f"contest-{card_id}", error=error
        )
    return go(request, f"/case/{number}")


@router.post("/watching/cards/{card_id}/decision")
def decide(request: Request, session: DbSession, actor: Supervisor, card_id: int, fields: Fields) -> Response:
    values = {"decision": text(fields, "decision"), "reason": text(fields, "reason")}
    number = text(fields, "case")
    try:
        routes.decide_card(session, actor, card_id, checked(DecisionInput, values))
    except ServiceError as error:
        session.rollback()
        if number:
            return show_case(
                request,
                session,
                actor,
                number,
                typed=as_typed(fields),
                event=f"decide-{card_id}",
                error=error,
            )
        return _show(request, session, actor, error, card_id)
    return go(request, f"/case/{number}" if number else "/watching")


@router.post("/case/{case_number}/notices")
def issue(request: Request, session: DbSession, actor: Issuer, case_number: str, fields: Fields) -> Response:
    typed = as_typed(fields)
    values = {name: typed.get(name, "") for name in ("kind", "reason_code", "text")}
    try:
        notice = routes.issue(session, actor, case_number, checked(WatchNoticeInput, values))
    except ServiceError as error:
        session.rollback()
        event = f"notice-{values['kind']}"
        return show_case(request, session, actor, case_number, typed=typed, event=event, error=error)
    return go(request, f"/notices/{notice.number}")


@router.get("/notices/{number}")
def show_notice(request: Request, session: DbSession, actor: Staff, number: str) -> HTMLResponse:
    """The notice to read, print and answer."""
    return _show_notice(request, session, actor, number)


def _show_notice(
    request: Request, session: Session, actor: Actor, number: str, *, typed: str = "", error: ServiceError | None = None
) -> HTMLResponse:  # fmt: skip
    notice = repository.get_notice(session, actor, number)
    own = actor.role is Role.UNIT and actor.unit_id == notice.unit_id
    return page(
        request, "watch_notice.html", status=error.status if error else 200, error=error, sheet=notice, typed=typed,
        name=NOTICES[notice.kind], reasons=SUPERVISION_REASONS, may_answer=own and notice.feedback_at is None,
        errors=error.extra.get("errors", {}) if error else {}, demanded=demanded,
    )  # fmt: skip


@router.post("/notices/{number}/feedback")
def give_feedback(
    request: Request, session: DbSession, actor: UnitOfficer, number: str, fields: Fields
) -> Response:
    typed = text(fields, "feedback")
    try:
        routes.give_feedback(session, actor, number, checked(FeedbackInput, {"feedback": typed}))
    except ServiceError as error:
        session.rollback()
        return _show_notice(request, session, actor, number, typed=typed, error=error)
    return go(request, f"/notices/{number}", saved=f"feedback:{number}")
