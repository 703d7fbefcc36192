"""Which of the log's rows are gaps, and whose, on both databases."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from support.people import Actors, zone_id

from qa_service.accounts.roles import CITIZEN
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.library import repository
from qa_service.library.models import QueryLog


def log(database: Database, *rows: tuple[str, str, str, float]) -> None:
    """Rows of (question, outcome, zone code or "", days ago)."""
    with database.write() as session:
        for question, outcome, zone, days in rows:
            row = QueryLog(
                id=uuid.uuid4().hex, at=clock.now() - timedelta(days=days), channel="kiosk", question=question,
                zone_id=zone_id(session, zone) if zone else None, decision="refer", confidence=0.1, outcome=outcome,
                library_revision=1, milliseconds=1.0,
            )  # fmt: skip
            session.add(row)


def questions(
    database: Database, actor: object, *, weak: bool = False, days: int = 30, limit: int = 100
) -> set[str]:
    with database.read() as session:
        rows, _ = repository.unanswered(
            session, actor, clock.now() - timedelta(days=days), weak=weak, limit=limit  # type: ignore[arg-type]
        )  # fmt: skip
        return {row.question for row in rows}


def test_outcomes_that_count(database: Database, actors: Actors) -> None:
    outcomes = ("answered", "candidates", "missed", "chosen", "referred", "skipped", "greeting", "error")
    log(database, *((outcome, outcome, "", 1) for outcome in outcomes))
    assert questions(database, actors["admin"]) == {"missed", "skipped", "referred"}
    assert questions(database, actors["admin"], weak=True) == {"missed", "skipped", "referred", "candidates"}


def test_only_the_period_and_the_latest_rows(database: Database, actors: Actors) -> None:
    log(database, *((f"{days}天前", "missed", "", days) for days in (1, 6, 20, 40, 100)))
    admin = actors["admin"]
    assert questions(database, admin, days=7) == {"1天前", "6天前"}
    assert questions(database, admin, days=90) == {"1天前", "6天前", "20天前", "40天前"}
    with database.read() as session:
        rows, total = repository.unanswered(
            session, admin, clock.now() - timedelta(days=90), weak=False, limit=2
        )
    assert [row.question for row in rows] == ["1天前", "6天前"] and total == 4


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("admin", {"县", "柳湾", "石桥", "网上"}),
        ("desk", {"县", "柳湾", "石桥", "网上"}),
        ("supervisor", {"县", "柳湾", "石桥", "网上"}),
        ("desk-liuwan", {"柳湾"}),
        ("desk-shiqiao", {"石桥"}),
        ("unit-rsj", {"县", "柳湾", "石桥", "网上"}),
        ("kiosk", set()),
    ],
)
def test_desks_see_their_zones_subtree(database: Database, actors: Actors, who: str, seen: set[str]) -> None:
    log(
        database, ("县", "missed", "QH01", 1), ("柳湾", "missed", "QH02", 1), ("石桥", "missed", "QH03", 1),
        ("网上", "missed", "", 1),
    )  # fmt: skip
    assert questions(database, actors[who]) == seen
    assert questions(database, CITIZEN) == set()
