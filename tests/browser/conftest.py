"""A real server and a real Chromium. One server for all browser tests; each test makes its own cases.

`QA_SCREENSHOTS=FOLDER` runs them on the bundled library with the real encoder and keeps the pictures.
"""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Playwright, sync_playwright
from support.people import create_people
from support.visits import Site, Visits

from qa_service.app import create_app
from qa_service.kit.database import Database
from qa_service.library import opening
from qa_service.preparing import prepare_data
from qa_service.settings import Settings
from qa_service.text.lexicon import Lexicon

SCREENSHOTS = os.environ.get("QA_SCREENSHOTS", "")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site(
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: Path,
    lexicon: Lexicon,
    request: pytest.FixtureRequest,
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    settings = Settings(
        data_dir=folder, refresh_seconds=0.1, public_registrations=1000, progress_attempts=1000,
        lexical_only=not SCREENSHOTS, encoder=request.getfixturevalue("encoder_dir") if SCREENSHOTS else None,
    )  # fmt: skip
    if not SCREENSHOTS:
        shutil.copyfile(sqlite_template, folder / "qa.sqlite3")
    database = Database(settings.url)
    if SCREENSHOTS:
        _bundled(settings, database)
    with pytest.MonkeyPatch.context() as patch, socket.socket() as listening:
        patch.setattr(opening, "open_lexicon", lambda _settings: lexicon)
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(settings), log_level="warning", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 300
        while not server.started:
            assert thread.is_alive() and time.monotonic() < deadline, "the server did not start"
            time.sleep(0.02)
        yield Site(f"http://127.0.0.1:{listening.getsockname()[1]}", database)
        server.should_exit = True
        thread.join(timeout=20)
    database.close()


def _bundled(settings: Settings, database: Database) -> None:
    """The bundled library with the tests' people: pictures show what a newcomer sees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("qa_service.preparing.create_first_accounts", lambda session: [])
        prepare_data(settings, database)
    with database.write() as session:
        create_people(session)
    index = opening.open_index(settings, database, opening.EncoderStatus(settings, opening.INDEXING_THREADS))
    index.open()
    index.rebuild()
    index.stop()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    if CHROMIUM is None:
        reason = "没有找到 Chromium，浏览器测试不能运行；可由管理员安装：apt install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="session")
def browser(playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    yield launched
    launched.close()


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visits]:
    visits = Visits(browser, site)
    yield visits
    for context in visits.contexts:
        context.close()
    assert visits.said == []


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """`picture(page, "desk")` keeps what the page shows, small enough for the README, where that is asked for."""
    from PIL import Image

    def take(page: Page, name: str) -> None:
        if not SCREENSHOTS:
            return
        path = Path(SCREENSHOTS) / f"{name}.png"
        page.screenshot(path=path)
        with Image.open(path) as image:
            image.convert("RGB").quantize(96, dither=Image.Dither.NONE).save(path, optimize=True)
        assert path.stat().st_size < 200_000

    return take
