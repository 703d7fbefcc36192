"""A file of orders becomes consultations: every line reported, a dry run, then all or nothing.

Orders are told apart by source and order number, so that a file can be handed in again: what is there and the same stays,
what was corrected before it was assigned is taken over, what is already with a unit is for people to decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.accounts.service import audit
from qa_service.consultations.service import SearchTraces
from qa_service.integration import orders
from qa_service.integration.orders import Held, Standing, Verdict
from qa_service.kit.privacy import without_identity_numbers
from qa_service.library.importer import ADDED, CHANGED, CONFLICT, SAME, WRONG, Report, Row
from qa_service.registers.intake_rows import Line, read_rows
from qa_service.zones.models import TAKING_TURNS, Zone

STATUSES = {
    Standing.NEW: ADDED, Standing.SAME: SAME, Standing.CORRECTION: CHANGED, Standing.REFUSED: CONFLICT,
}  # fmt: skip

Tell = Callable[[str, int, int], None]


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
        session.get(Zone, zone.id, with_for_update=TAKING_TURNS)
    numbers = [line.order_no for line in batch.lines if line.row]
    held = orders.find_held(session, batch.source, numbers, to_change=not dry_run)
    reach = session.get_one(Zone, actor.zone_id).path if actor.zone_id is not None else ""
    report, wanted = Report(), []
    seen: dict[str, int] = {}
    for line in batch.lines:
        row, verdict = _compare(batch, line, held, seen, reach)
        report.rows.append(row)
        if line.row and verdict and row.status in (ADDED, CHANGED):
            wanted.append((line.row, verdict))
    report.counts = dict(Counter(row.status for row in report.rows))
    if dry_run or not report.ok:
        return report
    sender = Actor(Role.SYSTEM, f"{batch.source}（{actor.name}导入）", zone_id=zone.id)
    for index, (order, verdict) in enumerate(wanted, 1):
        orders.take(
            session, sender, batch.source, order, held.get(order.order_no), verdict, traces, clock_start=clock_start,
            zone=zone.code,
        )  # fmt: skip
        if progress:
            progress("登记工单", index, len(wanted))
    audit(session, actor, "intake", batch.source, file=batch.name[:128], counts=report.counts)
    report.imported = True
    return report


def _compare(
    batch: Batch, line: Line, held: Mapping[str, Held], seen: dict[str, int], reach: str
) -> tuple[Row, Verdict | None]:
    """The line of the report, and what is to be done where the line can be read."""

    def row(status: str, reason: str = "", remedy: str = "") -> Row:
        return Row(batch.name, line.number, line.order_no, line.content[:60], status, reason, remedy)

    if line.row is None:
        return row(WRONG, line.reason, line.remedy), None
    if line.order_no in seen:
        return row(WRONG, f"工单号与第 {seen[line.order_no]} 行重复", "同一工单只留一行。"), None
    seen[line.order_no] = line.number
    try:
        orders.registration_of(line.row)
    except ValidationError as error:
        reason = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        return row(WRONG, reason, "请改正电话一列。"), None
    verdict = orders.judge(held.get(line.order_no), line.row, reach)
    remedy = verdict.remedy
    if verdict.standing is Standing.REFUSED:
        remedy += "请从文件中去掉这一行。"
    return row(STATUSES[verdict.standing], verdict.reason, remedy), verdict
