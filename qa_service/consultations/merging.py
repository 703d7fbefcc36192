"""并案: the same question from many people goes with one leading case (牵头件), and each stays a case of its own.

A follower waits in `linked`, keeps its number, its clock and its telling, and gets the leading case's reply when
that is ready. Nothing is merged away, so every one of them is still counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from qa_service.accounts.roles import SYSTEM, Actor
from qa_service.cases import service as cases
from qa_service.consultations import assignment, repository, rules
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.errors import Invalid, NotAllowedNow


def link(session: Session, actor: Actor, consultation: Consultation, number: str) -> Consultation:
    """Let `consultation` go with the case `number`; returns the leading one.

    Raises Invalid when the rules do not let the two go together. The actor must be able to read both.
    """
    leading = repository.get_readable(session, actor, number)
    why = rules.why_no_link(
        same=leading.case_id == consultation.case_id,
        zones=(leading.zone.path, consultation.zone.path),
        leading_open=leading.case.state in rules.LEADING_STATES,
        leading_follows=leading.leading_id is not None,
        has_followers=bool(repository.followers(session, consultation.case_id)),
    )
    if why:
        raise Invalid(why, "请核对牵头件的编号和办理状态。", errors={"leading": why})
    consultation.leading_id = leading.case_id
    assignment.release(consultation)
    return leading


def unlink(consultation: Consultation) -> None:
    consultation.leading_id = None


def check_no_followers(session: Session, consultation: Consultation, label: str) -> None:
    """Raise NotAllowedNow before a step that would leave those who wait for this case without an answer."""
    waiting = [
        row for row in repository.followers(session, consultation.case_id) if row.case.state == "linked"
    ]
    if waiting:
        raise NotAllowedNow(
            f"还有{len(waiting)}件咨询并入这件办理，不能{label}。",
            "请先对这些咨询件逐件“取消并案”，再办理这一步。",
        )


def share_reply(session: Session, leading: Consultation) -> Sequence[Consultation]:
    """Give the leading case's reply to all who wait for it, and anew to those not told yet; returns them.

    Who has already been told keeps the answer as it was told.
    """
    shared = [
        row
        for row in repository.followers(session, leading.case_id)
        if row.case.state in ("linked", "replied")
    ]
    for follower in shared:
        give(session, leading, follower)
    return shared


def give(session: Session, leading: Consultation, follower: Consultation) -> None:
    """One follower gets the reply of its leading case, by an act of its own in its own history."""
    follower.case.holder_unit_id = leading.reply_unit_id
    for name in (
        "reply_text", "reply_basis", "reply_unit_id", "replied_by", "replied_at", "reviewed_by", "reviewed_at",
    ):  # fmt: skip
        setattr(follower, name, getattr(leading, name))
    fields = {"text": leading.reply_text, "basis": "\n".join(item["text"] for item in leading.reply_basis)}
    shown = {"leading": leading.case.number}
    cases.perform(session, LIFECYCLE, follower.case, "share", SYSTEM, {**fields, **shown})
