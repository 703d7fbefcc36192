"""The rows of the ledger from the database, some hundred cases at a time, in the order of the register page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor
from qa_service.cases.models import Case, CaseEvent
from qa_service.cases.rounds import present
from qa_service.cases.service import is_overdue
from qa_service.consultations import repository, rules
from qa_service.consultations.lifecycle import (
    CHANNELS,
    LIFECYCLE,
    OUTCOMES,
    SATISFACTION,
    STATES,
    TOLD_HOW,
    URGENCIES,
)
from qa_service.consultations.models import Consultation, FollowUp
from qa_service.kit import clock
from qa_service.kit.privacy import mask_contact, mask_name, without_personal_details
from qa_service.library.face import basis_lines
from qa_service.library.models import EntryVersion, QueryLog
from qa_service.registers.columns import LedgerRow
from qa_service.zones.models import Zone

CHUNK = 500
SEARCHES = {"answer": "命中", "choose": "有相近条目", "refer": "未命中"}
RETURNING = ("return", "recall", "reassign")


@dataclass(frozen=True, slots=True)
class Selection:
    """The filters of the register page."""

    state: str = ""
    overdue: bool = False
    text: str = ""
    newest_first: bool = False


@dataclass(frozen=True, slots=True)
class _Beside:
    """What belongs to a chunk of cases and stands in other tables, by case or by key."""

    zones: dict[int, str]
    units: dict[int, str]
    searches: dict[str, str]
    versions: dict[int, EntryVersion]
    returns: dict[int, list[str]]
    follow_ups: dict[int, FollowUp]


def ledger_rows(
    session: Session, actor: Actor, selection: Selection, *, revealed: bool
) -> Iterator[LedgerRow]:
    """Every selected consultation that `actor` may read; persons are masked unless `revealed`, also where they stand
    in free text."""
    today = clock.today()
    keys = repository.ids_readable(
        session, actor, states=(selection.state,) if selection.state in STATES else (),
        overdue_on=today if selection.overdue else None, text=selection.text.strip(),
        newest_first=selection.newest_first,
    )  # fmt: skip
    zones = {zone.id: zone.name for zone in session.scalars(select(Zone))}
    units = {unit.id: unit.name for unit in session.scalars(select(Unit))}
    for start in range(0, len(keys), CHUNK):
        chunk = keys[start : start + CHUNK]
        held = {row.case_id: row for row in _read(session, chunk)}
        beside = _beside(session, list(held.values()), zones, units)
        for serial, key in enumerate(chunk, start + 1):
            yield _row(serial, held[key], beside, today, revealed)
        # What has been written out is let go of: memory does not grow with the ledger.
        session.expunge_all()


def _read(session: Session, keys: Sequence[int]) -> Sequence[Consultation]:
    return session.scalars(
        select(Consultation)
        .where(Consultation.case_id.in_(keys))
        .options(
            selectinload(Consultation.assisting), selectinload(Consultation.case).selectinload(Case.rounds)
        )
    ).all()


def _beside(
    session: Session, rows: Sequence[Consultation], zones: dict[int, str], units: dict[int, str]
) -> _Beside:
    keys = [row.case_id for row in rows]
    searches = session.execute(
        select(QueryLog.id, QueryLog.decision).where(QueryLog.id.in_([row.trace_id for row in rows]))
    )
    version_ids = {row.entry_version_id for row in rows if row.entry_version_id}
    versions = session.scalars(select(EntryVersion).where(EntryVersion.id.in_(version_ids)))
    returns: dict[int, list[str]] = defaultdict(list)
    events = select(CaseEvent.case_id, CaseEvent.at, CaseEvent.sentence).where(
        CaseEvent.case_id.in_(keys), CaseEvent.event.in_(RETURNING)
    )
    for event in session.execute(events.order_by(CaseEvent.case_id, CaseEvent.seq)):
        returns[event.case_id].append(f"{clock.local(event.at):%Y-%m-%d %H:%M} {event.sentence}")
    follow_ups = session.scalars(select(FollowUp).where(FollowUp.case_id.in_(keys)).order_by(FollowUp.id))
    return _Beside(
        zones, units, {row.id: SEARCHES.get(row.decision, "") for row in searches},
        {version.id: version for version in versions}, returns, {row.case_id: row for row in follow_ups},
    )  # fmt: skip


def _row(serial: int, row: Consultation, beside: _Beside, today: date, revealed: bool) -> LedgerRow:
    case, limit = row.case, present(row.case)
    version = beside.versions.get(row.entry_version_id or 0)
    follow_up = beside.follow_ups.get(row.case_id)
    reply = row.reply_text or (version.answer if version else "")
    basis = (
        [item["text"] for item in row.reply_basis]
        if row.reply_text
        else basis_lines(version.basis)
        if version
        else []
    )

    def shown(text: str) -> str:
        return text if revealed else without_personal_details(text)

    return LedgerRow(
        serial=serial, number=case.number, zone=beside.zones.get(case.zone_id, ""), registered_at=case.registered_at,
        channel=CHANNELS.get(row.channel, row.channel),
        person_name=row.person_name if revealed else mask_name(row.person_name),
        contact=row.contact if revealed else mask_contact(row.contact), audience=row.audience,
        question=shown(row.question), topic=row.topic, first_asked=row.first_asked_name,
        search=beside.searches.get(row.trace_id, ""), urgency=URGENCIES[row.urgency], assigned_at=row.assigned_at, assigned_by=row.assigned_by,
        unit=beside.units.get(case.holder_unit_id or 0, ""),
        assisting="、".join(item.unit.name for item in row.assisting_now), policy_clue=shown(row.policy_clue),
        due_on=limit.due_on, due_status={"official": "确定", "": ""}.get(limit.due_status, "暂定"),
        signed_at=row.signed_at, signed_by=row.signed_by, returns=row.returns,
        return_reasons=shown("\n".join(beside.returns.get(row.case_id, ()))), replied_at=row.replied_at,
        replied_by=row.replied_by, reply_unit=beside.units.get(row.reply_unit_id or 0, ""), reply=shown(reply),
        basis="\n".join(basis), told_how=TOLD_HOW.get(row.told_how, ""), told_at=row.told_at,
        punctual=_punctual(case, today), rounds=case.round,
        satisfaction=SATISFACTION.get(follow_up.satisfaction, "") if follow_up else "",
        followed_up_at=follow_up.at if follow_up else None, state=LIFECYCLE.states[case.state].label,
        outcome=OUTCOMES.get(case.outcome, ""), archived_at=case.closed_at if case.state == "archived" else None,
    )  # fmt: skip


def _punctual(case: Case, today: date) -> str:
    """首轮是否按期, which no later round changes; while it is open, whether the present round is late."""
    first = rules.in_time(case.due_on, case.met_on)
    if first is not None:
        return "按期" if first else "逾期"
    return "已超期" if is_overdue(LIFECYCLE, case, today) else ""
