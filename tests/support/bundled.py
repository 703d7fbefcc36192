"""The bundled county and library, prepared as an operator gets them, with the real encoder."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from qa_service.kit.database import Database
from qa_service.library.opening import INDEXING_THREADS, EncoderStatus, open_index
from qa_service.preparing import prepare_data
from qa_service.settings import Settings

COPY = "INSERT OR IGNORE INTO {to}.vectors SELECT fingerprint, key, vector FROM {source}.vectors"


def prepare_bundled(data_dir: Path, encoder: Path, cache: Path) -> dict[str, str]:
    """Database, accounts and index in `data_dir`; {username or kiosk code: password or token}.

    Encoding thousands of texts takes a minute or two; their vectors are kept in `cache` for the next run.
    """
    settings = Settings(data_dir=data_dir, encoder=encoder)
    database = Database(settings.url)
    accounts = {account.username: account.password for account in prepare_data(settings, database).accounts}
    _copy_vectors(cache, data_dir, source="cache", to="main")
    open_index(settings, database, EncoderStatus(settings, INDEXING_THREADS)).open()
    database.close()
    _copy_vectors(cache, data_dir, source="main", to="cache")
    return accounts


def _copy_vectors(cache: Path, data_dir: Path, *, source: str, to: str) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(data_dir / "qa.sqlite3", timeout=60)
    connection.execute("ATTACH ? AS cache", (str(cache / "vectors.sqlite3"),))
    connection.execute(
        "CREATE TABLE IF NOT EXISTS cache.vectors (fingerprint TEXT, key TEXT, vector BLOB, PRIMARY KEY (fingerprint, key))"
    )
    connection.execute(COPY.format(to=to, source=source))
    connection.commit()
    connection.close()
