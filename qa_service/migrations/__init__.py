"""Schema migrations (Alembic), run by `upgrade` at start, in the tests and by `qa-service migrate`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from qa_service.kit.database import Database

FOLDER = Path(__file__).parent


def upgrade(database: Database, revision: str = "") -> None:
    """Bring the schema to a revision, the newest unless another is named. On SQLite it is one transaction."""
    revision = revision or newest()
    if _held(database) == revision:
        return
    # Most starts have nothing to upgrade and are spared the third of a second that Alembic takes to import.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    engine = database.engine.execution_options(sqlite_begin="IMMEDIATE")
    with engine.connect() as connection, _tables_may_be_replaced(connection), connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        if connection.dialect.name == "sqlite" and (
            broken := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        ):
            raise RuntimeError(f"the upgrade would leave rows pointing nowhere: {broken[:5]}")


def newest() -> str:
    return _revisions()[-1]


def pending(database: Database) -> list[str]:
    """The revisions that this database still lacks."""
    return [revision for revision in _revisions() if revision > _held(database)]


def _revisions() -> list[str]:
    """All revisions in the order of the chain, by which the files are numbered."""
    return sorted(file.stem.split("_")[0] for file in (FOLDER / "versions").glob("[0-9]*.py"))


def _held(database: Database) -> str:
    """The revision of this database; empty where it has no tables yet."""
    with database.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return ""
        return connection.scalar(text("SELECT version_num FROM alembic_version")) or ""


@contextmanager
def _tables_may_be_replaced(connection: Connection) -> Iterator[None]:
    """SQLite changes a column by making the table anew, and may not drop a table that others point to while foreign
    keys are watched; they cannot be left unwatched inside a transaction (sqlite.org/lang_altertable.html, section 7)."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection.driver_connection
    assert driver is not None
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")
