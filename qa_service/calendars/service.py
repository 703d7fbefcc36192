"""Changing the working-day calendar: previewed first, then made exactly as previewed, deadlines recomputed with it.

Callers commit. A preview carries a token for what it showed; a change is made only on the token of what it would
do now, so that nobody confirms what they have not seen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import AuditEvent
from qa_service.accounts.roles import Actor
from qa_service.accounts.service import audit
from qa_service.calendars.reading import rows_of
from qa_service.cases.recompute import Plan, Tell, by_date, carry_out, plan_recompute
from qa_service.consultations import stage_dates
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.stage_dates import StagePlan, plan_stages
from qa_service.errors import Conflict, Invalid, NotFound
from qa_service.kit import clock
from qa_service.watching.deadlines import tell_moved, tell_stages
from qa_service.workdays.calendar import CalendarDay, DayStatus, WorkCalendar
from qa_service.workdays.calendar_file import CalendarRow, build_calendar
from qa_service.workdays.change import DayChange, changed_days, with_rows
from qa_service.workdays.due import LAST_START
from qa_service.zones.calendar import (
    Calendars,
    current_revision,
    load_calendars,
    local_day,
    next_revision,
    store_calendar,
)
from qa_service.zones.models import CalendarOverride, Zone

# Every ledger whose deadlines are counted by the calendar.
LEDGERS = (LIFECYCLE,)
LONGEST_OVERRIDE = 31
OVERRIDE_KINDS = {"holiday": "放假", "workday": "上班"}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change does: to which days, to how many open deadlines, 签收 and 退回期限 (`stages`), from which date to
    which.

    `token` stands for all of it; a change is confirmed by sending it back.
    """

    title: str
    document: str
    days: Sequence[DayChange]
    plan: Plan
    stages: tuple[StagePlan, ...]
    token: str

    @property
    def moves(self) -> list[tuple[date, date, int]]:
        return by_date(self.plan)


@dataclass(frozen=True, slots=True)
class LocalDays:
    """A local decision as entered: days `first` to `last` of a zone are off or worked by `document`."""

    zone: str
    first: date
    last: date
    kind: str
    name: str
    document: str

    @property
    def days(self) -> list[date]:
        return [self.first + timedelta(days=i) for i in range((self.last - self.first).days + 1)]


def preview_notice(session: Session, content: str, year: int | None, source: str) -> Preview:
    """What entering the notice or file would change; nothing is stored. Raises Invalid."""
    calendars = load_calendars(session)
    rows = rows_of(content, year, source, calendars.national)
    return _preview_notice(session, calendars, rows, _with(calendars.national, rows))


def enter_notice(
    session: Session, actor: Actor, content: str, year: int | None, source: str, token: str,
    progress: Tell | None = None,
) -> Preview:  # fmt: skip
    """Enter it as previewed under `token`, and recompute every open deadline. Raises Invalid or Conflict."""
    current_revision(session, to_change=True)
    calendars = load_calendars(session)
    rows = rows_of(content, year, source, calendars.national)
    national = _with(calendars.national, rows)
    found = _preview_notice(session, calendars, rows, national, to_change=True)
    _check_token(found, token)
    store_calendar(session, _table_rows(national))
    _make(session, actor, found, "calendar-enter", f"按{found.document}", progress)
    return found


def _preview_notice(
    session: Session, before: Calendars, rows: Sequence[CalendarRow], national: WorkCalendar, *, to_change: bool = False
) -> Preview:  # fmt: skip
    days = changed_days(before.national, national)
    entered = [row.entry for row in rows if row.status is DayStatus.OFFICIAL]
    years = sorted({entry.day.year for entry in entered if (entry.day.month, entry.day.day) == (1, 1)})
    said = f"{years[0]}年" if len(years) == 1 else f"{years[0]}—{years[-1]}年"
    changed, held = {change.source for change in days}, {e.source for e in before.national.days.values()}
    sources = list(dict.fromkeys(e.source for e in entered if e.source in changed or len(years) == 1))
    documents = [source for source in sources if source not in held] or sources
    document = "、".join(documents[-2:]) or "导入的工作日历"
    after = before.changed(national=national)
    return _preview(session, f"{said}放假安排", document, days, after, to_change=to_change)


