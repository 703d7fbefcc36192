"""Orders of other systems become consultations; their state is told by their own number. Callers commit."""

from __future__ import annotations

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.cases.models import Case
from qa_service.cases.service import is_overdue
from qa_service.consultations import repository, views
from qa_service.consultations.lifecycle import LIFECYCLE, OUTCOMES, TOLD_HOW
from qa_service.consultations.models import Consultation
from qa_service.consultations.service import SearchTraces
from qa_service.errors import Conflict, Invalid, NotFound
from qa_service.integration import orders
from qa_service.integration.models import ApiKey, IntakeOrder
from qa_service.integration.orders import Standing
from qa_service.integration.schemas import Accepted, Order, OrderStatus
from qa_service.kit import clock
from qa_service.zones.models import TAKING_TURNS, Zone


def actor_of(key: ApiKey) -> Actor:
    return Actor(Role.SYSTEM, f"{key.name}（接口）", zone_id=key.zone_id)


def accept(
    session: Session, actor: Actor, source: str, order: Order, traces: SearchTraces, *, clock_start: str
) -> Accepted:
    """Register an order once, whatever number of times it is sent; take over a correction until it is assigned.
    Raises Conflict for a correction that comes too late."""
    reach = ""
    if actor.zone_id is not None:
        # Resends that arrive together take turns on the zone's row, as those of kiosks do.
        reach = session.get_one(Zone, actor.zone_id, with_for_update=TAKING_TURNS).path
    _check(order)
    held = orders.find_held(session, source, [order.order_no], to_change=True).get(order.order_no)
    verdict = orders.judge(held, order, reach)
    if verdict.standing is Standing.REFUSED:
        raise Conflict(f"{verdict.reason}。", verdict.remedy)
    case = orders.take(session, actor, source, order, held, verdict, traces, clock_start=clock_start)
    session.flush()
    return _accepted(order.order_no, case, verdict.standing)


def _check(order: Order) -> None:
    try:
        orders.registration_of(order)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise Invalid(f"工单有误：{reason}。", "请修改后重新发送。", errors={"contact": reason}) from error


def _accepted(order_no: str, case: Case, standing: Standing) -> Accepted:
    return Accepted(
        order_no=order_no, number=case.number, query_code=case.query_code,
        state=LIFECYCLE.states[case.state].official, due_on=case.due_on.isoformat() if case.due_on else "",
        due_status=case.due_status, repeated=standing is not Standing.NEW, corrected=standing is Standing.CORRECTION,
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
