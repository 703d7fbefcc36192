"""催办、督办: numbered notices to the unit that holds a case, and its feedback. Callers commit."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.cases import rounds
from qa_service.cases import service as cases
from qa_service.cases.models import Case
from qa_service.cases.numbering import case_number
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.errors import Forbidden, Invalid, NotAllowedNow
from qa_service.kit import clock
from qa_service.kit.privacy import without_personal_details
from qa_service.watching import configuration, messages, repository, rules, texts
from qa_service.watching.messages import Letter
from qa_service.watching.models import WatchNotice
from qa_service.watching.recipients import load_directory
from qa_service.watching.rules import Group
from qa_service.workdays.due import due_date, working_days_left
from qa_service.zones.calendar import load_calendar

ISSUERS = {
    "urge": frozenset({Role.DESK, Role.ADMIN, Role.SUPERVISOR}),
    "supervise": frozenset({Role.SUPERVISOR}),
}


def issue(
    session: Session, actor: Actor, consultation: Consultation, kind: str, *, reason_code: str = "", text: str = ""
) -> WatchNotice:  # fmt: skip
    """Issue a notice to the unit that holds the case, or that answered it. Raises Forbidden, NotAllowedNow, Invalid."""
    if actor.role not in ISSUERS[kind]:
        raise Forbidden(
            f"“{rules.NOTICES[kind]}”应由{'、'.join(sorted(role.label for role in ISSUERS[kind]))}办理。"
        )
    case, settings = consultation.case, configuration.load(session)
    reason_code = reason_code if kind == "supervise" else ""
    field, why = rules.why_no_notice(
        kind, reason_code, text, state=case.state, overdue=cases.is_overdue(LIFECYCLE, case, clock.today())
    )
    unit = session.get(Unit, case.holder_unit_id or consultation.reply_unit_id or -1)
    if field == "form" or unit is None:
        raise NotAllowedNow(why or "这件事项没有承办单位，不能督办。", "请先交办，再催办、督办。")
    if why:
        raise Invalid(why, "请修改后再提交。", errors={field: why})
    today, calendar = clock.today(), load_calendar(session, case.zone_id)
    days = settings.urge_days if kind == "urge" else settings.supervise_days
    feedback_due = due_date(today, days, calendar).due
    due_on = rounds.present(case).due_on
    left = (
        working_days_left(today, due_on, calendar) if due_on and cases.is_running(LIFECYCLE, case) else None
    )
    serial = repository.next_serial(session, case.zone_id, kind, today.year)
    notice = WatchNotice(
        number=case_number(consultation.zone.code, rules.NOTICE_CATEGORIES[kind], today, serial), kind=kind,
        case_id=case.id, round=case.round, unit_id=unit.id, reason_code=reason_code, text=text.strip(),
        content=_content(consultation, unit, due_on, left), issued_at=clock.now(), issued_by=actor.name,
        issuer_id=actor.id, feedback_due_on=feedback_due, feedback_at=None,
    )  # fmt: skip
    session.add(notice)
    session.flush()
    name = rules.NOTICES[kind]
    reason = f"，事由：{rules.SUPERVISION_REASONS[reason_code]}" if reason_code else ""
    # Recorded without a new version of the case: a reply that the unit is writing must not be refused because of it.
    cases.record(
        session,
        case,
        actor,
        kind,
        f"向{unit.name}发出{name}单{notice.number}{reason}。",
        data={"notice": notice.number},
    )
    groups = (Group.DOERS,) if kind == "urge" else (Group.DOERS, Group.LEADERS)
    title, body = texts.notice(kind, notice.number, case.number, reason_code, feedback_due)
    people = load_directory(session).told(groups, unit.id, case.zone_id)
    messages.post(
        session, people, Letter(kind, title, body, f"/notices/{notice.number}", case.zone_id), settings
    )
    return notice


def _content(consultation: Consultation, unit: Unit, due_on: date | None, left: int | None) -> dict[str, Any]:
    """What the printed notice says, as it was on the day: later changes do not rewrite it."""
    case = consultation.case
    return {
        "zone": consultation.zone.name, "unit": unit.name, "case": case.number, "topic": consultation.topic,
        "question": without_personal_details(consultation.question), "state": LIFECYCLE.states[case.state].label,
        "registered_on": clock.local(case.registered_at).date().isoformat(), "round": case.round,
        "due_on": texts.said_date(due_on) if due_on else "", "left": texts.said_left(left) if left is not None else "",
    }  # fmt: skip


def give_feedback(session: Session, actor: Actor, number: str, text: str) -> WatchNotice:
    """反馈 of the unit, once. Raises Forbidden for others, NotAllowedNow for a second one."""
    notice = repository.get_notice(session, actor, number)
    case = session.get_one(Case, notice.case_id, with_for_update=True)
    session.refresh(notice)
    if actor.role is not Role.UNIT or actor.unit_id != notice.unit_id:
        raise Forbidden("催办单、督办单由收到的单位反馈。")
    if notice.feedback_at is not None:
        raise NotAllowedNow(
            "这张单子已经反馈过，不能再改。", "有新的情况，请在办件中写明，或者与发单的岗位联系。"
        )
    notice.feedback, notice.feedback_by, notice.feedback_at = text, actor.name, clock.now()
    name, unit = rules.NOTICES[notice.kind], session.get_one(Unit, notice.unit_id)
    cases.record(
        session,
        case,
        actor,
        "notice_feedback",
        f"{unit.name}对{name}单{notice.number}作出反馈。",
        data={"notice": notice.number},
    )
    if notice.issuer_id is not None:
        title, body = texts.feedback(notice.kind, notice.number, case.number, unit.name)
        people = load_directory(session).user(notice.issuer_id)
        messages.post(
            session, people, Letter(notice.kind, title, body, f"/notices/{notice.number}", case.zone_id)
        )
    return notice
