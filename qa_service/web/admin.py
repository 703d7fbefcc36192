"""系统管理: how the system stands, units, people, kiosks."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qa_service.accounts import service
from qa_service.accounts.deps import Admin, DbSession
from qa_service.accounts.models import Kiosk, Unit, User
from qa_service.accounts.roles import STAFF
from qa_service.accounts.security import new_password
from qa_service.errors import ServiceError
from qa_service.kit.http import TransactionalRoute, database_of
from qa_service.library import repository
from qa_service.library.models import EntryVersion
from qa_service.web.forms import Fields, as_typed, text
from qa_service.web.render import go, page
from qa_service.zones.models import Topic, WorkCalendarDay, Zone

router = APIRouter(route_class=TransactionalRoute)
UNIT_FIELDS = ("name", "short_name", "duties", "phone", "address", "hours")


@router.get("/admin")
def status(request: Request, session: DbSession, actor: Admin) -> HTMLResponse:
    return page(request, "admin/status.html", **_status(request, session))


def _status(request: Request, session: Session) -> dict[str, Any]:
    state = request.app.state
    snapshot, encoder = state.index.snapshot, state.encoder_status
    official: date | None = session.scalar(
        select(func.max(WorkCalendarDay.day)).where(WorkCalendarDay.status == "official")
    )
    revision = repository.current_revision(session)
    return {
        "entries": len(snapshot.faces), "index_revision": snapshot.revision, "library_revision": revision,
        "in_step": revision == snapshot.revision, "encoder": bool(encoder.encoder), "encoder_note": encoder.reason,
        "calibrated": snapshot.engine.calibration is not None, "healed": state.index.healed,
        "calendar_year": official.year if official else None,
        "database": {"sqlite": "内置数据库（SQLite）", "postgresql": "PostgreSQL 数据库"}.get(
            database_of(request).engine.dialect.name, "数据库"
        ),
        "in_review": session.scalar(select(func.count()).select_from(EntryVersion).where(
            EntryVersion.state == "in_review")),
        "users": session.scalar(select(func.count()).select_from(User).where(User.active)),
        "kiosks": list(session.scalars(select(Kiosk).where(Kiosk.active).order_by(Kiosk.id))),
    }  # fmt: skip


@router.get("/admin/units")
def units(request: Request, session: DbSession, actor: Admin) -> HTMLResponse:
    return page(request, "admin/units.html", units=list(session.scalars(select(Unit).order_by(Unit.id))))


@router.get("/admin/units/{code}")
def unit(request: Request, session: DbSession, actor: Admin, code: str) -> HTMLResponse:
    found = session.scalar(select(Unit).where(Unit.code == code))
    typed = {name: getattr(found, name) for name in UNIT_FIELDS} if found else {}
    return _unit(
        request,
        session,
        code,
        typed,
        list(found.topics) if found else [],
        bool(found is None or found.active),
        bool(found and found.reviews_replies),
    )


def _unit(
    request: Request,
    session: Session,
    code: str,
    typed: dict[str, str],
    topics: list[str],
    active: bool,
    reviews: bool,
    error: ServiceError | None = None,
) -> HTMLResponse:
    return page(
        request, "admin/unit.html", status=error.status if error else 200, code=code, typed=typed, chosen=topics,
        active=active, reviews=reviews, error=error, errors=error.extra.get("errors", {}) if error else {},
        known=session.scalar(select(Unit.name).where(Unit.code == code)) or "",
        topics=list(session.scalars(select(Topic.name).order_by(Topic.position))),
    )  # fmt: skip


@router.post("/admin/units/{code}")
def save_unit(request: Request, session: DbSession, actor: Admin, code: str, fields: Fields) -> Response:
    typed, topics, active = (
        as_typed(fields),
        [str(t) for t in fields.getlist("topics")],
        text(fields, "active") == "1",
    )
    reviews = text(fields, "reviews_replies") == "1"
    code = text(fields, "code").strip()[:32] or code
    values = {name: typed.get(name, "").strip()[: 2000 if name == "duties" else 128] for name in UNIT_FIELDS}
    try:
        settled = {**values, "topics": topics, "active": active, "reviews_replies": reviews}
        service.save_unit(session, actor, code, settled)
    except ServiceError as error:
        session.rollback()
        return _unit(request, session, code, typed, topics, active, reviews, error)
    return go(request, "/admin/units", saved=f"unit:{code}")


@router.get("/admin/users")
def users(request: Request, session: DbSession, actor: Admin) -> HTMLResponse:
    return _users(request, session)


def _users(
    request: Request,
    session: Session,
    *,
    typed: dict[str, str] | None = None,
    error: ServiceError | None = None,
    secret: tuple[str, str] | None = None,
) -> HTMLResponse:
    rows = session.execute(
        select(User, Unit.name, Zone.name)
        .outerjoin(Unit, Unit.id == User.unit_id)
        .outerjoin(Zone, Zone.id == User.zone_id)
        .order_by(User.active.desc(), User.id)
    )
    return page(
        request, "admin/users.html", status=error.status if error else 200, rows=list(rows), typed=typed or {},
        error=error, errors=error.extra.get("errors", {}) if error else {}, secret=secret,
        roles=[role for role in ("desk", "unit", "supervisor", "admin") if role in STAFF],
        role_names={role.value: role.label for role in STAFF},
        units=list(session.scalars(select(Unit).where(Unit.active).order_by(Unit.id))),
        zones=list(session.scalars(select(Zone).order_by(Zone.path))),
    )  # fmt: skip


@router.post("/admin/users")
def create_user(request: Request, session: DbSession, actor: Admin, fields: Fields) -> HTMLResponse:
    """The password is made here and shown once; the person who gets it need not invent one at the counter."""
    typed, password = as_typed(fields), new_password()
    try:
        service.create_user(
            session, actor, username=typed.get("username", "")[:64], display_name=typed.get("display_name", "")[:64],
            password=password, role=typed.get("role", ""), unit_code=typed.get("unit", ""),
            zone_code=typed.get("zone", ""), leads=typed.get("leads") == "1",
        )  # fmt: skip
    except ServiceError as error:
        session.rollback()
        return _users(request, session, typed=typed, error=error)
    return _users(request, session, secret=(typed["username"].strip(), password))


@router.post("/admin/users/{username}/{what}")
def change_user(request: Request, session: DbSession, actor: Admin, username: str, what: str) -> Response:
    password = new_password() if what == "password" else None
    active = {"enable": True, "disable": False}.get(what)
    try:
        service.update_user(session, actor, username, active=active, password=password)
    except ServiceError as error:
        session.rollback()
        return _users(request, session, error=error)
    if password:
        return _users(request, session, secret=(username, password))
    return go(request, "/admin/users")


@router.get("/admin/kiosks")
def kiosks(request: Request, session: DbSession, actor: Admin) -> HTMLResponse:
    return _kiosks(request, session)


def _kiosks(
    request: Request,
    session: Session,
    *,
    typed: dict[str, str] | None = None,
    error: ServiceError | None = None,
    token: tuple[str, str] | None = None,
) -> HTMLResponse:
    rows = session.execute(
        select(Kiosk, Zone.name).join(Zone, Zone.id == Kiosk.zone_id).order_by(Kiosk.active.desc(), Kiosk.id)
    )
    address = f"{str(request.base_url).rstrip('/')}/kiosk/activate?token={token[1]}" if token else ""
    return page(
        request, "admin/kiosks.html", status=error.status if error else 200, rows=list(rows), typed=typed or {},
        error=error, errors=error.extra.get("errors", {}) if error else {}, activation=address,
        activated=token[0] if token else "", zones=list(session.scalars(select(Zone).order_by(Zone.path))),
    )  # fmt: skip


@router.post("/admin/kiosks")
def create_kiosk(request: Request, session: DbSession, actor: Admin, fields: Fields) -> HTMLResponse:
    typed = as_typed(fields)
    try:
        kiosk, token = service.create_kiosk(
            session, actor, code=typed.get("code", "")[:32], name=typed.get("name", "")[:64],
            zone_code=typed.get("zone", ""),
        )  # fmt: skip
    except ServiceError as error:
        session.rollback()
        return _kiosks(request, session, typed=typed, error=error)
    return _kiosks(request, session, token=(kiosk.name, token))


@router.post("/admin/kiosks/{code}/{what}")
def change_kiosk(request: Request, session: DbSession, actor: Admin, code: str, what: str) -> Response:
    active = {"enable": True, "disable": False}.get(what)
    try:
        kiosk, token = service.update_kiosk(session, actor, code, active=active, new_device=what == "token")
    except ServiceError as error:
        session.rollback()
        return _kiosks(request, session, error=error)
    return _kiosks(request, session, token=(kiosk.name, token)) if token else go(request, "/admin/kiosks")
