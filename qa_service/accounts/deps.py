"""Who is calling: the actor of a request, and the guards that routes declare."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from qa_service.accounts import service
from qa_service.accounts.roles import CITIZEN, STAFF, Actor, Role
from qa_service.errors import Forbidden, NotSignedIn
from qa_service.kit.http import database_of, request_session

SESSION_COOKIE = "qa_session"
KIOSK_COOKIE = "qa_kiosk"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"


async def current_actor(request: Request) -> Actor:
    """The signed-in user, the kiosk by its device token, or a citizen.

    A request that changes something on the strength of a cookie must also carry the CSRF token.
    """
    held: Actor | None = getattr(request.state, "actor", None)
    if held is not None:
        return held
    actor = CITIZEN
    session_token, kiosk_token = (
        request.cookies.get(SESSION_COOKIE, ""),
        request.cookies.get(KIOSK_COOKIE, ""),
    )
    scheme, _, device = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "kiosk" and device:
        actor = await _find(request, service.actor_by_kiosk_token, device)
    elif session_token:
        actor = await _find(request, service.actor_by_session, session_token)
    if actor is CITIZEN and kiosk_token and scheme == "":
        actor = await _find(request, service.actor_by_kiosk_token, kiosk_token)
    if actor.is_staff and request.method not in ("GET", "HEAD", "OPTIONS"):
        await _check_csrf(request, actor)
    request.state.actor = actor
    return actor


async def _find(request: Request, find: Callable[[Session, str], Actor | None], token: str) -> Actor:
    """The actor that `token` stands for, or a citizen."""

    def look_up() -> Actor | None:
        with database_of(request).read() as session:
            return find(session, token)

    found: Actor | None = await run_in_threadpool(look_up)
    return found or CITIZEN


async def _check_csrf(request: Request, actor: Actor) -> None:
    token = request.headers.get(CSRF_HEADER)
    if token is None and "form" in request.headers.get("content-type", ""):
        token = str((await request.form()).get(CSRF_FIELD, ""))
    if token != actor.csrf:
        raise Forbidden("页面已失效，为了安全没有执行这次操作。", "请刷新页面后再提交，填写的内容会保留。")


CurrentActor = Annotated[Actor, Depends(current_actor)]
DbSession = Annotated[Session, Depends(request_session)]


def allow(*roles: Role) -> Callable[[Actor], Actor]:
    """A dependency that lets only `roles` pass: 401 for those not signed in, 403 for the others."""
    wanted = frozenset(roles)

    def guard(actor: CurrentActor) -> Actor:
        if actor.role in wanted:
            return actor
        if not actor.is_staff and wanted & STAFF:
            raise NotSignedIn()
        raise Forbidden()

    return guard


Staff = Annotated[Actor, Depends(allow(*STAFF))]
Admin = Annotated[Actor, Depends(allow(Role.ADMIN))]
Editor = Annotated[Actor, Depends(allow(Role.ADMIN, Role.DESK, Role.UNIT))]
LibraryStaff = Annotated[Actor, Depends(allow(*STAFF))]
DeskOrAdmin = Annotated[Actor, Depends(allow(Role.DESK, Role.ADMIN))]
