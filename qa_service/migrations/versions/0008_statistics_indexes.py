"""Indexes that boards and statistics are read from: 20,000 open and 40,000 closed cases within 300 ms."""

from __future__ import annotations

from alembic import op

revision = "0008"
down_revision = "0004"
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


def downgrade() -> None:
    op.drop_index("ix_cases_figures", table_name="cases")
    op.drop_index("ix_cases_waiting", table_name="cases")
    op.create_index("ix_cases_kind_state_due_on", "cases", ["kind", "state", "due_on"])
