"""Cards and reminders on a moved clock: who is told what and when, each once, whoever looks and whatever breaks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select, update
from support.cases import REPLY, Flow
from support.office import Office
from support.people import Actors, People

from qa_service.accounts.models import Unit, User
from qa_service.kit.database import Database
from qa_service.watching import configuration, messages, watcher
from qa_service.watching import people as notice_people
from qa_service.watching.models import Substitute, WatchCard, WatchReminder
from qa_service.watching.rules import WatchSettings
from qa_service.watching.watcher import watch

At = Callable[[str], None]
API = "/api/v1"
ROSTER = {"unit-rsj", "unit-rsj-b"}
# Due on Friday 27 February 2026, the day before a Saturday that is worked; two days off before.
RECEIVED, BEFORE, DUE, LATE, LATER = "2026-02-13 10:00", "2026-02-26 09:00", "2026-02-27 09:00", "2026-02-28 09:00", "2026-03-02 09:00"  # fmt: skip


def cards(database: Database) -> list[tuple[str, str, str, bool]]:
    """(rule, colour, due date, over) of every card, in the order in which they were issued."""
    with database.read() as session:
        rows = session.scalars(select(WatchCard).order_by(WatchCard.id))
        return [(row.rule, row.colour, row.due_on.isoformat(), row.ended_at is not None) for row in rows]


def told(people: set[str], what: str) -> set[tuple[str, str]]:
    return {(one, what) for one in people}


class TestOneCaseAllTheWay:
    def test_reminders_and_cards(self, flow: Flow, office: Office, at: At, database: Database) -> None:
        at(RECEIVED)
        flow.assigned()
        assert office.look() == told(ROSTER, "即将到期"), "to be signed for by tomorrow"
        flow.act("unit-rsj", "sign")
        at("2026-02-25 09:00")
        assert office.look() == set() and cards(database) == []

        at(BEFORE)
        assert office.look() == told(ROSTER, "即将到期")
        assert cards(database) == [("case", "yellow", "2026-02-27", False)]
        assert office.look() == set() and len(cards(database)) == 1
        at(DUE)
        assert office.look() == told(ROSTER, "今天到期")
        at("2026-02-28 00:10")
        assert office.look() == set(), "nobody is reminded at night"
        assert cards(database) == [
            ("case", "yellow", "2026-02-27", True),
            ("case", "red", "2026-02-27", False),
        ]
        at(LATE)
        late = told(ROSTER, "已经超期") | {("unit-rsj-lead", "超期报单位负责人")}
        desks = {("desk", "建议催办"), ("desk2", "建议催办")}
        assert office.look() == late | desks
        at("2026-03-01 10:00")
        assert office.look() == set(), "a Sunday"
        at(LATER)
        assert office.look() == {("supervisor", "超期报监督管理")}
        at("2026-03-20 10:00")
        assert office.look() == set()

        flow.act("unit-rsj", "reply", **REPLY)
        flow.act("unit-rsj", "tell", how="phone")
        office.look()
        assert all(over for *_, over in cards(database))
        messages = office.messages()
        assert all("外地退休" not in row[0].body and flow.number in row[0].body for row in messages)

    def test_a_step_missed_is_not_made_up_for(self, flow: Flow, office: Office, at: At) -> None:
        at(RECEIVED)
        flow.signed()
        at("2026-03-20 10:00")
        said = {what for _, what in office.look()}
        assert said == {"已经超期", "超期报单位负责人", "超期报监督管理", "建议催办"}

    def test_a_redone_case_is_watched_anew(
        self, flow: Flow, office: Office, at: At, database: Database
    ) -> None:
        at(RECEIVED)
        flow.told()
        at("2026-03-02 10:00")
        flow.act("desk", "redo", reason="没有说明怎么办理")
        at("2026-03-06 10:00")
        assert told(ROSTER, "即将到期") == office.look()
        with database.read() as session:
            assert [(c.round, c.due_on) for c in session.scalars(select(WatchCard))] == [
                (2, date(2026, 3, 9))
            ]


class TestStages:
    def test_each_has_its_own_card_and_people(
        self, flow: Flow, office: Office, at: At, database: Database
    ) -> None:
        at("2026-03-09 10:00")
        flow.referred()
        office.look()
        at("2026-03-10 10:00")
        assert ("desk", "今天到期") in office.look()
        at("2026-03-11 10:00")
        assert {("desk", "已经超期"), ("supervisor", "超期报单位负责人")} <= office.look()
        assert ("assign", "red", "2026-03-10", False) in cards(database)
        flow.act("desk", "assign", unit="rsj")
        with database.write() as session:
            session.execute(update(Unit).where(Unit.code == "rsj").values(reviews_replies=True))
        at("2026-03-13 10:00")
        assert told(ROSTER, "已经超期") <= office.look()
        assert ("sign", "red", "2026-03-12", False) in cards(database)
        assert ("assign", "red", "2026-03-10", True) in cards(database)
        flow.act("unit-rsj", "sign")
        flow.act("unit-rsj", "submit", **REPLY)
        at("2026-03-16 10:00")
        assert ("unit-rsj-lead", "今天到期") in office.look(), "reviewing is the leader's"
        flow.act("unit-rsj-lead", "approve")
        at("2026-03-18 10:00")
        office.look()
        assert ("tell", "red", "2026-03-17", False) in cards(database)

    def test_days_of_nought_are_not_watched(
        self, flow: Flow, office: Office, at: At, database: Database
    ) -> None:
        with database.write() as session:
            configuration.save(session, Actors(database)["admin"], WatchSettings(assign_days=0))
        at("2026-03-09 10:00")
        flow.referred()
        at("2026-03-12 10:00")
        assert office.look() == set() and cards(database) == []


class TestWho:
    def test_a_substitute_instead_of_who_is_away(
        self, flow: Flow, office: Office, at: At, database: Database, actors: Actors
    ) -> None:
        at(RECEIVED)
        flow.signed()
        with database.write() as session:
            notice_people.name_substitute(
                session, actors["unit-rsj"], "unit-rsj-b", date(2026, 2, 24), date(2026, 2, 26)
            )
        at(BEFORE)
        assert office.look() == {("unit-rsj-b", "即将到期")}
        at(DUE)
        assert office.look() == told(ROSTER, "今天到期")

    def test_chains_are_followed_and_circles_are_not(
        self, database: Database, actors: Actors, at: At
    ) -> None:
        at(RECEIVED)
        ids = {name: actors[name].id for name in ("unit-rsj", "unit-rsj-b", "unit-rsj-lead")}

        def stand_in(*pairs: tuple[str, str]) -> set[int | None]:
            with database.write() as session:
                session.query(Substitute).delete()
                for who, other in pairs:
                    row = {"user_id": ids[who], "substitute_id": ids[other], "withdrawn_at": None}
                    session.add(
                        Substitute(
                            **row,
                            first=date(2026, 1, 1),
                            last=date(2026, 12, 31),
                            created_at=messages.clock.now(),
                        )
                    )
                session.flush()
                directory = watcher.load_directory(session)
                return {one.user_id for one in directory.user(ids["unit-rsj"] or 0)}

        assert stand_in(("unit-rsj", "unit-rsj-b"), ("unit-rsj-b", "unit-rsj-lead")) == {ids["unit-rsj-lead"]}
        assert stand_in(("unit-rsj", "unit-rsj-b"), ("unit-rsj-b", "unit-rsj")) == {ids["unit-rsj"]}

    def test_where_a_unit_has_nobody_it_goes_upwards(
        self, flow: Flow, office: Office, at: At, database: Database
    ) -> None:
        at(RECEIVED)
        flow.signed()
        with database.write() as session:
            session.execute(update(User).where(User.username.in_(ROSTER)).values(active=False))
        at(BEFORE)
        assert office.look() == {("unit-rsj-lead", "即将到期")}
        with database.write() as session:
            session.execute(update(User).where(User.role == "unit").values(active=False))
        at(DUE)
        assert office.look() == {("supervisor", "今天到期")}


class TestOnce:
    def test_two_processes_that_look_at_the_same_time(
        self, people: People, at: At, office: Office, database: Database, database_url: str
    ) -> None:
        at(RECEIVED)
        for _ in range(4):
            Flow(people).signed()
        at(LATE)
        others = [Database(database_url) for _ in range(2)]
        failed: list[BaseException] = []

        def look(other: Database) -> None:
            try:
                watch(other)
            except BaseException as error:
                failed.append(error)

        threads = [threading.Thread(target=look, args=(other,)) for other in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for other in others:
            other.close()
        assert failed == []
        # Four cases: two officers, their leader, two desks; a red card each.
        assert len(office.reminders()) == 4 * 5 and len(cards(database)) == 4
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(WatchReminder)) == 4 * 5

    def test_a_crash_in_between_leaves_all_or_nothing(
        self, flow: Flow, at: At, office: Office, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        at(RECEIVED)
        flow.signed()
        at(LATE)
        post_all = messages.post_all

        def breaking(*args: Any, **kwargs: Any) -> None:
            post_all(*args, **kwargs)
            raise KeyboardInterrupt("the process was ended here")

        with monkeypatch.context() as patch:
            patch.setattr(messages, "post_all", breaking)
            with pytest.raises(KeyboardInterrupt):
                watch(database)
        assert office.reminders() == [] and cards(database) == []
        assert len(office.look()) == 5 and len(cards(database)) == 1
        assert office.look() == set()
