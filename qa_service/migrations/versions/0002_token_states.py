"""Token states beside the vectors, for late interaction."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "token_states",
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("key", sa.String(80), nullable=False),
        sa.Column("states", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "key", name=op.f("pk_token_states")),
    )


def downgrade() -> None:
    op.drop_table("token_states")
