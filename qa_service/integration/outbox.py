"""发件箱: notices of changes of state, written in the transaction of the act they tell of.

An act and its notices are stored together or not at all; sending is somebody else's work (`sender.py`), so no act
ever waits for another system. A notice names no person and repeats no text.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.cases import history
from qa_service.cases.digest import plain
from qa_service.cases.lifecycle import Audience
from qa_service.cases.models import Case, CaseEvent
from qa_service.consultations.lifecycle import LIFECYCLE, OUTCOMES
from qa_service.integration.models import Delivery, IntakeOrder, Webhook
from qa_service.kit import clock
from qa_service.zones.models import Zone


@history.tell_of_events
def enqueue(session: Session, events: Sequence[CaseEvent]) -> None:
    """One notice for each subscription and each of `events` that changed a state."""
    moved = [row for row in events if row.from_state != row.to_state and row.audience != Audience.INTERNAL]
    if not moved:
        return
    hooks = session.execute(
        select(Webhook, Zone.path).join(Zone, Zone.id == Webhook.zone_id).where(Webhook.active)
    ).all()
    if not hooks:
        return
    ids = {row.case_id for row in moved}
    cases = {
        case.id: (case, path)
        for case, path in session.execute(
            select(Case, Zone.path).join(Zone, Zone.id == Case.zone_id).where(Case.id.in_(ids))
        )
    }
    orders = {
        order.case_id: order
        for order in session.scalars(select(IntakeOrder).where(IntakeOrder.case_id.in_(ids)))
    }
    for row in moved:
        case, path = cases[row.case_id]
        order = orders.get(case.id)
        for hook, root in hooks:
            ours = not hook.source or (order is not None and order.source == hook.source)
            if ours and path.startswith(root):
                order_no = order.order_no if order is not None and order.source == hook.source else ""
                session.add(_delivery(hook, case, row, order_no))
    session.flush()


def _delivery(hook: Webhook, case: Case, row: CaseEvent, order_no: str) -> Delivery:
    code = secrets.token_hex(16)
    state = LIFECYCLE.states.get(row.to_state)
    body = {
        "delivery": code, "event": row.event, "number": case.number, "order_no": order_no, "seq": row.seq,
        "at": row.at, "state_code": row.to_state, "state": state.official if state else row.to_state,
        "outcome": OUTCOMES.get(case.outcome, case.outcome), "due_on": case.due_on, "due_status": case.due_status,
        "round": case.round,
    }  # fmt: skip
    at = clock.now()
    return Delivery(
        webhook_id=hook.id, code=code, number=case.number, body=json.dumps(plain(body), ensure_ascii=False),
        created_at=at, next_at=at,
    )  # fmt: skip
