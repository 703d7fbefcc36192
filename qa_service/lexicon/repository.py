"""Every query on the words that staff have added. All staff may read them; who may change them, routes say."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session

from qa_service.kit.database import insert_into
from qa_service.lexicon.models import LexiconRevision, LexiconWord
from qa_service.library.models import QueryLog
from qa_service.text.lexicon import Lexicon
from qa_service.text.regions import place_in
from qa_service.zones.models import Zone

# Questions are tried from among so many of the latest: the log of years need not be gone through for a word.
_LATEST = 20_000


def in_force(session: Session, kind: str = "") -> list[LexiconWord]:
    """The words that count, of this kind or of all, in the order in which they were added."""
    statement = select(LexiconWord).where(LexiconWord.withdrawn_at.is_(None)).order_by(LexiconWord.id)
    return list(session.scalars(statement.where(LexiconWord.kind == kind) if kind else statement))


def withdrawn(session: Session, kind: str) -> list[LexiconWord]:
    """The words of this kind that were withdrawn, the latest first."""
    return list(
        session.scalars(
            select(LexiconWord)
            .where(LexiconWord.withdrawn_at.is_not(None), LexiconWord.kind == kind)
            .order_by(LexiconWord.withdrawn_at.desc(), LexiconWord.id.desc())
        )
    )


def extended(session: Session, bundled: Lexicon) -> tuple[Lexicon, int]:
    """(the `bundled` words with those in force and the places of the zones, the revision that this is)."""
    revision = current_revision(session)
    words = in_force(session)
    lexicon = bundled.extended(
        (word.said for word in words if word.kind == "term"),
        ((word.said, word.official) for word in words if word.kind == "synonym"),
        (word.said for word in words if word.kind == "stop_word"),
        _places(session),
    )
    return lexicon, revision


def _places(session: Session) -> list[tuple[str, str, bool]]:
    """The places that zones are named after, as text.regions.Gazetteer takes them; a zone's path is the code of its place."""
    zones = session.execute(select(Zone.name, Zone.path).order_by(Zone.path))
    return [(place, path, False) for name, path in zones if (place := place_in(name))]


def current_revision(session: Session) -> int:
    return session.scalar(select(LexiconRevision.value).where(LexiconRevision.id == 1)) or 0


def next_revision(session: Session) -> int:
    """Take the next revision; its row stays locked until the transaction ends."""
    first = insert_into(session, LexiconRevision).values(id=1, value=1)
    statement = first.on_conflict_do_update(index_elements=["id"], set_={"value": LexiconRevision.value + 1})
    return session.execute(statement.returning(LexiconRevision.value)).scalar_one()


def recent_questions(session: Session, words: Sequence[str], limit: int) -> tuple[list[str], int]:
    """(distinct questions asked of late, how many of them hold one of `words`).

    Those that do come first, otherwise the latest come first. Greetings ask nothing and are left out.
    """
    latest = (
        select(func.coalesce(QueryLog.searched, QueryLog.question).label("question"), QueryLog.at)
        .where(QueryLog.outcome != "greeting")
        .order_by(QueryLog.at.desc())
        .limit(_LATEST)
        .subquery()
    )
    held = or_(*(func.lower(latest.c.question).contains(word, autoescape=True) for word in words))
    holds = case((held, 1), else_=0)
    rows = session.execute(
        select(latest.c.question, holds)
        .group_by(latest.c.question)
        .order_by(holds.desc(), func.max(latest.c.at).desc())
        .limit(limit)
    ).all()
    return [question for question, _ in rows], sum(found for _, found in rows)
