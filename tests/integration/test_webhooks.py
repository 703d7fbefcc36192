"""Notices to other systems: stored with the act, sent behind it, until they are taken. With real HTTP servers."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from support.cases import FakeTraces, Flow
from support.people import Actors, People, wait_for
from support.receiver import Receiver
from support.server import ProcessServer

from qa_service.consultations import service
from qa_service.consultations.schemas import Registration
from qa_service.integration import keys
from qa_service.integration.master import master_key
from qa_service.integration.models import Delivery
from qa_service.integration.sender import Taken, outbox
from qa_service.integration.signing import is_signed
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.kit.outbox import ATTEMPTS, Outbox
from qa_service.settings import Settings

API = "/api/v1/integration/webhooks"
Sender = Outbox[Delivery, Taken]


def subscribe(people: People, url: str, zone: str = "QH01", source: str = "") -> dict[str, Any]:
    made = people("admin").post(API, json={"name": "热线", "url": url, "zone": zone, "source": source})
    assert made.status_code == 201, made.text
    body: dict[str, Any] = made.json()
    return body


def deliveries(database: Database) -> list[Delivery]:
    with database.read() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def register(database: Database, zone_desk: str = "desk") -> None:
    with database.write() as session:
        service.register(
            session,
            Actors(database)[zone_desk],
            Registration(question="归谁管", handling="refer"),
            FakeTraces(),
        )


@pytest.fixture
def sender(database: Database, tmp_path: Path) -> Sender:
    """A sender of the test's own, asked for one notice at a time."""
    return outbox(database, Settings(data_dir=tmp_path / "sender"))


@pytest.fixture
def hook(database: Database, tmp_path: Path, receiver: Receiver) -> Any:
    with database.write() as session:
        return keys.create_webhook(
            session, Actors(database)["admin"], master_key(Settings(data_dir=tmp_path / "sender")), name="热线",
            url=receiver.url, zone_code="QH02",
        )  # fmt: skip


class TestEnqueue:
    def test_is_undone_with_the_act_it_tells_of(self, database: Database, hook: Any) -> None:
        with pytest.raises(RuntimeError), database.write() as session:
            service.register(
                session, Actors(database)["desk-liuwan"], Registration(question="归谁管"), FakeTraces()
            )
            session.flush()
            raise RuntimeError("the power went")
        assert deliveries(database) == []

    def test_only_the_zone_subscribed_to_and_nothing_personal(self, database: Database, hook: Any) -> None:
        register(database, "desk")
        assert deliveries(database) == []
        register(database, "desk-liuwan")
        held = deliveries(database)
        assert [row.attempts for row in held] == [0] * len(held) and len(held) == 2
        assert '"state": "待交办"' in held[-1].body and "归谁管" not in held[-1].body


class TestSending:
    def test_refused_and_then_taken_signed_and_under_the_same_number(
        self, database: Database, sender: Sender, hook: Any, receiver: Receiver
    ) -> None:
        receiver.answers = [500, 200]
        register(database, "desk-liuwan")
        assert sender.send_one() and sender.send_one() and not sender.send_one()
        first, second = deliveries(database)
        assert (first.last_result, first.delivered_at, first.attempts) == ("对方返回 500", None, 1)
        assert second.delivered_at is not None
        with clock.stopped_at(clock.now() + timedelta(seconds=11)):
            assert sender.send_one() and not sender.send_one()
        assert all(row.delivered_at for row in deliveries(database))
        codes = [notice.content["delivery"] for notice in receiver.notices]
        assert codes == [first.code, second.code, first.code]
        for notice in receiver.notices:
            headers = notice.headers
            assert headers["x-qa-delivery"] == notice.content["delivery"]
            assert is_signed(
                hook[1],
                headers["x-qa-timestamp"],
                "POST",
                notice.path,
                notice.body,
                headers["x-qa-signature"],
            )

    def test_nobody_there_a_redirect_and_a_hook_switched_off(
        self, database: Database, sender: Sender, hook: Any, receiver: Receiver
    ) -> None:
        receiver.answers = [302]
        register(database, "desk-liuwan")
        assert sender.send_one()
        assert deliveries(database)[0].last_result == "对方返回 302" and len(receiver.notices) == 1
        receiver.close()
        assert sender.send_one()
        assert deliveries(database)[1].last_result.startswith("连接不上")
        with database.write() as session:
            keys.switch_webhook(session, Actors(database)["admin"], hook[0].code, active=False)
        with clock.stopped_at(clock.now() + timedelta(days=1)):
            assert not sender.send_one()

    def test_given_up_in_the_end(
        self, database: Database, sender: Sender, hook: Any, receiver: Receiver
    ) -> None:
        receiver.answers = [503]
        register(database, "desk-liuwan")
        with database.write() as session:
            for row in session.scalars(select(Delivery)):
                row.attempts = ATTEMPTS - 1
        assert sender.send_one() and sender.send_one()
        assert all(row.failed_at for row in deliveries(database))
        with clock.stopped_at(clock.now() + timedelta(days=9)):
            assert not sender.send_one()


