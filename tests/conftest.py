"""What all tests share: databases copied from a prepared template, the application on them, its people.

Fixtures that touch a database run twice, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import event
from sqlalchemy.pool import Pool
from support.bundled import prepare_bundled
from support.cases import Flow
from support.entries import publish_sample
from support.hotline import Hotline
from support.people import Actors, People, cheap_passwords, create_people
from support.postgres import PostgresMissing, PostgresServer
from support.server import ThreadServer

from qa_service import migrations
from qa_service.app import create_app
from qa_service.integration import keys
from qa_service.integration.master import master_key
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.library import opening
from qa_service.library.live import LiveIndex
from qa_service.settings import Settings
from qa_service.text.lexicon import Lexicon
from qa_service.zones.importer import import_zone_folder

# A deadline would be an asserted wall-clock time: a busy machine is no fault of the code.
hypothesis.settings.register_profile("project", deadline=None)
hypothesis.settings.load_profile("project")
ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"
# Where the encoder is kept from one run to the next; outside the tree proper, and never in a commit.
os.environ.setdefault("QA_TEST_CACHE", str(ROOT / ".venv" / "test-cache"))
_numbers = count(1)


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> None:
    cheap_passwords()


@pytest.fixture(scope="session", autouse=True)
def _no_waiting_for_the_disk() -> Iterator[None]:
    """No test pulls the plug: what a killed process leaves behind does not depend on fsync."""

    def relax(connection: Any, _record: Any, _proxy: Any) -> None:
        if isinstance(connection, sqlite3.Connection):
            connection.execute("PRAGMA synchronous=OFF")

    event.listen(Pool, "checkout", relax)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: None)
        yield
    event.remove(Pool, "checkout", relax)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("QA_") and not name.startswith("QA_TEST")]:
        monkeypatch.delenv(name)


def fill(database: Database) -> None:
    """Schema, sample county, sample library, people."""
    migrations.upgrade(database)
    with database.write() as session:
        import_zone_folder(session, CORPUS / "zone")
        publish_sample(session)
        create_people(session)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory, _cheap_passwords: None) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.sqlite3"
    database = Database(f"sqlite:///{path}")
    fill(database)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    try:
        server = PostgresServer()
    except PostgresMissing as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error))
        pytest.skip(str(error))
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer, _cheap_passwords: None) -> str:
    database = Database(postgres.create("template_qa"))
    fill(database)
    database.close()
    return "template_qa"


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    copy = tmp_path / "qa.sqlite3"
    shutil.copyfile(sqlite_template, copy)
    return f"sqlite:///{copy}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database of the test's own, with the sample county, library and people in it."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_url")
        return
    template, server = request.getfixturevalue("postgres_template"), request.getfixturevalue("postgres")
    name = f"test_{next(_numbers)}"
    yield server.create(name, template)
    server.drop(name)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """For tests of what is peculiar to SQLite, or the same on both."""
    made = Database(sqlite_url)
    yield made
    made.close()


@pytest.fixture
def actors(database: Database) -> Actors:
    return Actors(database)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return Lexicon.load(CORPUS / "lexicon")


@pytest.fixture(scope="session")
def index_template(sqlite_template: Path, lexicon: Lexicon, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The saved index of the sample library, so that each test loads it instead of building it."""
    folder = tmp_path_factory.mktemp("index")
    shutil.copyfile(sqlite_template, folder / "qa.sqlite3")
    database = Database(f"sqlite:///{folder / 'qa.sqlite3'}")
    LiveIndex(database, None, lexicon, folder / "indexes").open()
    database.close()
    return folder / "indexes"


@pytest.fixture(scope="session")
def shared_app(lexicon: Lexicon) -> Iterator[tuple[FastAPI, Settings]]:
    """One application for all tests: FastAPI takes a good part of a second to work out its routes. Each
    test gives it settings of its own and starts it anew."""
    settings = Settings(lexical_only=True, refresh_seconds=0.05)
    with pytest.MonkeyPatch.context() as patch:
        # The dictionary takes a second to load, too.
        patch.setattr(opening, "open_lexicon", lambda _settings: lexicon)
        yield create_app(settings), settings


@pytest.fixture
def settings(
    shared_app: tuple[FastAPI, Settings], database_url: str, index_template: Path, tmp_path: Path
) -> Settings:
    made = shared_app[1]
    made.data_dir, made.database_url = tmp_path / "data", database_url
    made.public_registrations = made.progress_attempts = 1000
    shutil.copytree(index_template, made.index_dir)
    return made


@pytest.fixture
def app(shared_app: tuple[FastAPI, Settings], settings: Settings) -> FastAPI:
    made = shared_app[0]
    made.state.settings = settings
    return made


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as running:
        yield running


@pytest.fixture
def people(client: TestClient, database: Database) -> People:
    return People(client, database)


@pytest.fixture
def flow(people: People) -> Flow:
    return Flow(people)


@pytest.fixture
def make_key(client: TestClient, database: Database, settings: Settings) -> Callable[..., Hotline]:
    def make(
        source: str = "12345", zone: str = "QH01", scopes: tuple[str, ...] = ("intake", "status")
    ) -> Hotline:
        with database.write() as session:
            key, secret = keys.create_key(
                session, Actors(database)["admin"], master_key(settings), name="12345热线", source=source, zone_code=zone,
                scopes=list(scopes),
            )  # fmt: skip
            return Hotline(client, key.code, secret)

    return make


@pytest.fixture
def at() -> Iterator[Callable[[str], None]]:
    """`at("2026-02-13 17:00")` stops the clock at that moment in China, as often as the test likes."""
    held: list[AbstractContextManager[None]] = []

    def stop(moment: str) -> None:
        while held:
            held.pop().__exit__(None, None, None)
        stopped = clock.stopped_at(datetime.fromisoformat(moment).replace(tzinfo=clock.CHINA))
        stopped.__enter__()
        held.append(stopped)

    yield stop
    while held:
        held.pop().__exit__(None, None, None)


@pytest.fixture(scope="session")
def encoder_dir() -> Path:
    """The real encoder, built once and kept in QA_TEST_CACHE."""
    from qa_service.search.encoder_build import build_encoder

    return build_encoder(Path(os.environ["QA_TEST_CACHE"]) / "encoder")


@pytest.fixture(scope="session")
def bundled(encoder_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """(data folder, passwords) of an installation with part of the bundled library; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("bundled")
    return folder, prepare_bundled(folder, encoder_dir, Path(os.environ["QA_TEST_CACHE"]))


@pytest.fixture
def live_server(
    bundled: tuple[Path, dict[str, str]],
    encoder_dir: Path,
    lexicon: Lexicon,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[tuple[ThreadServer, dict[str, str]]]:
    """A real server with the real encoder on a copy of the bundled installation, and the passwords."""
    data_dir = tmp_path / "live"
    shutil.copytree(bundled[0], data_dir)
    monkeypatch.setattr(opening, "open_lexicon", lambda _settings: lexicon)
    with ThreadServer(Settings(data_dir=data_dir, encoder=encoder_dir, refresh_seconds=0.05)) as running:
        yield running, bundled[1]
