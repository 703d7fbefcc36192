"""The bundled county with part of the bundled library, prepared as an operator gets them, with the real encoder."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from qa_service.kit.database import Database
from qa_service.library.opening import INDEXING_THREADS, EncoderStatus, open_index
from qa_service.preparing import prepare_data
from qa_service.settings import PROJECT, Settings

# Encoding all of the library takes minutes. These are the matters that the stories ask about, and others that their
# questions are easily taken for: with costs, papers to bring, places and the old in them.
DOCUMENTS = (
    "unemployment-insurance", "minimum-living", "paid-leave", "consumer-rights", "property-management",
    "disclosure-fees", "identity-card", "zone-areas", "elderly-rights",
)  # fmt: skip
_KEPT = {"vectors": "vector", "token_states": "states"}


def part_of_corpus(folder: Path, documents: tuple[str, ...]) -> Path:
    """`folder`, made, with the sample zone and these interpretations of the bundled corpus with all their entries."""
    corpus = PROJECT / "corpus"
    shutil.copytree(corpus / "zone", folder / "zone")
    (folder / "interpretations").mkdir()
    for stem in documents:
        for file in (corpus / "interpretations").glob(f"{stem}.*"):
            shutil.copy(file, folder / "interpretations")
    return folder


def prepare_bundled(data_dir: Path, encoder: Path, cache: Path) -> dict[str, str]:
    """Database, accounts and index in `data_dir`; {username or kiosk code: password or token}.

    What the encoder makes of the texts is kept in `cache` for the next run.
    """
    settings = Settings(data_dir=data_dir, encoder=encoder)
    part = Settings(data_dir=data_dir, corpus_dir=part_of_corpus(data_dir / "corpus", DOCUMENTS))
    database = Database(settings.url)
    accounts = {account.username: account.password for account in prepare_data(part, database).accounts}
    _copy_encoded(cache, data_dir, source="cache", to="main")
    open_index(settings, database, EncoderStatus(settings, INDEXING_THREADS)).open()
    database.close()
    _copy_encoded(cache, data_dir, source="main", to="cache")
    return accounts


def _copy_encoded(cache: Path, data_dir: Path, *, source: str, to: str) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(data_dir / "qa.sqlite3", timeout=60)
    connection.execute("ATTACH ? AS cache", (str(cache / "vectors.sqlite3"),))
    for table, column in _KEPT.items():
        connection.execute(
            f"CREATE TABLE IF NOT EXISTS cache.{table} (fingerprint TEXT, key TEXT, {column} BLOB, PRIMARY KEY (fingerprint, key))"
        )
        connection.execute(
            f"INSERT OR IGNORE INTO {to}.{table} SELECT fingerprint, key, {column} FROM {source}.{table}"
        )
    connection.commit()
    connection.close()
