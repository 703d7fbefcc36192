"""API: signing in and out; users, units and kiosks for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, StringConstraints
from sqlalchemy import select

from qa_service.accounts import service
from qa_service.accounts.deps import SESSION_COOKIE, Admin, CurrentActor, DbSession
from qa_service.accounts.models import Kiosk, Unit, User
from qa_service.accounts.roles import Actor
from qa_service.kit.http import TransactionalRoute, database_of
from qa_service.kit.schemas import Input
from qa_service.settings import Settings
from qa_service.zones.models import Zone

router = APIRouter(tags=["账号"], route_class=TransactionalRoute)

Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)]
Long = Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)]


class SignIn(Input):
    username: Name
    password: Annotated[str, StringConstraints(max_length=256)]


class Session(BaseModel):
    name: str
    role: str
    csrf: str


class NewUser(Input):
    username: Name
    display_name: Name
    password: Annotated[str, StringConstraints(max_length=256)]
    role: Name
    unit: Name = ""
    zone: Name = ""
    leads: bool = False


class UserChange(Input):
    active: bool | None = None
    password: Annotated[str, StringConstraints(max_length=256)] | None = None


class UserView(BaseModel):
    username: str
    display_name: str
    role: str
    unit: str
    zone: str
    leads: bool
    active: bool


class NewKiosk(Input):
    code: Name
    name: Name
    zone: Name


class KioskChange(Input):
    active: bool | None = None
    new_device: bool = False


class KioskView(BaseModel):
    code: str
    name: str
    zone: str
    active: bool
    token: str = ""


class UnitInput(Input):
    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=128)] | None = None
    short_name: Name | None = None
    duties: Annotated[str, StringConstraints(max_length=2000)] | None = None
    phone: Name | None = None
    address: Long | None = None
    hours: Long | None = None
    topics: list[Name] | None = None
    active: bool | None = None
    reviews_replies: bool | None = None


class UnitView(BaseModel):
    code: str
    name: str
    short_name: str
    duties: str
    phone: str
    address: str
    hours: str
    topics: list[str]
    active: bool


def start_session(request: Request, response: Response, username: str, password: str) -> Actor:
    """Sign in and set the cookie; shared by the API and the sign-in page. The attempt is counted in a
    transaction of its own, so that a refusal stays counted."""
    settings: Settings = request.app.state.settings
    source = request.client.host if request.client else ""
    with database_of(request).write() as session:
        service.count_sign_in(session, username, source)
    with database_of(request).write() as session:
        token, actor = service.sign_in(session, username, password, source, settings.session_hours)
    response.set_cookie(
        SESSION_COOKIE, token, max_age=settings.session_hours * 3600, httponly=True, samesite="strict",
        secure=settings.secure_cookies, path="/",
    )  # fmt: skip
    return actor


@router.post("/session")
def sign_in(request: Request, response: Response, data: SignIn) -> Session:
    actor = start_session(request, response, data.username, data.password)
    return Session(name=actor.name, role=actor.role, csrf=actor.csrf)


@router.get("/session")
def who_am_i(actor: CurrentActor) -> Session:
    return Session(name=actor.name, role=actor.role, csrf=actor.csrf)


@router.delete("/session", status_code=204)
def sign_out(request: Request, response: Response, session: DbSession, actor: CurrentActor) -> None:
    if token := request.cookies.get(SESSION_COOKIE):
        service.sign_out(session, token)
    response.delete_cookie(SESSION_COOKIE, path="/")


@router.get("/users")
def list_users(session: DbSession, actor: Admin) -> list[UserView]:
    rows = session.execute(
        select(User, Unit.code, Zone.code)
        .outerjoin(Unit, Unit.id == User.unit_id)
        .outerjoin(Zone, Zone.id == User.zone_id)
        .order_by(User.id)
    )
    return [_user_view(user, unit, zone) for user, unit, zone in rows]


@router.post("/users", status_code=201)
def create_user(session: DbSession, actor: Admin, data: NewUser) -> UserView:
    user = service.create_user(
        session, actor, username=data.username, display_name=data.display_name, password=data.password,
        role=data.role, unit_code=data.unit, zone_code=data.zone, leads=data.leads,
    )  # fmt: skip
    return _user_view(user, data.unit, data.zone)


@router.patch("/users/{username}")
def change_user(session: DbSession, actor: Admin, username: str, data: UserChange) -> UserView:
    user = service.update_user(session, actor, username, active=data.active, password=data.password)
    return _user_view(user, "", "")


@router.get("/units")
def list_units(session: DbSession) -> list[UnitView]:
    """政策制定单位及其职责、联系方式：对外公开。"""
    return [_unit_view(unit) for unit in session.scalars(select(Unit).order_by(Unit.id))]


@router.put("/units/{code}")
def save_unit(session: DbSession, actor: Admin, code: str, data: UnitInput) -> UnitView:
    return _unit_view(service.save_unit(session, actor, code, data.model_dump(exclude_unset=True)))


@router.get("/kiosks")
def list_kiosks(session: DbSession, actor: Admin) -> list[KioskView]:
    rows = session.execute(select(Kiosk, Zone.code).join(Zone, Zone.id == Kiosk.zone_id).order_by(Kiosk.id))
    return [KioskView(code=k.code, name=k.name, zone=zone, active=k.active) for k, zone in rows]


@router.post("/kiosks", status_code=201)
def create_kiosk(session: DbSession, actor: Admin, data: NewKiosk) -> KioskView:
    kiosk, token = service.create_kiosk(session, actor, code=data.code, name=data.name, zone_code=data.zone)
    return KioskView(code=kiosk.code, name=kiosk.name, zone=data.zone, active=True, token=token)


@router.patch("/kiosks/{code}")
def change_kiosk(session: DbSession, actor: Admin, code: str, data: KioskChange) -> KioskView:
    kiosk, token = service.update_kiosk(session, actor, code, active=data.active, new_device=data.new_device)
    zone = session.get_one(Zone, kiosk.zone_id)
    return KioskView(code=kiosk.code, name=kiosk.name, zone=zone.code, active=kiosk.active, token=token)


def _user_view(user: User, unit: str | None, zone: str | None) -> UserView:
    return UserView(
        username=user.username, display_name=user.display_name, role=user.role, unit=unit or "", zone=zone or "",
        leads=user.leads, active=user.active,
    )  # fmt: skip


def _unit_view(unit: Unit) -> UnitView:
    return UnitView(
        code=unit.code, name=unit.name, short_name=unit.short_name, duties=unit.duties, phone=unit.phone,
        address=unit.address, hours=unit.hours, topics=unit.topics, active=unit.active,
    )  # fmt: skip
