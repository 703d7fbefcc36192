"""Whether the history is as it was written.

Detected, for somebody who changes the database behind the service's back:
- an event edited: its digest no longer fits; the columns of a case, of a round or of its typed row edited: they no
  longer fit the facts of its newest event;
- events deleted (also the newest), inserted or put in another order, a case deleted, a case's chain replaced by
  another that agrees with itself: the journal says otherwise;
- the journal edited: its own chain breaks; the journal and everything it speaks of rewritten or cut short so that all
  agrees again: it no longer fits the anchors noted outside the database (`anchors.py`), back to the newest anchor.

Not detected: what was cut off since the newest anchor (a minute at most while the service runs); changes by somebody
who can also write to the anchor file and knows this program, unless an anchor was kept elsewhere; columns of cases
that have had no event since this history was introduced; columns that say nothing of the matter (`version`,
`acted_at`); other tables (opinions, tellings and follow-ups, whose texts
are in the events; library, users, query log); what somebody does through the service with another's password.
Reading leaves no trace here at all. Nothing here repairs anything: it tells where to compare with a backup.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from sqlalchemy import RowMapping, select, text
from sqlalchemy.orm import Session

from qa_service.cases.anchors import Anchor
from qa_service.cases.digest import ORIGIN, event_digest, journal_digest
from qa_service.cases.history import EVENT_FIELDS, facts_digest, whole_cases
from qa_service.cases.models import Case, CaseEvent, JournalHead, JournalLine
from qa_service.kit.findings import Check

COMPARE = "请保护好现场（停止服务、复制数据库），与最近的备份逐条比对，查明是谁改动了数据库。"
RESTORED = "如果刚恢复过备份，属于正常，请记下恢复的时间并另存旧的锚点文件；否则，" + COMPARE
GUARDED = ("case_events", "case_journal")
_CHUNK = 400

Journal = Mapping[tuple[str, int], str]


def check_history(session: Session, anchors: Sequence[Anchor], check: Check) -> None:
    """All of it, in one reading transaction, which must be the session's first: what is committed meanwhile is
    not looked at."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    journal = _check_journal(session, anchors, check)
    seen: set[tuple[str, int]] = set()
    for number, events in _events_by_case(session):
        check.checked += len(events)
        seen |= {(number, row["seq"]) for row in events}
        _check_case(number, events, journal, check)
    _check_nothing_gone(session, journal, seen, check)
    _check_facts(session, check)
    _check_guards(session, check)


def check_case(session: Session, case: Case) -> Check:
    """One case alone: its chain, its lines in the journal, its facts. What its page and its print show."""
    check = Check("history", "办理过程未被改动")
    lines = session.execute(
        select(JournalLine.seq, JournalLine.event_digest).where(JournalLine.number == case.number)
    )
    journal = {(case.number, line.seq): line.event_digest for line in lines}
    seen: set[tuple[str, int]] = set()
    for number, events in _events_by_case(session, case.id):
        seen |= {(number, row["seq"]) for row in events}
        _check_case(number, events, journal, check)
    _check_nothing_gone(session, journal, seen, check)
    _check_facts(session, check, [case.id])
    return check


def _check_journal(session: Session, anchors: Sequence[Anchor], check: Check) -> Journal:
    """The journal as event digests by (case number, seq), its own chain checked on the way."""
    expected = {anchor.position: anchor for anchor in anchors}
    journal: dict[tuple[str, int], str] = {}
    position, digest = 0, ORIGIN
    columns = (
        JournalLine.position, JournalLine.number, JournalLine.seq, JournalLine.event_digest, JournalLine.digest
    )  # fmt: skip
    for line in session.execute(select(*columns).order_by(JournalLine.position)):
        if line.position != position + 1:
            check.found("journal-gap", f"流水第 {position + 1} 至 {line.position - 1} 行不见了。", COMPARE)
        elif line.digest != journal_digest(digest, line.position, line.number, line.seq, line.event_digest):
            check.found("journal-edited", f"流水第 {line.position} 行被改动过。", COMPARE, line.number)
        position, digest = line.position, line.digest
        journal[line.number, line.seq] = line.event_digest
        if (anchor := expected.pop(position, None)) is not None and anchor.digest != digest:
            check.found(
                "anchor",
                f"流水第 {position} 行与 {anchor.at} 留存的锚点不符：此前的记录被整体改写过。",
                RESTORED,
            )
    head = session.scalars(select(JournalHead)).one_or_none()
    if head is None or (head.position, head.digest) != (position, digest):
        check.found(
            "journal-head",
            f"流水的末尾应是第 {head.position if head else '?'} 行，现在是第 {position} 行。",
            COMPARE,
        )
    if missing := [anchor for at, anchor in expected.items() if at > position]:
        last = max(missing, key=lambda anchor: anchor.position)
        check.found(
            "anchor",
            f"{last.at} 时流水有 {last.position} 行，现在只有 {position} 行：最后的记录被删去了。",
            RESTORED,
        )
    return journal


