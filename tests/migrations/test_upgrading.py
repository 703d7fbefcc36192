"""Upgrading a database that is in use: every table of an older schema has a row, and all of them are still there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from support.postgres import PostgresServer

from qa_service import migrations
from qa_service.kit.database import Database

# The first schema whose data somebody may hold, and those at which later changes set in.
OLDER = ("0001", "0004")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Database]:
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'old.sqlite3'}")
        yield database
        database.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    database = Database(server.create("upgrading"))
    yield database
    database.close()
    server.drop("upgrading")


# Where a table itself says what a column may hold.
ALLOWED = {("lexicon_words", "kind"): "synonym"}


def _value(column: sa.Column[Any]) -> Any:
    if allowed := ALLOWED.get((column.table.name, column.name)):
        return allowed
    if column.foreign_keys:
        target = next(iter(column.foreign_keys)).column
        return 1 if isinstance(target.type, sa.Integer) else "a"
    kinds: list[tuple[type[Any], Any]] = [
        (sa.Boolean, False), (sa.Integer, 1), (sa.DateTime, datetime(2026, 3, 2, 8, tzinfo=UTC)),
        (sa.Date, date(2026, 3, 2)), (sa.JSON, []), (sa.LargeBinary, b"a"), (sa.Float, 1.0), (sa.String, "a"),
    ]  # fmt: skip
    return next(value for kind, value in kinds if isinstance(column.type, kind))


def fill_every_table(database: Database) -> dict[str, int]:
    """One row a table, with id 1 or key "a"; the tables and how many rows they have then."""
    metadata = sa.MetaData()
    metadata.reflect(database.engine)
    waiting = [table for name, table in sorted(metadata.tables.items()) if name != "alembic_version"]
    filled: dict[str, int] = {}
    for _ in range(len(waiting) ** 2):
        if not waiting:
            break
        table = waiting.pop(0)
        try:
            with database.engine.begin() as connection:
                if not _count(connection, table):
                    needed = (c for c in table.columns if not c.nullable or c.primary_key)
                    connection.execute(table.insert().values({c.name: _value(c) for c in needed}))
                filled[table.name] = _count(connection, table)
        except sa.exc.IntegrityError:
            waiting.append(table)  # what it points to comes first
    assert not waiting
    return filled


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_the_newest_file_is_the_end_of_the_one_chain() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.FOLDER))
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.newest()]


@pytest.mark.parametrize("revision", OLDER)
def test_a_database_in_use_keeps_every_row(empty: Database, revision: str) -> None:
    migrations.upgrade(empty, revision)
    before = fill_every_table(empty)
    assert min(before.values()) == 1 and {"cases", "units", "users", "consultations"} <= set(before)
    migrations.upgrade(empty)
    metadata = sa.MetaData()
    metadata.reflect(empty.engine)
    with empty.engine.connect() as connection:
        for name, count in before.items():
            assert _count(connection, metadata.tables[name]) >= count, name


def test_foreign_keys_are_watched_again_afterwards(empty: Database) -> None:
    migrations.upgrade(empty)
    with pytest.raises(sa.exc.IntegrityError), empty.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO case_counters (zone_id, kind, year, last) VALUES (9, 'x', 1, 1)"
        )


def test_an_upgrade_that_would_orphan_rows_is_refused(tmp_path: Any) -> None:
    database = Database(f"sqlite:///{tmp_path / 'orphans.sqlite3'}")
    migrations.upgrade(database, "0004")
    with database.engine.connect() as connection:
        connection.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        connection.exec_driver_sql(
            "INSERT INTO case_counters (zone_id, kind, year, last) VALUES (9, 'x', 1, 1)"
        )
        connection.commit()
    with pytest.raises(RuntimeError, match="pointing nowhere"):
        migrations.upgrade(database)
    database.close()
