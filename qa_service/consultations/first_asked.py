"""首问责任: who first receives a person with a matter answers for it, and stays it (DOMAIN §1.8; 规范 第十三条)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.cases import service as cases
from qa_service.consultations import rules
from qa_service.consultations.models import Consultation, FirstAsked, HandOver
from qa_service.errors import Forbidden, NotAllowedNow
from qa_service.kit import clock
from qa_service.kit.database import insert_into
from qa_service.text.comparison import similarity

MATTER_LENGTH = 200


def lock(session: Session, actor: Actor, consultation: Consultation) -> None:
    """Settle who is answerable: whoever first received this person with this matter, else `actor` now.

    Locked at the first reception: a consultation that names somebody is left alone, and so is every record.
    """
    if consultation.first_asked_record_id is not None or actor.role not in (Role.DESK, Role.ADMIN):
        return
    person = person_key(consultation.contact, consultation.case.number)
    record = _same_matter(_records_of(session, person), consultation.question)
    if record is None:
        matter = consultation.question[:MATTER_LENGTH]
        values = {
            "person_key": person, "matter": matter, "user_id": actor.id, "user_name": actor.name, "at": clock.now(),
            "case_number": consultation.case.number,
        }  # fmt: skip
        # Two clerks may receive the same person at once: the one who comes second finds the first one's record.
        session.execute(insert_into(session, FirstAsked).values(**values).on_conflict_do_nothing())
        record = session.scalars(
            select(FirstAsked).where(FirstAsked.person_key == person, FirstAsked.matter == matter)
        ).one()
    consultation.first_asked_record_id = record.id
    consultation.first_asked_id, consultation.first_asked_name = record.user_id, record.user_name
    session.flush()


def hand_over(
    session: Session,
    actor: Actor,
    consultation: Consultation,
    *,
    name: str,
    post: str,
    phone: str,
    reason: str,
) -> HandOver:
    """超出职责的，明确告知有关责任人: who takes it on is put on record; the first-asked person stays."""
    if consultation.first_asked_record_id is None:
        raise NotAllowedNow("这件事项还没有首问责任人。", "窗口办理这件事项时自动确定首问责任人。")
    if actor.role is Role.DESK and actor.id != consultation.first_asked_id:
        raise Forbidden(
            f"由首问责任人{consultation.first_asked_name}告知有关责任人。",
            "本人不在岗的，请由系统管理员登记。",
        )
    row = HandOver(
        first_asked_id=consultation.first_asked_record_id, at=clock.now(), by=actor.name, to_name=name, to_post=post,
        to_phone=phone, reason=reason,
    )  # fmt: skip
    session.add(row)
    sentence = f"超出首问责任人职责，已告知有关责任人：{'，'.join(filter(None, (name, post, phone)))}。"
    data = {"name": name, "post": post, "phone": phone, "reason": reason}
    cases.note(session, consultation.case, actor, "hand_over", sentence, data=data)
    return row


def handed_to(session: Session, consultation: Consultation) -> Sequence[HandOver]:
    record_id = consultation.first_asked_record_id
    return session.scalars(
        select(HandOver).where(HandOver.first_asked_id == record_id).order_by(HandOver.id)
    ).all()


def person_key(contact: str, number: str) -> str:
    """Who it is, without keeping the contact again: a digest of it; the case's number where none was left."""
    return hashlib.sha256(contact.encode()).hexdigest() if contact else f"case:{number}"


def _records_of(session: Session, person: str) -> Sequence[FirstAsked]:
    return session.scalars(
        select(FirstAsked).where(FirstAsked.person_key == person).order_by(FirstAsked.id)
    ).all()


def _same_matter(records: Iterable[FirstAsked], question: str) -> FirstAsked | None:
    asked = question[:MATTER_LENGTH]
    return next((row for row in records if rules.is_same_matter(similarity(row.matter, asked))), None)
