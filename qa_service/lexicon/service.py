"""Adding and withdrawing words of the lexicon. Callers commit; every search process then takes them over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor
from qa_service.accounts.service import audit
from qa_service.errors import Conflict, Invalid, NotAllowedNow, NotFound
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.lexicon import repository
from qa_service.lexicon.models import LexiconWord
from qa_service.lexicon.preview import QUESTIONS, Preview, differences
from qa_service.lexicon.rules import (
    Kind,
    Known,
    Word,
    bundled_words,
    contradiction,
    faults_of,
    lexicon_with,
)
from qa_service.search.engine import Engine
from qa_service.search.types import Filters
from qa_service.text.lexicon import Lexicon
from qa_service.text.normalise import normalise

# What a list may show: everything in force, what staff added, what came with the software, what was withdrawn.
SHOWN = {"": "全部在用", "added": "本地添加", "bundled": "随软件附带", "withdrawn": "已撤下"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A word as a list shows it; `id` is None and nobody added it where it came with the software."""

    word: Word
    id: int | None = None
    added_by: str = ""
    added_at: datetime | None = None
    withdrawn_by: str = ""
    withdrawn_at: datetime | None = None

    @classmethod
    def of(cls, row: LexiconWord) -> Listed:
        return cls(word_of(row), row.id, row.added_by, row.added_at, row.withdrawn_by, row.withdrawn_at)


def word_of(row: LexiconWord) -> Word:
    return Word(Kind(row.kind), row.said, row.official)


def known_words(session: Session, bundled: Lexicon) -> Known:
    """The bundled words and those in force that staff have added."""
    return Known.of(bundled, ((word_of(row), f"{row.added_by}添加") for row in repository.in_force(session)))


def list_words(
    session: Session, bundled: Lexicon, kind: Kind, text: str = "", show: str = ""
) -> list[Listed]:
    """The words of a kind that hold `text`: those that staff added (the latest first), then the bundled ones."""
    found: list[Listed] = []
    if show == "withdrawn":
        found += map(Listed.of, repository.withdrawn(session, kind))
    if show in ("", "added"):
        found += map(Listed.of, reversed(repository.in_force(session, kind)))
    if show in ("", "bundled"):
        found += (Listed(word) for word in bundled_words(bundled) if word.kind is kind)
    sought = normalise(text)
    return [item for item in found if any(sought in part for part in item.word.parts)]


def count_words(session: Session, bundled: Lexicon) -> dict[Kind, int]:
    """How many words of each kind are in force."""
    return {kind: len(list_words(session, bundled, kind)) for kind in Kind}


def checked_word(session: Session, bundled: Lexicon, kind: Kind, said: str, official: str = "") -> Word:
    """The word in normal form, fit to be added. Raises Invalid naming the fields, Conflict where it is there
    already or contradicts another, saying which and where that one is."""
    word, faults = faults_of(kind, said, official)
    if faults:
        labels = {"said": kind.label, "official": "规范用语"}
        said_of = "；".join(f"{labels[field]}：{fault}" for field, fault in faults.items())
        raise Invalid(f"还有内容需要修改。{said_of}。", "请按提示修改后再提交。", errors=faults)
    if clash := contradiction(word, known_words(session, bundled)):
        field, reason = clash
        raise Conflict(f"{reason}。", "请核对后换一个词，或先撤下与它相抵触的词。", errors={field: reason})
    return word


def add_word(
    session: Session, actor: Actor, bundled: Lexicon, kind: Kind, said: str, official: str = ""
) -> LexiconWord:
    """Put a word in force. Raises what `checked_word` does."""
    # Before looking: whoever adds a word meanwhile waits for this transaction or has been waited for.
    repository.next_revision(session)
    word = checked_word(session, bundled, kind, said, official)
    row = LexiconWord(
        kind=kind, said=word.said, official=word.official, added_by=actor.name, added_at=clock.now()
    )
    session.add(row)
    session.flush()
    audit(session, actor, "add-lexicon-word", str(row.id), kind=kind, said=word.said, official=word.official)
    return row


def withdraw_word(session: Session, actor: Actor, word_id: int) -> LexiconWord:
    """End a word that staff have added. Raises NotFound, and NotAllowedNow where it has ended already."""
    repository.next_revision(session)
    row = session.get(LexiconWord, word_id)
    if row is None:
        raise NotFound("词表中没有这个词。", "请刷新词表；随软件附带的词不能撤下。")
    if row.withdrawn_at is not None:
        raise NotAllowedNow(f"{word_of(row)}已由{row.withdrawn_by}撤下。", "请刷新词表。")
    row.withdrawn_by, row.withdrawn_at = actor.name, clock.now()
    session.flush()
    audit(
        session, actor, "withdraw-lexicon-word", str(row.id), kind=row.kind, said=row.said, official=row.official
    )  # fmt: skip
    return row


def preview_word(
    database: Database, engine: Engine, bundled: Lexicon, kind: Kind, said: str, official: str = ""
) -> tuple[Word, Preview]:
    """(the word in normal form, what the logged questions would find with it). Raises what `checked_word` does.

    Two hundred questions take a second or two: the transaction ends before they are tried.
    """
    with database.read() as session:
        word = checked_word(session, bundled, kind, said, official)
        questions, holding = repository.recent_questions(session, word.parts, QUESTIONS)
    after = engine.with_lexicon(lexicon_with(engine.lexicon, word))
    changed = differences(engine, after, questions, Filters(on=clock.today()))
    return word, Preview(len(questions), holding, changed)
