"""并案: the same question from many people goes with one leading case (牵头件), and each stays a case of its own.

A follower waits in `linked`, keeps its number, its clock and its telling, and gets the leading case's reply when
that is ready. Nothing is merged away, so every one of them is still counted.
"""

from __future__ import annotations

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


def share_reply(session: Session, leading: Consultation) -> None:
    """Give the leading case's reply to all who wait for it, and anew to those not told yet who still carry it as it
    was given. Those whose reply has been written or edited for them keep theirs; where the leading reply is another
    than they know, an event says so, and their unit may `adopt` it.

    Who has already been told keeps the answer as it was told.
    """
    for follower in repository.followers(session, leading.case_id, to_act=True):
        state, given = follower.case.state, _last_given(session, follower)
        own = state != "linked" and rules.is_own_reply(follower.reply, given)
        if state in ("linked", "replied") and not own:
            give(session, leading, follower)
        elif LIFECYCLE.find(state, "offer") and leading.reply not in (given, follower.reply):
            cases.perform(session, LIFECYCLE, follower.case, "offer", SYSTEM, shown_of(leading))


def give(session: Session, leading: Consultation, follower: Consultation) -> None:
    """One follower gets the reply of its leading case, by an act of its own in its own history."""
    _take_over(leading, follower)
    cases.perform(session, LIFECYCLE, follower.case, "share", SYSTEM, shown_of(leading))


def adopt(session: Session, follower: Consultation) -> Consultation:
    """The unit takes over its leading case's reply instead of the follower's own; returns the leading case.

    Raises NotAllowedNow where the rules do not let it.
    """
    if why := why_no_adoption(follower):
        raise NotAllowedNow(why, "请另行拟定答复，或者与专区窗口联系。")
    leading = session.get_one(Consultation, follower.leading_id)
    _take_over(leading, follower)
    return leading


def why_no_adoption(follower: Consultation) -> str:
    leading = follower.leading
    return rules.why_no_adoption(
        follows=leading is not None,
        leading_shared=leading is not None and leading.case.state in rules.SHARED_STATES,
        one_unit=leading is not None and leading.reply_unit_id == follower.case.holder_unit_id,
        same_reply=leading is not None and leading.reply == follower.reply,
    )


def other_reply(follower: Consultation) -> tuple[str, list[str]]:
    """(text, basis lines) of the leading case's reply where the follower could be answered with it and is not yet."""
    leading = follower.leading
    if leading is None or LIFECYCLE.find(follower.case.state, "adopt") is None or why_no_adoption(follower):
        return "", []
    return leading.reply_text, [item["text"] for item in leading.reply_basis]


def _take_over(leading: Consultation, follower: Consultation) -> None:
    follower.case.holder_unit_id = leading.reply_unit_id
    for name in (
        "reply_text", "reply_basis", "reply_unit_id", "replied_by", "replied_at", "reviewed_by", "reviewed_at",
    ):  # fmt: skip
        setattr(follower, name, getattr(leading, name))


def shown_of(leading: Consultation) -> dict[str, str]:
    """The leading reply as it goes into the follower's history."""
    text, basis = leading.reply
    return {"text": text, "basis": basis, "leading": leading.case.number}


def _last_given(session: Session, follower: Consultation) -> rules.Reply | None:
    """The leading reply as the follower last heard of it, whether it took it over or not."""
    data = repository.last_event_data(session, follower.case_id, ("share", "offer", "adopt"))
    if data is None:
        return None
    given = data.get("adopted", data)
    return given["text"], given["basis"]
