"""API: administrators make and revoke keys and subscriptions."""

from __future__ import annotations

from fastapi import APIRouter, Request

from qa_service.accounts.deps import Admin, DbSession
from qa_service.integration import keys, repository
from qa_service.integration.master import master_key
from qa_service.integration.schemas import KeyInput, KeyView, WebhookInput, WebhookView
from qa_service.kit.http import TransactionalRoute

router = APIRouter(prefix="/integration", tags=["系统对接"], route_class=TransactionalRoute)


@router.get("/keys")
def list_keys(session: DbSession, _actor: Admin) -> list[KeyView]:
    return [KeyView.model_validate(key, from_attributes=True) for key, _zone in repository.all_keys(session)]


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
    return [
        WebhookView.model_validate(row.hook, from_attributes=True).model_copy(
            update={"waiting": row.waiting, "failed": row.failed}
        )
        for row in repository.all_subscriptions(session)
    ]


@router.post("/webhooks", status_code=201)
def create_webhook(request: Request, session: DbSession, actor: Admin, data: WebhookInput) -> WebhookView:
    """建立订阅；签名用的密钥只在这里给出一次。"""
    hook, secret = keys.create_webhook(
        session, actor, master_key(request.app.state.settings), name=data.name, url=data.url, zone_code=data.zone,
        source=data.source,
    )  # fmt: skip
    return WebhookView.model_validate(hook, from_attributes=True).model_copy(update={"secret": secret})


@router.post("/webhooks/{code}/{what}")
def change_webhook(session: DbSession, actor: Admin, code: str, what: keys.WebhookAct) -> WebhookView:
    """启用、停用，或者重新发送已停止的通知。"""
    return WebhookView.model_validate(keys.change_webhook(session, actor, code, what), from_attributes=True)
