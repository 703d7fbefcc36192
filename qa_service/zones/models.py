"""专区: the three-level tree of zones, the topics, and the time limits in force."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from qa_service.kit.database import Base

# How those take turns on a zone's row who must not do the same thing at once. Not FOR UPDATE: whoever records something of the
# zone holds its key (PostgreSQL: FOR KEY SHARE, by the foreign key), and each would wait for the other.
TAKING_TURNS = {"key_share": True}


class Zone(Base):
    """`path` holds the codes from the root down ("/QH01/QH02/"), so a subtree is one prefix."""

    __tablename__ = "zones"

    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    name: Mapped[str] = mapped_column(String(128), unique=True)
    level: Mapped[str] = mapped_column(String(16))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("zones.id"))
    path: Mapped[str] = mapped_column(String(255), index=True)
    venue: Mapped[str] = mapped_column(String(128), default="")
    address: Mapped[str] = mapped_column(String(255), default="")
    phone: Mapped[str] = mapped_column(String(64), default="")
    hours: Mapped[str] = mapped_column(String(255), default="")
    areas: Mapped[list[str]] = mapped_column(JSON, default=list)
    accepts: Mapped[list[str]] = mapped_column(JSON, default=list)


class Topic(Base):
    """主题. `kiosk` names the tile of the kiosk's first screen under which it is found."""

    __tablename__ = "topics"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    position: Mapped[int]
    kiosk: Mapped[str] = mapped_column(String(32), default="")
    group: Mapped[str] = mapped_column("group_name", String(32), default="")


class Limit(Base):
    """时限: a time limit is a row with its legal basis."""

    __tablename__ = "limits"

    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(128))
    days: Mapped[int]
    unit: Mapped[str] = mapped_column(String(16))
    starts: Mapped[str] = mapped_column(String(255), default="")
    pauses: Mapped[str] = mapped_column(String(255), default="")
    basis: Mapped[str] = mapped_column(Text, default="")


class WorkCalendarDay(Base):
    """工作日历: every day that differs from plain Monday to Friday, with the document that says so."""

    __tablename__ = "work_calendar"

    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    source: Mapped[str] = mapped_column(String(255))
    status: Mapped[str] = mapped_column(String(16))
    entered_at: Mapped[datetime]


_IN_FORCE = text("withdrawn_at IS NULL")


class CalendarOverride(Base):
    """地方调整: a day that a local document decides otherwise, for a zone and all below it.

    (《全国年节及纪念日放假办法》 art. 4: holidays of ethnic minorities are set locally.) A withdrawn row is kept.
    """

    __tablename__ = "calendar_overrides"
    __table_args__ = (
        CheckConstraint("kind IN ('holiday', 'workday')", name="known_kind"),
        Index(
            "uq_calendar_overrides_in_force", "zone_id", "day", unique=True,
            sqlite_where=_IN_FORCE, postgresql_where=_IN_FORCE,
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("zones.id"))
    day: Mapped[date]
    kind: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    document: Mapped[str] = mapped_column(String(128))
    entered_by: Mapped[str] = mapped_column(String(64))
    entered_at: Mapped[datetime]
    withdrawn_by: Mapped[str] = mapped_column(String(64), default="")
    withdrawn_at: Mapped[datetime | None]


class CalendarRevision(Base):
    """One row. Every change of the calendar or of an override adds one to it: calendars built are kept by it,
    and its lock puts a change of the calendar and the starting of a clock in order."""

    __tablename__ = "calendar_revision"

    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int] = mapped_column(default=0)