class TestAdministration:
    def test_the_act_does_not_wait_and_the_administrator_sees_what_is_left(
        self, people: People, flow: Flow, receiver: Receiver, database: Database
    ) -> None:
        receiver.held.clear()  # the other side takes the request and does not answer
        made = subscribe(people, receiver.url)
        assert made["secret"] and "secret_hash" not in made
        flow.assigned()
        wait_for(lambda: bool(receiver.notices))
        (seen,) = people("admin").get(API).json()
        assert (seen["waiting"], seen["failed"], seen["secret"]) == (3, 0, "")
        receiver.held.set()
        wait_for(lambda: all(row.delivered_at for row in deliveries(database)))
        assert {notice.content["number"] for notice in receiver.notices} == {flow.number}

    def test_what_was_given_up_can_be_sent_again(
        self, people: People, flow: Flow, receiver: Receiver, database: Database
    ) -> None:
        made = subscribe(people, receiver.url)
        people("admin").post(f"{API}/{made['code']}/disable")
        people("admin").post(f"{API}/{made['code']}/enable")
        receiver.answers = [500]
        flow.register()
        wait_for(lambda: bool(deliveries(database)) and deliveries(database)[0].attempts > 0)
        receiver.answers = [200]
        with database.write() as session:
            for row in session.scalars(select(Delivery)):
                row.failed_at = clock.now()
        assert people("admin").post(f"{API}/{made['code']}/resend").status_code == 200
        wait_for(lambda: all(row.delivered_at for row in deliveries(database)))

    def test_an_address_that_is_none_is_refused(self, people: People) -> None:
        for url in ("ftp://a/b", "http://", "nonsense", "http://u:p@host/", "https://[x", "http://a:b/"):
            refused = people("admin").post(API, json={"name": "热线", "url": url, "zone": "QH01"})
            assert refused.status_code == 422 and list(refused.json()["errors"]) == ["url"], url


def test_a_process_killed_while_sending_loses_nothing(
    sqlite_template: Path,
    index_template: Path,
    tmp_path: Path,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Failure, then a kill while the other side is taking its time, then success from the next process."""
    shutil.copyfile(sqlite_template, tmp_path / "qa.sqlite3")
    shutil.copytree(index_template, tmp_path / "indexes")
    database = Database(f"sqlite:///{tmp_path / 'qa.sqlite3'}")
    with database.write() as session:
        keys.create_webhook(
            session, Actors(database)["admin"], master_key(Settings(data_dir=tmp_path)), name="热线", url=receiver.url,
            zone_code="QH01",
        )  # fmt: skip
    receiver.answers = [500, 200]
    server = ProcessServer(tmp_path, QA_WEBHOOK_SECONDS="0.1").start()
    try:
        made = httpx.post(
            f"{server.url}/api/v1/consultations", json={"question": "归谁管", "handling": "refer"}
        )
        assert made.status_code == 201
        wait_for(lambda: len(receiver.notices) >= 1)
        receiver.held.clear()
        wait_for(lambda: len(receiver.notices) >= 2, seconds=30)
    finally:
        server.kill()
    receiver.held.set()
    assert not all(row.delivered_at for row in deliveries(database))
    with database.write() as session:  # as if the lease had run out
        for row in session.scalars(select(Delivery)):
            row.next_at = clock.now()
    server.start()
    try:
        wait_for(lambda: all(row.delivered_at for row in deliveries(database)), seconds=30)
    finally:
        server.kill()
    told = [notice.content["delivery"] for notice in receiver.notices]
    assert len(told) > len(set(told)) == len(deliveries(database)) == 2
    database.close()
