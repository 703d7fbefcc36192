"""词表: the words that staff have added to those that come with the software."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from qa_service.kit.database import Base

_IN_FORCE = text("withdrawn_at IS NULL")


class LexiconWord(Base):
    """One word, in force until it is withdrawn; rows are never deleted, so that history shows who did what.

    `kind` ∈ term, synonym, stop_word; `official` is empty but for synonyms. Both words are normalised.
    """

    __tablename__ = "lexicon_words"
    __table_args__ = (
        CheckConstraint("kind IN ('term', 'synonym', 'stop_word')", name="known_kind"),
        CheckConstraint("(kind = 'synonym') = (official <> '')", name="only_synonyms_have_official"),
        Index(
            "uq_lexicon_words_in_force", "kind", "said", "official", unique=True,
            sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    said: Mapped[str] = mapped_column(String(32))
    official: Mapped[str] = mapped_column(String(32), default="")
    added_by: Mapped[str] = mapped_column(String(64))
    added_at: Mapped[datetime]
    withdrawn_by: Mapped[str] = mapped_column(String(64), default="")
    withdrawn_at: Mapped[datetime | None]


class LexiconRevision(Base):
    """One row. Every change of the words adds one to it in its own transaction: search processes watch it,
    and its lock puts the changes in order, so that no two can add the same word at once."""

    __tablename__ = "lexicon_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(default=0)
