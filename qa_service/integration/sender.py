"""Sends what is in the outbox, in the background, again and again until it is taken or given up.

A notice is taken with a lease: its `next_at` is moved ahead and committed before anything is sent. A process killed
while sending leaves a lease that runs out, and the notice is sent again, by whichever process comes first. So a
notice is delivered at least once; receivers tell repetitions by its `delivery`.
"""

from __future__ import annotations

import http.client
import logging
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from qa_service.accounts.security import token_hash
from qa_service.errors import ServiceError
from qa_service.integration.master import master_key
from qa_service.integration.models import Delivery, Webhook
from qa_service.integration.signing import derived_secret, signature
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.settings import Settings

log = logging.getLogger(__name__)
TIMEOUT = 10.0
LEASE = 3 * TIMEOUT
FACTOR, LONGEST = 4, timedelta(hours=6)
ATTEMPTS = 12  # with the usual first wait of ten seconds: about a day and a half
LOOK_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery taken for sending: all that is needed, so that no transaction stays open meanwhile."""

    id: int
    code: str
    body: bytes
    url: str
    hook: str
    secret_hash: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A notice goes to the address that the administrator entered, and to no other."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def wait_after(attempts: int, first: float) -> timedelta:
    """How long to wait after so many attempts that failed: four times as long each time, six hours at most."""
    return min(timedelta(seconds=first * FACTOR ** min(attempts - 1, 20)), LONGEST)


class WebhookSender:
    def __init__(self, database: Database, settings: Settings, look_seconds: float = LOOK_SECONDS) -> None:
        self._database, self._settings = database, settings
        self._look = min(look_seconds, settings.webhook_seconds)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more. What is under way has its lease and is sent again by the next process."""
        self._stop.set()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stop.wait(self._look):
            try:
                while not self._stop.is_set() and self.send_one():
                    pass
            except Exception:
                # Nothing is lost: the notices are in the database, and the next round tries again.
                log.exception("notices could not be sent")

    def send_one(self) -> bool:
        """Send the notice that has waited longest. False when none is due."""
        if not self._anything_due():
            return False
        with self._database.write() as session:
            taken = _take(session)
        if taken is None:
            return False
        result = self._send(taken)
        with self._database.write() as session:
            _note(session, taken.id, result, self._settings.webhook_seconds)
        return True

    def _anything_due(self) -> bool:
        """Asked without the writer's lock, which on SQLite everybody waits for."""
        with self._database.read() as session:
            return session.scalar(_due().limit(1)) is not None

    def _send(self, taken: Taken) -> str:
        """Empty when taken by the other side, else what went wrong."""
        try:
            secret = derived_secret(master_key(self._settings), taken.hook)
        except ServiceError as error:
            return error.message
        if token_hash(secret) != taken.secret_hash:
            return "接口主密钥已更换，请重新建立订阅"
        timestamp = str(int(clock.now().timestamp()))
        parts = urlsplit(taken.url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {
            "Content-Type": "application/json; charset=utf-8", "X-QA-Webhook": taken.hook, "X-QA-Delivery": taken.code,
            "X-QA-Timestamp": timestamp, "X-QA-Signature": signature(secret, timestamp, "POST", path, taken.body),
        }  # fmt: skip
        request = urllib.request.Request(taken.url, taken.body, headers, method="POST")
        try:
            with _opener.open(request, timeout=TIMEOUT) as answer:
                return "" if 200 <= answer.status < 300 else f"对方返回 {answer.status}"
        except urllib.error.HTTPError as error:
            return f"对方返回 {error.code}"
        except (OSError, http.client.HTTPException, ValueError) as error:
            return f"连接不上：{getattr(error, 'reason', error)}"[:255]


def _due() -> Select[Delivery]:
    return (
        select(Delivery)
        .join(Webhook, Webhook.id == Delivery.webhook_id)
        .where(Delivery.delivered_at.is_(None), Delivery.failed_at.is_(None), Delivery.next_at <= clock.now())
        .where(Webhook.active)
        .order_by(Delivery.next_at, Delivery.id)
    )


def _take(session: Session) -> Taken | None:
    found = session.scalar(_due().limit(1).with_for_update(skip_locked=True, of=Delivery))
    if found is None:
        return None
    hook = session.get_one(Webhook, found.webhook_id)
    found.attempts += 1
    found.next_at = clock.now() + timedelta(seconds=LEASE)
    return Taken(found.id, found.code, found.body.encode(), hook.url, hook.code, hook.secret_hash)


def _note(session: Session, delivery_id: int, result: str, first: float) -> None:
    row = session.get_one(Delivery, delivery_id)
    at = clock.now()
    row.last_result = result or "已送达"
    if not result:
        row.delivered_at = at
    elif row.attempts >= ATTEMPTS:
        row.failed_at = at
    else:
        row.next_at = at + wait_after(row.attempts, first)


def send_again(session: Session, hook: Webhook) -> int:
    """Give what was given up another chance; returns how many notices."""
    done = session.execute(
        update(Delivery)
        .where(Delivery.webhook_id == hook.id, Delivery.failed_at.is_not(None))
        .values(failed_at=None, attempts=0, next_at=clock.now())
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
