"""办理过程 as it is written: before and after of each act, and the chain that makes tampering show.

Every session that changes a case is watched, so no change goes without a row: what the columns of the case and of
its typed row were and became goes into the event of the act (`one_act`), and what nobody recorded gets an event of
its own when the transaction is committed.

Two chains are kept. Within a case each event carries a digest of itself and of the event before. Across the service
`case_journal` has one line an event, in the order of commits, each with the digest of the line before.
`cases/verify.py` says what this detects and what it cannot.

The journal's end is locked at the very end of a transaction, when all its other statements are done and only the
commit is left; transactions wait for one another for that moment only, and cannot deadlock on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, event, func, inspect, select
from sqlalchemy.orm import Mapper, Session

from qa_service.accounts.roles import SYSTEM
from qa_service.cases.digest import ORIGIN, digest_of, event_digest, journal_digest, plain
from qa_service.cases.models import Case, CaseEvent, CaseRound, JournalHead, JournalLine
from qa_service.kit import clock
from qa_service.kit.database import Base
from qa_service.kit.privacy import without_personal_details

# Moved by every act, whatever it does: neither a change worth telling nor part of the facts.
BOOKKEEPING = frozenset({"version", "acted_at"})
EVENT_FIELDS = (
    "seq", "event", "at", "actor_role", "actor_id", "actor_name", "from_state", "to_state", "sentence", "audience",
    "data", "before", "after", "facts",
)  # fmt: skip
UNRECORDED = "unrecorded"
_NOTHING: tuple[Any, ...] = (None, "", [], {})
_CHUNK = 400  # keys in one IN (…), well below the 999 that old SQLite allows


class _Watch:
    """What one session has done to cases and not yet told. Lives in `session.info`."""

    def __init__(self) -> None:
        self.before: dict[int, dict[str, Any]] = {}
        self.after: dict[int, dict[str, Any]] = {}
        self.open: dict[int, CaseEvent | None] = {}  # acts under way by case, with the event held back
        self.written: list[CaseEvent] = []

    def note(self, case_id: int, name: str, old: Any, new: Any) -> None:
        self.before.setdefault(case_id, {}).setdefault(name, old)
        self.after.setdefault(case_id, {})[name] = new

    def take(self, case_id: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """(before, after) of what has changed since the last event. What was changed back is no change; what had
        no value has no key in `before`."""
        before, after = self.before.pop(case_id, {}), self.after.pop(case_id, {})
        changed = [name for name in after if after[name] != before[name]]
        return {name: before[name] for name in changed if before[name] not in _NOTHING}, {
            name: after[name] for name in changed
        }


def watch_of(session: Session) -> _Watch:
    watch: _Watch = session.info.setdefault("history", _Watch())
    return watch


@contextmanager
def one_act(session: Session, case_id: int) -> Iterator[None]:
    """Whatever changes on the case within the block is before and after of the event recorded in it."""
    watch = watch_of(session)
    if case_id in watch.open:
        yield
        return
    watch.open[case_id] = None
    try:
        yield
    except BaseException:
        watch.open.pop(case_id)
        raise
    held = watch.open.pop(case_id)
    if held is not None:
        _write(session, held)


def append(session: Session, row: CaseEvent) -> None:
    """Add `row` to the history of its case: at the end of the act under way, or at once."""
    watch = watch_of(session)
    if row.case_id not in watch.open:
        _write(session, row)
        return
    if (held := watch.open[row.case_id]) is not None:
        _write(session, held)
        row.seq = held.seq + 1
    watch.open[row.case_id] = row


def changed_in_bulk(
    session: Session, model: type[Case] | type[CaseRound], case_id: int, round_: int, *, before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> None:  # fmt: skip
    """Say what a statement has changed that went past the session's own objects; those are read anew."""
    watch = watch_of(session)
    prefix = _round_prefix(round_) if model is CaseRound else ""
    for name, value in after.items():
        watch.note(case_id, prefix + name, _stored(before[name]), _stored(value))
    key = (case_id, round_) if model is CaseRound else (case_id,)
    if (held := session.identity_map.get(session.identity_key(model, key))) is not None:
        session.expire(held, list(after))


def _stored(value: Any) -> Any:
    """A bulk value as JSON: days are written out, everything else comes from JSON."""
    return value.isoformat() if isinstance(value, date) else value


def append_many(session: Session, rows: list[CaseEvent]) -> None:
    """Add one event to each of many cases (a recomputation, a reminder run) in a few statements."""
    last = _last(session, {row.case_id for row in rows})
    watch = watch_of(session)
    session.flush()
    for row in rows:
        row.seq = last.get(row.case_id, (0, ORIGIN))[0] + 1
        row.before, row.after = watch.take(row.case_id)
    session.add_all(rows)
    session.flush()


