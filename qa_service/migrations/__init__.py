"""Schema migrations (Alembic), run by `upgrade` at start, in the tests and by `qa-service migrate`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config

from qa_service.kit.database import Database


def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision. On SQLite the whole upgrade is one transaction."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    engine = database.engine.execution_options(sqlite_begin="IMMEDIATE")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
