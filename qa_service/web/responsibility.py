"""责任制度 on pages: handing over and the one-time notice on a case, the list of accountability events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, DeskOrAdmin, Staff
from qa_service.accounts.roles import Actor, Role
from qa_service.consultations import repository
from qa_service.errors import ServiceError
from qa_service.kit.http import TransactionalRoute
from qa_service.responsibility import routes, service
from qa_service.responsibility.routes import Supervisor, SupervisorOrAdmin
from qa_service.responsibility.rules import SOURCES, VERDICTS
from qa_service.responsibility.schemas import AccountabilityInput, HandOverInput, NoticeInput, SettleInput
from qa_service.web.case import show_case
from qa_service.web.forms import Fields, as_typed, checked, text
from qa_service.web.render import go, page
from qa_service.zones.models import Zone

router = APIRouter(route_class=TransactionalRoute)
LISTED = 200


@router.post("/case/{case_number}/hand-over")
def hand_over(
    request: Request, session: DbSession, actor: DeskOrAdmin, case_number: str, fields: Fields
) -> Response:
    typed = as_typed(fields)
    values = {
        "name": typed.get("to_name", ""),
        "post": typed.get("to_post", ""),
        "phone": typed.get("to_phone", ""),
    }
    try:
        data = checked(HandOverInput, {**values, "reason": typed.get("reason", "")})
        routes.hand_over(session, actor, case_number, data)
    except ServiceError as error:
        session.rollback()
        return show_case(request, session, actor, case_number, typed=typed, event="hand-over", error=error)
    return go(request, f"/case/{case_number}")


@router.post("/case/{case_number}/one-time-notice")
def give_notice(
    request: Request, session: DbSession, actor: DeskOrAdmin, case_number: str, fields: Fields
) -> Response:
    typed = as_typed(fields)
    missing = [line.strip() for line in typed.get("missing", "").splitlines() if line.strip()]
    values = {"verdict": typed.get("verdict", ""), "missing": missing, "reason": typed.get("reason", "")}
    try:
        routes.give_notice(session, actor, case_number, checked(NoticeInput, values))
    except ServiceError as error:
        session.rollback()
        return show_case(request, session, actor, case_number, typed=typed, event="notice", error=error)
    return go(request, f"/case/{case_number}/one-time-notice")


@router.get("/case/{case_number}/one-time-notice")
def show_notice(request: Request, session: DbSession, actor: Staff, case_number: str) -> HTMLResponse:
    """The notice to print and hand over."""
    notice = routes.notice_of(session, actor, case_number)
    consultation = repository.get_readable(session, actor, case_number)
    return page(
        request, "notice.html", slip_notice=notice, number=case_number, question=consultation.question,
        zone=session.get_one(Zone, consultation.case.zone_id), verdicts=VERDICTS,
    )  # fmt: skip


@router.get("/accountability")
def show(
    request: Request,
    session: DbSession,
    actor: SupervisorOrAdmin,
    case: Annotated[str, Query(max_length=48)] = "",
) -> HTMLResponse:
    return _events(request, session, actor, typed={"case": case, "source": "overdue" if case else ""})


def _events(
    request: Request,
    session: Session,
    actor: Actor,
    *,
    typed: dict[str, str],
    error: ServiceError | None = None,
) -> HTMLResponse:
    return page(
        request, "accountability.html", status=error.status if error else 200, error=error, typed=typed,
        errors=error.extra.get("errors", {}) if error else {}, sources=SOURCES, may_enter=actor.role is Role.SUPERVISOR,
        rows=[routes.event_view(*row) for row in service.list_events(session, actor, limit=LISTED)],
    )  # fmt: skip


@router.post("/accountability")
def enter(request: Request, session: DbSession, actor: Supervisor, fields: Fields) -> Response:
    typed = as_typed(fields)
    names = ("source", "case", "person", "facts", "happened_on", "handling")
    try:
        routes.enter(
            session, actor, checked(AccountabilityInput, {name: typed.get(name, "") for name in names})
        )
    except ServiceError as error:
        session.rollback()
        return _events(request, session, actor, typed=typed, error=error)
    return go(request, "/accountability", saved="accountability")


@router.post("/accountability/{event_id}/handling")
def settle(
    request: Request, session: DbSession, actor: Supervisor, event_id: int, fields: Fields
) -> Response:
    try:
        routes.settle_event(
            session, actor, event_id, checked(SettleInput, {"handling": text(fields, "handling")})
        )
    except ServiceError as error:
        session.rollback()
        return _events(request, session, actor, typed={}, error=error)
    return go(request, "/accountability")
