"""Signing in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from qa_service.accounts.deps import SESSION_COOKIE, CurrentActor, DbSession
from qa_service.accounts.routes import start_session
from qa_service.accounts.service import sign_out
from qa_service.errors import ServiceError
from qa_service.kit.http import TransactionalRoute
from qa_service.web.forms import Fields, text
from qa_service.web.navigation import home_of
from qa_service.web.render import go, local_path, page

router = APIRouter(include_in_schema=False, route_class=TransactionalRoute)


@router.get("/sign-in")
def show(request: Request, actor: CurrentActor, next: Annotated[str, Query(max_length=512)] = "") -> Response:
    if actor.is_staff:
        return go(request, local_path(next, home_of(actor)))
    return page(request, "sign_in.html", next=next, username="", error=None)


@router.post("/sign-in")
def submit(request: Request, fields: Fields) -> Response:
    """No CSRF token yet: the cookie is SameSite=strict and nothing is done on the strength of an old one."""
    username, target = text(fields, "username")[:64], text(fields, "next")[:512]
    kept = Response()
    try:
        actor = start_session(request, kept, username, text(fields, "password")[:256])
    except ServiceError as error:
        return page(request, "sign_in.html", status=error.status, next=target, username=username, error=error)
    response = go(request, local_path(target, home_of(actor)))
    response.headers.append("set-cookie", kept.headers["set-cookie"])
    return response


@router.post("/sign-out")
def leave(request: Request, session: DbSession, actor: CurrentActor) -> Response:
    if token := request.cookies.get(SESSION_COOKIE):
        sign_out(session, token)
    response = go(request, "/sign-in")
    response.delete_cookie(SESSION_COOKIE, path="/")
    return response
