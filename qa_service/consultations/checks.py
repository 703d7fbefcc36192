"""Whether every consultation can be found and worked on, and its due date is what the calendar gives."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit, User
from qa_service.accounts.roles import Role
from qa_service.cases.models import Case
from qa_service.cases.rounds import present
from qa_service.cases.service import is_running
from qa_service.consultations.lifecycle import KIND, LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.kit.findings import Check
from qa_service.workdays.due import due_date
from qa_service.workdays.explanation import read_pauses
from qa_service.zones.calendar import load_calendars, load_limit
from qa_service.zones.models import Zone

HELD = frozenset({"assigned", "in_progress", "in_review", "replied"})


def check_reachable(session: Session, check: Check) -> None:
    """Each case has its typed row, its zone and, where a unit must act, a unit with somebody in it."""
    check.checked = session.scalar(select(func.count()).select_from(Case).where(Case.kind == KIND)) or 0
    gone = "请从备份恢复这件事项；恢复以前不要办理。"
    for number in session.scalars(
        select(Case.number)
        .outerjoin(Consultation, Consultation.case_id == Case.id)
        .where(Case.kind == KIND, Consultation.case_id.is_(None))
    ):
        check.found("no-consultation", "只有编号，没有登记内容，任何页面都看不到。", gone, number)
    for case_id in session.scalars(
        select(Consultation.case_id).outerjoin(Case, Case.id == Consultation.case_id).where(Case.id.is_(None))
    ):
        check.found("no-case", "有登记内容，没有编号。", gone, f"第 {case_id} 行")
    for number in session.scalars(
        select(Case.number).outerjoin(Zone, Zone.id == Case.zone_id).where(Zone.id.is_(None))
    ):
        check.found("no-zone", "所属专区不存在，窗口看不到。", "请恢复该专区，或从备份恢复。", number)
    staffed = select(User.unit_id).where(User.role == Role.UNIT, User.active, User.unit_id.is_not(None))
    for number, unit in session.execute(
        select(Case.number, Unit.name)
        .outerjoin(Unit, Unit.id == Case.holder_unit_id)
        .where(Case.kind == KIND, Case.state.in_(HELD))
        .where(Unit.id.is_(None) | ~Unit.active | Unit.id.not_in(staffed))
    ):
        check.found(
            "nobody-to-act", f"承办单位（{unit or '未指定'}）没有可以办理的账号。",
            "请在“系统管理—用户”中为该单位建立账号，或者收回后改派。", number,
        )  # fmt: skip


def check_states(session: Session, check: Check) -> None:
    counted = session.execute(
        select(Case.state, func.count(), func.min(Case.number)).where(Case.kind == KIND).group_by(Case.state)
    )
    for state, count, number in counted:
        check.checked += count
        if state not in LIFECYCLE.states:
            check.found(
                "state", f"有 {count} 件处于流程表里没有的状态“{state}”。",
                "可能是程序退回了旧版本，或者数据库被改动：请换回新版本，或从备份恢复。", number,
            )  # fmt: skip


def check_due_dates(session: Session, check: Check) -> None:
    """Running time limits only, those of the present rounds: those that are over stay as they were counted."""
    timed = [state.code for state in LIFECYCLE.states.values() if state.timed]
    rows = session.scalars(select(Case).where(Case.kind == KIND, Case.state.in_(timed)).order_by(Case.id))
    running = [case for case in rows if is_running(LIFECYCLE, case)]
    if not running:
        return
    calendars = load_calendars(session)
    for case in running:
        check.checked += 1
        limited = present(case)
        if limited.limit_code is None or limited.clock_started_on is None:
            check.found(
                "due-start", "有截止日，没有起算日或时限依据。", "请核对办理过程后重新计算。", case.number
            )
            continue
        limit, pauses = load_limit(session, limited.limit_code), read_pauses(limited.due_pauses or [])
        due = due_date(limited.clock_started_on, limit.days, calendars.of(case.zone_id), limit.unit, pauses)
        if (limited.due_on, limited.due_status) != (due.due, due.status):
            check.found(
                "due", f"截止日记为 {limited.due_on}，按现行日历应为 {due.due}。",
                "如果刚改过工作日历，请重新计算在办件的截止日；否则请查明是谁改动了截止日。", case.number,
            )  # fmt: skip
