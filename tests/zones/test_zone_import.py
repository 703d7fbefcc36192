"""Loading a zone folder, the stored calendar and limits, and the schema they stand in."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select
from support.cases import API
from support.people import People

from qa_service import migrations, models
from qa_service.accounts.models import Unit
from qa_service.errors import Invalid, NotFound, Unavailable
from qa_service.kit.database import Database
from qa_service.workdays.calendar_file import parse_rows
from qa_service.workdays.due import LimitUnit
from qa_service.zones.calendar import load_calendar, load_limit, store_calendar
from qa_service.zones.importer import import_zone_folder, is_zone_folder
from qa_service.zones.models import Limit, WorkCalendarDay, Zone

FOLDER = Path(__file__).resolve().parents[2] / "corpus" / "zone"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "zone"))


class TestMigrations:
    def test_lead_to_exactly_the_tables_of_the_models(self, database: Database) -> None:
        with database.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            assert compare_metadata(context, models.metadata) == []

    def test_running_them_again_changes_nothing(self, database: Database) -> None:
        migrations.upgrade(database)
        with database.read() as session:
            assert session.scalars(select(Zone.code)).first() == "QH01"


class TestImportZoneFolder:
    def test_a_second_time_adds_nothing(self, database: Database) -> None:
        with database.write() as session:
            assert not any(import_zone_folder(session, FOLDER).values())

    def test_the_tree_is_in_the_paths_whatever_the_order_of_the_file(self, database: Database) -> None:
        with database.read() as session:
            paths = {zone.code: zone.path for zone in session.scalars(select(Zone))}
        assert paths == {
            "QH01": "/QH01/",
            "QH02": "/QH01/QH02/",
            "QH03": "/QH01/QH03/",
            "QH04": "/QH01/QH02/QH04/",
        }

    def test_what_an_administrator_has_changed_is_left_alone(self, database: Database) -> None:
        with database.write() as session:
            session.scalars(select(Unit).where(Unit.code == "rsj")).one().phone = "新号码"
        with database.write() as session:
            import_zone_folder(session, FOLDER)
        with database.read() as session:
            assert session.scalars(select(Unit.phone).where(Unit.code == "rsj")).one() == "新号码"

    @pytest.mark.parametrize(
        ("file", "old", "new", "said"),
        [
            ("zones.yaml", "parent: QH02", "parent: QH09", "QH04"), ("units.yaml", "units:", "units: [", "units.yaml"),
            ("topics.yaml", "topics:", "topic:", "topics.yaml"), ("calendar.csv", "2026-02-14", "2026-02-31", "calendar.csv"),
        ],
    )  # fmt: skip
    def test_a_broken_file_is_named_and_nothing_is_loaded(
        self, tmp_path: Path, folder: Path, file: str, old: str, new: str, said: str
    ) -> None:
        target = folder / file
        target.write_text(target.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        database = Database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
        migrations.upgrade(database)
        with pytest.raises(Invalid) as caught, database.write() as session:
            import_zone_folder(session, folder)
        assert said in caught.value.message
        assert caught.value.remedy
        with database.read() as session:
            assert session.scalars(select(Unit.id)).first() is None
            assert session.scalars(select(Zone.id)).first() is None
        database.close()

    def test_a_folder_of_documents_is_not_taken_for_one(self, folder: Path) -> None:
        assert is_zone_folder(folder)
        assert not is_zone_folder(folder.parent)


class TestStoredCalendar:
    def test_is_read_back_as_the_file_says(self, database: Database) -> None:
        with database.read() as session:
            calendar = load_calendar(session)
        assert not calendar.is_workday(date(2026, 2, 17))
        assert calendar.is_workday(date(2026, 2, 14))

    def test_a_changed_notice_is_in_force_at_once(self, database: Database) -> None:
        text = (FOLDER / "calendar.csv").read_text(encoding="utf-8")
        with database.read() as session:
            load_calendar(session)
        with database.write() as session:
            without = "\n".join(line for line in text.splitlines() if not line.startswith("2026-02-14"))
            assert store_calendar(session, parse_rows(without.encode())) == 1
        with database.read() as session:
            assert not load_calendar(session).is_workday(date(2026, 2, 14))

    def test_storing_the_same_again_changes_nothing(self, database: Database) -> None:
        with database.write() as session:
            assert store_calendar(session, parse_rows((FOLDER / "calendar.csv").read_bytes())) == 0

    def test_without_one_nothing_is_promised(self, database: Database) -> None:
        with database.write() as session:
            for row in session.scalars(select(WorkCalendarDay)):
                session.delete(row)
        with database.read() as session, pytest.raises(Unavailable, match="工作日历"):
            load_calendar(session)


class TestLoadLimit:
    def test_gives_the_row_with_its_basis(self, database: Database) -> None:
        with database.read() as session:
            limit = load_limit(session, "consultation_reply")
            stored = session.get_one(Limit, "consultation_reply")
        assert (limit.days, limit.unit) == (5, LimitUnit.WORKDAY)
        assert limit.basis == stored.basis == "《青禾县政务公开专区工作规范》第十四条"

    def test_an_unknown_one_is_not_found(self, database: Database) -> None:
        with database.read() as session, pytest.raises(NotFound):
            load_limit(session, "no-such-limit")


class TestZoneRoutes:
    def test_zones_topics_and_due_dates_are_public(self, people: People) -> None:
        zones = {zone["code"]: zone["parent"] for zone in people().get(f"{API}/zones").json()}
        assert zones == {"QH01": "", "QH02": "QH01", "QH03": "QH01", "QH04": "QH02"}
        assert len(people().get(f"{API}/topics").json()) == 21
        due = people().get(f"{API}/due?received=2026-02-13&days=5").json()
        assert (due["due"], due["status"]) == ("2026-02-27", "official")
