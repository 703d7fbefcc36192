"""Carrying notices to the addresses that subscribed to them: the outbox's handler, and its background thread.

A notice is delivered at least once (`kit.outbox`); receivers tell repetitions by its `delivery`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from qa_service.accounts.security import token_hash
from qa_service.errors import ServiceError
from qa_service.integration.master import master_key
from qa_service.integration.models import Delivery, Webhook
from qa_service.integration.signing import derived_secret, signature
from qa_service.kit import clock
from qa_service.kit.background import Background
from qa_service.kit.database import Database
from qa_service.kit.outbox import NotDelivered, Outbox
from qa_service.kit.posting import post_json
from qa_service.settings import Settings

LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A notice taken for sending: all that is needed, so that no transaction stays open meanwhile."""

    code: str
    body: bytes
    url: str
    hook: str
    secret_hash: str


class WebhookHandler:
    """What sending a notice takes (`kit.outbox.Handler`)."""

    model = Delivery

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, session: Session, row: Delivery) -> Taken:
        hook = session.get_one(Webhook, row.webhook_id)
        return Taken(row.code, row.body.encode(), hook.url, hook.code, hook.secret_hash)

    def send(self, taken: Taken) -> str:
        try:
            secret = derived_secret(master_key(self._settings), taken.hook)
        except ServiceError as error:
            raise NotDelivered(error.message) from error
        if token_hash(secret) != taken.secret_hash:
            raise NotDelivered("接口主密钥已更换，请重新建立订阅")
        timestamp = str(int(clock.now().timestamp()))
        parts = urlsplit(taken.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {
            "X-QA-Webhook": taken.hook, "X-QA-Delivery": taken.code, "X-QA-Timestamp": timestamp,
            "X-QA-Signature": signature(secret, timestamp, "POST", path, taken.body),
        }  # fmt: skip
        post_json(taken.url, taken.body, headers)
        return "已送达"


def outbox(database: Database, settings: Settings) -> Outbox[Delivery, Taken]:
    """What is meant for a subscription that is switched off stays where it is."""

    def active() -> ColumnElement[bool]:
        return Delivery.webhook_id.in_(select(Webhook.id).where(Webhook.active))

    return Outbox(database, WebhookHandler(settings), settings.webhook_seconds, active)


def webhook_work(database: Database, settings: Settings) -> Background:
    """The thread that sends them."""
    every = min(LOOK_SECONDS, settings.webhook_seconds)
    return Background("webhooks", every, outbox(database, settings).send_one)
