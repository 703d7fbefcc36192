"""From a question at the desk to an answered citizen: registration and the acts on a consultation.

Callers commit. Every function takes the actor first and changes nothing when it raises.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.cases import service as cases
from qa_service.cases.lifecycle import Act, Audience
from qa_service.consultations import (
    assignment,
    first_asked,
    library_return,
    merging,
    replying,
    repository,
    rules,
)
from qa_service.consultations.lifecycle import (
    CATEGORY,
    CHANNELS,
    LIFECYCLE,
    LIMIT_CODE,
    SATISFACTION,
    TOLD_HOW,
    URGENCIES,
)
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import ActFields, Registration
from qa_service.errors import Forbidden, Invalid
from qa_service.kit import clock
from qa_service.kit.privacy import without_identity_numbers
from qa_service.library import service as library
from qa_service.library.models import QueryLog
from qa_service.zones.calendar import load_calendars, load_limit
from qa_service.zones.models import TAKING_TURNS, Zone


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
    zone = zone_for(session, actor, data.zone)
    if idempotency_key:
        # Resends that arrive together take turns on the zone's row, so that the second finds the first.
        session.get(Zone, zone.id, with_for_update=TAKING_TURNS)
        if earlier := cases.find_by_idempotency_key(session, idempotency_key):
            return Registered(repository.by_case(session, earlier.id), repeated=True)
    if actor.role not in (Role.DESK, Role.ADMIN) and data.handling != "refer":
        raise Invalid("自助渠道只能提交“转登记交办”的问题。", "请先检索；没有合适的答复时再留言提问。")
    if data.urgency == "urgent" and actor.role not in (Role.DESK, Role.ADMIN, Role.SYSTEM):
        raise Invalid(
            "紧急程度由工作人员登记。", "急需答复的，请到窗口说明。", errors={"urgency": "由工作人员登记"}
        )
    question = without_identity_numbers(data.question)
    trace = traces.ensure_trace(session, data.trace_id, question, data.channel, zone.id)
    case = cases.open_case(session, LIFECYCLE, CATEGORY, zone, idempotency_key)
    consultation = Consultation(
        case_id=case.id, case=case, channel=data.channel, person_name=data.person_name, contact=data.contact,
        contact_last4=last_four(data.contact), audience=data.audience, question=question, topic=data.topic,
        urgent=data.urgency == "urgent", trace_id=trace.id,
    )  # fmt: skip
    session.add(consultation)
    session.flush()
    first_asked.lock(session, actor, consultation)
    cases.record(
        session, case, actor, "register", f"登记，来自{CHANNELS[data.channel]}。", audience=Audience.PUBLIC,
        from_state="", data={"trace_id": trace.id},
    )  # fmt: skip
    if data.handling:
        act_on(session, actor, consultation, data.handling, data.fields, clock_start=clock_start)
        if data.handling == "refer" and data.fields.unit:
            act_on(session, actor, consultation, "assign", data.fields, clock_start=clock_start)
    return Registered(consultation, repeated=False)


def correct(
    session: Session, consultation: Consultation, data: Registration, traces: SearchTraces
) -> list[str]:
    """Take over what the sender has corrected since; returns the columns that changed. The caller records it.

    Another question is searched for anew: 先检索、后交办.
    """
    question = without_identity_numbers(data.question)
    new: dict[str, str | bool] = {
        "question": question, "person_name": data.person_name, "contact": data.contact,
        "contact_last4": last_four(data.contact), "topic": data.topic, "channel": data.channel,
        "urgent": data.urgency == "urgent",
    }  # fmt: skip
    changed = [name for name, value in new.items() if getattr(consultation, name) != value]
    if "question" in changed:
        zone_id = consultation.case.zone_id
        trace = traces.ensure_trace(session, "", question, data.channel, zone_id)
        _set_outcome(session, trace.id, "referred")
        consultation.trace_id = trace.id
    for name in changed:
        setattr(consultation, name, new[name])
    return changed


def last_four(contact: str) -> str:
    """What is asked for beside the query code: the last digits of a phone number; none of an e-mail address."""
    return "".join(ch for ch in contact if ch.isdigit())[-4:] if "@" not in contact else ""


def open_acts(actor: Actor, consultation: Consultation) -> list[Act]:
    """The next steps open to `actor`: the lifecycle table less what this case and the rules forbid."""
    case = consultation.case
    acts = LIFECYCLE.from_state(case.state, actor.role)
    if actor.role is not Role.UNIT:
        return acts
    if case.holder_unit_id != actor.unit_id:
        return [act for act in acts if act.assisting and assignment.assists(actor, consultation)]
    reviewed = replying.must_be_reviewed(actor, consultation)
    hidden = {"reply" if reviewed else "submit"} | (set() if actor.leads else {"approve", "reject"})
    if rules.why_no_return(consultation.designated, consultation.return_until, clock.today()):
        hidden.add("return")
    if merging.why_no_adoption(consultation):
        hidden.add("adopt")
    return [act for act in acts if not act.assisting and act.event not in hidden]


def act_on(
    session: Session,
    actor: Actor,
    consultation: Consultation,
    event: str,
    fields: ActFields,
    *,
    clock_start: str = "earlier",
) -> Act:
    """Carry out one act of the lifecycle table, then what it means for the cases that go with this one."""
    act = _act(session, actor, consultation, event, fields, clock_start=clock_start)
    if event == "link":
        leading = session.get_one(Consultation, consultation.leading_id)
        if leading.case.state == "replied":
            merging.give(session, leading, consultation)
    if event in ("reply", "approve"):
        merging.share_reply(session, consultation)
    return act


@cases.one_act
def _act(
    session: Session,
    actor: Actor,
    consultation: Consultation,
    event: str,
    fields: ActFields,
    *,
    clock_start: str,
) -> Act:
    """One act on one consultation, with what it means for its columns: one event, with their before and after."""
    given = fields.model_dump(exclude_defaults=True)
    case, today = consultation.case, clock.today()
    possible = LIFECYCLE.find(case.state, event)
    shown: dict[str, str] = {}
    # Where the act is impossible, not this actor's or incomplete, the table says so before any field is judged.
    if possible is not None and cases.may_perform(possible, case, actor, given):
        if event in ENDS_WITHOUT_REPLY:
            merging.check_no_followers(session, consultation, possible.label)
        shown = _carry_out(session, actor, consultation, event, fields, given)
    act = cases.perform(session, LIFECYCLE, case, event, actor, given, shown=shown)
    if actor.role is Role.DESK and consultation.first_asked_id is None:
        # Left at a kiosk or on the web: the first clerk who takes it up is answerable for it (首问责任).
        first_asked.lock(session, actor, consultation)
    if event in ("return", "recall"):
        assignment.release(consultation)
    if event == "refer":
        _set_outcome(session, consultation.trace_id, "referred")
    if event in CLOCK_STARTS[clock_start]:
        # The earlier of registration and assignment is always registration, since assigning comes after.
        start = clock.local(case.registered_at).date() if clock_start in ("earlier", "registered") else today
        calendar = load_calendars(session, to_count=True).of(case.zone_id)
        cases.start_clock(session, case, load_limit(session, LIMIT_CODE), start, calendar)
    return act


def _carry_out(
    session: Session,
    actor: Actor,
    consultation: Consultation,
    event: str,
    fields: ActFields,
    given: dict[str, Any],
) -> dict[str, str]:
    """Set the columns that an act sets; returns the names that its sentence shows."""
    shown: dict[str, str] = {}
    if actor.role is Role.UNIT:
        shown["unit_name"] = _unit_name(session, actor.unit_id)
    if fields.how:
        shown["how"] = TOLD_HOW[fields.how]
    match event:
        case "answer":
            shown["entry"] = _answer(session, actor, consultation, fields.entry)
        case "guide":
            _guide(consultation, fields)
        case "assign" | "reassign":
            shown["unit_name"] = assignment.assign(session, actor, consultation, fields).name
        case "assist":
            asked = assignment.assist(session, actor, consultation, fields)
            given["assisting"] = [unit.code for unit in asked]
            shown["assisting_names"] = "、".join(unit.name for unit in asked)
        case "set_urgency":
            shown["urgency_label"] = _set_urgency(consultation, fields.urgency)
        case "opine":
            assignment.opine(session, actor, consultation, fields)
        case "sign":
            consultation.signed_at, consultation.signed_by = clock.now(), actor.name
        case "return":
            assignment.give_back(session, actor, consultation)
        case "reply" | "submit":
            replying.draft(actor, consultation, event, fields)
        case "approve" | "reject":
            replying.review(actor, consultation, passed=event == "approve")
        case "tell":
            replying.tell(session, actor, consultation, fields)
        case "tell_failed":
            replying.tell_failed(session, actor, consultation, fields)
        case "follow_up":
            replying.follow_up(session, actor, consultation, fields)
            shown["satisfaction"] = SATISFACTION[fields.satisfaction]
        case "rate":
            replying.rate(session, actor, consultation, fields)
            shown["satisfaction"] = SATISFACTION[fields.satisfaction]
        case "link":
            shown["leading"] = merging.link(session, actor, consultation, fields.leading).case.number
        case "unlink":
            merging.unlink(consultation)
        case "adopt":
            leading = merging.adopt(session, consultation)
            shown["leading"] = leading.case.number
            given["adopted"] = merging.shown_of(leading)
        case "close":
            shown["decision_sentence"] = library_return.decide(session, actor, consultation, fields)
        case "redo":
            given["previous_reply"] = consultation.reply_text
            replying.redo(session, consultation)
            shown["round"] = str(consultation.case.round)
    return shown


def _answer(session: Session, actor: Actor, consultation: Consultation, key: str) -> str:
    """当场答复 with a published entry, by the very version of today; returns its question."""
    version = library.published_version(session, key, clock.today())
    consultation.entry_version_id = version.id
    consultation.told_at, consultation.told_by = clock.now(), actor.name
    consultation.told_how = "phone" if consultation.channel == "phone" else "in_person"
    replying.keep_telling(session, actor, consultation, consultation.told_how, succeeded=True)
    _set_outcome(session, consultation.trace_id, "chosen", version.id)
    return version.question


def _set_urgency(consultation: Consultation, urgency: str) -> str:
    """调整紧急程度; no limit moves with it. Returns what it is called."""
    label = URGENCIES[urgency]
    if consultation.urgency == urgency:
        raise Invalid(
            f"这件事项的紧急程度现在就是“{label}”。", "不用调整。", errors={"urgency": "与现在相同"}
        )
    consultation.urgent = urgency == "urgent"
    return label


def _guide(consultation: Consultation, fields: ActFields) -> None:
    if not fields.guided_contact and not fields.no_contact_reason:
        raise Invalid(
            "请填写该单位的联系方式；确实没有的，请写明原因。", "联系方式和原因至少填一项。",
            errors={"guided_contact": "与“没有联系方式的原因”至少填一项"},
        )  # fmt: skip
    consultation.guided_to = fields.guided_to
    consultation.guided_contact = fields.guided_contact
    consultation.no_contact_reason = fields.no_contact_reason


# Steps after which a leading case will have no reply to give to those that wait for it.
ENDS_WITHOUT_REPLY = frozenset({"void", "guide", "channel_disclosure", "channel_complaint"})
# Which act starts the clock under each reading of 规范 第十四条 (the source text leaves it open).
CLOCK_STARTS = {
    "earlier": ("refer",), "registered": ("refer",), "assigned": ("assign",), "signed": ("sign",),
}  # fmt: skip


def _set_outcome(session: Session, trace_id: str, outcome: str, version_id: int | None = None) -> None:
    trace = session.get(QueryLog, trace_id)
    if trace is not None:
        trace.outcome = outcome
        trace.chosen_version_id = version_id or trace.chosen_version_id


def _unit_name(session: Session, unit_id: int | None) -> str:
    unit = session.get(Unit, unit_id) if unit_id else None
    return unit.name if unit else ""


def zone_for(session: Session, actor: Actor, code: str) -> Zone:
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
