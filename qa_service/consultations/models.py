"""政策咨询件: the typed columns of a consultation, beside its case."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from qa_service.accounts.models import Unit
from qa_service.cases.models import Case
from qa_service.kit.database import Base
from qa_service.kit.privacy import hidden, mask_contact, mask_name
from qa_service.zones.models import Zone


class Consultation(Base):
    """登记、交办、回复 in the three groups of columns that the ledger is printed from.

    The person is a form of address and one contact, nothing else (最小收集, 个人信息保护法 第六条).
    """

    __tablename__ = "consultations"

    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"), primary_key=True)

    # 登记
    channel: Mapped[str] = mapped_column(String(16))
    person_name: Mapped[str] = mapped_column(String(64), default="", info={"mask": mask_name})
    contact: Mapped[str] = mapped_column(String(128), default="", info={"mask": mask_contact})
    contact_last4: Mapped[str] = mapped_column(String(4), default="", info={"mask": hidden})
    audience: Mapped[str] = mapped_column(String(32), default="")
    question: Mapped[str] = mapped_column(Text)
    topic: Mapped[str] = mapped_column(String(64), default="")
    # 紧急程度 as yes or no: 一般 is the empty value, so no digest of a case from before the column changes.
    urgent: Mapped[bool] = mapped_column(default=False)
    trace_id: Mapped[str] = mapped_column(ForeignKey("query_log.id"))
    first_asked_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    first_asked_name: Mapped[str] = mapped_column(String(64), default="")
    first_asked_record_id: Mapped[int | None] = mapped_column(ForeignKey("first_asked.id"))
    leading_id: Mapped[int | None] = mapped_column(ForeignKey("consultations.case_id"), index=True)

    # 当场办结
    entry_version_id: Mapped[int | None] = mapped_column(ForeignKey("entry_versions.id"))
    guided_to: Mapped[str] = mapped_column(String(128), default="")
    guided_contact: Mapped[str] = mapped_column(String(255), default="")
    no_contact_reason: Mapped[str] = mapped_column(String(255), default="")

    # 交办
    assigned_at: Mapped[datetime | None]
    assigned_by: Mapped[str] = mapped_column(String(64), default="")
    policy_clue: Mapped[str] = mapped_column(Text, default="")
    designated: Mapped[bool] = mapped_column(default=False)
    returns: Mapped[int] = mapped_column(default=0)
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[str] = mapped_column(String(64), default="")
    sign_due_on: Mapped[date | None]
    return_until: Mapped[date | None]

    # 回复
    reply_text: Mapped[str] = mapped_column(Text, default="")
    reply_basis: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    reply_unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"), index=True)
    replied_by: Mapped[str] = mapped_column(String(64), default="")
    replied_at: Mapped[datetime | None]
    reviewed_by: Mapped[str] = mapped_column(String(64), default="")
    reviewed_at: Mapped[datetime | None]
    told_how: Mapped[str] = mapped_column(String(16), default="")
    told_by: Mapped[str] = mapped_column(String(64), default="")
    told_at: Mapped[datetime | None]

    # 入库决定
    library_decision: Mapped[str] = mapped_column(String(16), default="")
    library_reason: Mapped[str] = mapped_column(Text, default="")
    library_entry_id: Mapped[int | None] = mapped_column(ForeignKey("entries.id"))

    case: Mapped[Case] = relationship(lazy="joined")
    zone: Mapped[Zone] = relationship(
        secondary="cases",
        primaryjoin="Consultation.case_id == Case.id",
        secondaryjoin="Case.zone_id == Zone.id",
        viewonly=True,
        uselist=False,
    )
    holder: Mapped[Unit | None] = relationship(
        secondary="cases",
        primaryjoin="Consultation.case_id == Case.id",
        secondaryjoin="Case.holder_unit_id == Unit.id",
        viewonly=True,
        uselist=False,
    )

    leading: Mapped[Consultation | None] = relationship(
        foreign_keys=[leading_id], remote_side=[case_id], viewonly=True
    )

    assisting: Mapped[list[AssistingUnit]] = relationship(order_by="AssistingUnit.id", lazy="selectin")

    @property
    def reply(self) -> tuple[str, str]:
        """The text, and the basis with a line for each: what is compared where one reply may be another's."""
        return self.reply_text, "\n".join(item["text"] for item in self.reply_basis)

    @property
    def urgency(self) -> str:
        """紧急程度 by its code (`lifecycle.URGENCIES`)."""
        return "urgent" if self.urgent else "normal"

    @property
    def assisting_now(self) -> list[AssistingUnit]:
        return [row for row in self.assisting if row.ended_at is None]


class AssistingUnit(Base):
    """协办单位 of a consultation. One that is asked no more keeps its row, with the time."""

    __tablename__ = "consultation_assisting_units"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("consultations.case_id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(64))
    ended_at: Mapped[datetime | None]

    unit: Mapped[Unit] = relationship(lazy="joined")


class GivenBack(Base):
    """退回 by a unit: which one, so that it is counted there after others hold the case. Append-only."""

    __tablename__ = "consultation_returns"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("consultations.case_id"), index=True)
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"), index=True)
    round: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))


class Opinion(Base):
    """协办意见: what an assisting unit says to the main unit. Append-only."""

    __tablename__ = "consultation_opinions"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("consultations.case_id"), index=True)
    round: Mapped[int]
    unit_id: Mapped[int] = mapped_column(ForeignKey("units.id"))
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)

    unit: Mapped[Unit] = relationship(lazy="joined")


class Telling(Base):
    """告知记录: each attempt to tell the person the answer, also those that failed. Append-only.

    `note` says what was tried; it is never empty where `succeeded` is false.
    """

    __tablename__ = "consultation_tellings"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("consultations.case_id"), index=True)
    round: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    how: Mapped[str] = mapped_column(String(16))
    succeeded: Mapped[bool]
    note: Mapped[str] = mapped_column(Text, default="")


class FollowUp(Base):
    """回访 after an answer: how, and what the person said. Append-only."""

    __tablename__ = "consultation_follow_ups"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("consultations.case_id"), index=True)
    round: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    how: Mapped[str] = mapped_column(String(16))
    satisfaction: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(Text, default="")


class FirstAsked(Base):
    """首问责任: who first received a person with a matter. Locked then; no function changes a row.

    `person_key` is a digest of the contact, or the case's number where none was left; `matter` the question as
    it was first asked.
    """

    __tablename__ = "first_asked"
    __table_args__ = (UniqueConstraint("person_key", "matter"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_key: Mapped[str] = mapped_column(String(80))
    matter: Mapped[str] = mapped_column(String(200))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    user_name: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    case_number: Mapped[str] = mapped_column(String(48))


class HandOver(Base):
    """告知有关责任人: beyond the first-asked person's duties, so that somebody else is named to the person.

    Append-only; the first-asked person stays who it was.
    """

    __tablename__ = "first_asked_hand_overs"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_asked_id: Mapped[int] = mapped_column(ForeignKey("first_asked.id"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(64))
    to_name: Mapped[str] = mapped_column(String(64))
    to_post: Mapped[str] = mapped_column(String(128))
    to_phone: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