def _write(session: Session, row: CaseEvent) -> None:
    session.flush()
    row.before, row.after = watch_of(session).take(row.case_id)
    session.add(row)
    session.flush()


Listener = Callable[[Session, Sequence[CaseEvent]], None]
_listeners: list[Listener] = []


def tell_of_events(listener: Listener) -> Listener:
    """`listener` is told of all new events just before their transaction is committed, and may add rows to it. What
    it raises undoes the act, so it must do nothing that can fail for reasons of its own."""
    _listeners.append(listener)
    return listener


def typed_rows() -> tuple[type[Base], ...]:
    """The tables that carry a case's typed columns: those whose key is the case's (consultations, …)."""
    return _typed_rows_among(frozenset(Base.registry.mappers))


@lru_cache(maxsize=1)
def _typed_rows_among(mappers: frozenset[Mapper[Any]]) -> tuple[type[Base], ...]:
    found = [m.class_ for m in mappers if [column.name for column in m.primary_key] == ["case_id"]]
    return tuple(sorted(found, key=lambda model: model.__name__))


def facts_digest(rows: Iterable[Base]) -> str:
    """The digest of all columns of a case, its rounds and its typed rows: it tells whether one was changed behind
    our back."""
    facts: dict[str, Any] = {}
    for row in rows:
        mapper: Mapper[Any] = inspect(type(row))
        prefix = _round_prefix(row.number) if isinstance(row, CaseRound) else ""
        for name, column in _columns(mapper):
            value = getattr(row, name)
            facts[f"{prefix}{column.table.name}.{column.name}"] = _default(column) if value is None else value
    return digest_of(facts)


def whole_cases(session: Session, ids: Sequence[int]) -> list[tuple[Case, list[Base]]]:
    """Cases with their typed rows and rounds, in one statement a table."""
    cases = {case.id: case for case in session.scalars(select(Case).where(Case.id.in_(ids)))}
    rows: dict[int, list[Base]] = {case_id: [case] for case_id, case in cases.items()}
    for model in typed_rows():
        for typed in session.scalars(select(model).where(model.case_id.in_(ids))):  # type: ignore[attr-defined]
            rows[typed.case_id].append(typed)  # type: ignore[attr-defined]
    for round_ in session.scalars(select(CaseRound).where(CaseRound.case_id.in_(ids))):
        rows[round_.case_id].append(round_)
    return [(cases[case_id], held) for case_id, held in rows.items()]


def event_content(row: CaseEvent) -> dict[str, Any]:
    return {name: getattr(row, name) for name in EVENT_FIELDS}


def _columns(mapper: Mapper[Any]) -> list[tuple[str, Column[Any]]]:
    return [
        (attr.key, attr.columns[0])  # type: ignore[misc]
        for attr in mapper.column_attrs
        if attr.key not in BOOKKEEPING
    ]


def _default(column: Column[Any]) -> Any:
    """What an attribute that nobody set will be once it is stored."""
    return (
        getattr(column.default, "arg", None)
        if column.default is not None and column.default.is_scalar
        else None
    )


def _case_id_of(row: object) -> int | None:
    if isinstance(row, Case):
        return row.id
    return row.case_id if isinstance(row, (CaseRound, *typed_rows())) else None  # type: ignore[attr-defined]


def _round_prefix(number: int) -> str:
    """How the columns of a round are told apart from those of the case, and of other rounds."""
    return f"round-{number}."


def _prefix_of(row: object) -> str | None:
    """What goes before the names of the row's columns. None for a row that says nothing new: that of round 1 is
    what the case itself said when it was met."""
    if not isinstance(row, CaseRound):
        return ""
    return _round_prefix(row.number) if row.number > 1 else None


def _masked(column: ColumnElement[Any], value: Any) -> Any:
    """The value as the history may keep it: it cannot be taken out again when the person's details must go."""
    if mask := getattr(column, "info", {}).get("mask"):
        return mask(value or "")
    return without_personal_details(value) if isinstance(value, str) else plain(value)


@event.listens_for(Session, "before_flush")
def _before_flush(session: Session, _context: Any, _instances: Any) -> None:
    for row in session.dirty:
        if (case_id := _case_id_of(row)) is not None:
            _note_changes(session, case_id, row)
    events = [row for row in session.new if isinstance(row, CaseEvent)]
    if events:
        _seal(session, events)


@event.listens_for(Session, "after_flush")
def _after_flush(session: Session, _context: Any) -> None:
    """New rows have their keys and defaults only now."""
    for row in session.new:
        case_id, prefix = _case_id_of(row), _prefix_of(row)
        if case_id is None or prefix is None:
            continue
        for name, column in _columns(inspect(type(row))):
            if value := _masked(column, getattr(row, name)):
                watch_of(session).note(case_id, prefix + name, None, value)


