"""What every ledger does: open a case, act on it by its lifecycle table, run its clock, tell its story."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.cases import history, rounds
from qa_service.cases.lifecycle import Act, Audience, Clock, Lifecycle
from qa_service.cases.models import Case, CaseEvent
from qa_service.cases.numbering import case_number, new_query_code, next_serial
from qa_service.errors import Conflict, Forbidden, Invalid, NotAllowedNow
from qa_service.kit import clock
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.due import Pause, TimeLimit
from qa_service.workdays.explanation import store_pause
from qa_service.zones.models import Zone

FIELD_NAMES = {
    "reason": "理由", "unit": "承办单位", "text": "答复内容", "basis": "答复依据", "how": "告知方式",
    "guided_to": "引导去的单位", "library_decision": "是否收入问答库", "entry": "采用的问答条目",
    "assisting": "协办单位", "opinion": "协办意见", "note": "试过什么、结果怎样", "satisfaction": "是否满意",
    "leading": "牵头件编号", "urgency": "紧急程度",
}  # fmt: skip


def find_by_idempotency_key(session: Session, key: str | None) -> Case | None:
    return session.scalar(select(Case).where(Case.idempotency_key == key)) if key else None


def open_case(
    session: Session, lifecycle: Lifecycle, category: str, zone: Zone, idempotency_key: str | None = None
) -> Case:
    """A new case in its initial state, numbered; the caller records the registration event."""
    at = clock.now()
    day = clock.local(at).date()
    serial = next_serial(session, zone.id, lifecycle.kind, day.year)
    case = Case(
        kind=lifecycle.kind, number=case_number(zone.code, category, day, serial), zone_id=zone.id,
        year=day.year, serial=serial, state=lifecycle.initial, registered_at=at, acted_at=at,
        query_code=new_query_code(), idempotency_key=idempotency_key,
    )  # fmt: skip
    session.add(case)
    session.flush()
    return case


def record(
    session: Session,
    case: Case,
    actor: Actor,
    event: str,
    sentence: str,
    *,
    audience: Audience = Audience.STAFF,
    from_state: str | None = None,
    data: Mapping[str, Any] | None = None,
) -> CaseEvent:
    """Add one row to the history of `case`: what changed on the case since the row before goes with it."""
    last = session.scalar(select(func.max(CaseEvent.seq)).where(CaseEvent.case_id == case.id)) or 0
    row = CaseEvent(
        case_id=case.id, seq=last + 1, event=event, at=clock.now(), actor_role=actor.role, actor_id=actor.id,
        actor_name=actor.name, from_state=case.state if from_state is None else from_state,
        to_state=case.state, sentence=sentence, audience=audience, data=dict(data or {}),
    )  # fmt: skip
    history.append(session, row)
    return row


def note(
    session: Session, case: Case, actor: Actor, event: str, sentence: str, *, audience: Audience = Audience.STAFF,
    data: Mapping[str, Any],
) -> CaseEvent:  # fmt: skip
    """Add to the history what is not a step of the table; whoever has the case open learns that it changed."""
    case.acted_at = clock.now()
    return record(session, case, actor, event, sentence, audience=audience, data=data)


class HasCase(Protocol):
    @property
    def case(self) -> Case: ...


RowT = TypeVar("RowT", bound=HasCase)
P = ParamSpec("P")
ResultT = TypeVar("ResultT")


def one_act(
    function: Callable[Concatenate[Session, Actor, RowT, P], ResultT],
) -> Callable[Concatenate[Session, Actor, RowT, P], ResultT]:
    """For functions that carry out one act on a typed row: whatever they change on it and on its case, before or
    after recording the event, is that event's before and after."""

    @wraps(function)
    def act(session: Session, actor: Actor, row: RowT, /, *args: P.args, **kwargs: P.kwargs) -> ResultT:
        with history.one_act(session, row.case.id):
            return function(session, actor, row, *args, **kwargs)

    return act


def check_version(session: Session, lifecycle: Lifecycle, case: Case, seen: int) -> None:
    """Raise Conflict, naming who acted meanwhile, unless the actor saw the case as it is now."""
    if case.version == seen:
        return
    last = session.scalar(
        select(CaseEvent).where(CaseEvent.case_id == case.id).order_by(CaseEvent.seq.desc()).limit(1)
    )
    who = f"{last.actor_name}于{clock.local(last.at):%H:%M}办理了这件事项：{last.sentence}" if last else ""
    raise Conflict(
        f"您打开页面以后，这件事项已有变化，您的操作没有生效。{who}",
        "您填写的内容仍保留在页面上，请查看最新情况后再决定。",
        current_version=case.version,
        current_state=lifecycle.states[case.state].label,
    )


