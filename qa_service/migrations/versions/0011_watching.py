"""Watching: cards, reminders, urging and supervision notices, messages with their deliveries, substitutes, robots."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from qa_service.kit import database as kit

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watch_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("changed_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_settings")),
    )
    op.create_table(
        "notice_robots",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("secret", sa.String(length=128), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint("kind IN ('wecom', 'dingtalk')", name=op.f("ck_notice_robots_known_kind")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_notice_robots_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice_robots")),
    )
    op.create_table(
        "watch_notice_counters",
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["zone_id"], ["zones.id"], name=op.f("fk_watch_notice_counters_zone_id_zones")
        ),
        sa.PrimaryKeyConstraint("zone_id", "kind", "year", name=op.f("pk_watch_notice_counters")),
    )
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("robot_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=128), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=128), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=True),
        sa.Column("in_hours", sa.Boolean(), nullable=False),
        sa.Column("created_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("shown_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("read_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["robot_id"], ["notice_robots.id"], name=op.f("fk_messages_robot_id_notice_robots")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_messages_user_id_users")),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_messages_zone_id_zones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_unread", "messages", ["user_id", "read_at"])
    op.create_table(
        "notice_addresses",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_notice_addresses_user_id_users")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_addresses")),
    )
    op.create_table(
        "substitutes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("substitute_id", sa.Integer(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("created_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("user_id <> substitute_id", name=op.f("ck_substitutes_somebody_else")),
        sa.ForeignKeyConstraint(
            ["substitute_id"], ["users.id"], name=op.f("fk_substitutes_substitute_id_users")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_substitutes_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitutes")),
    )
    op.create_index(op.f("ix_substitutes_user_id"), "substitutes", ["user_id"])
    op.create_table(
        "watch_cards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("colour", sa.String(length=8), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("issued_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("basis", sa.String(length=255), nullable=False),
        sa.Column("ended_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("contested_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("contested_by", sa.String(length=64), nullable=False),
        sa.Column("contest_reason", sa.Text(), nullable=False),
        sa.Column("decided_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("decision_reason", sa.Text(), nullable=False),
        sa.CheckConstraint("colour IN ('yellow', 'red')", name=op.f("ck_watch_cards_known_colour")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_watch_cards_case_id_cases")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_watch_cards_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_cards")),
        sa.UniqueConstraint(
            "case_id", "round", "rule", "due_on", "colour", name=op.f("uq_watch_cards_case_id")
        ),
    )
    op.create_index(op.f("ix_watch_cards_case_id"), "watch_cards", ["case_id"])
    op.create_index("ix_watch_cards_open", "watch_cards", ["ended_at", "colour"])
    op.create_index(op.f("ix_watch_cards_unit_id"), "watch_cards", ["unit_id"])
    op.create_table(
        "watch_notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=48), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("reason_code", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("issued_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.String(length=64), nullable=False),
        sa.Column("issuer_id", sa.Integer(), nullable=True),
        sa.Column("feedback_due_on", sa.Date(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=False),
        sa.Column("feedback_by", sa.String(length=64), nullable=False),
        sa.Column("feedback_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('urge', 'supervise')", name=op.f("ck_watch_notices_known_kind")),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_watch_notices_case_id_cases")),
        sa.ForeignKeyConstraint(["issuer_id"], ["users.id"], name=op.f("fk_watch_notices_issuer_id_users")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_watch_notices_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_notices")),
        sa.UniqueConstraint("number", name=op.f("uq_watch_notices_number")),
    )
    op.create_index(op.f("ix_watch_notices_case_id"), "watch_notices", ["case_id"])
    op.create_index(op.f("ix_watch_notices_unit_id"), "watch_notices", ["unit_id"])
    op.create_table(
        "watch_reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=16), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("recipient", sa.String(length=32), nullable=False),
        sa.Column("at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_watch_reminders_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watch_reminders")),
        sa.UniqueConstraint(
            "case_id", "round", "rule", "due_on", "step", "recipient", name=op.f("uq_watch_reminders_case_id")
        ),
    )
    op.create_table(
        "message_deliveries",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("failed_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("last_result", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_message_deliveries_message_id_messages")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_deliveries")),
        sa.UniqueConstraint("message_id", "channel", name=op.f("uq_message_deliveries_message_id")),
    )
    op.create_index(
        "ix_message_deliveries_open", "message_deliveries", ["delivered_at", "failed_at", "next_at"]
    )


def downgrade() -> None:
    op.drop_table("message_deliveries")
    op.drop_table("watch_reminders")
    op.drop_table("watch_notices")
    op.drop_table("watch_cards")
    op.drop_table("substitutes")
    op.drop_table("notice_addresses")
    op.drop_table("messages")
    op.drop_table("watch_notice_counters")
    op.drop_table("notice_robots")
    op.drop_table("watch_settings")