def _note_changes(session: Session, case_id: int, row: object) -> None:
    state: Any = inspect(row)
    prefix = _round_prefix(row.number) if isinstance(row, CaseRound) else ""
    for name, column in _columns(state.mapper):
        changes = state.attrs[name].history
        if not changes.has_changes():
            continue
        if changes.deleted:
            old = changes.deleted[0]
        else:  # set without having been read: the database still has it
            here = zip(state.mapper.primary_key, state.identity, strict=True)
            old = session.scalar(select(column).where(*(key == value for key, value in here)))
        new = changes.added[0] if changes.added else None
        watch_of(session).note(case_id, prefix + name, _masked(column, old), _masked(column, new))


def _seal(session: Session, events: list[CaseEvent]) -> None:
    """Give new events their facts and digests, each following on from the last of its case."""
    case_ids = {row.case_id for row in events}
    last, numbers, facts = _last(session, case_ids), {}, {}
    for chunk in _chunks(case_ids):
        for case, rows in whole_cases(session, chunk):
            numbers[case.id], facts[case.id] = case.number, facts_digest(rows)
    for row in sorted(events, key=lambda row: (row.case_id, row.seq)):
        _, previous = last.get(row.case_id, (0, ORIGIN))
        row.facts = facts[row.case_id]
        row.data, row.before, row.after = row.data or {}, row.before or {}, row.after or {}
        row.digest = event_digest(previous, numbers[row.case_id], event_content(row))
        last[row.case_id] = (row.seq, row.digest)
    watch_of(session).written += events


def _last(session: Session, case_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """(seq, digest) of the newest event of each case that has one."""
    found: dict[int, tuple[int, str]] = {}
    for chunk in _chunks(case_ids):
        newest = (
            select(CaseEvent.case_id, func.max(CaseEvent.seq).label("seq"))
            .where(CaseEvent.case_id.in_(chunk))
            .group_by(CaseEvent.case_id)
            .subquery()
        )
        rows = session.execute(
            select(CaseEvent.case_id, CaseEvent.seq, CaseEvent.digest).join(
                newest, (CaseEvent.case_id == newest.c.case_id) & (CaseEvent.seq == newest.c.seq)
            )
        )
        found.update({row.case_id: (row.seq, row.digest) for row in rows})
    return found


def _chunks(case_ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(case_ids)
    for at in range(0, len(ordered), _CHUNK):
        yield ordered[at : at + _CHUNK]


@event.listens_for(Session, "before_commit")
def _before_commit(session: Session) -> None:
    watch: _Watch | None = session.info.get("history")
    if session.in_nested_transaction():
        return
    session.flush()
    watch = session.info.get("history")
    if watch is None:
        return
    _tell_the_rest(session, watch)
    written = [row for row in watch.written if inspect(row).persistent]
    watch.written = []
    if written:
        for tell in _listeners:
            tell(session, written)
        _enter_in_journal(session, written)


def _tell_the_rest(session: Session, watch: _Watch) -> None:
    """An event for each change that no act has told."""
    for case_id in sorted(watch.after):
        before, after = watch.take(case_id)
        if not after:
            continue
        case = session.get_one(Case, case_id)
        seq = _last(session, [case_id]).get(case_id, (0, ORIGIN))[0] + 1
        session.add(
            CaseEvent(
                case_id=case_id, seq=seq, event=UNRECORDED, at=clock.now(), actor_role=SYSTEM.role, actor_id=None,
                actor_name=SYSTEM.name, from_state=before.get("state") or case.state, to_state=case.state,
                sentence="登记内容有变化。", audience="internal", data={}, before=before, after=after,
            )
        )  # fmt: skip
    session.flush()


def _enter_in_journal(session: Session, events: list[CaseEvent]) -> None:
    case_ids = {row.case_id for row in events}
    numbers: dict[int, str] = {}
    for chunk in _chunks(case_ids):
        for case_id, number in session.execute(select(Case.id, Case.number).where(Case.id.in_(chunk))):
            numbers[case_id] = number
    head = session.scalars(
        select(JournalHead).with_for_update().execution_options(populate_existing=True)
    ).one()
    for row in sorted(events, key=lambda row: row.id):
        head.position += 1
        head.digest = journal_digest(head.digest, head.position, numbers[row.case_id], row.seq, row.digest)
        session.add(
            JournalLine(
                position=head.position, number=numbers[row.case_id], seq=row.seq, event_digest=row.digest,
                digest=head.digest,
            )
        )  # fmt: skip
    session.flush()


@event.listens_for(Session, "after_rollback")
def _after_rollback(session: Session) -> None:
    session.info.pop("history", None)
