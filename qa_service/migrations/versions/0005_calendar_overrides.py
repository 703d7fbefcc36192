"""Local overrides of the working-day calendar, its revision, and the pauses of a case's clock."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from qa_service.kit import database as kit

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_IN_FORCE = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "calendar_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_revision")),
    )
    # The row must be there to be locked by whoever starts a clock before the first change.
    op.execute("INSERT INTO calendar_revision (id, value) VALUES (1, 0)")
    op.create_table(
        "calendar_overrides",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("document", sa.String(128), nullable=False),
        sa.Column("entered_by", sa.String(64), nullable=False),
        sa.Column("entered_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.String(64), nullable=False),
        sa.Column("withdrawn_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('holiday', 'workday')", name=op.f("ck_calendar_overrides_known_kind")),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_calendar_overrides_zone_id_zones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_overrides")),
    )
    op.create_index(
        "uq_calendar_overrides_in_force", "calendar_overrides", ["zone_id", "day"], unique=True,
        sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE,
    )  # fmt: skip
    op.add_column("cases", sa.Column("due_pauses", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("cases", "due_pauses")
    op.drop_table("calendar_overrides")
    op.drop_table("calendar_revision")
