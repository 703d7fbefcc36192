"""Keys, subscriptions and somebody who signs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient
from support.hotline import Hotline
from support.people import Actors
from support.receiver import Receiver

from qa_service.integration import keys
from qa_service.integration.master import master_key
from qa_service.kit.database import Database
from qa_service.settings import Settings


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
def hotline(make_key: Callable[..., Hotline]) -> Hotline:
    return make_key()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()
