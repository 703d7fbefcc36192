"""The search index of a process: in step with the database, without encoding anything twice, and self-healing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select
from support.encoders import CountingEncoder
from support.entries import SAMPLE, content
from support.people import Actors, wait_for

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.lexicon import service as lexicon_service
from qa_service.lexicon.rules import Kind
from qa_service.library import repository, service
from qa_service.library.live import LiveIndex
from qa_service.library.models import Entry, LibraryRevision, QueryLog, StoredVector
from qa_service.search.types import Filters
from qa_service.text.lexicon import Lexicon

NEW = "灵活就业人员怎样参加养老保险？"
OpenIndex = Callable[..., LiveIndex]


@pytest.fixture
def open_index(database: Database, lexicon: Lexicon, tmp_path: Path) -> Iterator[OpenIndex]:
    """Opens an index as a process of its own would: own encoder, own memory; "folder" is shared by default."""
    opened: list[LiveIndex] = []

    def make(
        encoder: CountingEncoder | None = None, folder: str = "indexes", watch: bool = False
    ) -> LiveIndex:
        index = LiveIndex(database, encoder, lexicon, tmp_path / folder, refresh_seconds=0.05)
        index.open()
        if watch:
            index.start()
            opened.append(index)
        return index

    yield make
    for index in opened:
        index.stop()


def publish_new(database: Database, actors: Actors, key: str = "new-entry", **changes: object) -> None:
    author, reviewer = actors["desk"], actors["desk2"]
    with database.write() as session:
        unit = session.scalars(select(Unit.id).where(Unit.code == "rsj")).one()
        entry = service.create_entry(session, author, content(unit, **changes), key)  # type: ignore[arg-type]
        service.act_on_version(session, author, entry, "submit")
        service.act_on_version(session, reviewer, entry, "publish")


def change(database: Database, author: Actor, reviewer: Actor, key: str, answer: str) -> None:
    with database.write() as session:
        entry = repository.get_readable(session, author, key)
        held = service.Content.of(entry.published)
        service.edit_entry(session, author, entry, service.replace(held, answer=answer))
        service.act_on_version(session, author, entry, "submit")
        service.act_on_version(session, reviewer, entry, "publish")


def withdraw(database: Database, actor: Actor, key: str) -> None:
    with database.write() as session:
        service.act_on_version(
            session, actor, repository.get_readable(session, actor, key), "withdraw", "不再适用"
        )


def first(index: LiveIndex, question: str) -> str:
    hits = index.snapshot.engine.ask(question, Filters()).hits
    return hits[0].id if hits else ""


def keys(index: LiveIndex) -> set[str]:
    assert {document.id for document in index.snapshot.engine.documents} == set(index.snapshot.faces)
    return set(index.snapshot.faces)


class TestOpen:
    def test_holds_what_is_published_and_stores_every_vector(
        self, open_index: OpenIndex, database: Database
    ) -> None:
        encoder = CountingEncoder()
        index = open_index(encoder)
        assert keys(index) == set(SAMPLE)
        assert encoder.seen
        with database.read() as session:
            assert session.scalars(select(StoredVector.key)).first() is not None

    def test_a_second_process_encodes_nothing_that_is_stored(self, open_index: OpenIndex) -> None:
        open_index(CountingEncoder())
        second = CountingEncoder()
        index = open_index(second, folder="of-its-own")
        assert [text for text in second.seen if text != "咨询"] == []
        assert keys(index) == set(SAMPLE)

    def test_another_encoder_encodes_anew_and_leaves_the_old_vectors(
        self, open_index: OpenIndex, database: Database
    ) -> None:
        open_index(CountingEncoder())
        other = CountingEncoder("another", dim=64)
        index = open_index(other)
        assert other.seen
        assert index.healed
        with database.read() as session:
            prints = set(session.scalars(select(StoredVector.fingerprint)))
        assert prints == {"counting", "another"}

    def test_without_an_encoder_it_works_by_words(self, open_index: OpenIndex) -> None:
        index = open_index(None)
        assert first(index, "公积金能不能取出来交房租") == "provident-rent"
        assert index.snapshot.engine.ask("公积金", Filters()).lexical_only


class TestRefresh:
    def test_a_publication_shows_in_another_process_within_two_seconds_and_encodes_only_what_is_new(
        self, open_index: OpenIndex, database: Database, actors: Actors
    ) -> None:
        here, there = CountingEncoder(), CountingEncoder()
        index, other = open_index(here, watch=True), open_index(there, folder="other", watch=True)
        here.seen.clear()
        there.seen.clear()
        publish_new(database, actors)
        for each in (index, other):
            wait_for(lambda each=each: "new-entry" in each.snapshot.faces, seconds=2)
            assert first(each, NEW) == "new-entry"
        encoded = {text for text in here.seen + there.seen if text not in (NEW, NEW.strip("？"))}
        old = {
            text
            for _, _, question, answer, _, phrasings in SAMPLE.values()
            for text in (question, answer, *phrasings)
        }
        assert not encoded & old

    def test_a_change_replaces_and_a_withdrawal_removes(
        self, open_index: OpenIndex, database: Database, actors: Actors
    ) -> None:
        index = open_index(CountingEncoder())
        change(database, actors["desk"], actors["desk2"], "jobless-length", "改为最长三十六个月。")
        withdraw(database, actors["desk"], "provident-rent")
        assert index.refresh()
        assert index.snapshot.faces["jobless-length"].answer == "改为最长三十六个月。"
        assert keys(index) == set(SAMPLE) - {"provident-rent"}
        assert first(index, "公积金能不能取出来交房租") != "provident-rent"

    def test_without_a_change_the_snapshot_stays_the_very_same(self, open_index: OpenIndex) -> None:
        index = open_index(CountingEncoder())
        before = index.snapshot
        assert not index.refresh()
        assert index.snapshot is before

    def test_a_draft_changes_nothing(self, open_index: OpenIndex, database: Database, actors: Actors) -> None:
        index = open_index(CountingEncoder())
        with database.write() as session:
            unit = session.scalars(select(Unit.id).where(Unit.code == "rsj")).one()
            service.create_entry(session, actors["desk"], content(unit))
        assert not index.refresh()

    def test_a_failing_refresh_leaves_the_old_snapshot_answering_and_is_tried_again(
        self, open_index: OpenIndex, database: Database, actors: Actors, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        index = open_index(CountingEncoder(), watch=True)
        failures = []

        def broken(*_args: object) -> None:
            failures.append(1)
            raise OSError("the database is away")

        with monkeypatch.context() as patch:
            patch.setattr(repository, "current_revision", broken)
            wait_for(lambda: len(failures) > 1)
            assert first(index, "公积金能不能取出来交房租") == "provident-rent"
        publish_new(database, actors)
        wait_for(lambda: "new-entry" in index.snapshot.faces)


def add_word(database: Database, actor: Actor, lexicon: Lexicon, kind: Kind, said: str, official: str = "") -> int:  # fmt: skip
    with database.write() as session:
        return lexicon_service.add_word(session, actor, lexicon, kind, said, official).id


class TestWords:
    def test_an_added_word_counts_in_every_process_within_two_seconds_and_a_withdrawn_one_no_more(
        self, open_index: OpenIndex, database: Database, actors: Actors, lexicon: Lexicon
    ) -> None:
        here, there = CountingEncoder(), CountingEncoder()
        indexes = [open_index(here, watch=True), open_index(there, folder="other", watch=True)]
        before = [index.snapshot for index in indexes]
        here.seen.clear()
        there.seen.clear()
        added = add_word(database, actors["desk"], lexicon, Kind.SYNONYM, "毛毛票", "政府信息公开申请")
        for index in indexes:
            wait_for(lambda index=index: index.snapshot.lexicon_revision == 1, seconds=2)
            assert index.snapshot.engine.lexicon.synonyms["毛毛票"] == ("政府信息公开申请",)
        with database.write() as session:
            lexicon_service.withdraw_word(session, actors["desk2"], added)
        for index, old in zip(indexes, before, strict=True):
            wait_for(lambda index=index: index.snapshot.lexicon_revision == 2, seconds=2)
            assert index.snapshot.engine.lexicon.fingerprint == old.engine.lexicon.fingerprint
            assert index.snapshot.engine.calibration is old.engine.calibration
        assert set(here.seen + there.seen) <= {"咨询"}

    def test_words_and_publications_are_taken_over_together(
        self, open_index: OpenIndex, database: Database, actors: Actors, lexicon: Lexicon
    ) -> None:
        index = open_index(None)
        add_word(database, actors["desk"], lexicon, Kind.SYNONYM, "毛毛票", "政府信息公开申请")
        publish_new(database, actors)
        assert index.refresh() and not index.refresh()
        assert first(index, "毛毛票") == "disclosure-apply"
        assert first(index, NEW) == "new-entry"

    def test_a_saved_index_of_other_words_is_rebuilt_without_encoding(
        self, open_index: OpenIndex, database: Database, actors: Actors, lexicon: Lexicon
    ) -> None:
        open_index(CountingEncoder())
        add_word(database, actors["desk"], lexicon, Kind.STOP_WORD, "麻烦问下")
        encoder = CountingEncoder()
        index = open_index(encoder)
        assert "麻烦问下" in index.snapshot.engine.lexicon.stop_words
        assert [text for text in encoder.seen if text != "咨询"] == []
        assert not open_index(CountingEncoder()).healed

    def test_stopping_saves_the_words_added_meanwhile(
        self, open_index: OpenIndex, database: Database, actors: Actors, lexicon: Lexicon
    ) -> None:
        index = open_index(CountingEncoder())
        add_word(database, actors["desk"], lexicon, Kind.TERM, "青禾一网通")
        index.refresh()
        index.stop()
        assert not open_index(CountingEncoder()).healed


class TestHealing:
    def saved(self, tmp_path: Path) -> Path:
        return tmp_path / "indexes" / "search"

    @pytest.mark.parametrize("damage", ["truncate", "delete", "garbage", "empty-folder", "manifest"])
    def test_a_damaged_saved_index_is_rebuilt_from_the_database_without_encoding(
        self, open_index: OpenIndex, tmp_path: Path, damage: str
    ) -> None:
        open_index(CountingEncoder())
        folder = self.saved(tmp_path)
        largest = max(folder.iterdir(), key=lambda path: path.stat().st_size)
        if damage == "truncate":
            largest.write_bytes(largest.read_bytes()[:-7])
        elif damage == "delete":
            largest.unlink()
        elif damage == "garbage":
            largest.write_bytes(b"\xff" * largest.stat().st_size)
        elif damage == "manifest":
            next(folder.glob("manifest*")).write_text("{", encoding="utf-8")
        else:
            shutil.rmtree(folder)
            folder.mkdir()
        encoder = CountingEncoder()
        index = open_index(encoder)
        assert index.healed
        assert keys(index) == set(SAMPLE)
        assert [text for text in encoder.seen if text != "咨询"] == []
        again = open_index(CountingEncoder())
        assert not again.healed

    def test_deleting_the_folder_loses_nothing(self, open_index: OpenIndex, tmp_path: Path) -> None:
        open_index(CountingEncoder())
        shutil.rmtree(tmp_path / "indexes")
        assert keys(open_index(CountingEncoder())) == set(SAMPLE)

    def test_an_index_behind_the_database_catches_up(
        self, open_index: OpenIndex, database: Database, actors: Actors
    ) -> None:
        """As after a crash between the commit of a publication and the update of the index."""
        open_index(CountingEncoder())
        publish_new(database, actors)
        withdraw(database, actors["desk"], "provident-rent")
        change(database, actors["desk"], actors["desk2"], "jobless-length", "改了。")
        index = open_index(CountingEncoder())
        assert keys(index) == set(SAMPLE) - {"provident-rent"} | {"new-entry"}
        assert index.snapshot.engine.document("jobless-length").answer == "改了。"  # type: ignore[union-attr]

    def test_an_index_ahead_of_the_database_falls_back(
        self, open_index: OpenIndex, database: Database, actors: Actors
    ) -> None:
        """As after restoring a backup: what the backup does not know is not answered from."""
        with database.read() as session:
            before = repository.current_revision(session)
        publish_new(database, actors)
        change(database, actors["desk"], actors["desk2"], "jobless-length", "备份之后的改动。")
        open_index(CountingEncoder())
        with database.write() as session:
            for key in ("new-entry", "jobless-length"):
                entry = session.scalars(select(Entry).where(Entry.key == key)).one()
                versions = sorted(
                    session.scalars(
                        select(repository.EntryVersion).where(repository.EntryVersion.entry_id == entry.id)
                    ),
                    key=lambda version: version.number,
                )
                entry.published = versions[0] if key == "jobless-length" else None
            session.get_one(LibraryRevision, 1).value = before
        index = open_index(CountingEncoder())
        assert keys(index) == set(SAMPLE)
        assert index.snapshot.engine.document("jobless-length").answer == SAMPLE["jobless-length"][3]  # type: ignore[union-attr]

    def test_files_lost_while_running_do_no_harm(
        self, open_index: OpenIndex, database: Database, actors: Actors, tmp_path: Path
    ) -> None:
        index = open_index(CountingEncoder(), watch=True)
        for path in self.saved(tmp_path).iterdir():
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert first(index, "公积金能不能取出来交房租") == "provident-rent"
        shutil.rmtree(tmp_path / "indexes")
        publish_new(database, actors)
        wait_for(lambda: "new-entry" in index.snapshot.faces)
        assert first(index, NEW) == "new-entry"

    def test_stopping_saves_what_was_published_meanwhile(
        self, open_index: OpenIndex, database: Database, actors: Actors
    ) -> None:
        index = open_index(CountingEncoder())
        publish_new(database, actors)
        index.refresh()
        index.stop()
        encoder = CountingEncoder()
        assert "new-entry" in keys(open_index(encoder))
        assert [text for text in encoder.seen if text != "咨询"] == []

    def test_a_folder_that_cannot_be_written_costs_only_the_next_start(
        self, open_index: OpenIndex, tmp_path: Path
    ) -> None:
        (tmp_path / "indexes").write_text("not a folder", encoding="utf-8")
        assert keys(open_index(CountingEncoder())) == set(SAMPLE)


class TestRebuild:
    def test_builds_anew_from_stored_vectors(self, open_index: OpenIndex) -> None:
        encoder = CountingEncoder()
        index = open_index(encoder)
        encoder.passages.clear()
        index.rebuild()
        assert keys(index) == set(SAMPLE)
        # The questions that the fit asks are encoded; what is searched is not.
        assert encoder.passages == []


class TestHeat:
    def test_counts_answers_and_choices_of_late_in_any_version(
        self, open_index: OpenIndex, database: Database, actors: Actors, at: Callable[[str], None]
    ) -> None:
        at("2026-03-02 09:00")
        index = open_index(None)
        assert index.heat == {}

        def log(key: str, day: datetime, outcome: str) -> QueryLog:
            return QueryLog(
                id=uuid4().hex, at=day, channel="window", question="问", decision="choose", confidence=0.5,
                outcome=outcome, library_revision=1, milliseconds=1.0,
                chosen_version_id=index.snapshot.faces[key].version_id,
            )  # fmt: skip

        now = clock.now()
        with database.write() as session:
            session.add_all([
                log("jobless-length", now, "answered"), log("jobless-length", now - timedelta(days=89), "chosen"),
                log("jobless-length", now - timedelta(days=91), "chosen"), log("paid-leave", now, "skipped"),
                log("provident-rent", now, "chosen"),
            ])  # fmt: skip
        change(database, actors["desk"], actors["desk2"], "jobless-length", "改过的答复。")
        index.refresh()
        before = index.heat
        index.count_heat()
        assert index.heat == {"jobless-length": 2, "provident-rent": 1} and before == {}

    def test_is_counted_again_now_and_then(
        self, database: Database, lexicon: Lexicon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        index = LiveIndex(database, None, lexicon, tmp_path / "i", refresh_seconds=0.05, heat_seconds=0.05)
        index.open()
        monkeypatch.setattr(repository, "times_of_use", lambda session, now: {"jobless-length": 7})
        index.start()
        try:
            wait_for(lambda: index.heat == {"jobless-length": 7})
        finally:
            index.stop()
