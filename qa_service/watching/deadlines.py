"""Telling units that their deadlines have been counted anew: one message for each person, however many cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session, aliased

from qa_service.cases.models import Case
from qa_service.cases.recompute import Moved
from qa_service.consultations.models import Consultation
from qa_service.consultations.stage_dates import StageMoved, StagePlan
from qa_service.watching import messages, texts
from qa_service.watching.messages import Letter
from qa_service.watching.recipients import load_directory
from qa_service.watching.rules import Group

CHUNK = 1000


def tell_moved(session: Session, changes: Sequence[Moved], why: str) -> None:
    """`changes` of a recomputing plan; cases without a unit are the desk's of their zone."""

    def said(moved: Sequence[Moved]) -> tuple[str, str]:
        return texts.moved([one.number for one in moved], why, moved[0].before, moved[0].after)

    _tell(session, [change for change in changes if change.told], said)


@dataclass(frozen=True, slots=True)
class _Stages:
    """The stage dates of one case that have moved."""

    case_id: int
    number: str
    changes: list[StageMoved]


def tell_stages(session: Session, plans: Sequence[StagePlan], deadlines: Sequence[Moved], why: str) -> None:
    """签收 and 退回期限 are the unit's to keep. Of a case that is among the told `deadlines` nothing more is sent: one
    message for one case, whose history says all that moved."""
    said_already = {change.case_id for change in deadlines if change.told}
    of_case: dict[int, _Stages] = {}
    for change in (change for plan in plans for change in plan.changes):
        if change.case_id not in said_already:
            held = of_case.setdefault(change.case_id, _Stages(change.case_id, change.number, []))
            held.changes.append(change)

    def said(moved: Sequence[_Stages]) -> tuple[str, str]:
        changes = [(one.stage.label, one.before, one.after) for one in moved[0].changes]
        return texts.stages_moved([one.number for one in moved], why, changes)

    _tell(session, list(of_case.values()), said)


class _OfCase(Protocol):
    @property
    def case_id(self) -> int: ...
    @property
    def number(self) -> str: ...


ChangeT = TypeVar("ChangeT", bound=_OfCase)


def _tell(
    session: Session, told: Sequence[ChangeT], said: Callable[[Sequence[ChangeT]], tuple[str, str]]
) -> None:
    leading = aliased(Case)
    holders: dict[int, tuple[int | None, int]] = {}
    for at in range(0, len(told), CHUNK):
        ids = [change.case_id for change in told[at : at + CHUNK]]
        for row in session.execute(
            # Nobody holds a case that goes with another; the unit of the leading one answers it.
            select(
                Case.id,
                func.coalesce(Case.holder_unit_id, leading.holder_unit_id).label("unit"),
                Case.zone_id,
            )
            .outerjoin(Consultation, and_(Consultation.case_id == Case.id, Case.state == "linked"))
            .outerjoin(leading, leading.id == Consultation.leading_id)
            .where(Case.id.in_(ids))
        ):
            holders[row.id] = row.unit, row.zone_id
    groups: dict[tuple[int | None, int], list[ChangeT]] = {}
    for change in told:
        unit_id, zone_id = holders[change.case_id]
        # A unit gets one message for all zones; the zone named is only where to turn if it has nobody.
        key = next((k for k in groups if unit_id is not None and k[0] == unit_id), (unit_id, zone_id))
        groups.setdefault(key, []).append(change)
    directory = load_directory(session) if groups else None
    for (unit_id, zone_id), moved in groups.items():
        assert directory is not None
        title, body = said(moved)
        link = f"/case/{moved[0].number}" if len(moved) == 1 else "/unit" if unit_id else "/desk/register"
        people = directory.told((Group.DOERS,), unit_id, zone_id)
        messages.post(session, people, Letter("recompute", title, body, link, zone_id))
