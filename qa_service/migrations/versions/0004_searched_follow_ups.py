"""What a follow-up was searched as, beside what was typed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("query_log", sa.Column("searched", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("query_log", "searched")
