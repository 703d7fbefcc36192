"""What a unit has answered is found by an index: its page read the whole ledger to count it."""

from __future__ import annotations

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

NAME = "ix_consultations_reply_unit_id"


def upgrade() -> None:
    op.create_index(NAME, "consultations", ["reply_unit_id"])


def downgrade() -> None:
    op.drop_index(NAME, "consultations")
