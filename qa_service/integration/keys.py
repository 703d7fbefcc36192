"""接口密钥 and 订阅: made and revoked by administrators. Callers commit."""

from __future__ import annotations

import re
import secrets
from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor
from qa_service.accounts.security import token_hash
from qa_service.accounts.service import audit
from qa_service.errors import Invalid, NotFound
from qa_service.integration.models import ApiKey, Delivery, Webhook
from qa_service.integration.signing import derived_secret
from qa_service.kit import clock, outbox
from qa_service.kit.posting import is_address
from qa_service.zones.models import Zone

SCOPES = {"intake": "登记工单", "status": "查询办理情况"}
WebhookAct = Literal["enable", "disable", "resend"]
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}")


def create_key(
    session: Session,
    actor: Actor,
    master: bytes,
    *,
    name: str,
    source: str,
    zone_code: str,
    scopes: list[str],
) -> tuple[ApiKey, str]:
    """(key, secret). The secret is shown once. One source may have several keys, so that they can be changed over."""
    errors: dict[str, str] = {}
    if not name.strip():
        errors["name"] = "不能为空"
    if not _SOURCE.fullmatch(source):
        errors["source"] = "用字母、数字、横线，最多 32 位"
    if not scopes or not set(scopes) <= SCOPES.keys():
        errors["scopes"] = "至少选一项权限"
    zone = _zone(session, zone_code, errors)
    if errors or zone is None:
        raise Invalid("接口密钥的信息不完整。", "请按提示补充后再保存。", errors=errors)
    code = f"qak_{secrets.token_hex(8)}"
    secret = derived_secret(master, code)
    key = ApiKey(
        code=code, name=name.strip()[:64], source=source, zone_id=zone.id, scopes=sorted(set(scopes)),
        secret_hash=token_hash(secret), created_at=clock.now(), created_by=actor.name,
    )  # fmt: skip
    session.add(key)
    session.flush()
    audit(session, actor, "create-api-key", code, source=source, scopes=key.scopes)
    return key, secret


def revoke_key(session: Session, actor: Actor, code: str) -> ApiKey:
    """From now on nothing signed with it is accepted. It cannot be taken back."""
    key = session.scalar(select(ApiKey).where(ApiKey.code == code))
    if key is None:
        raise NotFound(f"没有接口密钥“{code}”。", "请刷新密钥列表。")
    if key.revoked_at is None:
        key.revoked_at, key.revoked_by = clock.now(), actor.name
        audit(session, actor, "revoke-api-key", code)
    return key


def create_webhook(
    session: Session, actor: Actor, master: bytes, *, name: str, url: str, zone_code: str, source: str = ""
) -> tuple[Webhook, str]:
    """(webhook, secret). With a `source`, only cases that this system handed in are told of."""
    errors: dict[str, str] = {}
    if not name.strip():
        errors["name"] = "不能为空"
    if source and not _SOURCE.fullmatch(source):
        errors["source"] = "用字母、数字、横线，最多 32 位"
    if not is_address(url):
        errors["url"] = "填写以 http:// 或 https:// 开头的完整地址，不带用户名和密码"
    zone = _zone(session, zone_code, errors)
    if errors or zone is None:
        raise Invalid("订阅的信息不完整。", "请按提示补充后再保存。", errors=errors)
    code = f"qaw_{secrets.token_hex(8)}"
    secret = derived_secret(master, code)
    hook = Webhook(
        code=code, name=name.strip()[:64], source=source, url=url, zone_id=zone.id, secret_hash=token_hash(secret),
        created_at=clock.now(), created_by=actor.name,
    )  # fmt: skip
    session.add(hook)
    session.flush()
    audit(session, actor, "create-webhook", code, url=url)
    return hook, secret


def switch_webhook(session: Session, actor: Actor, code: str, *, active: bool) -> Webhook:
    hook = session.scalar(select(Webhook).where(Webhook.code == code))
    if hook is None:
        raise NotFound(f"没有订阅“{code}”。", "请刷新订阅列表。")
    hook.active = active
    audit(session, actor, "switch-webhook", code, active=active)
    return hook


def change_webhook(session: Session, actor: Actor, code: str, what: WebhookAct) -> Webhook:
    """Switch a subscription on or off, or give what was given up another chance, which also switches it on."""
    hook = switch_webhook(session, actor, code, active=what != "disable")
    if what == "resend":
        outbox.send_again(session, Delivery, Delivery.webhook_id == hook.id)
    return hook


def _zone(session: Session, code: str, errors: dict[str, str]) -> Zone | None:
    zone = session.scalar(select(Zone).where(Zone.code == code))
    if zone is None:
        errors["zone"] = "请选择专区"
    return zone
