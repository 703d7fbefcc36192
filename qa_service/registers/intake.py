"""A file of orders becomes consultations: every line reported, a dry run, then all or nothing.

Orders are told apart by source and order number, so that a file can be handed in again: what is there and the same stays,
what was corrected before it was assigned is taken over, what is already with a unit is for people to decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.accounts.service import audit
from qa_service.cases import service as cases
from qa_service.cases.digest import digest_of
from qa_service.cases.models import Case
from qa_service.consultations import repository, service
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.schemas import Registration
from qa_service.consultations.service import SearchTraces
from qa_service.integration.intake import KEPT
from qa_service.integration.models import IntakeOrder
from qa_service.integration.schemas import Order, urgency_of
from qa_service.kit import clock
from qa_service.kit.privacy import mask_contact, mask_name, without_identity_numbers
from qa_service.library.importer import ADDED, CHANGED, CONFLICT, SAME, WRONG, Report, Row
from qa_service.registers.intake_rows import Line, read_rows
from qa_service.zones.models import Zone

# Until a unit has it, an order may be corrected by whoever sent it.
CORRECTABLE = frozenset({"registered", "to_assign"})
CHANGES = {
    "question": "咨询问题",
    "person_name": "称谓",
    "contact": "联系方式",
    "topic": "主题",
    "channel": "渠道",
    "urgent": "紧急程度",
}

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Held:
    """An order that is already registered, and where its case stands."""

    order: IntakeOrder
    number: str
    state: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A file that has been read: from which system, and its lines."""

    source: str
    name: str
    lines: Sequence[Line]

    @classmethod
    def of(cls, source: str, name: str, data: bytes) -> Batch:
        return cls(source.strip() or "12345", name, read_rows(data))

    def questions(self) -> list[str]:
        """What will be searched for: those who import search before they take the database for writing."""
        return [without_identity_numbers(line.row.content) for line in self.lines if line.row]


def take_in(
    session: Session, actor: Actor, zone: Zone, batch: Batch, traces: SearchTraces, *, dry_run: bool, clock_start: str,
    progress: Tell | None = None,
) -> Report:  # fmt: skip
    """Compare every line, then register and correct all of them or nothing. The caller commits.

    `zone` is where the consultations are registered; the actor must be able to register there.
    """
    if not dry_run:
        # Two files of one source that come together take turns, so that the second finds what the first has registered.
        session.get(Zone, zone.id, with_for_update=True)
    held = _held(session, batch)
    report, wanted = Report(), []
    seen: dict[str, int] = {}
    for line in batch.lines:
        row = _compare(batch, line, held, seen)
        report.rows.append(row)
        if row.status in (ADDED, CHANGED):
            wanted.append((line, row.status))
    report.counts = dict(Counter(row.status for row in report.rows))
    if dry_run or not report.ok:
        return report
    sender = Actor(Role.SYSTEM, f"{batch.source}（{actor.name}导入）", zone_id=zone.id)
    for index, (line, status) in enumerate(wanted, 1):
        assert line.row is not None  # a line without one is WRONG, and then nothing is wanted
        if status == ADDED:
            _register(session, sender, zone, batch, line.row, traces, clock_start)
        else:
            _correct(session, sender, held[line.order_no], line.row, traces)
        if progress:
            progress("登记工单", index, len(wanted))
    audit(session, actor, "intake", batch.source, file=batch.name[:128], counts=report.counts)
    report.imported = True
    return report


def _held(session: Session, batch: Batch) -> dict[str, Held]:
    """The orders of the file that are registered already, by order number, whichever way they came."""
    numbers = [line.order_no for line in batch.lines if line.row]
    found = session.execute(
        select(IntakeOrder, Case.number, Case.state)
        .join(Case, Case.id == IntakeOrder.case_id)
        .where(IntakeOrder.source == batch.source, IntakeOrder.order_no.in_(numbers))
    )
    return {order.order_no: Held(order, number, state) for order, number, state in found}


def _digest(row: Order) -> str:
    return digest_of(row.model_dump())


