"""Rounds, assisting units, tellings, follow-ups, merged cases, first-asked, one-time notice, accountability."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from qa_service.kit import database as kit

revision = "0007"
down_revision = "0005"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kit.UtcDateTime(timezone=True), nullable=nullable)


def _text(name: str, length: int | None = None) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length) if length else sa.Text(), nullable=False)


def _case_rows(name: str, *columns: sa.schema.SchemaItem) -> None:
    """A table of append-only rows that belong to a consultation."""
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        *columns,
        sa.ForeignKeyConstraint(
            ["case_id"], ["consultations.case_id"], name=op.f(f"fk_{name}_case_id_consultations")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
    )
    op.create_index(op.f(f"ix_{name}_case_id"), name, ["case_id"])


def upgrade() -> None:
    with op.batch_alter_table("units") as units:
        units.add_column(
            sa.Column("reviews_replies", sa.Boolean(), nullable=False, server_default=sa.false())
        )
    with op.batch_alter_table("users") as users:
        users.add_column(sa.Column("leads", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "case_rounds",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("limit_code", sa.String(64), nullable=True),
        sa.Column("clock_started_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        _text("due_status", 16),
        sa.Column("due_steps", sa.JSON(), nullable=False),
        sa.Column("due_pauses", sa.JSON(), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_rounds_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["limit_code"], ["limits.code"], name=op.f("fk_case_rounds_limit_code_limits")
        ),
        sa.PrimaryKeyConstraint("case_id", "number", name=op.f("pk_case_rounds")),
    )
    # The first rounds that were met before rounds had rows.
    op.execute(
        "INSERT INTO case_rounds (case_id, number, limit_code, clock_started_on, due_on, due_status, due_steps,"
        " due_pauses, met_on)"
        " SELECT id, 1, limit_code, clock_started_on, due_on, due_status, due_steps, due_pauses,"
        " met_on FROM cases"
        " WHERE met_on IS NOT NULL"
    )
    _case_rows(
        "consultation_assisting_units",
        sa.Column("unit_id", sa.Integer(), nullable=False),
        _time("added_at"),
        _text("added_by", 64),
        _time("ended_at", nullable=True),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_consultation_assisting_units_unit_id_units")
        ),
    )
    op.create_index(
        op.f("ix_consultation_assisting_units_unit_id"), "consultation_assisting_units", ["unit_id"]
    )
    _case_rows(
        "consultation_opinions",
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        _text("by", 64),
        _time("at"),
        _text("text"),
        sa.ForeignKeyConstraint(
            ["unit_id"], ["units.id"], name=op.f("fk_consultation_opinions_unit_id_units")
        ),
    )
    _case_rows(
        "consultation_tellings",
        sa.Column("round", sa.Integer(), nullable=False),
        _time("at"),
        _text("by", 64),
        _text("how", 16),
        sa.Column("succeeded", sa.Boolean(), nullable=False),
        _text("note"),
    )
    _case_rows(
        "consultation_follow_ups",
        sa.Column("round", sa.Integer(), nullable=False),
        _time("at"),
        _text("by", 64),
        _text("how", 16),
        _text("satisfaction", 24),
        _text("note"),
    )
    op.create_table(
        "first_asked",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("person_key", 80),
        _text("matter", 200),
        sa.Column("user_id", sa.Integer(), nullable=False),
        _text("user_name", 64),
        _time("at"),
        _text("case_number", 48),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_first_asked_user_id_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_first_asked")),
        sa.UniqueConstraint("person_key", "matter", name=op.f("uq_first_asked_person_key")),
    )
    op.create_table(
        "first_asked_hand_overs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("first_asked_id", sa.Integer(), nullable=False),
        _time("at"),
        _text("by", 64),
        _text("to_name", 64),
        _text("to_post", 128),
        _text("to_phone", 64),
        _text("reason"),
        sa.ForeignKeyConstraint(
            ["first_asked_id"],
            ["first_asked.id"],
            name=op.f("fk_first_asked_hand_overs_first_asked_id_first_asked"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_first_asked_hand_overs")),
    )
    op.create_index(
        op.f("ix_first_asked_hand_overs_first_asked_id"), "first_asked_hand_overs", ["first_asked_id"]
    )
    with op.batch_alter_table("consultations") as consultations:
        consultations.add_column(sa.Column("first_asked_record_id", sa.Integer(), nullable=True))
        consultations.add_column(sa.Column("leading_id", sa.Integer(), nullable=True))
        consultations.add_column(sa.Column("sign_due_on", sa.Date(), nullable=True))
        consultations.add_column(sa.Column("return_until", sa.Date(), nullable=True))
        consultations.add_column(sa.Column("reviewed_by", sa.String(64), nullable=False, server_default=""))
        consultations.add_column(_time("reviewed_at", nullable=True))
        consultations.create_foreign_key(
            op.f("fk_consultations_first_asked_record_id_first_asked"),
            "first_asked",
            ["first_asked_record_id"],
            ["id"],
        )
        consultations.create_foreign_key(
            op.f("fk_consultations_leading_id_consultations"), "consultations", ["leading_id"], ["case_id"]
        )
        consultations.create_index(op.f("ix_consultations_leading_id"), ["leading_id"])
    op.create_table(
        "one_time_notices",
        sa.Column("case_id", sa.Integer(), nullable=False),
        _time("at"),
        _text("by", 64),
        _text("verdict", 16),
        sa.Column("missing", sa.JSON(), nullable=False),
        _text("reason"),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_one_time_notices_case_id_cases")),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_one_time_notices")),
    )
    op.create_table(
        "accountability_events",
        sa.Column("id", sa.Integer(), nullable=False),
        _text("source", 16),
        sa.Column("case_id", sa.Integer(), nullable=True),
        sa.Column("zone_id", sa.Integer(), nullable=False),
        _text("person", 64),
        _text("facts"),
        sa.Column("happened_on", sa.Date(), nullable=False),
        _text("handling"),
        _time("created_at"),
        _text("created_by", 64),
        _time("handled_at", nullable=True),
        _text("handled_by", 64),
        sa.CheckConstraint(
            "source <> 'overdue' OR case_id IS NOT NULL",
            name=op.f("ck_accountability_events_overdue_names_a_case"),
        ),
        sa.ForeignKeyConstraint(
            ["case_id"], ["cases.id"], name=op.f("fk_accountability_events_case_id_cases")
        ),
        sa.ForeignKeyConstraint(
            ["zone_id"], ["zones.id"], name=op.f("fk_accountability_events_zone_id_zones")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accountability_events")),
    )
    for column in ("case_id", "zone_id"):
        op.create_index(op.f(f"ix_accountability_events_{column}"), "accountability_events", [column])


def downgrade() -> None:
    op.drop_table("accountability_events")
    op.drop_table("one_time_notices")
    with op.batch_alter_table("consultations") as consultations:
        consultations.drop_index(op.f("ix_consultations_leading_id"))
        consultations.drop_constraint(op.f("fk_consultations_leading_id_consultations"), type_="foreignkey")
        consultations.drop_constraint(
            op.f("fk_consultations_first_asked_record_id_first_asked"), type_="foreignkey"
        )
        for name in (
            "first_asked_record_id", "leading_id", "sign_due_on", "return_until", "reviewed_by", "reviewed_at",
        ):  # fmt: skip
            consultations.drop_column(name)
    for name in (
        "first_asked_hand_overs", "first_asked", "consultation_follow_ups", "consultation_tellings",
        "consultation_opinions", "consultation_assisting_units", "case_rounds",
    ):  # fmt: skip
        op.drop_table(name)
    with op.batch_alter_table("users") as users:
        users.drop_column("leads")
    with op.batch_alter_table("units") as units:
        units.drop_column("reviews_replies")
