"""API: administrators make and revoke keys and subscriptions."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from sqlalchemy import func, select

from qa_service.accounts.deps import Admin, DbSession
from qa_service.integration import keys, sender
from qa_service.integration.master import master_key
from qa_service.integration.models import ApiKey, Delivery, Webhook
from qa_service.integration.schemas import KeyInput, KeyView, WebhookInput, WebhookView
from qa_service.kit.http import TransactionalRoute

router = APIRouter(prefix="/integration", tags=["系统对接"], route_class=TransactionalRoute)


@router.get("/keys")
def list_keys(session: DbSession, _actor: Admin) -> list[KeyView]:
    rows = session.scalars(select(ApiKey).order_by(ApiKey.id))
    return [KeyView.model_validate(key, from_attributes=True) for key in rows]


@router.post("/keys", status_code=201)
def create_key(request: Request, session: DbSession, actor: Admin, data: KeyInput) -> KeyView:
    """建立接口密钥；密钥只在这里给出一次。"""
    key, secret = keys.create_key(
        session, actor, master_key(request.app.state.settings), name=data.name, source=data.source,
        zone_code=data.zone, scopes=list(data.scopes),
    )  # fmt: skip
    return KeyView.model_validate(key, from_attributes=True).model_copy(update={"secret": secret})


@router.post("/keys/{code}/revoke")
def revoke_key(session: DbSession, actor: Admin, code: str) -> KeyView:
    """停用，立即生效，不能恢复。"""
    return KeyView.model_validate(keys.revoke_key(session, actor, code), from_attributes=True)


@router.get("/webhooks")
def list_webhooks(session: DbSession, _actor: Admin) -> list[WebhookView]:
    waiting = func.count().filter(Delivery.delivered_at.is_(None), Delivery.failed_at.is_(None))
    failed = func.count().filter(Delivery.failed_at.is_not(None))
    counts = {
        row.webhook_id: (row.waiting, row.failed)
        for row in session.execute(
            select(Delivery.webhook_id, waiting.label("waiting"), failed.label("failed")).group_by(
                Delivery.webhook_id
            )
        )
    }
    views = []
    for hook in session.scalars(select(Webhook).order_by(Webhook.id)):
        open_, lost = counts.get(hook.id, (0, 0))
        view = WebhookView.model_validate(hook, from_attributes=True)
        views.append(view.model_copy(update={"waiting": open_, "failed": lost}))
    return views


@router.post("/webhooks", status_code=201)
def create_webhook(request: Request, session: DbSession, actor: Admin, data: WebhookInput) -> WebhookView:
    """建立订阅；签名用的密钥只在这里给出一次。"""
    hook, secret = keys.create_webhook(
        session, actor, master_key(request.app.state.settings), name=data.name, url=data.url, zone_code=data.zone,
        source=data.source,
    )  # fmt: skip
    return WebhookView.model_validate(hook, from_attributes=True).model_copy(update={"secret": secret})


@router.post("/webhooks/{code}/{what}")
def change_webhook(
    session: DbSession, actor: Admin, code: str, what: Literal["enable", "disable", "resend"]
) -> WebhookView:
    """启用、停用，或者重新发送已停止的通知。"""
    hook = keys.switch_webhook(session, actor, code, active=what != "disable")
    if what == "resend":
        sender.send_again(session, hook)
    return WebhookView.model_validate(hook, from_attributes=True)
