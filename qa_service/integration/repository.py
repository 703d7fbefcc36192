"""Every query on keys and subscriptions for those who administer them; what is in use comes first."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qa_service.integration.models import ApiKey, Delivery, Webhook
from qa_service.zones.models import Zone


@dataclass(frozen=True, slots=True)
class Subscription:
    """A webhook with the name of its zone and how its notices fare: how many wait, how many were given up, and the
    newest that has been tried (None when none has)."""

    hook: Webhook
    zone: str
    waiting: int
    failed: int
    last: Delivery | None


def all_keys(session: Session) -> list[tuple[ApiKey, str]]:
    """(key, name of its zone)."""
    rows = session.execute(
        select(ApiKey, Zone.name)
        .join(Zone, Zone.id == ApiKey.zone_id)
        .order_by(ApiKey.revoked_at.is_not(None), ApiKey.id)
    )
    return [(key, zone) for key, zone in rows]


def all_subscriptions(session: Session) -> list[Subscription]:
    waiting = func.count().filter(Delivery.delivered_at.is_(None), Delivery.failed_at.is_(None))
    failed = func.count().filter(Delivery.failed_at.is_not(None))
    newest = func.max(Delivery.id).filter(Delivery.last_result != "")
    counts = {
        hook_id: (open_, lost, tried)
        for hook_id, open_, lost, tried in session.execute(
            select(Delivery.webhook_id, waiting, failed, newest).group_by(Delivery.webhook_id)
        )
    }
    tried_ids = [tried for _, _, tried in counts.values() if tried is not None]
    last = {row.id: row for row in session.scalars(select(Delivery).where(Delivery.id.in_(tried_ids)))}
    hooks = session.execute(
        select(Webhook, Zone.name)
        .join(Zone, Zone.id == Webhook.zone_id)
        .order_by(Webhook.active.desc(), Webhook.id)
    )
    found = []
    for hook, zone in hooks:
        open_, lost, tried = counts.get(hook.id, (0, 0, None))
        found.append(Subscription(hook, zone, open_, lost, last[tried] if tried else None))
    return found
