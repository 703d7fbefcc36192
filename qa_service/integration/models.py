"""Other systems: their keys, the orders they handed in, what they subscribe to, and what is to be sent to them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qa_service.kit.database import Base
from qa_service.kit.outbox import Outgoing


class ApiKey(Base):
    """接口密钥 of another system (`source`), bounded to a zone and its subtree. Only a hash of the secret is kept."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(32))
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
    scopes: Mapped[list[str]] = mapped_column(JSON, default=list)
    secret_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str] = mapped_column(String(64), default="")


class IntakeOrder(Base):
    """外部工单: which order of which system became which case. What the register has no column for is in `data`."""

    __tablename__ = "intake_orders"
    __table_args__ = (UniqueConstraint("source", "order_no"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(32))
    order_no: Mapped[str] = mapped_column(String(64))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    content_digest: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Webhook(Base):
    """订阅: an address that is told of changes of state in a zone and its subtree."""

    __tablename__ = "webhooks"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(32), default="")
    url: Mapped[str] = mapped_column(String(500))
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
    secret_hash: Mapped[str] = mapped_column(String(64))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))


class Delivery(Outgoing, Base):
    """待发通知: one notice for one subscription."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_open", "delivered_at", "failed_at", "next_at"),)

    webhook_id: Mapped[int] = mapped_column(ForeignKey("webhooks.id"), index=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(48))
    body: Mapped[str] = mapped_column(Text)
