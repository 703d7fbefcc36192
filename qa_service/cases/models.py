"""The case core: what every ledger (台账) of the service shares."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qa_service.kit.database import Base
from qa_service.kit.privacy import hidden
from qa_service.workdays.explanation import StoredPause, StoredStep


class TimeLimited:
    """A time limit that runs or has run. `due_steps` is its calculation, `due_pauses` what it leaves out, `met_on` the
    first day on which it was kept or broken for good."""

    limit_code: Mapped[str | None] = mapped_column(ForeignKey("limits.code"))
    clock_started_on: Mapped[date | None]
    due_on: Mapped[date | None]
    due_status: Mapped[str] = mapped_column(String(16), default="")
    due_steps: Mapped[list[StoredStep]] = mapped_column(JSON, default=list)
    due_pauses: Mapped[list[StoredPause]] = mapped_column(JSON, default=list)
    met_on: Mapped[date | None]


class Case(TimeLimited, Base):
    """办件. Where it is (`state`), how it ended (`outcome`) and whether it is late are three things:
    lateness is computed from `due_on`, never stored.

    The time limit in these columns is that of the first round and stays it; later rounds (退回重办) have rows of
    their own in `rounds`, where the first one's is kept as well once it is over.

    `serial` runs without gaps per zone, kind and year. `version` is the optimistic lock: who acts names
    the version they saw; every act sets `acted_at`, so the version moves even when only child rows
    change.
    """

    __tablename__ = "cases"
    __table_args__ = (
        UniqueConstraint("zone_id", "kind", "year", "serial"),
        UniqueConstraint("idempotency_key"),
        # What boards and statistics read of a case, so that they read the index alone (bench.py --ledger).
        Index("ix_cases_waiting", "kind", "state", "due_on", "met_on", "zone_id", "holder_unit_id"),
        Index(
            "ix_cases_figures",
            "kind",
            "registered_at",
            "zone_id",
            "state",
            "outcome",
            "round",
            "holder_unit_id",
            "clock_started_on",
            "due_on",
            "met_on",
        ),
        Index("ix_cases_holder_state", "holder_unit_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    number: Mapped[str] = mapped_column(String(48), unique=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), index=True)
    year: Mapped[int]
    serial: Mapped[int]
    state: Mapped[str] = mapped_column(String(24))
    outcome: Mapped[str] = mapped_column(String(24), default="")
    round: Mapped[int] = mapped_column(default=1)
    holder_unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    registered_at: Mapped[datetime] = mapped_column(index=True)
    acted_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    query_code: Mapped[str] = mapped_column(String(16), unique=True, info={"mask": hidden})
    idempotency_key: Mapped[str | None] = mapped_column(String(128), info={"mask": hidden})
    version: Mapped[int] = mapped_column(default=1)

    events: Mapped[list[CaseEvent]] = relationship(order_by="CaseEvent.seq", back_populates="case")

    rounds: Mapped[list[CaseRound]] = relationship(order_by="CaseRound.number", lazy="selectin")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class CaseRound(TimeLimited, Base):
    """办理轮次: the time limit of one round. `met_on` once set is never changed again; the row of round 1 is
    written when it is met, those of later rounds when they begin."""

    __tablename__ = "case_rounds"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


class CaseEvent(Base):
    """办理过程: one row an act, append-only: the database itself refuses UPDATE and DELETE.

    `audience`: public (told to the citizen), staff, internal. `before` and `after` hold the columns of the case
    and of its typed row that the act changed, personal details masked. `facts` is the digest of all these columns
    as the act left them, `digest` that of this row and of the one before it (`cases/digest.py`); both are filled in
    by `cases/history.py` as the row is written.
    """

    __tablename__ = "case_events"
    __table_args__ = (UniqueConstraint("case_id", "seq"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), index=True)
    seq: Mapped[int]
    event: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime]
    actor_role: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(64))
    from_state: Mapped[str] = mapped_column(String(24), default="")
    to_state: Mapped[str] = mapped_column(String(24), default="")
    sentence: Mapped[str] = mapped_column(Text)
    audience: Mapped[str] = mapped_column(String(16))
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    before: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    after: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    facts: Mapped[str] = mapped_column(String(64), default="")
    digest: Mapped[str] = mapped_column(String(64), default="")

    case: Mapped[Case] = relationship(back_populates="events")


class JournalLine(Base):
    """流水: every event of every case in the order in which they were committed, one chain for the whole service.

    It knows cases by number, not by key, so that it outlives what it speaks of: a deleted event, a deleted case
    or another chain put in a case's place leaves a line here that nothing answers to.
    """

    __tablename__ = "case_journal"
    __table_args__ = (UniqueConstraint("number", "seq"),)

    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(String(48))
    seq: Mapped[int]
    event_digest: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))


class JournalHead(Base):
    """The end of the journal. Its row is locked for the few milliseconds of a commit, never for a whole request."""

    __tablename__ = "case_journal_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))


class CaseCounter(Base):
    """The last serial given, per zone, kind and year. Its row lock makes numbers unique and gapless."""

    __tablename__ = "case_counters"

    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
