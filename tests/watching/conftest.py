"""Looking at what was sent, and servers to send it to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.office import Office
from support.robot_server import RobotServer
from support.smtp_sink import SmtpSink

from qa_service.kit.database import Database


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    made = SmtpSink()
    yield made
    made.close()


@pytest.fixture
def robot() -> Iterator[RobotServer]:
    made = RobotServer()
    yield made
    made.close()
