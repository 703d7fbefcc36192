"""Messages on their way: a real mail server and real HTTP servers, refusals and retries, a kill in between."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select, update
from support.cases import FakeTraces, Flow
from support.office import Office
from support.people import Actors, People, open_session, wait_for
from support.robot_server import RobotServer
from support.server import ProcessServer
from support.smtp_sink import SmtpSink

from qa_service.accounts.roles import SYSTEM
from qa_service.consultations import service
from qa_service.consultations.schemas import ActFields, Registration
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.kit.outbox import ATTEMPTS, LONGEST, wait_after
from qa_service.settings import Settings
from qa_service.watching import configuration, messages
from qa_service.watching import people as notice_people
from qa_service.watching.channels import Channel, Parcel
from qa_service.watching.channels.robots import dingtalk_sign
from qa_service.watching.delivery import MessageHandler, channels
from qa_service.watching.messages import Letter
from qa_service.watching.models import Message, MessageDelivery
from qa_service.watching.recipients import Addressee
from qa_service.watching.rules import WatchSettings

At = Callable[[str], None]
API = "/api/v1"


def deliveries(database: Database) -> list[MessageDelivery]:
    with database.read() as session:
        return list(session.scalars(select(MessageDelivery).order_by(MessageDelivery.id)))


def address(database: Database, username: str = "unit-rsj", email: str = "zhang@example.gov.cn") -> Addressee:
    actor = Actors(database)[username]
    with database.write() as session:
        notice_people.save_address(session, actor, email)
    return Addressee(user_id=actor.id, email=email)


def post(database: Database, to: Addressee, **letter: Any) -> None:
    with database.write() as session:
        messages.post(session, [to], Letter("test", "即将到期：QH01", "请抓紧。", "/case/QH01", **letter))


def add_robot(database: Database, kind: str, url: str, **more: str) -> Addressee:
    with database.write() as session:
        robot = notice_people.add_robot(session, SYSTEM, kind=kind, name="工作群", url=url, **more)
        return Addressee(robot_id=robot.id, channel=kind)


class TestInApp:
    def test_is_there_with_the_act_and_shown_once(self, database: Database, office: Office) -> None:
        to = Addressee(user_id=Actors(database)["desk"].id)
        with pytest.raises(RuntimeError), database.write() as session:
            messages.post(session, [to], Letter("test", "标题", "正文"))
            raise RuntimeError("the act came to nothing")
        assert office.messages() == [] and office.deliver() == 0
        post(database, to)
        assert office.deliver() == 1 and office.deliver() == 0
        with database.read() as session:
            assert session.scalars(select(Message)).one().shown_at is not None

    def test_unread_count_list_and_marking(self, people: People, database: Database) -> None:
        for _ in range(2):
            post(database, Addressee(user_id=Actors(database)["desk"].id))
        wait_for(lambda: people("desk").get(f"{API}/messages").json()["unread"] == 2)
        assert '<b class="unread">2</b>' in people("desk").get("/desk").text
        assert 'class="unread"' not in people("desk2").get("/desk").text
        first = people("desk").get(f"{API}/messages").json()["items"][0]["id"]
        assert people("desk2").post(f"{API}/messages/{first}/read").status_code == 404
        opened = people("desk").post(f"/messages/{first}/open")
        assert (opened.status_code, opened.headers["location"]) == (303, "/case/QH01")
        assert people("desk").get(f"{API}/messages").json()["unread"] == 1
        people("desk").post(f"{API}/messages/read-all")
        assert 'class="unread"' not in people("desk").get("/messages").text


class TestEmail:
    def test_arrives_with_number_link_and_nothing_else(
        self, database: Database, office: Office, sink: SmtpSink
    ) -> None:
        post(database, address(database))
        held = {"smtp_host": "127.0.0.1", "smtp_port": sink.port, "smtp_sender": "zwgk@qinghe.gov.cn"}
        office.deliver(
            **held, public_url="https://zwgk.example.gov.cn/", smtp_username="zwgk", smtp_password="secret"
        )
        (mail,) = sink.mails
        assert mail["subject"] == "即将到期：QH01" and mail["to"] == "zhang@example.gov.cn"
        assert mail.get_content().split() == ["请抓紧。", "https://zwgk.example.gov.cn/case/QH01"]
        assert mail["message-id"].endswith("@qinghe.gov.cn>") and len(sink.logins) == 1

    def test_refused_for_now_then_taken_under_the_same_id(
        self, database: Database, office: Office, sink: SmtpSink
    ) -> None:
        sink.answers = ["451 try later", "250 OK"]
        post(database, address(database))
        held = {"smtp_host": "127.0.0.1", "smtp_port": sink.port}
        office.deliver(**held)
        row = deliveries(database)[1]
        assert row.delivered_at is None and row.failed_at is None and "451 try later" in row.last_result
        with clock.stopped_at(clock.now() + timedelta(seconds=11)):
            assert office.deliver(**held) == 1
        assert deliveries(database)[1].delivered_at is not None and len(sink.mails) == 1

    def test_an_address_that_does_not_exist_is_given_up_at_once_and_seen(
        self, database: Database, people: People, office: Office, sink: SmtpSink
    ) -> None:
        sink.answers = ["550 no such user"]
        post(database, address(database))
        office.deliver(smtp_host="127.0.0.1", smtp_port=sink.port)
        assert deliveries(database)[1].failed_at is not None
        (failure,) = people("supervisor").get(f"{API}/watching/failures").json()
        assert (
            failure["given_up"]
            and "550 no such user" in failure["last_result"]
            and failure["to"] == "人社承办人甲"
        )
        assert "550 no such user" in people("admin").get("/admin/watching").text
        sink.answers = ["250 OK"]
        assert people("admin").post(f"{API}/watching/failures/resend").json() == {"sent_again": 1}
        office.deliver(smtp_host="127.0.0.1", smtp_port=sink.port)
        assert people("admin").get(f"{API}/watching/failures").json() == [] and len(sink.mails) == 1

    def test_no_server_set_up_is_said_and_nobody_there_is_tried_again(
        self, database: Database, office: Office, sink: SmtpSink
    ) -> None:
        post(database, address(database))
        office.deliver()
        assert "没有配置邮件服务器" in deliveries(database)[1].last_result
        sink.close()
        post(database, address(database))
        office.deliver(smtp_host="127.0.0.1", smtp_port=sink.port)
        assert deliveries(database)[3].failed_at is None and "连接不上" in deliveries(database)[3].last_result

    def test_retries_of_reminders_wait_for_the_office_to_open(
        self, database: Database, office: Office, sink: SmtpSink, at: At
    ) -> None:
        held = {"smtp_host": "127.0.0.1", "smtp_port": sink.port}
        sink.answers = ["451 try later", "250 OK"]
        at("2026-02-14 17:29")
        post(database, address(database), in_hours=True)
        office.deliver(**held)
        at("2026-02-14 22:00")
        office.deliver(**held)
        assert sink.mails == [] and deliveries(database)[1].attempts == 1
        at("2026-02-24 08:29")
        office.deliver(**held)
        assert sink.mails == []
        at("2026-02-24 08:30")
        office.deliver(**held)
        assert len(sink.mails) == 1

    def test_switched_off_meanwhile_goes_nowhere(
        self, database: Database, office: Office, sink: SmtpSink
    ) -> None:
        to = address(database)
        post(database, to)
        with database.write() as session:
            configuration.save(session, SYSTEM, WatchSettings(email=False))
        post(database, to)
        office.deliver(smtp_host="127.0.0.1", smtp_port=sink.port)
        assert sink.mails == [] and [row.last_result for row in deliveries(database)] == [
            "已显示", "渠道已停用，没有发送", "已显示",
        ]  # fmt: skip


class TestRobots:
    def test_wecom(self, database: Database, office: Office, robot: RobotServer) -> None:
        post(database, add_robot(database, "wecom", robot.url))
        office.deliver()
        (posted,) = robot.posted
        assert posted.content["msgtype"] == "text" and posted.text == "即将到期：QH01\n请抓紧。"
        assert posted.query == {"key": "k"}

    def test_dingtalk_signs(self, database: Database, office: Office, robot: RobotServer) -> None:
        post(database, add_robot(database, "dingtalk", robot.url, secret="SEC123"))
        office.deliver()
        (posted,) = robot.posted
        assert posted.query["sign"] == dingtalk_sign(posted.query["timestamp"], "SEC123")
        assert abs(int(posted.query["timestamp"]) / 1000 - clock.now().timestamp()) < 60

    @pytest.mark.parametrize(
        ("answer", "said"),
        [((500, 0), "对方返回 500"), ((200, 45009), "api freq out of limit"), ((302, 0), "对方返回 302")],
    )
    def test_refused_then_taken(
        self, database: Database, office: Office, robot: RobotServer, answer: tuple[int, int], said: str
    ) -> None:
        robot.answers = [answer, (200, 0)]
        post(database, add_robot(database, "wecom", robot.url))
        office.deliver()
        assert said in deliveries(database)[0].last_result and deliveries(database)[0].delivered_at is None
        with clock.stopped_at(clock.now() + timedelta(seconds=11)):
            office.deliver()
        assert deliveries(database)[0].delivered_at is not None and len(robot.posted) == 2

    def test_given_up_in_the_end(self, database: Database, office: Office, robot: RobotServer) -> None:
        robot.answers = [(503, 0)]
        post(database, add_robot(database, "wecom", robot.url))
        with database.write() as session:
            session.execute(update(MessageDelivery).values(attempts=ATTEMPTS - 1))
        office.deliver()
        assert deliveries(database)[0].failed_at is not None
        with clock.stopped_at(clock.now() + timedelta(days=9)):
            assert office.deliver() == 0

    def test_the_units_group_is_told_once_with_its_people(
        self, database: Database, office: Office, flow: Flow, at: At, robot: RobotServer
    ) -> None:
        add_robot(database, "wecom", robot.url, unit_code="rsj")
        add_robot(database, "wecom", robot.url, unit_code="mzj")
        at("2026-02-13 10:00")
        flow.signed()
        office.deliver()
        assert len(robot.posted) == 1 and "新交办" in robot.posted.pop().text
        at("2026-02-26 10:00")
        assert ("工作群", "即将到期") in office.look()
        office.deliver()
        assert len(robot.posted) == 1 and flow.number in robot.posted[0].text

    def test_an_address_that_is_none_is_refused(self, people: People) -> None:
        for url in ("ftp://a/b", "http://", "nonsense", "http://u:p@host/", "https://[x", "http://a:b/"):
            data = {"kind": "wecom", "name": "群", "url": url}
            refused = people("admin").post(f"{API}/watching/robots", json=data)
            assert refused.status_code == 422 and list(refused.json()["errors"]) == ["url"], url


class TestTheOutbox:
    def test_all_channels_have_one_interface(self, database: Database) -> None:
        known = channels(database, Settings())
        assert set(known) == {"null", *messages.CHANNELS}
        parcel = Parcel(1, "null", "标题", "正文")
        null: Channel = known["null"]
        assert null.send(parcel) == "渠道已停用，没有发送"

    def test_a_fault_of_ours_is_seen_and_holds_up_nobody(
        self, database: Database, office: Office, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        post(database, Addressee(user_id=Actors(database)["desk"].id))

        def broken(_self: MessageHandler, _parcel: Parcel) -> str:
            raise LookupError("a fault")

        with monkeypatch.context() as patch:
            patch.setattr(MessageHandler, "send", broken)
            assert office.deliver() == 1
        assert "发送程序出错" in deliveries(database)[0].last_result

    def test_waits_grow_and_end(self) -> None:
        waits = [wait_after(attempts, 10.0) for attempts in range(1, 60)]
        assert waits[:3] == [timedelta(seconds=10), timedelta(seconds=40), timedelta(seconds=160)]
        assert waits == sorted(waits) and waits[-1] == LONGEST

    def test_the_act_does_not_wait_for_the_mail_server(
        self, database: Database, people: People, flow: Flow, sink: SmtpSink, office: Office
    ) -> None:
        sink.held.clear()  # takes the mail and says nothing
        address(database)
        flow.assigned()
        issued = people("desk").post(f"{API}/consultations/{flow.number}/notices", json={"kind": "urge"})
        assert issued.status_code == 201
        # The assignment and the urging notice.
        wait_for(lambda: people("unit-rsj").get(f"{API}/messages").json()["unread"] == 2)


def test_a_process_killed_while_sending_loses_nothing(
    sqlite_template: Path, index_template: Path, tmp_path: Path, sink: SmtpSink
) -> None:
    """Refused first, then a kill while the mail server is taking its time, then taken from the next process."""
    shutil.copyfile(sqlite_template, tmp_path / "qa.sqlite3")
    shutil.copytree(index_template, tmp_path / "indexes")
    database = Database(f"sqlite:///{tmp_path / 'qa.sqlite3'}")
    address(database)
    actors = Actors(database)
    with database.write() as session:
        configuration.save(session, SYSTEM, WatchSettings(assignments=False))
        made = service.register(
            session, actors["desk"], Registration(question="归谁管", handling="refer", fields=ActFields(unit="rsj")),
            FakeTraces(),
        )  # fmt: skip
        number = made.consultation.case.number
    sink.answers = ["451 try later", "250 OK"]
    server = ProcessServer(
        tmp_path, QA_MESSAGE_SECONDS="0.1", QA_SMTP_HOST="127.0.0.1", QA_SMTP_PORT=str(sink.port)
    ).start()  # fmt: skip
    try:
        sink.held.clear()
        cookie, csrf = open_session(database, "desk")
        headers = {"cookie": f"qa_session={cookie}", "x-csrf-token": csrf}
        url = f"{server.url}{API}/consultations/{number}/notices"
        assert httpx.post(url, json={"kind": "urge"}, headers=headers).status_code == 201
        wait_for(lambda: len(sink.mails) >= 1, seconds=30)
    finally:
        server.kill()
    sink.held.set()
    mail = next(row for row in deliveries(database) if row.channel == "email")
    assert mail.delivered_at is None and mail.attempts == 2
    with database.write() as session:  # as if the lease had run out
        session.execute(update(MessageDelivery).values(next_at=clock.now()))
    server.start()
    try:
        wait_for(lambda: all(row.delivered_at for row in deliveries(database)), seconds=30)
    finally:
        server.kill()
    assert len({mail["message-id"] for mail in sink.mails}) == 1 and len(sink.mails) == 2
    with database.read() as session:
        shown = list(session.scalars(select(Message).where(Message.shown_at.is_not(None))))
    assert len(shown) == 2, "one for each officer, not one for each attempt"
    database.close()