def preview_local(session: Session, wanted: LocalDays) -> Preview:
    """What a local decision would change; nothing is stored. Raises Invalid or Conflict."""
    return _preview_local(session, load_calendars(session), wanted)


def enter_local(session: Session, actor: Actor, wanted: LocalDays, token: str) -> Preview:
    current_revision(session, to_change=True)
    found = _preview_local(session, load_calendars(session), wanted, to_change=True)
    _check_token(found, token)
    zone = _zone(session, wanted.zone)
    session.add_all(
        CalendarOverride(
            zone_id=zone.id, day=day, kind=wanted.kind, name=wanted.name, document=wanted.document,
            entered_by=actor.name, entered_at=clock.now(),
        )
        for day in wanted.days
    )  # fmt: skip
    session.flush()
    next_revision(session)
    _make(session, actor, found, "calendar-local", f"按{found.document}")
    return found


def _preview_local(
    session: Session, before: Calendars, wanted: LocalDays, *, to_change: bool = False
) -> Preview:
    zone = _zone(session, wanted.zone)
    _check_local(before.of(zone.id), before.local.get(zone.id, {}), wanted)
    own = {day: local_day(day, wanted.kind, wanted.name, wanted.document) for day in wanted.days}
    after = before.changed(local={**before.local, zone.id: {**before.local.get(zone.id, {}), **own}})
    span = f"{wanted.first}" if wanted.first == wanted.last else f"{wanted.first}至{wanted.last}"
    title = f"{zone.name}（含下级专区）{span}{OVERRIDE_KINDS[wanted.kind]}"
    days = changed_days(before.of(zone.id), after.of(zone.id))
    return _preview(session, title, wanted.document, days, after, to_change=to_change)


def _check_local(calendar: WorkCalendar, own: Mapping[date, CalendarDay], wanted: LocalDays) -> None:
    if wanted.kind not in OVERRIDE_KINDS:
        raise Invalid("请选择放假还是上班。", "地方调整只有这两种。", errors={"kind": "请选择"})
    for name, value, said in (("name", wanted.name, "事由"), ("document", wanted.document, "文号")):
        if not value:
            raise Invalid(f"没有填写{said}。", f"请填写{said}后再预览。", errors={name: "不能为空"})
    length = (wanted.last - wanted.first).days + 1
    if not 1 <= length <= LONGEST_OVERRIDE:
        reason = "止日早于起日" if length < 1 else f"一次调整{length}天，超过{LONGEST_OVERRIDE}天"
        raise Invalid(f"{reason}。", "请核对起止日期。", errors={"last": reason})
    if wanted.first < calendar.official_from or wanted.last > LAST_START:
        raise Invalid("日期不在工作日历的范围内。", "请核对年份。", errors={"first": "请核对年份"})
    if taken := [day for day in wanted.days if day in own]:
        raise Conflict(
            f"{taken[0]} 已有地方调整：{own[taken[0]].name}（{own[taken[0]].source}）。",
            "请先撤下原来的调整，再录入新的。",
        )
    works = wanted.kind == "workday"
    if all(calendar.is_workday(day) is works for day in wanted.days):
        raise Invalid(
            f"这{'一天' if length == 1 else '几天'}本来就{'上班' if works else '休息'}，不需要调整。",
            "请核对日期，或者改选另一种。",
        )


def preview_withdrawal(session: Session, override_id: int) -> Preview:
    return _preview_withdrawal(session, load_calendars(session), _override(session, override_id))


def withdraw_local(session: Session, actor: Actor, override_id: int, token: str) -> Preview:
    """The day is again what the notice says; the row stays, with who withdrew it and when."""
    current_revision(session, to_change=True)
    override = _override(session, override_id)
    found = _preview_withdrawal(session, load_calendars(session), override, to_change=True)
    _check_token(found, token)
    override.withdrawn_by, override.withdrawn_at = actor.name, clock.now()
    session.flush()
    next_revision(session)
    _make(session, actor, found, "calendar-local-withdraw", f"按{found.document}")
    return found


def _preview_withdrawal(
    session: Session, before: Calendars, override: CalendarOverride, *, to_change: bool = False
) -> Preview:
    left = {
        day: entry for day, entry in before.local.get(override.zone_id, {}).items() if day != override.day
    }
    local = {**before.local, override.zone_id: left}
    after = before.changed(local={zone: held for zone, held in local.items() if held})
    zone = session.get_one(Zone, override.zone_id)
    days = changed_days(before.of(zone.id), after.of(zone.id))
    title = f"撤下{zone.name} {override.day} 的地方调整（{override.name}）"
    document = f"撤下{override.document}的调整"
    return _preview(session, title, document, days, after, to_change=to_change)


