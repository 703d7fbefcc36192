"""One order of another system, whichever way it comes: registered once, corrected until it is assigned, then left.

The signed JSON intake and the CSV file both go through here, so that an order means the same in both. Callers commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor
from qa_service.cases import service as cases
from qa_service.cases.digest import digest_of
from qa_service.cases.models import Case
from qa_service.consultations import repository, service
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.schemas import Registration
from qa_service.consultations.service import SearchTraces
from qa_service.integration.models import IntakeOrder
from qa_service.integration.schemas import Order, urgency_of
from qa_service.kit import clock
from qa_service.zones.models import Zone

# What the register has no column for; kept beside the case.
KEPT = (
    "kind",
    "confidential",
    "asked_at",
    "place",
    "topics",
    "urgency",
    "dispatched_at",
    "reply_by",
    "duplicate_of",
)
# Digests of what was corrected, so that a resend that was long under way does not undo the correction. They stand with
# the order and not in the history, where no digest of a telephone number may stay for good.
SUPERSEDED = "superseded"
# Nobody handles it yet, or nobody does any more: whoever sent the order may still correct it.
CORRECTABLE = frozenset({"registered", "to_assign"})
COLUMNS = {
    "question": "咨询问题",
    "person_name": "称谓",
    "contact": "联系方式",
    "topic": "主题",
    "channel": "渠道",
    "urgent": "紧急程度",
}


class Standing(StrEnum):
    """What becomes of an order that comes in."""

    NEW = "new"
    SAME = "same"
    CORRECTION = "correction"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Held:
    """An order that is registered already, its case, and the path of its zone."""

    order: IntakeOrder
    case: Case
    zone_path: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` and `remedy` are for people; empty for a new order."""

    standing: Standing
    reason: str = ""
    remedy: str = ""


def find_held(
    session: Session, source: str, numbers: Sequence[str], *, to_change: bool = False
) -> dict[str, Held]:
    """The orders of `source` that are registered, by their number. `to_change` locks their cases: none is assigned
    between the judging and the correcting."""
    statement = (
        select(IntakeOrder, Case, Zone.path)
        .join(Case, Case.id == IntakeOrder.case_id)
        .join(Zone, Zone.id == Case.zone_id)
        .where(IntakeOrder.source == source, IntakeOrder.order_no.in_(numbers))
        .order_by(Case.id)
    )
    if to_change:
        statement = statement.with_for_update(of=Case).execution_options(populate_existing=True)
    return {order.order_no: Held(order, case, path) for order, case, path in session.execute(statement)}


def judge(held: Held | None, order: Order, reach: str) -> Verdict:
    """What is to be done with the order. `reach` is the path of the zone to whose subtree the sender is bound, "" where
    it is bound to none."""
    if held is None:
        return Verdict(Standing.NEW)
    number, content = held.case.number, digest(order)
    if held.order.content_digest == content:
        return Verdict(Standing.SAME, f"已登记为 {number}")
    if not held.zone_path.startswith(reach):
        return Verdict(
            Standing.REFUSED, f"工单 {order.order_no} 已在其他专区登记，这次的内容与当时不同，没有改动",
            "请与登记这张工单的专区窗口联系。",
        )  # fmt: skip
    if content in held.order.data.get(SUPERSEDED, ()):
        return Verdict(
            Standing.REFUSED, f"工单 {order.order_no}（{number}）已经更正过，这次的内容是更正以前的，没有改动",
            "重复发送旧内容的，不用处理；确需改回的，请在内容中说明，作为新的更正发送。",
        )  # fmt: skip
    if held.case.state not in CORRECTABLE:
        state = LIFECYCLE.states[held.case.state].label
        return Verdict(
            Standing.REFUSED, f"工单 {order.order_no} 已登记为 {number}，现在是“{state}”，这次的内容与当时不同，没有改动",
            "交办以后不再自动更正：请与专区窗口联系，由其在办件里处理；另有新问题的，另用新工单号，并在 duplicate_of"
            "（重复工单号）中写明原工单号。",
        )  # fmt: skip
    return Verdict(Standing.CORRECTION, f"更正 {number}")


def registration_of(order: Order, zone: str = "") -> Registration:
    """Raises pydantic's ValidationError for a contact that is none."""
    return Registration(
        question=order.content, channel=order.channel, contact=order.contact, handling="refer", zone=zone,
        person_name="" if order.confidential else order.person_name, topic=order.topics[0] if order.topics else "",
        urgency=order.registered_urgency,
    )  # fmt: skip


def take(
    session: Session, actor: Actor, source: str, order: Order, held: Held | None, verdict: Verdict,
    traces: SearchTraces, *, clock_start: str, zone: str = "",
) -> Case:  # fmt: skip
    """Do what `verdict` says (any but REFUSED); returns the order's case. A new one is registered in `zone`."""
    if verdict.standing is Standing.NEW or held is None:
        return _register(session, actor, source, order, traces, clock_start, zone)
    if verdict.standing is Standing.CORRECTION:
        _correct(session, actor, held, order, traces)
    return held.case


def digest(order: Order) -> str:
    return digest_of(order.model_dump())


def _kept(order: Order) -> dict[str, Any]:
    return order.model_dump(mode="json", include=set(KEPT), exclude_defaults=True)


def _register(
    session: Session,
    actor: Actor,
    source: str,
    order: Order,
    traces: SearchTraces,
    clock_start: str,
    zone: str,
) -> Case:
    done = service.register(session, actor, registration_of(order, zone), traces, clock_start=clock_start)
    case = done.consultation.case
    session.add(
        IntakeOrder(
            source=source, order_no=order.order_no, case_id=case.id, content_digest=digest(order),
            received_at=clock.now(), data=_kept(order),
        )
    )  # fmt: skip
    sentence = f"来自{source}的工单{order.order_no}。"
    cases.note(
        session, case, actor, "intake", sentence, data={"order_no": order.order_no, "order": _kept(order)}
    )
    return case


def _correct(session: Session, actor: Actor, held: Held, order: Order, traces: SearchTraces) -> None:
    """One event tells what was corrected; the columns' words before and after stay in it, those of the person masked."""
    consultation = repository.by_case(session, held.case.id)
    before, after, data = held.order.data, _kept(order), registration_of(order)
    if urgency_of(before.get("urgency", "")) == data.urgency:
        # What the zone has set for a reason since holds, unless the sender has changed its own mind.
        data = data.model_copy(update={"urgency": consultation.urgency})
    changed = service.correct(session, consultation, data, traces)
    superseded = [*before.get(SUPERSEDED, ()), held.order.content_digest]
    held.order.content_digest, held.order.data = digest(order), {**after, SUPERSEDED: superseded}
    said = "、".join(label for name, label in COLUMNS.items() if name in changed) or "登记以外的内容"
    cases.note(
        session, held.case, actor, "intake_update", f"来单系统更正了工单{order.order_no}：{said}。",
        data={
            "order_no": order.order_no, "order": after,
            "order_before": {name: value for name, value in before.items() if name != SUPERSEDED},
        },
    )  # fmt: skip
