"""督促办理: cards, reminders, urging and supervision notices, messages and what carries them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from qa_service.kit.database import Base
from qa_service.kit.outbox import Outgoing


class WatchCard(Base):
    """黄牌、红牌: issued once for each rule, due date and colour of a round, and never deleted.

    `ended_at`: when what it warns of was done, or a red card followed. Contested by the unit (申诉) and withdrawn by a
    supervisor (撤销), or upheld (维持), with reasons that are kept.
    """

    __tablename__ = "watch_cards"
    __table_args__ = (
        UniqueConstraint("case_id", "round", "rule", "due_on", "colour"),
        CheckConstraint("colour IN ('yellow', 'red')", name="known_colour"),
        Index("ix_watch_cards_open", "ended_at", "colour"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    round: Mapped[int]
    rule: Mapped[str] = mapped_column(String(16))
    due_on: Mapped[date]
    colour: Mapped[str] = mapped_column(String(8))
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    issued_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(255))
    basis: Mapped[str] = mapped_column(String(255))
    ended_at: Mapped[datetime | None]
    contested_at: Mapped[datetime | None]
    contested_by: Mapped[str] = mapped_column(String(64), default="")
    contest_reason: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(64), default="")
    decision: Mapped[str] = mapped_column(String(16), default="")
    decision_reason: Mapped[str] = mapped_column(Text, default="")


class WatchReminder(Base):
    """提醒: that somebody was reminded of something. The key makes it happen once, whoever tries."""

    __tablename__ = "watch_reminders"
    __table_args__ = (UniqueConstraint("case_id", "round", "rule", "due_on", "step", "recipient"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    round: Mapped[int]
    rule: Mapped[str] = mapped_column(String(16))
    due_on: Mapped[date]
    step: Mapped[str] = mapped_column(String(16))
    recipient: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]


class WatchNotice(Base):
    """催办单、督办单: numbered without gaps per zone, kind and year. `content` is what it said when it was issued; the
    unit's feedback is written once."""

    __tablename__ = "watch_notices"
    __table_args__ = (CheckConstraint("kind IN ('urge', 'supervise')", name="known_kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(48), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    round: Mapped[int]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    reason_code: Mapped[str] = mapped_column(String(16), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    issued_at: Mapped[datetime]
    issued_by: Mapped[str] = mapped_column(String(64))
    issuer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    feedback_due_on: Mapped[date]
    feedback: Mapped[str] = mapped_column(Text, default="")
    feedback_by: Mapped[str] = mapped_column(String(64), default="")
    feedback_at: Mapped[datetime | None]


class NoticeCounter(Base):
    """The last serial of notices, per zone, kind and year; its row lock makes numbers unique and gapless."""

    __tablename__ = "watch_notice_counters"

    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]


class Substitute(Base):
    """代理人: who gets somebody's messages from one day through another. Withdrawn rows are kept."""

    __tablename__ = "substitutes"
    __table_args__ = (CheckConstraint("user_id <> substitute_id", name="somebody_else"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    substitute_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    first: Mapped[date]
    last: Mapped[date]
    created_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


class NoticeAddress(Base):
    """Where a user wants to be told besides the page: an e-mail address of the office."""

    __tablename__ = "notice_addresses"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    email: Mapped[str] = mapped_column(String(255))


class Robot(Base):
    """群机器人 of a work group: a unit's, or, without a unit, that of those who supervise. The secret and the address are
    never shown again."""

    __tablename__ = "notice_robots"
    __table_args__ = (CheckConstraint("kind IN ('wecom', 'dingtalk')", name="known_kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    url: Mapped[str] = mapped_column(String(500))
    secret: Mapped[str] = mapped_column(String(128), default="")
    unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))


class Message(Base):
    """消息 to one user or to one group's robot. Names no citizen and repeats no question: it may leave the house.

    `shown_at`: when it appeared in the user's list (站内通知).
    """

    __tablename__ = "messages"
    __table_args__ = (Index("ix_messages_unread", "user_id", "read_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    robot_id: Mapped[int | None] = mapped_column(ForeignKey("notice_robots.id"))
    kind: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(128))
    body: Mapped[str] = mapped_column(Text)
    link: Mapped[str] = mapped_column(String(128), default="")
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zones.id"))
    in_hours: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    shown_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]


class MessageDelivery(Outgoing, Base):
    """待发消息: one message by one channel."""

    __tablename__ = "message_deliveries"
    __table_args__ = (
        UniqueConstraint("message_id", "channel"),
        Index("ix_message_deliveries_open", "delivered_at", "failed_at", "next_at"),
    )

    message_id: Mapped[int] = mapped_column(ForeignKey("messages.id"))
    channel: Mapped[str] = mapped_column(String(16))


class WatchSetting(Base):
    """One row: what the office has set (`rules.WatchSettings`), by whom."""

    __tablename__ = "watch_settings"

    id: Mapped[int] = mapped_column(primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(JSON)
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(String(64))
