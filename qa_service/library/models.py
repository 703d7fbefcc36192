"""政策咨询问答库: entries, their versions, stored vectors, and what was asked of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qa_service.kit.database import Base


class Entry(Base):
    """问答条目: a stable identity. What it says is in its versions; readers get the published one.

    `revision` is the library revision at which its published face last changed: search processes ask
    for entries above the revision they hold. Every edit sets `changed_at`, so that `version`, the
    optimistic lock, moves also when only a draft changes.
    """

    __tablename__ = "entries"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    published_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("entry_versions.id", use_alter=True, name="fk_entries_published_version_id")
    )
    working_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("entry_versions.id", use_alter=True, name="fk_entries_working_version_id")
    )
    revision: Mapped[int] = mapped_column(default=0, index=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    published: Mapped[EntryVersion | None] = relationship(
        foreign_keys=[published_version_id], post_update=True
    )
    working: Mapped[EntryVersion | None] = relationship(foreign_keys=[working_version_id], post_update=True)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class EntryVersion(Base):
    """One wording of an entry. Never changed after it has been published: a citizen may have got it.

    `phrasings`: [{"text", "origin"}], origin ∈ 采编 / 台账 / 导入. `basis`: [{"law", "version", "article",
    "phrase"}]. `source`: file, heading and content hash, or the case that it came from.
    """

    __tablename__ = "entry_versions"
    __table_args__ = (
        UniqueConstraint("entry_id", "number"),
        CheckConstraint(
            "reviewer_id IS NULL OR author_id IS NULL OR reviewer_id <> author_id", name="two_people"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"), index=True)
    number: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), index=True)
    question: Mapped[str] = mapped_column(String(128), index=True)
    answer: Mapped[str] = mapped_column(Text)
    basis: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    phrasings: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    topic: Mapped[str] = mapped_column(String(64), index=True)
    audience: Mapped[list[str]] = mapped_column(JSON, default=list)
    effective_from: Mapped[date | None]
    effective_to: Mapped[date | None]
    review_due: Mapped[date | None]
    source: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    note: Mapped[str] = mapped_column(Text, default="")
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    author_name: Mapped[str] = mapped_column(String(64))
    reviewer_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    reviewer_name: Mapped[str] = mapped_column(String(64), default="")
    created_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]


class LibraryRevision(Base):
    """One row. Every act that changes the published library adds one to it in its own transaction, so
    the row's lock puts those acts in order and no reader can miss one."""

    __tablename__ = "library_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(default=0)


class StoredVector(Base):
    """A text's vector, once per encoder fingerprint. `key` = kind + sha256 of the text; float32 bytes."""

    __tablename__ = "vectors"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)


class StoredTokenStates(Base):
    """A text's token states for late interaction, packed; keyed like its vector."""

    __tablename__ = "token_states"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    states: Mapped[bytes] = mapped_column(LargeBinary)


class StoredCalibration(Base):
    """The latest fit of the decision, with the fingerprints that it belongs to."""

    __tablename__ = "calibrations"

    encoder_fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    library_fingerprint: Mapped[str] = mapped_column(String(64))
    library_size: Mapped[int]
    library_revision: Mapped[int]
    fitted_at: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)


class QueryLog(Base):
    """检索记录: every question asked, with its outcome, so that gaps can be counted.

    `outcome` ∈ answered, candidates, missed, chosen, referred, skipped, greeting, error. `hits`: first five as
    {"key", "version_id", "score", "phrasing"}. `searched` is what a follow-up was taken for, where that is not `question`,
    which is as typed. Personal details in both are masked.
    """

    __tablename__ = "query_log"
    __table_args__ = (Index("ix_query_log_outcome_at", "outcome", "at"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    channel: Mapped[str] = mapped_column(String(16))
    zone_id: Mapped[int | None] = mapped_column(ForeignKey("zones.id"))
    question: Mapped[str] = mapped_column(Text)
    searched: Mapped[str | None] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(String(16))
    confidence: Mapped[float]
    outcome: Mapped[str] = mapped_column(String(16))
    hits: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    library_revision: Mapped[int]
    chosen_version_id: Mapped[int | None] = mapped_column(ForeignKey("entry_versions.id"))
    milliseconds: Mapped[float]
