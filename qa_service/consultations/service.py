"""From a question at the desk to an answered citizen: registration and the acts on a consultation.

Callers commit. Every function takes the actor first and changes nothing when it raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.cases import service as cases
from qa_service.cases.lifecycle import Act, Audience
from qa_service.consultations import library_return, repository
from qa_service.consultations.lifecycle import CATEGORY, CHANNELS, LIFECYCLE, LIMIT_CODE, TOLD_HOW
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import ActFields, Registration
from qa_service.errors import Forbidden, Invalid, NotAllowedNow
from qa_service.kit import clock
from qa_service.kit.privacy import without_identity_numbers
from qa_service.library import service as library
from qa_service.library.models import QueryLog
from qa_service.zones.calendar import load_calendar, load_limit
from qa_service.zones.models import Zone


class SearchTraces(Protocol):
    """Where registration gets the record of the search that must precede it (先检索、后登记)."""

    def ensure_trace(
        self, session: Session, trace_id: str, question: str, channel: str, zone_id: int | None
    ) -> QueryLog: ...


@dataclass(frozen=True, slots=True)
class Registered:
    consultation: Consultation
    repeated: bool


def register(
    session: Session,
    actor: Actor,
    data: Registration,
    traces: SearchTraces,
    *,
    idempotency_key: str | None = None,
    clock_start: str = "earlier",
) -> Registered:
    """登记. Sending the same request twice under one idempotency key registers once.

    No consultation exists without a search: the trace named is used, or the search is made here.
    """
    zone = _zone_for(session, actor, data.zone)
    if idempotency_key:
        # Resends that arrive together take turns on the zone's row, so that the second finds the first.
        session.get(Zone, zone.id, with_for_update=True)
        if earlier := cases.find_by_idempotency_key(session, idempotency_key):
            return Registered(repository.by_case(session, earlier.id), repeated=True)
    if actor.role not in (Role.DESK, Role.ADMIN) and data.handling != "refer":
        raise Invalid("自助渠道只能提交“转登记交办”的问题。", "请先检索；没有合适的答复时再留言提问。")
    question = without_identity_numbers(data.question)
    trace = traces.ensure_trace(session, data.trace_id, question, data.channel, zone.id)
    case = cases.open_case(session, LIFECYCLE, CATEGORY, zone, idempotency_key)
    digits = "".join(ch for ch in data.contact if ch.isdigit()) if "@" not in data.contact else ""
    consultation = Consultation(
        case_id=case.id, case=case, channel=data.channel, person_name=data.person_name, contact=data.contact,
        contact_last4=digits[-4:], audience=data.audience, question=question, topic=data.topic,
        trace_id=trace.id, first_asked_id=actor.id if actor.role in (Role.DESK, Role.ADMIN) else None,
        first_asked_name=actor.name if actor.role in (Role.DESK, Role.ADMIN) else "",
    )  # fmt: skip
    session.add(consultation)
    session.flush()
    cases.record(
        session, case, actor, "register", f"登记，来自{CHANNELS[data.channel]}。", audience=Audience.PUBLIC,
        from_state="", data={"trace_id": trace.id},
    )  # fmt: skip
    if data.handling:
        act_on(session, actor, consultation, data.handling, data.fields, clock_start=clock_start)
        if data.handling == "refer" and data.fields.unit:
            act_on(session, actor, consultation, "assign", data.fields, clock_start=clock_start)
    return Registered(consultation, repeated=False)


def open_acts(actor: Actor, consultation: Consultation) -> list[Act]:
    """The next steps open to `actor`: the lifecycle table less what this case forbids."""
    case = consultation.case
    if actor.role is Role.UNIT and case.holder_unit_id != actor.unit_id:
        return []
    acts = LIFECYCLE.from_state(case.state, actor.role)
    return [act for act in acts if not (act.event == "return" and consultation.designated)]


@cases.one_act
def act_on(
    session: Session,
    actor: Actor,
    consultation: Consultation,
    event: str,
    fields: ActFields,
    *,
    clock_start: str = "earlier",
) -> Act:
    """Carry out one act of the lifecycle table on a consultation, with what it means for its columns."""
    given = fields.model_dump(exclude_defaults=True)
    shown: dict[str, str] = {}
    case, today = consultation.case, clock.today()
    # Where the act itself is impossible or not this actor's, the table says so before any field is judged.
    possible = LIFECYCLE.find(case.state, event)
    if possible is None or actor.role not in possible.roles:
        return cases.perform(session, LIFECYCLE, case, event, actor, given)
    if actor.role is Role.UNIT:
        shown["unit_name"] = _unit_name(session, actor.unit_id)
    match event:
        case "answer" if fields.entry:
            version = library.published_version(session, fields.entry, today)
            shown["entry"] = version.question
            consultation.entry_version_id = version.id
            consultation.told_at, consultation.told_by = clock.now(), actor.name
            consultation.told_how = "phone" if consultation.channel == "phone" else "in_person"
            _set_outcome(session, consultation.trace_id, "chosen", version.id)
        case "guide":
            if not fields.guided_contact and not fields.no_contact_reason:
                raise Invalid(
                    "请填写该单位的联系方式；确实没有的，请写明原因。", "联系方式和原因至少填一项。",
                    errors={"guided_contact": "与“没有联系方式的原因”至少填一项"},
                )  # fmt: skip
            consultation.guided_to = fields.guided_to
            consultation.guided_contact = fields.guided_contact
            consultation.no_contact_reason = fields.no_contact_reason
        case "assign" if fields.unit:
            unit = _unit(session, fields.unit)
            shown["unit_name"] = unit.name
            case.holder_unit_id = unit.id
            consultation.assigned_at, consultation.assigned_by = clock.now(), actor.name
            consultation.policy_clue = fields.policy_clue or consultation.policy_clue
            consultation.designated = fields.designated
            consultation.signed_at, consultation.signed_by = None, ""
        case "recall":
            case.holder_unit_id = None
        case "sign":
            consultation.signed_at, consultation.signed_by = clock.now(), actor.name
        case "return":
            if consultation.designated:
                raise NotAllowedNow(
                    "这件事项是指定交办的，不能再退回。", "如确有困难，请与专区窗口或监督管理部门联系。"
                )
        case "reply" if fields.text and fields.basis:
            consultation.reply_text = fields.text
            consultation.reply_basis = [
                {"text": line.strip()} for line in fields.basis.splitlines() if line.strip()
            ]
            consultation.reply_unit_id = actor.unit_id
            consultation.replied_by, consultation.replied_at = actor.name, clock.now()
        case "tell" if fields.how:
            if (fields.how == "code") != (actor.role is Role.CITIZEN):
                raise Invalid(
                    "请选择实际告知咨询人的方式。",
                    "咨询人凭查询码查看答复的，由系统自动登记。",
                    errors={"how": "请重新选择"},
                )
            shown["how"] = TOLD_HOW[fields.how]
            consultation.told_how, consultation.told_by = fields.how, actor.name
            consultation.told_at = clock.now()
        case "close" if fields.library_decision:
            shown["decision_sentence"] = library_return.decide(session, actor, consultation, fields)
        case "redo":
            case.round += 1
            shown["round"] = str(case.round)
            given["previous_reply"] = consultation.reply_text
            consultation.told_at, consultation.told_by, consultation.told_how = None, "", ""
    act = cases.perform(session, LIFECYCLE, case, event, actor, given, shown=shown)
    if actor.role is Role.DESK and consultation.first_asked_id is None:
        # Left at a kiosk or on the web: the first clerk who takes it up is answerable for it (首问责任).
        consultation.first_asked_id, consultation.first_asked_name = actor.id, actor.name
    if event == "return":
        case.holder_unit_id = None
        consultation.returns += 1
    if event == "refer":
        _set_outcome(session, consultation.trace_id, "referred")
    if event in CLOCK_STARTS[clock_start]:
        # The earlier of registration and assignment is always registration, since assigning comes after.
        start = clock.local(case.registered_at).date() if clock_start in ("earlier", "registered") else today
        cases.start_clock(session, case, load_limit(session, LIMIT_CODE), start, load_calendar(session))
    return act


# Which act starts the clock under each reading of 规范 第十四条 (the source text leaves it open).
CLOCK_STARTS = {
    "earlier": ("refer",), "registered": ("refer",), "assigned": ("assign",), "signed": ("sign",),
}  # fmt: skip


def _set_outcome(session: Session, trace_id: str, outcome: str, version_id: int | None = None) -> None:
    trace = session.get(QueryLog, trace_id)
    if trace is not None:
        trace.outcome = outcome
        trace.chosen_version_id = version_id or trace.chosen_version_id


def _unit(session: Session, code: str) -> Unit:
    unit = session.scalar(select(Unit).where(Unit.code == code, Unit.active))
    if unit is None:
        raise Invalid(
            f"没有代码为“{code}”的承办单位，或者该单位已停用。",
            "请重新选择承办单位。",
            errors={"unit": "请重新选择"},
        )
    return unit


def _unit_name(session: Session, unit_id: int | None) -> str:
    unit = session.get(Unit, unit_id) if unit_id else None
    return unit.name if unit else ""


def _zone_for(session: Session, actor: Actor, code: str) -> Zone:
    """The zone named, if it lies in the actor's own subtree; without a name the actor's own zone, or the
    topmost one for those who have none."""
    own = session.get(Zone, actor.zone_id) if actor.zone_id else None
    if not code:
        found = own or session.scalar(select(Zone).where(Zone.parent_id.is_(None)).order_by(Zone.id).limit(1))
    else:
        found = session.scalar(select(Zone).where(Zone.code == code))
    if found is None:
        raise Invalid(f"没有代码为“{code}”的专区。", "请核对专区代码。", errors={"zone": "没有这个专区"})
    if own is not None and not found.path.startswith(own.path):
        raise Forbidden("您只能在本专区及下级专区登记。")
    return found
