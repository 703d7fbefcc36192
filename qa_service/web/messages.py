"""站内通知: one's own messages, the address they also go to, and who stands in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, Staff
from qa_service.accounts.roles import Actor
from qa_service.errors import ServiceError
from qa_service.kit.http import TransactionalRoute
from qa_service.watching import people, repository, routes
from qa_service.watching.schemas import AddressInput, SubstituteInput
from qa_service.web.forms import Fields, as_typed, checked, text
from qa_service.web.paging import Pages
from qa_service.web.render import go, local_path, page

router = APIRouter(route_class=TransactionalRoute)
SIZE = 30


@router.get("/messages")
def show(
    request: Request,
    session: DbSession,
    actor: Staff,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    return _show(request, session, actor, number)


def _show(
    request: Request, session: Session, actor: Actor, number: int = 1, *, typed: dict[str, str] | None = None,
    error: ServiceError | None = None,
) -> HTMLResponse:  # fmt: skip
    rows, total = repository.list_messages(session, actor, limit=SIZE, offset=(number - 1) * SIZE)
    return page(
        request, "messages.html", status=error.status if error else 200, error=error, typed=typed or {}, rows=rows,
        pages=Pages(number, SIZE, total, "/messages?"), email=people.address_of(session, actor.id),
        errors=error.extra.get("errors", {}) if error else {}, colleagues=repository.colleagues(session, actor),
        substitutes=repository.substitutes_of(session, actor.id),
    )  # fmt: skip


@router.post("/messages/{message_id}/open")
def open_message(request: Request, session: DbSession, actor: Staff, message_id: int) -> Response:
    """Reading it, and on to what it is about."""
    message = routes.mark_read(session, actor, message_id)
    return go(request, local_path(message.link, "/messages"))


@router.post("/messages/read-all")
def read_all(request: Request, session: DbSession, actor: Staff) -> Response:
    repository.read_all(session, actor)
    return go(request, "/messages")


@router.post("/messages/address")
def save_address(request: Request, session: DbSession, actor: Staff, fields: Fields) -> Response:
    try:
        people.save_address(session, actor, checked(AddressInput, {"email": text(fields, "email")}).email)
    except ServiceError as error:
        session.rollback()
        return _show(request, session, actor, typed=as_typed(fields), error=error)
    return go(request, "/messages")


@router.post("/messages/substitute")
def name_substitute(request: Request, session: DbSession, actor: Staff, fields: Fields) -> Response:
    typed = as_typed(fields)
    try:
        data = checked(
            SubstituteInput, {name: typed.get(name, "") for name in ("substitute", "first", "last")}
        )
        people.name_substitute(session, actor, data.substitute, data.first, data.last)
    except ServiceError as error:
        session.rollback()
        return _show(request, session, actor, typed=typed, error=error)
    return go(request, "/messages")


@router.post("/messages/substitute/{substitute_id}/withdraw")
def withdraw_substitute(request: Request, session: DbSession, actor: Staff, substitute_id: int) -> Response:
    people.withdraw_substitute(session, actor, substitute_id)
    return go(request, "/messages")