def _compare(batch: Batch, line: Line, held: Mapping[str, Held], seen: dict[str, int]) -> Row:
    def row(status: str, reason: str = "", remedy: str = "") -> Row:
        return Row(batch.name, line.number, line.order_no, line.content[:60], status, reason, remedy)

    if line.row is None:
        return row(WRONG, line.reason, line.remedy)
    if line.order_no in seen:
        return row(WRONG, f"工单号与第 {seen[line.order_no]} 行重复", "同一工单只留一行。")
    seen[line.order_no] = line.number
    try:
        _registration(line.row, "")
    except ValidationError as error:
        return row(WRONG, str(error.errors()[0]["msg"]).removeprefix("Value error, "), "请改正电话一列。")
    known = held.get(line.order_no)
    if known is None:
        return row(ADDED)
    if known.order.content_digest == _digest(line.row):
        return row(SAME, f"已登记为 {known.number}")
    if known.state not in CORRECTABLE:
        state = LIFECYCLE.states[known.state].label
        return row(
            CONFLICT, f"已登记为 {known.number}，现在是“{state}”，这次的内容与当时不同",
            "已经交办的不再自动更正：请人工核对，需要的在办件里处理，并从文件中去掉这一行。",
        )  # fmt: skip
    return row(CHANGED, f"更正 {known.number}")


def _registration(row: Order, zone: str) -> Registration:
    return Registration(
        question=row.content, channel=row.channel, contact=row.contact, handling="refer", zone=zone,
        person_name="" if row.confidential else row.person_name, topic=row.topics[0] if row.topics else "",
        urgency=row.registered_urgency,
    )  # fmt: skip


def _register(
    session: Session, actor: Actor, zone: Zone, batch: Batch, row: Order, traces: SearchTraces, clock_start: str
) -> None:  # fmt: skip
    done = service.register(session, actor, _registration(row, zone.code), traces, clock_start=clock_start)
    case = done.consultation.case
    session.add(
        IntakeOrder(
            source=batch.source, order_no=row.order_no, case_id=case.id, content_digest=_digest(row),
            received_at=clock.now(), data=_kept(row),
        )
    )  # fmt: skip
    sentence = f"来自{batch.source}的工单{row.order_no}。"
    cases.note(session, case, actor, "intake", sentence, data={"order_no": row.order_no, "order": _kept(row)})


def _correct(session: Session, actor: Actor, known: Held, row: Order, traces: SearchTraces) -> None:
    """Take over what was corrected; the words before stay in the history."""
    consultation = repository.by_case(session, known.order.case_id)
    data = _registration(row, "")
    question = without_identity_numbers(data.question)
    new = {"question": question, "person_name": data.person_name, "contact": data.contact, "topic": data.topic,
           "channel": data.channel, "urgent": data.urgency == "urgent"}  # fmt: skip
    before = {name: getattr(consultation, name) for name in CHANGES}
    if urgency_of(known.order.data.get("urgency", "")) == data.urgency:
        # What the zone has set for a reason since holds, unless the sender has changed its own mind.
        new["urgent"] = before["urgent"]
    changed = [name for name in CHANGES if before[name] != new[name]]
    if "question" in changed:
        # Searched before it is assigned, like every question.
        trace = traces.ensure_trace(session, "", question, data.channel, consultation.case.zone_id)
        consultation.trace_id = trace.id
    for name in changed:
        setattr(consultation, name, new[name])
    consultation.contact_last4 = service.last_four(data.contact)
    known.order.content_digest, known.order.data = _digest(row), _kept(row)
    said = "、".join(CHANGES[name] for name in changed) or "登记以外的内容"
    cases.note(
        session, consultation.case, actor, "intake_update", f"来单系统更正了工单{row.order_no}：{said}。",
        data={"order_no": row.order_no, "order": _kept(row), "before": {name: _masked(name, before[name]) for name in changed}},
    )  # fmt: skip


def _kept(row: Order) -> dict[str, Any]:
    return row.model_dump(mode="json", include=set(KEPT), exclude_defaults=True)


def _masked(name: str, value: Any) -> Any:
    """The history names no person: what was corrected is kept masked."""
    mask = {"contact": mask_contact, "person_name": mask_name}.get(name)
    return mask(value) if mask else value
