"""Who stands before a public page: a registered kiosk or anybody. Never the staff member signed in there."""

from __future__ import annotations

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import KIOSK_COOKIE
from qa_service.accounts.roles import CITIZEN, Actor
from qa_service.accounts.service import actor_by_kiosk_token
from qa_service.kit.http import database_of
from qa_service.zones.models import Zone


def visitor_of(request: Request) -> Actor:
    """The kiosk by its device cookie, else a citizen; looked up once a request."""
    held: Actor | None = getattr(request.state, "visitor", None)
    if held is None:
        held = CITIZEN
        if token := request.cookies.get(KIOSK_COOKIE, ""):
            with database_of(request).read() as session:
                held = actor_by_kiosk_token(session, token) or CITIZEN
        request.state.visitor = held
    return held


def zone_of(session: Session, visitor: Actor) -> Zone | None:
    """The visitor's zone, or the topmost one; None before any zone has been loaded."""
    if visitor.zone_id is not None:
        return session.get(Zone, visitor.zone_id)
    return session.scalar(select(Zone).where(Zone.parent_id.is_(None)).order_by(Zone.id))