def _events_by_case(session: Session, case_id: int | None = None) -> Iterator[tuple[str, list[RowMapping]]]:
    columns = [getattr(CaseEvent, name) for name in (*EVENT_FIELDS, "digest", "case_id")]
    statement = select(*columns, Case.number).join(Case, Case.id == CaseEvent.case_id, isouter=True)
    if case_id is not None:
        statement = statement.where(CaseEvent.case_id == case_id)
    rows = session.execute(
        statement.order_by(CaseEvent.case_id, CaseEvent.seq).execution_options(yield_per=2000)
    ).mappings()
    for (_, number), events in groupby(rows, key=lambda row: (row["case_id"], row["number"])):
        yield number or "", list(events)


def _check_case(number: str, events: list[RowMapping], journal: Journal, check: Check) -> None:
    previous, seq = ORIGIN, 0
    for row in events:
        if row["seq"] != seq + 1:
            check.found("event-gap", f"第 {seq + 1} 至 {row['seq'] - 1} 条办理记录不见了。", COMPARE, number)
            previous = journal.get((number, row["seq"] - 1), previous)
        content = {name: row[name] for name in EVENT_FIELDS}
        if row["digest"] != event_digest(previous, number, content):
            check.found("event-edited", f"第 {row['seq']} 条办理记录被改动过。", COMPARE, number)
        if (number, row["seq"]) not in journal:
            check.found("event-inserted", f"第 {row['seq']} 条办理记录不是由本系统写入的。", COMPARE, number)
        elif journal[number, row["seq"]] != row["digest"]:
            check.found("event-replaced", f"第 {row['seq']} 条办理记录被换成了别的内容。", COMPARE, number)
        previous, seq = row["digest"], row["seq"]


def _check_nothing_gone(session: Session, journal: Journal, seen: set[tuple[str, int]], check: Check) -> None:
    gone: dict[str, list[int]] = {}
    for number, seq in journal.keys() - seen:
        gone.setdefault(number, []).append(seq)
    numbers = set(session.scalars(select(Case.number))) if gone else set()
    for number, seqs in sorted(gone.items()):
        if number not in numbers:
            check.found("case-deleted", f"整件被删除，原有 {len(seqs)} 条办理记录。", COMPARE, number)
        else:
            listed = "、".join(map(str, sorted(seqs)))
            check.found("event-deleted", f"第 {listed} 条办理记录被删除。", COMPARE, number)


def _check_facts(session: Session, check: Check, only: Sequence[int] = ()) -> None:
    """The columns of every case and its typed row against the facts of its newest event."""
    events = select(CaseEvent.case_id, CaseEvent.facts).order_by(CaseEvent.case_id, CaseEvent.seq)
    if only:
        events = events.where(CaseEvent.case_id.in_(only))
    newest = {row.case_id: row.facts for row in session.execute(events)}
    ids = list(only or session.scalars(select(Case.id).order_by(Case.id)))
    for at in range(0, len(ids), _CHUNK):
        for case, rows in whole_cases(session, ids[at : at + _CHUNK]):
            if case.id not in newest:
                check.found("no-history", "没有任何办理记录。", COMPARE, case.number)
            elif newest[case.id] and newest[case.id] != facts_digest(rows):
                check.found(
                    "facts", "登记内容与最后一条办理记录不符，被绕过系统改动过。", COMPARE, case.number
                )


def _check_guards(session: Session, check: Check) -> None:
    """Whether the database still refuses to change what is written."""
    if session.get_bind().dialect.name == "sqlite":
        found = session.execute(text("SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"))
        wanted = 2
    else:
        found = session.execute(
            text(
                "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'"
            )
        )
        wanted = 1
    guards = [row[0] for row in found]
    for table in GUARDED:
        if guards.count(table) < wanted:
            check.found(
                "guard", f"数据库表 {table} 的防改保护（触发器）不在了。",
                "查明是谁去掉的；从备份恢复，或请开发人员按迁移 0009 重建触发器。",
            )  # fmt: skip
