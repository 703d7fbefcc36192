"""系统管理—督促办理: thresholds, office hours, channels and their robots, and what could not be delivered."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import Admin, DbSession
from qa_service.accounts.models import Unit
from qa_service.errors import ServiceError
from qa_service.kit.http import TransactionalRoute
from qa_service.watching import configuration, people, repository, routes
from qa_service.watching.messages import CHANNELS
from qa_service.watching.models import Robot
from qa_service.watching.schemas import RobotInput, SettingsInput
from qa_service.web.desk import active_units
from qa_service.web.forms import Fields, as_typed, checked
from qa_service.web.render import go, page

router = APIRouter(route_class=TransactionalRoute)
KINDS = {code: CHANNELS[code] for code in ("wecom", "dingtalk")}
SWITCHES = ("email", "robots", "assignments")
DONE = {
    "saved": "设置已保存，下一次检查起生效。",
    "tested": "测试消息已交给发送程序，几秒后看通知、邮箱或群；没有送到的列在下面。",
    "resent": "已重新交给发送程序。",
}


@router.get("/admin/watching")
def show(request: Request, session: DbSession, actor: Admin) -> HTMLResponse:
    return _show(request, session)


def _show(
    request: Request, session: Session, *, typed: dict[str, str] | None = None, form: str = "",
    error: ServiceError | None = None,
) -> HTMLResponse:  # fmt: skip
    held: dict[str, Any] = asdict(configuration.load(session))
    if form == "settings" and typed is not None:
        held |= {name: value for name, value in typed.items() if name in held}
        held |= {name: typed.get(name) == "1" for name in SWITCHES}
    smtp = request.app.state.settings
    robots = session.execute(
        select(Robot, Unit.name).outerjoin(Unit, Unit.id == Robot.unit_id).order_by(Robot.id)
    )
    return page(
        request, "admin/watching.html", status=error.status if error else 200, error=error, held=held,
        typed=typed if form == "robot" and typed else {}, errors=error.extra.get("errors", {}) if error else {},
        smtp=f"{smtp.smtp_host}:{smtp.smtp_port}" if smtp.smtp_host else "", sender=smtp.smtp_sender or smtp.smtp_username,
        robots=[(row[0], row[1]) for row in robots], kinds=KINDS, units=active_units(session), channels=CHANNELS,
        failures=repository.failures(session), done=DONE.get(request.query_params.get("done", ""), ""),
    )  # fmt: skip


@router.post("/admin/watching")
def save(request: Request, session: DbSession, actor: Admin, fields: Fields) -> Response:
    typed = as_typed(fields)
    values = {name: typed.get(name, "") for name in SettingsInput.model_fields if name not in SWITCHES}
    switches = {name: typed.get(name) == "1" for name in SWITCHES}
    try:
        routes.save_settings(session, actor, checked(SettingsInput, {**values, **switches}))
    except ServiceError as error:
        session.rollback()
        return _show(request, session, typed=typed, form="settings", error=error)
    return go(request, "/admin/watching?done=saved")


@router.post("/admin/watching/robots")
def add_robot(request: Request, session: DbSession, actor: Admin, fields: Fields) -> Response:
    typed = as_typed(fields)
    try:
        routes.add_robot(
            session,
            actor,
            checked(RobotInput, {name: typed.get(name, "") for name in RobotInput.model_fields}),
        )
    except ServiceError as error:
        session.rollback()
        # A secret is not sent back into a page.
        return _show(request, session, typed={**typed, "secret": ""}, form="robot", error=error)
    return go(request, "/admin/watching")


@router.post("/admin/watching/robots/{robot_id}/{what}")
def robot(request: Request, session: DbSession, actor: Admin, robot_id: int, what: str) -> Response:
    if what == "test":
        people.send_test(session, actor, robot_id)
        return go(request, "/admin/watching?done=tested")
    people.switch_robot(session, actor, robot_id, active=what == "enable")
    return go(request, "/admin/watching")


@router.post("/admin/watching/test")
def test(request: Request, session: DbSession, actor: Admin) -> Response:
    people.send_test(session, actor)
    return go(request, "/admin/watching?done=tested")


@router.post("/admin/watching/resend")
def resend(request: Request, session: DbSession, actor: Admin) -> Response:
    routes.resend(session, actor)
    return go(request, "/admin/watching?done=resent")
