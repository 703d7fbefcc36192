"""政策咨询件: the typed columns of a consultation, beside its case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, Text
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
    trace_id: Mapped[str] = mapped_column(ForeignKey("query_log.id"))
    first_asked_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    first_asked_name: Mapped[str] = mapped_column(String(64), default="")

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

    # 回复
    reply_text: Mapped[str] = mapped_column(Text, default="")
    reply_basis: Mapped[list[dict[str, str]]] = mapped_column(JSON, default=list)
    reply_unit_id: Mapped[int | None] = mapped_column(ForeignKey("units.id"))
    replied_by: Mapped[str] = mapped_column(String(64), default="")
    replied_at: Mapped[datetime | None]
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
