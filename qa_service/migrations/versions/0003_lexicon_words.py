"""Words that staff add to the lexicon."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from qa_service.kit import database as kit

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_IN_FORCE = sa.text("withdrawn_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "lexicon_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_revision")),
    )
    op.create_table(
        "lexicon_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("said", sa.String(32), nullable=False),
        sa.Column("official", sa.String(32), nullable=False),
        sa.Column("added_by", sa.String(64), nullable=False),
        sa.Column("added_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_by", sa.String(64), nullable=False),
        sa.Column("withdrawn_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('term', 'synonym', 'stop_word')", name=op.f("ck_lexicon_words_known_kind")
        ),
        sa.CheckConstraint(
            "(kind = 'synonym') = (official <> '')",
            name=op.f("ck_lexicon_words_only_synonyms_have_official"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lexicon_words")),
    )
    op.create_index(
        "uq_lexicon_words_in_force", "lexicon_words", ["kind", "said", "official"], unique=True,
        sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("lexicon_words")
    op.drop_table("lexicon_revision")
