"""紧急程度: registered, changed for a reason, marked and put first among what is due on one day; no limit moves."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from support.cases import API, FakeTraces, Flow
from support.ledger import LedgerCase, replace_ledger
from support.papers import texts
from support.people import Actors, People

from qa_service.cases.verify import check_case
from qa_service.consultations import repository
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import ActFields
from qa_service.consultations.service import act_on
from qa_service.integration.schemas import Order
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.registers.intake import Batch, take_in
from qa_service.statistics import repository as statistics
from qa_service.statistics.lanes import BY_CODE, board_days, condition
from qa_service.statistics.scope import Scope
from qa_service.zones.calendar import load_calendars
from qa_service.zones.models import Zone

At = Callable[[str], None]
HTML = {"accept": "text/html"}
MARK = '<span class="chip over">紧急</span>'


class TestRegistering:
    def test_is_ordinary_unless_said(self, flow: Flow) -> None:
        assert flow.register().read()["urgency"] == "normal"
        assert flow.register(urgency="urgent").read()["urgency"] == "urgent"
        refused = flow.people("desk").post(f"{API}/consultations", json={"question": "问", "urgency": "high"})
        assert refused.status_code == 422 and list(refused.json()["errors"]) == ["urgency"]

    @pytest.mark.parametrize("who", ["kiosk", ""])
    def test_nobody_marks_their_own_question(self, people: People, who: str) -> None:
        left = {"question": "老年证怎么办", "handling": "refer", "urgency": "urgent"}
        refused = people(who).post(f"{API}/consultations", json=left)
        assert refused.status_code == 422 and "urgency" in refused.json()["errors"]
        assert people(who).post(f"{API}/consultations", json={**left, "urgency": "normal"}).status_code == 201

    def test_the_desks_form(self, people: People, database: Database) -> None:
        form = {"question": "低保被停了怎么办", "do": "refer", "channel": "window", "urgency": "urgent"}
        assert people("desk").post("/desk", data=form).status_code == 303
        with database.read() as session:
            assert session.scalars(select(Consultation)).one().urgent
        again = people("desk").post("/desk", data={**form, "contact": "12"}, headers=HTML)
        assert again.status_code == 422 and 'name="urgency" value="urgent" checked' in again.text

    @pytest.mark.parametrize(
        ("said", "kept"), [("紧急", "urgent"), ("特急", "urgent"), ("一般", "normal"), ("", "normal"), ("不急", "normal")]
    )  # fmt: skip
    def test_an_order_brings_its_own(self, said: str, kept: str) -> None:
        assert Order(order_no="A-1", content="问", urgency=said).registered_urgency == kept

    def test_a_file_of_orders_is_registered_and_corrected(self, database: Database, actors: Actors) -> None:
        def hand_in(urgency: str, question: str = "社保卡丢了") -> None:
            data = f"工单号,诉求内容,紧急程度\nA-1,{question},{urgency}\n".encode()
            with database.write() as session:
                zone = session.scalars(select(Zone).where(Zone.code == "QH01")).one()
                report = take_in(
                    session, actors["desk"], zone, Batch.of("12345", "a.csv", data), FakeTraces(), dry_run=False,
                    clock_start="earlier",
                )  # fmt: skip
            assert report.imported

        hand_in("一般")
        hand_in("特急")
        with database.read() as session:
            kept = session.scalars(select(Consultation)).one()
            event = kept.case.events[-1]
            assert kept.urgent and event.after["urgent"] is True
            assert event.sentence == "来单系统更正了工单A-1：紧急程度。"
        with database.write() as session:
            kept = session.scalars(select(Consultation)).one()
            fields = ActFields(urgency="normal", reason="已与来单方核实")
            act_on(session, actors["desk"], kept, "set_urgency", fields)
        hand_in("特急", "社保卡丢了怎么补办")
        with database.read() as session:
            kept = session.scalars(select(Consultation)).one()
            assert not kept.urgent, "the sender has said nothing new about it"
            assert kept.case.events[-1].sentence == "来单系统更正了工单A-1：咨询问题。"


class TestChanging:
    def test_is_an_act_with_its_reason_and_moves_nothing_else(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.signed()
        before = flow.read()
        at("2026-03-04 09:00")
        after = flow.act("desk", "set_urgency", urgency="urgent", reason="住院急用")
        kept = ("state", "due_on", "sign_due_on", "return_until", "rounds", "unit", "round")
        assert after["urgency"] == "urgent" and [after[name] for name in kept] == [
            before[name] for name in kept
        ]
        event = after["events"][-1]
        assert event["sentence"] == "紧急程度调整为“紧急”：住院急用" and event["audience"] == "staff"
        history = flow.people("desk").get(f"{API}/consultations/{flow.number}/history").json()
        assert history["events"][-1]["changes"] == [{"name": "紧急程度", "before": "一般", "after": "紧急"}]
        back = flow.act("supervisor", "set_urgency", urgency="normal", reason="已出院")
        assert (
            back["urgency"] == "normal" and back["events"][-1]["sentence"] == "紧急程度调整为“一般”：已出院"
        )

    @pytest.mark.parametrize(
        ("who", "fields", "status"),
        [
            ("desk", {"urgency": "urgent"}, 422), ("desk", {"reason": "急"}, 422),
            ("desk", {"urgency": "normal", "reason": "本来就是"}, 422), ("unit-rsj", {"urgency": "urgent", "reason": "急"}, 403),
        ],
    )  # fmt: skip
    def test_is_refused(self, flow: Flow, who: str, fields: dict[str, str], status: int) -> None:
        assert flow.signed().try_act(who, "set_urgency", **fields).status_code == status
        assert flow.read()["urgency"] == "normal"

    def test_is_over_once_the_person_has_the_answer(self, flow: Flow) -> None:
        assert flow.told().try_act("desk", "set_urgency", urgency="urgent", reason="急").status_code == 409
        assert {source for act in LIFECYCLE.acts if act.event == "set_urgency" for source in act.sources} >= {
            code for code, state in LIFECYCLE.states.items() if state.timed
        }

    def test_from_the_page_of_the_case(self, flow: Flow, people: People) -> None:
        flow.assigned()
        page = people("desk").get(f"/case/{flow.number}", headers=HTML).text
        assert "紧急程度（现在：一般）" in page and MARK not in page
        form = {"version": str(flow.read()["version"]), "urgency": "urgent", "reason": "急用"}
        assert people("desk").post(f"/case/{flow.number}/set_urgency", data=form).status_code == 303
        assert MARK in people("desk").get(f"/case/{flow.number}", headers=HTML).text
        assert MARK in people("unit-rsj").get(f"/case/{flow.number}", headers=HTML).text
        assert "紧急" not in people().post(f"{API}/progress", json={"code": flow.code}).text

    def test_a_case_from_before_the_column_still_agrees_with_its_digest(
        self, flow: Flow, database: Database
    ) -> None:
        """What is 一般 says nothing, so the facts of cases registered earlier are what they were."""
        flow.assigned()
        with database.read() as session:
            kept = session.scalars(select(Consultation)).one()
            assert kept.urgent is False and check_case(session, kept.case).findings == []
            assert "urgent" not in kept.case.events[0].after


class TestLists:
    def registered(self, flow: Flow, at: At) -> list[str]:
        """Due on 9 March, 9 March and urgent, and 10 March and urgent."""
        numbers = []
        for day, urgency in (("02", "normal"), ("02", "urgent"), ("03", "urgent")):
            at(f"2026-03-{day} 09:00")
            numbers.append(flow.referred(unit="rsj", urgency=urgency).number)
        return numbers

    def test_urgent_ones_come_first_among_those_due_on_the_same_day(
        self, flow: Flow, people: People, at: At
    ) -> None:
        first, urgent, later = self.registered(flow, at)
        listed = people("desk").get(f"{API}/consultations").json()
        assert [row["number"] for row in listed] == [urgent, first, later]
        for who, path in (
            ("desk", "/desk/register"),
            ("desk", "/desk"),
            ("unit-rsj", "/unit"),
            ("desk", "/board"),
        ):
            page = people(who).get(path, headers=HTML).text
            assert page.count(MARK) >= 2, path
            assert (
                page.index(f"/case/{urgent}") < page.index(f"/case/{first}") < page.index(f"/case/{later}")
            ), path

    def test_the_lanes_of_the_board_and_the_lists_behind_them(
        self, database: Database, actors: Actors, at: At
    ) -> None:
        at("2026-11-26 10:00")
        row: dict[str, Any] = {"registered_at": clock.now(), "state": "assigned", "unit": "rsj"}
        cases = [
            LedgerCase(**row, due_on=due, urgent=urgent, number=f"N{n}")
            for n, (due, urgent) in enumerate(
                [(date(2026, 11, 26), False), (date(2026, 11, 26), True), (date(2026, 11, 25), False), (date(2026, 11, 24), False),
                 (date(2026, 11, 25), True)]
            )
        ]  # fmt: skip
        with database.write() as session:
            replace_ledger(session, cases)
        with database.read() as session:
            days = board_days(clock.today(), load_calendars(session))
            found = statistics.first_of_lanes(session, actors["admin"], Scope(), days, 10)
            shown = {lane: [item.case.number for item in items] for lane, items in found.items() if items}
            assert shown == {"today": ["N1", "N0"], "overdue": ["N3", "N4", "N2"]}
            for lane, numbers in shown.items():
                behind = statistics.list_cases(
                    session, actors["admin"], Scope(), condition(BY_CODE[lane], days), limit=10
                )
                assert [item.case.number for item in behind] == numbers
            newest, _ = repository.list_readable(session, actors["admin"], newest_first=True)
            assert [item.case.number for item in newest] == ["N4", "N3", "N2", "N1", "N0"]

    def test_the_wall_says_it_in_words(self, database: Database, people: People, at: At) -> None:
        at("2026-11-26 10:00")
        case = LedgerCase(
            datetime(2026, 11, 19, 10, tzinfo=clock.CHINA), "assigned", unit="rsj", due_on=date(2026, 11, 26), urgent=True
        )  # fmt: skip
        with database.write() as session:
            replace_ledger(session, [case])
        assert "（紧急）" in people("supervisor").get("/board/wall", headers=HTML).text


class TestOnPaper:
    def test_the_ledger_has_the_column_and_papers_say_it(self, flow: Flow, people: People) -> None:
        flow.referred(unit="rsj", urgency="urgent")
        exported = people("desk").get("/desk/register/export?file=csv", headers=HTML).content
        (line,) = csv.DictReader(io.StringIO(exported.decode("utf-8-sig"), newline=""))
        assert line["紧急程度"] == "紧急"
        for code in ("registration", "assignment"):
            made = people("desk").get(f"/case/{flow.number}/papers/{code}", headers=HTML)
            assert made.status_code == 200, made.text
            assert "紧急程度\n紧急\n" in texts(made.content)
