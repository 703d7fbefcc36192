"""Preparing an installation: everything once, and a second time nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select
from support.bundled import part_of_corpus

from qa_service.accounts.models import Unit, User
from qa_service.errors import Invalid
from qa_service.extraction.annotations import read_annotations
from qa_service.kit.database import Database
from qa_service.library.models import Entry, EntryVersion
from qa_service.preparing import prepare_data
from qa_service.settings import Settings


@pytest.fixture
def empty(tmp_path: Path) -> Settings:
    """Settings of a new installation with the sample zone and two of the bundled documents."""
    folder = part_of_corpus(tmp_path / "corpus", ("paid-leave", "working-days"))
    return Settings(data_dir=tmp_path / "var", corpus_dir=folder, lexical_only=True)


def prepare(settings: Settings) -> tuple[dict[str, int], int]:
    database = Database(settings.url)
    try:
        done = prepare_data(settings, database)
        return done.library, len(done.accounts)
    finally:
        database.close()


def versions(settings: Settings) -> int:
    database = Database(settings.url)
    with database.read() as session:
        found = session.scalar(select(func.count(EntryVersion.id))) or 0
    database.close()
    return found


class TestPrepareData:
    def test_makes_county_library_and_one_account_a_role(self, empty: Settings) -> None:
        library, accounts = prepare(empty)
        assert set(library) == {"新增"}
        database = Database(empty.url)
        with database.read() as session:
            assert session.scalar(select(func.count(Unit.id))) == 10
            assert session.scalar(select(func.count(Entry.id))) == library["新增"]
            assert (
                session.scalar(select(func.count(EntryVersion.id)).where(EntryVersion.state != "published"))
                == 0
            )
            assert accounts == (session.scalar(select(func.count(User.id))) or 0) + 1  # and a kiosk
        database.close()

    def test_takes_over_the_whole_bundled_library(self, tmp_path: Path) -> None:
        whole = Settings(data_dir=tmp_path / "var", lexical_only=True)
        sheets = (whole.corpus_dir / "interpretations").glob("*.entries.yaml")
        entries = sum(len(read_annotations(sheet.name, sheet.read_bytes())) for sheet in sheets)
        assert prepare(whole)[0] == {"新增": entries}
        assert versions(whole) == entries

    def test_a_second_time_changes_nothing(self, empty: Settings) -> None:
        prepare(empty)
        before = versions(empty)
        assert prepare(empty) == ({}, 0)
        assert versions(empty) == before

    def test_without_its_mark_it_compares_again_and_still_changes_nothing(self, empty: Settings) -> None:
        prepare(empty)
        before = versions(empty)
        (empty.data_dir / "bundled.json").unlink()
        library, accounts = prepare(empty)
        assert set(library) == {"未变"}
        assert (accounts, versions(empty)) == (0, before)

    def test_a_new_release_of_the_library_does_not_undo_what_the_office_edited(self, empty: Settings) -> None:
        prepare(empty)
        database = Database(empty.url)
        with database.write() as session:
            edited, other = session.scalars(
                select(Entry).where(Entry.published_version_id.is_not(None)).limit(2)
            )
            assert edited.published and other.published
            edited.published.author_id = session.scalars(select(User.id)).first()
            edited.published.answer, kept = "本县自己的说法。", edited.key
            other.published.answer, updated = "旧版随附的说法。", other.key
        (empty.data_dir / "bundled.json").unlink()
        library, _ = prepare(empty)
        assert library["冲突"] == 1
        assert library["更新"] == 1
        with database.read() as session:

            def answer(key: str) -> str:
                entry = session.scalars(select(Entry).where(Entry.key == key)).one()
                return session.get_one(EntryVersion, entry.published_version_id).answer

            assert answer(kept) == "本县自己的说法。"
            assert answer(updated) != "旧版随附的说法。"
        database.close()

    def test_a_broken_bundled_file_imports_nothing_and_names_it(self, empty: Settings) -> None:
        (empty.corpus_dir / "interpretations" / "paid-leave.entries.yaml").write_text(
            "entries: [", encoding="utf-8"
        )
        with pytest.raises(Invalid, match="paid-leave"):
            prepare(empty)
        database = Database(empty.url)
        with database.read() as session:
            assert session.scalar(select(func.count(Entry.id))) == 0
            assert session.scalar(select(func.count(User.id))) == 0
        database.close()
