"""一次性告知 and 责任追究: records beside the cases."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from qa_service.kit.database import Base


class OneTimeNotice(Base):
    """一次性告知: at most one a case, listing everything that is missing. Never changed once given."""

    __tablename__ = "one_time_notices"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    verdict: Mapped[str] = mapped_column(String(16))
    missing: Mapped[list[str]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(Text, default="")


class AccountabilityEvent(Base):
    """责任追究: what happened, who is answerable, and, once it is settled, what was done about it."""

    __tablename__ = "accountability_events"
    __table_args__ = (
        CheckConstraint("source <> 'overdue' OR case_id IS NOT NULL", name="overdue_names_a_case"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("cases.id"), index=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"), index=True)
    person: Mapped[str] = mapped_column(String(64))
    facts: Mapped[str] = mapped_column(Text)
    happened_on: Mapped[date]
    handling: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(64))
    handled_at: Mapped[datetime | None]
    handled_by: Mapped[str] = mapped_column(String(64), default="")
