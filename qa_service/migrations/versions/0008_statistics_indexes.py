"""What boards and statistics are read from: indexes for 20,000 open and 40,000 closed cases, and who returned what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from qa_service.kit import database as kit

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # The wider index serves whatever the narrower one did.
    op.drop_index("ix_cases_kind_state_due_on", table_name="cases")
    op.create_index(
        "ix_cases_waiting", "cases", ["kind", "state", "due_on", "met_on", "zone_id", "holder_unit_id"]
    )
    op.create_index(
        "ix_cases_figures",
        "cases",
        ["kind", "registered_at", "zone_id", "state", "outcome", "round", "holder_unit_id", "clock_started_on", "due_on", "met_on"],
    )  # fmt: skip
    table = "consultation_returns"
    op.create_table(
        table,
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["consultations.case_id"], name=op.f(f"fk_{table}_case_id_consultations")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f(f"fk_{table}_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
    )
    for column in ("case_id", "unit_id"):
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    # Returns made before they had rows: by the unit of whoever returned the case.
    op.execute(
        f'INSERT INTO {table} (case_id, unit_id, round, at, "by")'
        " SELECT case_events.case_id, users.unit_id, 1, case_events.at, case_events.actor_name"
        " FROM case_events JOIN users ON users.id = case_events.actor_id"
        " WHERE case_events.event = 'return' AND users.unit_id IS NOT NULL"
    )


def downgrade() -> None:
    op.drop_table("consultation_returns")
    op.drop_index("ix_cases_figures", table_name="cases")
    op.drop_index("ix_cases_waiting", table_name="cases")
    op.create_index("ix_cases_kind_state_due_on", "cases", ["kind", "state", "due_on"])
