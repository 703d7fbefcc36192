"""Somebody with the database's password who goes behind the service's back."""

from __future__ import annotations

import sqlite3
from typing import Any

from sqlalchemy import text

from qa_service.kit.database import Database

GUARDED = ("case_events", "case_journal")


def tamper(database: Database, *statements: str, **values: Any) -> None:
    """Run `statements` with triggers and foreign keys out of the way, and put both back."""
    if database.engine.dialect.name == "sqlite":
        _tamper_sqlite(database.engine.url.database or "", statements, values)
        return
    with database.engine.begin() as connection:
        for table in GUARDED:
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for statement in statements:
            connection.execute(text(statement), values)
        connection.execute(text("SET LOCAL session_replication_role = DEFAULT"))
        for table in GUARDED:
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))


def _tamper_sqlite(path: str, statements: tuple[str, ...], values: dict[str, Any]) -> None:
    connection = sqlite3.connect(path)
    triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement, values)
    for _, sql in triggers:
        connection.execute(sql)
    connection.commit()
    connection.close()
