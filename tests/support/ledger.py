"""Cases put straight into the tables, in any state: for what counts many of them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import count

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.cases.models import Case, CaseRound
from qa_service.consultations.lifecycle import KIND
from qa_service.consultations.models import Consultation, FollowUp, GivenBack
from qa_service.library.models import QueryLog
from qa_service.zones.models import Zone


@dataclass(frozen=True, slots=True)
class LedgerCase:
    """What counts of a case. `registered_at` is aware; zone and unit are codes."""

    registered_at: datetime
    state: str = "to_assign"
    outcome: str = ""
    zone: str = "QH01"
    unit: str = ""
    replied_by_unit: str = ""
    topic: str = ""
    channel: str = "window"
    round: int = 1
    clock_started_on: date | None = None
    due_on: date | None = None
    met_on: date | None = None
    redo_due_on: date | None = None
    returned_by: tuple[str, ...] = ()
    follows_first: bool = False
    ratings: tuple[str, ...] = ()
    question: str = "怎么办"
    urgent: bool = False
    number: str = field(default="")


def replace_ledger(session: Session, cases: list[LedgerCase], chunk: int = 2000) -> None:
    """The ledger holds these cases and no others. Cases that have a history cannot be replaced."""
    for model in (CaseRound, FollowUp, GivenBack, Consultation, Case):
        session.execute(delete(model))
    zones = dict(session.execute(select(Zone.code, Zone.id)).all())
    units = dict(session.execute(select(Unit.code, Unit.id)).all())
    trace = uuid.uuid4().hex
    session.add(
        QueryLog(
            id=trace, at=datetime.now().astimezone(), channel="window", question="怎么办", decision="refer", confidence=0.0,
            outcome="referred", library_revision=0, milliseconds=0.0,
        )
    )  # fmt: skip
    session.flush()
    serials = count(1)
    for begin in range(0, len(cases), chunk):
        rows, details, rounds, returns, follow_ups = [], [], [], [], []
        for case in cases[begin : begin + chunk]:
            serial = next(serials)
            rows.append(
                {
                    "id": serial, "kind": KIND, "number": case.number or f"{case.zone}-ZX-{case.registered_at:%Y%m%d}-{serial:06d}",
                    "zone_id": zones[case.zone], "year": case.registered_at.year, "serial": serial, "state": case.state,
                    "outcome": case.outcome, "round": case.round, "holder_unit_id": units.get(case.unit),
                    "registered_at": case.registered_at, "acted_at": case.registered_at, "query_code": f"C{serial:09d}",
                    "limit_code": "consultation_reply" if case.due_on else None, "clock_started_on": case.clock_started_on,
                    "due_on": case.due_on, "due_status": "official" if case.due_on else "", "due_steps": [],
                    "met_on": case.met_on, "version": 1,
                }
            )  # fmt: skip
            details.append(
                {
                    "case_id": serial, "channel": case.channel, "question": case.question, "topic": case.topic,
                    "urgent": case.urgent,
                    "trace_id": trace, "leading_id": None, "returns": len(case.returned_by), "reply_unit_id": units.get(case.replied_by_unit),
                }
            )  # fmt: skip
            if case.follows_first and serial > 1:
                details[-1]["leading_id"] = 1
            if case.redo_due_on:
                rounds.append(
                    {
                        "case_id": serial, "number": case.round, "clock_started_on": case.met_on, "due_on": case.redo_due_on,
                        "due_status": "official", "due_steps": [], "due_pauses": [],
                    }
                )  # fmt: skip
            at = case.registered_at
            returns += [
                {"case_id": serial, "unit_id": units[code], "round": 1, "at": at, "by": "单位"}
                for code in case.returned_by
            ]
            follow_ups += [
                {
                    "case_id": serial,
                    "round": 1,
                    "at": at,
                    "by": "窗口",
                    "how": "phone",
                    "satisfaction": rating,
                    "note": "",
                }
                for rating in case.ratings
            ]
        for model, values in (
            (Case, rows), (Consultation, details), (CaseRound, rounds), (GivenBack, returns), (FollowUp, follow_ups),
        ):  # fmt: skip
            if values:
                session.execute(insert(model), values)
    session.flush()
