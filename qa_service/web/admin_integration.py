"""系统管理—对接: keys of other systems, and the addresses that are told of changes of state."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import Admin, DbSession
from qa_service.errors import ServiceError
from qa_service.integration import keys, repository
from qa_service.integration.master import master_key
from qa_service.integration.schemas import KeyInput, WebhookInput
from qa_service.kit.http import TransactionalRoute
from qa_service.kit.outbox import ATTEMPTS
from qa_service.web.forms import Fields, as_typed, checked
from qa_service.web.render import go, page
from qa_service.zones.models import Zone

router = APIRouter(route_class=TransactionalRoute)
DONE = {
    "revoked": "密钥已停用，立即生效。",
    "enable": "订阅已启用，没有送出的通知接着发送。",
    "disable": "订阅已停用，不再发送通知。",
    "resend": "已停止的通知已重新交给发送程序，稍后刷新看结果。",
}


@router.get("/admin/integration")
def show(request: Request, session: DbSession, actor: Admin) -> HTMLResponse:
    return _show(request, session)


def _show(
    request: Request, session: Session, *, typed: dict[str, str] | None = None, form: str = "",
    error: ServiceError | None = None, made_key: tuple[str, str, str] | None = None,
    made_hook: tuple[str, str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    """`typed` and the errors belong to `form`: both forms of the page name their fields alike. `made_…`: (name, code,
    secret) of what has just been made, in this one answer only."""
    errors: dict[str, str] = error.extra.get("errors", {}) if error else {}
    held: dict[str, dict[str, str]] = {name: typed or {} if form == name else {} for name in ("key", "hook")}
    wrong = {name: errors if form == name else {} for name in ("key", "hook")}
    values: dict[str, Any] = {
        "keys": repository.all_keys(session), "subscriptions": repository.all_subscriptions(session),
        "zones": list(session.scalars(select(Zone).order_by(Zone.path))), "scopes": keys.SCOPES,
        "attempts": ATTEMPTS,
        "chosen": held["key"].get("scopes", "").split(",") if held["key"] else list(keys.SCOPES),
        "intake": f"{str(request.base_url).rstrip('/')}/api/v1/intake/consultations",
    }  # fmt: skip
    return page(
        request, "admin/integration.html", status=error.status if error else 200, error=error, held=held, wrong=wrong,
        made_key=made_key, made_hook=made_hook, done=DONE.get(request.query_params.get("done", ""), ""), **values,
    )  # fmt: skip


@router.post("/admin/integration/keys")
def create_key(request: Request, session: DbSession, actor: Admin, fields: Fields) -> HTMLResponse:
    """The secret is in this answer and nowhere else."""
    typed = as_typed(fields)
    try:
        values = {name: typed.get(name, "") for name in ("name", "source", "zone")}
        data = checked(KeyInput, {**values, "scopes": fields.getlist("scopes")})
        key, secret = keys.create_key(
            session, actor, master_key(request.app.state.settings), name=data.name, source=data.source,
            zone_code=data.zone, scopes=list(data.scopes),
        )  # fmt: skip
    except ServiceError as error:
        session.rollback()
        return _show(request, session, typed=typed, form="key", error=error)
    return _show(request, session, made_key=(key.name, key.code, secret))


@router.post("/admin/integration/keys/{code}/revoke")
def revoke_key(request: Request, session: DbSession, actor: Admin, code: str) -> Response:
    try:
        keys.revoke_key(session, actor, code)
    except ServiceError as error:
        session.rollback()
        return _show(request, session, error=error)
    return go(request, "/admin/integration?done=revoked")


@router.post("/admin/integration/webhooks")
def create_webhook(request: Request, session: DbSession, actor: Admin, fields: Fields) -> HTMLResponse:
    """The secret is in this answer and nowhere else."""
    typed = as_typed(fields)
    try:
        data = checked(WebhookInput, {name: typed.get(name, "") for name in WebhookInput.model_fields})
        hook, secret = keys.create_webhook(
            session, actor, master_key(request.app.state.settings), name=data.name, url=data.url,
            zone_code=data.zone, source=data.source,
        )  # fmt: skip
    except ServiceError as error:
        session.rollback()
        return _show(request, session, typed=typed, form="hook", error=error)
    return _show(request, session, made_hook=(hook.name, hook.code, secret))


@router.post("/admin/integration/webhooks/{code}/{what}")
def change_webhook(
    request: Request, session: DbSession, actor: Admin, code: str, what: keys.WebhookAct
) -> Response:
    try:
        keys.change_webhook(session, actor, code, what)
    except ServiceError as error:
        session.rollback()
        return _show(request, session, error=error)
    return go(request, f"/admin/integration?done={what}")
