"""办理过程 for reading and printing: every event a reader may see, with what it changed in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.cases.lifecycle import Audience
from qa_service.cases.models import Case, CaseEvent
from qa_service.cases.verify import check_case
from qa_service.consultations.lifecycle import (
    CHANNELS,
    LIBRARY_DECISIONS,
    LIFECYCLE,
    OUTCOMES,
    TOLD_HOW,
    URGENCIES,
)
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import Change, History, HistoryEvent
from qa_service.kit import clock
from qa_service.kit.privacy import without_personal_details
from qa_service.library.models import Entry, EntryVersion
from qa_service.zones.models import Limit, Zone

# The order in which changes are read, and what the columns are called. What is not here (keys, codes, the steps
# of a calculation that the page shows by itself) is kept in the history and not printed.
NAMES = {
    "state": "状态", "outcome": "结果", "round": "办理轮次", "zone_id": "专区", "channel": "渠道",
    "person_name": "称谓", "contact": "联系方式", "audience": "人群", "question": "咨询的问题", "topic": "主题",
    "urgent": "紧急程度",
    "first_asked_name": "首问责任人", "leading_id": "牵头件", "entry_version_id": "采用的问答条目", "guided_to": "引导去向",
    "guided_contact": "引导单位联系方式", "no_contact_reason": "没有联系方式的原因", "holder_unit_id": "承办单位",
    "policy_clue": "政策线索", "designated": "指定交办", "returns": "退回次数", "assigned_by": "交办人",
    "assigned_at": "交办时间", "sign_due_on": "签收期限", "return_until": "退回期限",
    "signed_by": "签收人", "signed_at": "签收时间", "reply_text": "答复内容",
    "reply_basis": "答复依据", "reply_unit_id": "答复单位", "replied_by": "答复人", "replied_at": "拟定答复时间",
    "reviewed_by": "审核人", "reviewed_at": "审核时间",
    "told_how": "告知方式", "told_by": "告知人", "told_at": "告知时间", "limit_code": "时限",
    "clock_started_on": "期限起算日", "due_on": "截止日", "due_status": "截止日性质", "met_on": "答复日",
    "closed_at": "结束时间", "library_decision": "入库决定", "library_reason": "不入库理由",
    "library_entry_id": "入库条目",
}  # fmt: skip
CODES: dict[str, dict[Any, str]] = {
    "state": {code: state.label for code, state in LIFECYCLE.states.items()}, "outcome": OUTCOMES,
    "channel": CHANNELS, "told_how": TOLD_HOW, "library_decision": LIBRARY_DECISIONS,
    "due_status": {"official": "正式", "provisional": "暂定"}, "urgent": {False: URGENCIES["normal"], True: URGENCIES["urgent"]},
}  # fmt: skip
# Told only when they change: everything begins in round one.
STARTS_SOMEWHERE = frozenset({"round"})
# Of a later round, whose names begin with its number.
ROUND = re.compile(r"round-(\d+)\.(clock_started_on|due_on|due_status|met_on)")
MAY_READ_TEXTS = frozenset({Role.ADMIN, Role.DESK, Role.UNIT})

Naming = Callable[[str, Any], str]


def history(session: Session, actor: Actor, consultation: Consultation) -> History:
    """What `actor` may see of the history. Name and contact are masked in it for everybody; supervisors, who watch
    and do not handle, get texts without the personal details that people write into them. Units get no internal
    events."""
    audiences = (Audience.PUBLIC, Audience.STAFF) if actor.role is Role.UNIT else tuple(Audience)
    events = [event for event in consultation.case.events if event.audience in audiences]
    naming = _naming(session, events)
    clean = str if actor.role in MAY_READ_TEXTS else without_personal_details
    return History(
        events=[
            HistoryEvent(
                seq=event.seq, at=event.at, event=event.event, actor=event.actor_name,
                role=Role(event.actor_role).label, sentence=clean(event.sentence), audience=event.audience,
                changes=_changes(event, naming), digest=event.digest[:12],
            )
            for event in events
        ],
        question=clean(consultation.question),
        findings=[finding.message for finding in check_case(session, consultation.case).findings],
    )  # fmt: skip


def _changes(event: CaseEvent, naming: Naming) -> list[Change]:
    changes = []
    for name, label in NAMES.items():
        if name in event.after:
            before, after = naming(name, event.before.get(name)), naming(name, event.after[name])
            if before != after and (before or name not in STARTS_SOMEWHERE):
                changes.append(Change(name=label, before=before, after=after))
    for name in event.after:
        if found := ROUND.fullmatch(name):
            number, column = found.groups()
            before, after = in_words(column, event.before.get(name)), in_words(column, event.after[name])
            changes.append(Change(name=f"第{number}轮{NAMES[column]}", before=before, after=after))
    return changes


def _naming(session: Session, events: Iterable[CaseEvent]) -> Naming:
    """A function that puts a column's value into words; rows that are referred to are looked up once."""
    seen: dict[str, set[int]] = {}
    for event in events:
        for values in (event.before, event.after):
            for column, value in values.items():
                if isinstance(value, int) and not isinstance(value, bool):
                    seen.setdefault(column, set()).add(value)
    referred = _referred(session, seen)
    limits: dict[str, str] = {row.code: row.name for row in session.execute(select(Limit.code, Limit.name))}

    def in_full(column: str, value: Any) -> str:
        if column in referred:
            return referred[column].get(value, "")
        if column == "limit_code":
            return limits.get(value) or str(value or "")
        return in_words(column, value)

    return in_full


def _referred(session: Session, seen: dict[str, set[int]]) -> dict[str, dict[int, str]]:
    """By column, what the rows are called that it refers to."""
    held, replied = seen.get("holder_unit_id", set()), seen.get("reply_unit_id", set())
    units = session.execute(select(Unit.id, Unit.name).where(Unit.id.in_(held | replied)))
    unit_names = {row.id: row.name for row in units}
    zones = session.execute(select(Zone.id, Zone.name).where(Zone.id.in_(seen.get("zone_id", ()))))
    entries = session.execute(
        select(Entry.id, Entry.key).where(Entry.id.in_(seen.get("library_entry_id", ())))
    )
    versions = session.execute(
        select(EntryVersion.id, EntryVersion.number, EntryVersion.question, Entry.key)
        .join(Entry, Entry.id == EntryVersion.entry_id)
        .where(EntryVersion.id.in_(seen.get("entry_version_id", ())))
    )
    leading = session.execute(select(Case.id, Case.number).where(Case.id.in_(seen.get("leading_id", ()))))
    return {
        "leading_id": {row.id: row.number for row in leading},
        "holder_unit_id": unit_names,
        "reply_unit_id": unit_names,
        "zone_id": {row.id: row.name for row in zones},
        "library_entry_id": {row.id: row.key for row in entries},
        "entry_version_id": {row.id: f"{row.key} 第{row.number}版：{row.question}" for row in versions},
    }


def in_words(column: str, value: Any) -> str:
    """A value that stands for itself, as it is read: dates in Chinese, yes and no, labels for codes."""
    if value is None or value == "" or value == []:
        return ""
    if column in CODES:
        return CODES[column].get(value, str(value))
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return "\n".join(
            item["text"] if isinstance(item, dict) and "text" in item else str(item) for item in value
        )
    if column.endswith("_at"):
        return f"{clock.local(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}"
    if column.endswith(("_on", "_until")):
        return date.fromisoformat(value).isoformat()
    return str(value)
