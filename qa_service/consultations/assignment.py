"""交办、改派、签收、退回: what giving a case to units means for its columns."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor
from qa_service.consultations import rules
from qa_service.consultations.lifecycle import RETURN_LIMIT, SIGN_LIMIT
from qa_service.consultations.models import AssistingUnit, Consultation, GivenBack, Opinion
from qa_service.consultations.schemas import ActFields
from qa_service.errors import Forbidden, Invalid, NotAllowedNow
from qa_service.kit import clock
from qa_service.workdays.calendar import WorkCalendar
from qa_service.zones.calendar import find_limit, load_calendars


def assign(session: Session, actor: Actor, consultation: Consultation, fields: ActFields) -> Unit:
    """Give the case to the main unit named, and to those that assist it instead of any asked before."""
    case, unit = consultation.case, find_unit(session, fields.unit)
    if case.holder_unit_id == unit.id:
        raise Invalid(
            f"这件事项现在就由{unit.name}承办。", "改派请选择其他单位。", errors={"unit": "请选择其他单位"}
        )
    assisting = find_units(session, fields.assisting)
    if unit in assisting:
        raise Invalid(
            f"{unit.name}是承办单位，不能同时作协办单位。", "请去掉重复的单位。", errors={"assisting": "与承办单位重复"}
        )  # fmt: skip
    case.holder_unit_id = unit.id
    consultation.assigned_at, consultation.assigned_by = clock.now(), actor.name
    consultation.policy_clue = fields.policy_clue or consultation.policy_clue
    consultation.designated = fields.designated
    consultation.signed_at, consultation.signed_by = None, ""
    today = clock.today()
    # A change of the calendar waits for these days as it does for due dates, and then finds them.
    calendar = load_calendars(session, to_count=True).of(case.zone_id)
    consultation.sign_due_on = _last_day(session, SIGN_LIMIT, today, calendar)
    consultation.return_until = _last_day(session, RETURN_LIMIT, today, calendar)
    for row in consultation.assisting_now:
        row.ended_at = clock.now()
    _add_assisting(actor, consultation, assisting)
    return unit


def assist(session: Session, actor: Actor, consultation: Consultation, fields: ActFields) -> list[Unit]:
    """Ask more units to assist; returns those asked now."""
    known = {row.unit_id for row in consultation.assisting_now} | {consultation.case.holder_unit_id}
    new = [unit for unit in find_units(session, fields.assisting) if unit.id not in known]
    if not new:
        raise Invalid(
            "选择的单位已经在承办或者协办。", "请选择其他单位。", errors={"assisting": "请选择其他单位"}
        )
    _add_assisting(actor, consultation, new)
    return new


def opine(session: Session, actor: Actor, consultation: Consultation, fields: ActFields) -> None:
    """Raises Forbidden for a unit that is not asked to assist."""
    if not assists(actor, consultation):
        raise Forbidden("贵单位不是这件事项的协办单位。", "如需提出意见，请与专区窗口联系。")
    session.add(
        Opinion(
            case_id=consultation.case_id, round=consultation.case.round, unit_id=actor.unit_id, by=actor.name,
            at=clock.now(), text=fields.opinion,
        )
    )  # fmt: skip


def give_back(session: Session, actor: Actor, consultation: Consultation) -> None:
    """退回. Raises NotAllowedNow when the rules no longer let the unit return it."""
    why = rules.why_no_return(consultation.designated, consultation.return_until, clock.today())
    if why:
        raise NotAllowedNow(why, "如确有困难，请与专区窗口或监督管理部门联系，由其改派。")
    consultation.returns += 1
    session.add(
        GivenBack(
            case_id=consultation.case_id, unit_id=actor.unit_id, round=consultation.case.round, at=clock.now(), by=actor.name
        )
    )  # fmt: skip


def release(consultation: Consultation) -> None:
    """Nobody holds the case any more: returned, recalled or gone with another."""
    consultation.case.holder_unit_id = None
    for row in consultation.assisting_now:
        row.ended_at = clock.now()


def assists(actor: Actor, consultation: Consultation) -> bool:
    return any(row.unit_id == actor.unit_id for row in consultation.assisting_now)


def find_unit(session: Session, code: str) -> Unit:
    unit = session.scalar(select(Unit).where(Unit.code == code, Unit.active))
    if unit is None:
        raise Invalid(
            f"没有代码为“{code}”的承办单位，或者该单位已停用。",
            "请重新选择承办单位。",
            errors={"unit": "请重新选择"},
        )
    return unit


def find_units(session: Session, codes: Iterable[str]) -> list[Unit]:
    return [find_unit(session, code) for code in dict.fromkeys(codes) if code]


def _add_assisting(actor: Actor, consultation: Consultation, units: Iterable[Unit]) -> None:
    for unit in units:
        row = AssistingUnit(
            unit_id=unit.id, unit=unit, added_at=clock.now(), added_by=actor.name, ended_at=None
        )
        consultation.assisting.append(row)


def _last_day(session: Session, code: str, today: date, calendar: WorkCalendar) -> date | None:
    """The last day under the limit `code`; None in an installation that has no such limit."""
    limit = find_limit(session, code)
    return rules.last_day(today, limit, calendar) if limit else None