def may_perform(act: Act, case: Case, actor: Actor, fields: Mapping[str, Any]) -> bool:
    """Whether `perform` would accept the act as far as the table goes."""
    return actor.role in act.roles and _holds(act, case, actor) and not _missing(act, fields)


def _holds(act: Act, case: Case, actor: Actor) -> bool:
    return actor.role is not Role.UNIT or act.assisting or case.holder_unit_id == actor.unit_id


def _missing(act: Act, fields: Mapping[str, Any]) -> list[str]:
    return [name for name in act.needs if not fields.get(name)]


def perform(
    session: Session,
    lifecycle: Lifecycle,
    case: Case,
    event: str,
    actor: Actor,
    fields: Mapping[str, Any],
    *,
    shown: Mapping[str, str] | None = None,
) -> Act:
    """Carry out one act of the table: check it, move the case, write the event.

    `fields` are what the person filled in, `shown` the names that the event's sentence uses for them.
    Raises NotAllowedNow, Forbidden or Invalid, and then nothing has changed.
    """
    act = lifecycle.find(case.state, event)
    state = lifecycle.states[case.state]
    if act is None:
        open_acts = "、".join(a.label for a in lifecycle.from_state(case.state, actor.role)) or "无"
        raise NotAllowedNow(
            f"这件事项现在是“{state.label}”，不能进行这一步。",
            f"现在可以办理：{open_acts}。",
            state=case.state,
        )
    if actor.role not in act.roles:
        raise Forbidden(f"“{act.label}”应由{'、'.join(sorted(role.label for role in act.roles))}办理。")
    if not _holds(act, case, actor):
        raise Forbidden("这件事项现在不由贵单位承办。", "如已改派，请与专区窗口联系。")
    if missing := _missing(act, fields):
        names = "、".join(FIELD_NAMES.get(name, name) for name in missing)
        raise Invalid(
            f"“{act.label}”还缺：{names}。", "请补充后再提交。", errors=dict.fromkeys(missing, "不能为空")
        )
    before = case.state
    case.state = act.leads_to(before)
    case.acted_at = clock.now()
    if act.outcome:
        case.outcome = act.outcome
    if act.clock is Clock.MET:
        rounds.meet(session, case, clock.today())
    if lifecycle.states[case.state].final:
        case.closed_at = clock.now()
    sentence = act.sentence.format_map({**fields, **(shown or {})})
    record(session, case, actor, event, sentence, audience=act.audience, from_state=before, data=fields)
    return act


def start_clock(session: Session, case: Case, limit: TimeLimit, start: date, calendar: WorkCalendar) -> None:
    """Set the due date, unless the clock already runs: a return or reassignment never resets it."""
    if case.clock_started_on is None:
        rounds.set_due(case, limit, start, calendar)
        session.flush()


def pause_clock(session: Session, case: Case, limit: TimeLimit, pause: Pause, calendar: WorkCalendar) -> None:
    """Leave the days of `pause` out of the present round's running clock. A pause that begins on the same day replaces
    the earlier one: one still running is moved on, or ended, in this way. The caller records it."""
    limited = rounds.present(case)
    if limited.clock_started_on is None or limited.met_on is not None:
        raise NotAllowedNow("这件事项没有正在计算的期限，不能暂停。", "请核对事项的期限。")
    kept = [held for held in limited.due_pauses or [] if held["after"] != pause.after.isoformat()]
    limited.due_pauses = sorted([*kept, store_pause(pause)], key=lambda held: held["after"])
    rounds.set_due(limited, limit, limited.clock_started_on, calendar)
    session.flush()


def is_running(lifecycle: Lifecycle, case: Case) -> bool:
    """Whether the present round's time limit still has to be kept: started, not met, and the case not gone
    another way (guided elsewhere, void)."""
    limit = rounds.present(case)
    return limit.due_on is not None and limit.met_on is None and lifecycle.states[case.state].timed


def is_overdue(lifecycle: Lifecycle, case: Case, today: date) -> bool:
    """Whether the present round is late: only from the day after its due date; once met it stays as it was met."""
    limit = rounds.present(case)
    if limit.due_on is None:
        return False
    if limit.met_on is not None:
        return limit.met_on > limit.due_on
    return is_running(lifecycle, case) and today > limit.due_on
