"""Schema migrations (Alembic), run by `upgrade` at start, in the tests and by `qa-service migrate`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from qa_service.kit.database import Database


def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision. On SQLite the whole upgrade is one transaction."""
    config = _config()
    engine = database.engine.execution_options(sqlite_begin="IMMEDIATE")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def pending(database: Database) -> list[str]:
    """The revisions that this database still lacks."""
    script = ScriptDirectory.from_config(_config())
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return [step.revision for step in script.iterate_revisions("head", current or "base")]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config
