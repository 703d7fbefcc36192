"""API for other systems: handing in consultations and asking how they stand."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from qa_service.accounts.deps import DbSession
from qa_service.integration import intake
from qa_service.integration.deps import IntakeKey, StatusKey
from qa_service.integration.schemas import Accepted, Order, OrderStatus
from qa_service.kit.http import TransactionalRoute
from qa_service.library.routes import asker_of

router = APIRouter(tags=["系统对接"], route_class=TransactionalRoute)


@router.post("/intake/consultations", status_code=201)
def hand_in(
    request: Request, response: Response, session: DbSession, key: IntakeKey, data: Order
) -> Accepted:
    """登记一张咨询工单。同一工单重复发送只登记一次，返回 200 和原编号；交办以前内容有更正的，按这次的内容更正。"""
    accepted = intake.accept(
        session, intake.actor_of(key), key.source, data, asker_of(request),
        clock_start=request.app.state.settings.consult_clock_start,
    )  # fmt: skip
    if accepted.repeated:
        response.status_code = 200
    return accepted


@router.get("/intake/consultations/{order_no}")
def look_up_order(session: DbSession, key: StatusKey, order_no: str) -> OrderStatus:
    """按来单方的工单号查询办理情况。"""
    return intake.status(session, key.source, order_no)
