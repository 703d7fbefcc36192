"""交办、改派、请协办、退回重办 reach the unit: one message an event, outside the house in office hours, never in the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from support.cases import API, REPLY, Flow
from support.office import Office
from support.people import Actors, People
from support.robot_server import RobotServer
from support.smtp_sink import SmtpSink

from qa_service.accounts.models import User
from qa_service.accounts.roles import SYSTEM
from qa_service.consultations import repository, service
from qa_service.consultations.schemas import ActFields
from qa_service.kit.database import Database
from qa_service.watching import assignments, configuration
from qa_service.watching import people as notice_people
from qa_service.watching.models import MessageDelivery
from qa_service.watching.rules import WatchSettings

At = Callable[[str], None]
ROSTER = {"unit-rsj", "unit-rsj-b"}


def told(people: set[str], what: str) -> set[tuple[str, str]]:
    return {(one, what) for one in people}


class TestWhoIsTold:
    def test_when_it_is_assigned_and_reassigned(self, flow: Flow, office: Office, at: At) -> None:
        at("2026-03-02 10:00")
        flow.referred()
        assert office.told() == set()
        flow.act("desk", "assign", unit="rsj")
        assert office.told() == told(ROSTER, "新交办")
        message = office.messages()[0][0]
        assert message.link == f"/case/{flow.number}" and message.kind == "assigned"
        assert message.body == (
            f"咨询件{flow.number}新交办，单位：青禾县人力资源和社会保障局。签收期限2026年3月3日（周二），"
            "答复期限2026年3月9日（周一）。请按期签收，主动答复咨询人。"
        )
        flow.act("unit-rsj", "sign")
        assert office.told() == set()
        flow.act("desk", "reassign", unit="mzj", reason="属于民政局职责")
        assert office.told() == {("unit-mzj", "改派")}

    def test_when_it_is_registered_and_assigned_in_one_go(self, flow: Flow, office: Office) -> None:
        flow.assigned()
        assert office.told() == told(ROSTER, "新交办")

    def test_units_that_are_asked_to_assist_each_once(self, flow: Flow, office: Office) -> None:
        flow.referred().act("desk", "assign", unit="mzj", assisting=["rsj"])
        assert office.told() == {("unit-mzj", "新交办")} | told(ROSTER, "请协办")
        flow.act("desk", "assist", assisting=["rsj", "zjj"])
        assert not office.told() & told(ROSTER, "请协办"), "who assists already is not asked anew"
        assert flow.try_act("desk", "assist", assisting=["rsj"]).status_code == 422
        assert office.told() == set()
        flow.act("unit-mzj", "sign")
        flow.act("unit-rsj", "opine", opinion="查收")
        assert office.told() == set()

    def test_when_it_is_to_be_done_again(self, flow: Flow, office: Office, at: At) -> None:
        at("2026-03-02 10:00")
        flow.told()
        office.told()
        at("2026-03-05 10:00")
        flow.act("desk", "redo", reason="王女士说没有说明怎么办理")
        assert office.told() == told(ROSTER, "退回重办")
        body = office.messages()[-1][0].body
        assert "答复期限2026年3月12日（周四）" in body and "签收期限" not in body and "王女士" not in body

    def test_after_being_returned_and_assigned_again(self, flow: Flow, office: Office) -> None:
        flow.assigned("mzj").act_and_leave("unit-mzj", "return", reason="不属于本单位")
        office.told()
        flow.act("desk", "assign", unit="rsj")
        assert office.told() == told(ROSTER, "新交办")

    def test_urgent_ones_say_so(self, flow: Flow, office: Office) -> None:
        flow.referred(unit="rsj", urgency="urgent")
        assert office.told() == told(ROSTER, "新交办（紧急）")

    def test_a_unit_that_has_nobody_is_told_through_its_leader(
        self, flow: Flow, office: Office, database: Database
    ) -> None:
        with database.write() as session:
            session.execute(update(User).where(User.username.in_(ROSTER)).values(active=False))
        flow.assigned()
        assert office.told() == {("unit-rsj-lead", "新交办")}


class TestOnTheWay:
    def test_the_page_shows_it_at_once_and_mail_waits_for_the_office(
        self, flow: Flow, office: Office, database: Database, at: At, sink: SmtpSink, robot: RobotServer
    ) -> None:
        held = {"smtp_host": "127.0.0.1", "smtp_port": sink.port}
        with database.write() as session:
            notice_people.save_address(session, Actors(database)["unit-rsj"], "zhang@example.gov.cn")
            notice_people.add_robot(
                session, SYSTEM, kind="wecom", name="工作群", url=robot.url, unit_code="rsj"
            )
        at("2026-02-13 20:00")
        flow.assigned()
        assert office.told() == told({*ROSTER, "工作群"}, "新交办")
        office.deliver(**held)
        with database.read() as session:
            waiting = set(
                session.scalars(select(MessageDelivery.channel).where(MessageDelivery.delivered_at.is_(None)))
            )
        assert waiting == {"email", "wecom"} and sink.mails == [] and robot.posted == []
        at("2026-02-14 08:30")
        office.deliver(**held)
        assert len(sink.mails) == 1 and len(robot.posted) == 1 and flow.number in robot.posted[0].text

    def test_an_act_that_comes_to_nothing_tells_nobody(
        self, flow: Flow, office: Office, database: Database, actors: Actors
    ) -> None:
        flow.referred()
        with pytest.raises(RuntimeError), database.write() as session:
            case = repository.get_readable(session, actors["desk"], flow.number)
            service.act_on(session, actors["desk"], case, "assign", ActFields(unit="rsj"))
            raise RuntimeError("the act came to nothing")
        assert office.told() == set()
        assert flow.try_act("desk", "assign", unit="nobody").status_code == 422
        assert office.told() == set()

    def test_a_fault_in_telling_does_not_keep_anybody_from_assigning(
        self, flow: Flow, office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        post = assignments.messages.post

        def breaking(*args: object, **kwargs: object) -> None:
            post(*args, **kwargs)  # type: ignore[arg-type]
            raise LookupError("a fault")

        with monkeypatch.context() as patch:
            patch.setattr(assignments.messages, "post", breaking)
            flow.assigned()
        assert flow.read()["state"] == "assigned" and office.messages() == []
        assert "交办通知没有写入" in caplog.text
        flow.act("unit-rsj", "sign")
        flow.act("unit-rsj", "reply", **REPLY)
        history = flow.people("desk").get(f"{API}/consultations/{flow.number}/history").json()
        assert history["findings"] == []


class TestSwitchedOff:
    def test_in_the_settings(self, flow: Flow, office: Office, people: People, database: Database) -> None:
        held = people("admin").get(f"{API}/watching/settings").json()
        assert held["assignments"] is True
        saved = people("admin").put(f"{API}/watching/settings", json={**held, "assignments": False})
        assert saved.status_code == 200, saved.text
        flow.assigned()
        assert office.told() == set()
        page = people("admin").get("/admin/watching").text
        assert 'name="assignments" value="1">' in page
        form = {**{name: str(value) for name, value in held.items()}, "email": "1", "assignments": "1"}
        assert people("admin").post("/admin/watching", data=form).status_code == 303
        with database.read() as session:
            assert configuration.load(session) == WatchSettings(robots=False)