def recompute(session: Session, actor: Actor, progress: Tell | None = None) -> Preview:
    """Count every open deadline by the calendar in force: repairs what a restored backup or a hand has left."""
    current_revision(session, to_change=True)
    found = _preview(session, "按现行工作日历重新计算", "", (), load_calendars(session), to_change=True)
    _make(session, actor, found, "calendar-recompute", "按现行工作日历核对", progress)
    return found


def list_local(session: Session) -> list[tuple[CalendarOverride, Zone]]:
    """All local decisions, those in force first, then the withdrawn ones; by day, the latest first."""
    statement = select(CalendarOverride, Zone).join(Zone, Zone.id == CalendarOverride.zone_id)
    order = (CalendarOverride.withdrawn_at.is_not(None), CalendarOverride.day.desc(), CalendarOverride.id)
    return [(override, zone) for override, zone in session.execute(statement.order_by(*order))]


def history(session: Session, limit: int = 20) -> list[AuditEvent]:
    """The latest changes of the calendar: who, when, by which document, with what effect."""
    statement = select(AuditEvent).where(AuditEvent.action.startswith("calendar-"))
    return list(session.scalars(statement.order_by(AuditEvent.id.desc()).limit(limit)))


def _preview(
    session: Session, title: str, document: str, days: Sequence[DayChange], after: Calendars, *, to_change: bool
) -> Preview:  # fmt: skip
    plan = plan_recompute(session, LEDGERS, after, to_change=to_change)
    stages = plan_stages(session, after, to_change=to_change)
    shown = (
        current_revision(session), title, document, days, by_date(plan), plan.settled, [one.moves for one in stages]
    )  # fmt: skip
    token = hashlib.sha256(repr(shown).encode()).hexdigest()[:32]
    return Preview(title, document, days, plan, stages, token)


def _check_token(found: Preview, token: str) -> None:
    if found.token != token:
        raise Conflict(
            "预览以后，日历、内容或者在办的期限有了变化，没有保存。",
            "请看下面重新算出的预览，确认后再保存。" if token else "请先预览，再确认保存。",
        )


def _make(
    session: Session, actor: Actor, found: Preview, action: str, why: str, progress: Tell | None = None
) -> None:
    plan = found.plan
    carry_out(session, actor, plan, why, found.document, progress)
    stage_dates.carry_out(session, actor, found.stages, why, found.document)
    tell_moved(session, plan.changes, why)
    tell_stages(session, found.stages, plan.changes, why)
    audit(
        session, actor, action, found.title[:128], document=found.document, days=len(found.days), open=plan.open,
        earlier=plan.earlier, later=plan.later, settled=plan.settled,
        stages=[{"label": s.stage.label, "earlier": s.earlier, "later": s.later} for s in found.stages],
    )  # fmt: skip
    session.flush()


def _with(national: WorkCalendar, rows: Sequence[CalendarRow]) -> WorkCalendar:
    try:
        calendar = with_rows(national, rows)
        build_calendar(_table_rows(calendar))
    except ValueError as error:
        raise Invalid(
            f"{error}。", "请核对后重新预览；现在没有录入任何内容。", problems=[str(error)]
        ) from error
    return calendar


def _table_rows(calendar: WorkCalendar) -> list[CalendarRow]:
    through = calendar.official_through
    return [
        CalendarRow(0, entry, DayStatus.PROVISIONAL if day > through else DayStatus.OFFICIAL)
        for day, entry in sorted(calendar.days.items())
    ]


def _override(session: Session, override_id: int) -> CalendarOverride:
    found = session.get(CalendarOverride, override_id, with_for_update=True)
    if found is None or found.withdrawn_at is not None:
        raise NotFound("没有这项地方调整，或者已经撤下。", "请刷新页面查看现在的调整。")
    return found


def _zone(session: Session, code: str) -> Zone:
    zone = session.scalar(select(Zone).where(Zone.code == code))
    if zone is None:
        raise Invalid(f"没有代码为“{code}”的专区。", "请选择专区。", errors={"zone": "请选择专区"})
    return zone
