"""Every query on the library. Editing is limited to what the actor may see; the published face is public."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import STAFF, Actor, Role
from qa_service.errors import NotFound
from qa_service.kit.database import insert_into
from qa_service.library.face import Face
from qa_service.library.models import Entry, EntryVersion, LibraryRevision, QueryLog
from qa_service.zones.models import Zone

# What counts as not answered; what was offered and neither taken nor refused is a weaker sign.
UNANSWERED = ("missed", "skipped", "referred")
OFFERED = "candidates"
# How far back a question counts as asked of late.
LATELY = timedelta(days=90)


def readable(actor: Actor) -> Select[Entry]:
    """Entries that `actor` may open in the library: staff see all, policy units see their own."""
    statement = select(Entry).options(selectinload(Entry.published), selectinload(Entry.working))
    if actor.role in (Role.ADMIN, Role.DESK, Role.SUPERVISOR):
        return statement
    if actor.role is Role.UNIT:
        own = select(EntryVersion.entry_id).where(EntryVersion.unit_id == actor.unit_id)
        return statement.where(Entry.id.in_(own))
    return statement.where(Entry.id < 0)


def get_readable(session: Session, actor: Actor, key: str) -> Entry:
    entry = session.scalar(readable(actor).where(Entry.key == key))
    if entry is None:
        raise NotFound(f"没有找到问答条目“{key}”。", "请核对编号，或在问答库中搜索。")
    return entry


def search_readable(
    session: Session,
    actor: Actor,
    *,
    text: str = "",
    state: str = "",
    unit_id: int | None = None,
    topic: str = "",
    today: date | None = None,
    limit: int = 50,
    offset: int = 0,
) -> tuple[list[tuple[Entry, EntryVersion]], int]:
    """A page of entries with the version that stands for each, and the count.

    That version is the draft where there is one, else the published one, else the last that there was
    (withdrawn or discarded). `state` is a version state, or "expired" for published entries whose validity or re-check has passed
    on `today`.
    """
    face = aliased(EntryVersion)
    every = aliased(EntryVersion)
    last = select(func.max(every.id)).where(every.entry_id == Entry.id).scalar_subquery()
    statement = (
        readable(actor)
        .join(face, face.id == func.coalesce(Entry.working_version_id, Entry.published_version_id, last))
        .add_columns(face)
    )
    if text:
        like = f"%{text.replace('%', '').replace('_', '')}%"
        statement = statement.where(or_(face.question.like(like), face.answer.like(like), Entry.key == text))
    if state == "expired":
        statement = statement.where(
            Entry.published_version_id.is_not(None), or_(face.effective_to < today, face.review_due < today)
        )
    elif state == "published":
        statement = statement.where(Entry.published_version_id.is_not(None))
    elif state == "withdrawn":
        statement = statement.where(Entry.published_version_id.is_(None), Entry.working_version_id.is_(None))
    elif state:
        statement = statement.where(face.state == state)
    if unit_id:
        statement = statement.where(face.unit_id == unit_id)
    if topic:
        statement = statement.where(face.topic == topic)
    total = (
        session.scalar(select(func.count()).select_from(statement.with_only_columns(Entry.id).subquery()))
        or 0
    )
    page = session.execute(statement.order_by(Entry.id.desc()).limit(limit).offset(offset))
    return [(entry, version) for entry, version in page], total


def by_keys(session: Session, keys: Iterable[str]) -> dict[str, Entry]:
    statement = select(Entry).where(Entry.key.in_(list(keys))).options(selectinload(Entry.published))
    return {entry.key: entry for entry in session.scalars(statement)}


def published_versions(session: Session, ids: Sequence[int] = ()) -> dict[int, EntryVersion]:
    """Published versions by entry id: of the entries in `ids`, or all."""
    statement = select(EntryVersion).join(Entry, Entry.published_version_id == EntryVersion.id)
    if ids:
        statement = statement.where(Entry.id.in_(ids))
    return {version.entry_id: version for version in session.scalars(statement)}


def faces_since(session: Session, revision: int) -> tuple[list[Face], list[str], int]:
    """(published faces changed after `revision`, keys withdrawn after it, the revision now).

    `revision` 0 gives the whole library.
    """
    now = current_revision(session)
    rows = session.execute(
        select(Entry.key, EntryVersion, Unit.name)
        .outerjoin(EntryVersion, Entry.published_version_id == EntryVersion.id)
        .outerjoin(Unit, Unit.id == EntryVersion.unit_id)
        .where(Entry.revision > revision)
        .order_by(Entry.id)
    )
    changed: list[Face] = []
    removed: list[str] = []
    for key, version, unit in rows:
        if version is None:
            removed.append(key)
        else:
            changed.append(Face.of(key, version, unit))
    return changed, removed, now


def times_of_use(session: Session, now: datetime) -> dict[str, int]:
    """How often each entry, in any of its versions, was answered with or chosen of late, by key; none at 0."""
    statement = (
        select(Entry.key, func.count())
        .select_from(QueryLog)
        .join(EntryVersion, EntryVersion.id == QueryLog.chosen_version_id)
        .join(Entry, Entry.id == EntryVersion.entry_id)
        .where(QueryLog.outcome.in_(("answered", "chosen")), QueryLog.at >= now - LATELY)
        .group_by(Entry.key)
    )
    return {key: int(count) for key, count in session.execute(statement)}


def unanswered(
    session: Session, actor: Actor, since: datetime, *, weak: bool, limit: int
) -> tuple[list[QueryLog], int]:
    """(the latest `limit` questions since then that were not answered, how many there are).

    `weak`: also those for which entries were only offered. Desks and supervisors get those of their zone's subtree;
    what was asked in no zone belongs to the topmost, which also gets such questions to deal with.
    """
    outcomes = (*UNANSWERED, OFFERED) if weak else UNANSWERED
    statement = select(QueryLog).where(QueryLog.outcome.in_(outcomes), QueryLog.at >= since)
    if actor.role not in STAFF or (actor.role is Role.DESK and actor.zone_id is None):
        statement = statement.where(QueryLog.id.is_(None))
    elif actor.role in (Role.DESK, Role.SUPERVISOR) and actor.zone_id is not None:
        own = select(Zone.path).where(Zone.id == actor.zone_id).scalar_subquery()
        topmost = select(func.min(Zone.id)).where(Zone.parent_id.is_(None)).scalar_subquery()
        place = func.coalesce(QueryLog.zone_id, topmost)
        statement = statement.join(Zone, Zone.id == place).where(Zone.path.startswith(own))
    total = session.scalar(select(func.count()).select_from(statement.subquery())) or 0
    latest = statement.order_by(QueryLog.at.desc(), QueryLog.id).limit(limit)
    return list(session.scalars(latest)), total


def current_revision(session: Session) -> int:
    return session.scalar(select(LibraryRevision.value).where(LibraryRevision.id == 1)) or 0


def next_revision(session: Session) -> int:
    """Take the next revision; its row stays locked until the transaction ends."""
    first = insert_into(session, LibraryRevision).values(id=1, value=1)
    statement = first.on_conflict_do_update(index_elements=["id"], set_={"value": LibraryRevision.value + 1})
    return session.execute(statement.returning(LibraryRevision.value)).scalar_one()


def next_version_number(session: Session, entry_id: int) -> int:
    last = session.scalar(select(func.max(EntryVersion.number)).where(EntryVersion.entry_id == entry_id))
    return (last or 0) + 1


def same_question(session: Session, question: str, except_entry: int | None) -> Entry | None:
    """A published or pending entry that has this standard question already."""
    statement = (
        select(Entry)
        .join(
            EntryVersion,
            or_(EntryVersion.id == Entry.published_version_id, EntryVersion.id == Entry.working_version_id),
        )
        .where(EntryVersion.question == question)
    )
    if except_entry is not None:
        statement = statement.where(Entry.id != except_entry)
    return session.scalars(statement).first()
