"""Orders of other systems become consultations; their state is told by their own number. Callers commit."""

from __future__ import annotations

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.cases.digest import digest_of
from qa_service.cases.models import Case
from qa_service.cases.service import is_overdue
from qa_service.consultations import repository, service, views
from qa_service.consultations.lifecycle import LIFECYCLE, OUTCOMES, TOLD_HOW
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import Registration
from qa_service.consultations.service import SearchTraces
from qa_service.errors import Conflict, Invalid, NotFound
from qa_service.integration.models import ApiKey, IntakeOrder
from qa_service.integration.schemas import Accepted, Order, OrderStatus
from qa_service.kit import clock
from qa_service.zones.models import Zone

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


def actor_of(key: ApiKey) -> Actor:
    return Actor(Role.SYSTEM, f"{key.name}（接口）", zone_id=key.zone_id)


def accept(
    session: Session, actor: Actor, source: str, order: Order, traces: SearchTraces, *, clock_start: str
) -> Accepted:
    """Register an order once, whatever number of times it is sent. Raises Conflict when it was registered before with
    another content: which of the two holds is for people to say."""
    if actor.zone_id is not None:
        # Resends that arrive together take turns on the zone's row, as those of kiosks do.
        session.get(Zone, actor.zone_id, with_for_update=True)
    content = digest_of(order.model_dump())
    earlier = session.scalar(
        select(IntakeOrder).where(IntakeOrder.source == source, IntakeOrder.order_no == order.order_no)
    )
    if earlier is not None:
        if earlier.content_digest != content:
            raise Conflict(
                f"工单 {order.order_no} 先前已登记，这次的内容与当时不同，没有改动。",
                "内容有更正的，请另用新工单号，并在 duplicate_of 中写明原工单号。",
            )
        return _accepted(order.order_no, session.get_one(Case, earlier.case_id), repeated=True)
    done = service.register(session, actor, _registration(order), traces, clock_start=clock_start)
    case = done.consultation.case
    session.add(
        IntakeOrder(
            source=source, order_no=order.order_no, case_id=case.id, content_digest=content, received_at=clock.now(),
            data=order.model_dump(mode="json", include=set(KEPT), exclude_defaults=True),
        )
    )  # fmt: skip
    session.flush()
    return _accepted(order.order_no, case, repeated=False)


def _registration(order: Order) -> Registration:
    try:
        return Registration(
            question=order.content, channel=order.channel, contact=order.contact, handling="refer",
            person_name="" if order.confidential else order.person_name, topic=order.topics[0] if order.topics else "",
            urgency=order.registered_urgency,
        )  # fmt: skip
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise Invalid(f"工单有误：{reason}。", "请修改后重新发送。", errors={"contact": reason}) from error


def _accepted(order_no: str, case: Case, *, repeated: bool) -> Accepted:
    return Accepted(
        order_no=order_no, number=case.number, query_code=case.query_code,
        state=LIFECYCLE.states[case.state].official, due_on=case.due_on.isoformat() if case.due_on else "",
        due_status=case.due_status, repeated=repeated,
    )  # fmt: skip


def status(session: Session, source: str, order_no: str) -> OrderStatus:
    """By the other system's number: only orders that this system handed in."""
    order = session.scalar(
        select(IntakeOrder).where(IntakeOrder.source == source, IntakeOrder.order_no == order_no)
    )
    if order is None:
        raise NotFound(f"没有登记过工单 {order_no}。", "请核对工单号；只能查询本系统送来的工单。")
    return _status(session, order_no, repository.by_case(session, order.case_id))


def _status(session: Session, order_no: str, consultation: Consultation) -> OrderStatus:
    case = consultation.case
    state = LIFECYCLE.states[case.state]
    told = consultation.told_at is not None
    answer, basis = views.answer_given(session, consultation) if told else ("", [])
    return OrderStatus(
        order_no=order_no, number=case.number, state=state.official, state_code=case.state,
        outcome=OUTCOMES.get(case.outcome, case.outcome), unit=consultation.holder.name if consultation.holder else "",
        registered_at=case.registered_at, assigned_at=consultation.assigned_at, signed_at=consultation.signed_at,
        returns=consultation.returns, due_on=case.due_on.isoformat() if case.due_on else "", due_status=case.due_status,
        overdue=is_overdue(LIFECYCLE, case, clock.today()), round=case.round, told_at=consultation.told_at,
        told_how=TOLD_HOW.get(consultation.told_how, ""), answer=answer, answer_basis=basis,
    )  # fmt: skip
