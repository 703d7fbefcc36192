"""Acting on a case: rules of the table, two people at once, who sees what, contacts."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from support.cases import API, REPLY, Flow
from support.people import People

from qa_service.accounts.models import AuditEvent, Unit
from qa_service.cases.models import CaseEvent
from qa_service.kit.database import Database


class TestActs:
    def test_a_designated_case_cannot_be_returned_and_offers_no_such_step(self, flow: Flow) -> None:
        flow.referred()
        flow.act("supervisor", "assign", unit="rsj", designated=True)
        for _ in range(2):
            assert "return" not in [act["event"] for act in flow.read("unit-rsj")["acts"]]
            refused = flow.try_act("unit-rsj", "return", reason="不是我们的")
            assert refused.status_code == 409
            assert "不能再退回" in refused.json()["detail"]
            if flow.read()["state"] == "assigned":
                flow.act("unit-rsj", "sign")
        assert flow.read()["unit"] == "青禾县人力资源和社会保障局"

    def test_after_a_return_the_unit_no_longer_holds_it_and_the_reason_stays(self, flow: Flow) -> None:
        flow.signed().act("unit-rsj", "return", reason="属于民政局职责")
        read = flow.read()
        assert (read["state"], read["unit"]) == ("to_assign", "")
        assert any("属于民政局职责" in event["sentence"] for event in read["events"])

    @pytest.mark.parametrize(
        ("who", "event", "fields"),
        [("unit-rsj", "return", {}), ("desk", "recall", {}), ("desk", "void", {}), ("desk", "assign", {})],
    )
    def test_what_the_table_needs_must_be_there(
        self, flow: Flow, who: str, event: str, fields: dict[str, str]
    ) -> None:
        flow.referred() if event == "assign" else flow.assigned()
        before = flow.read()
        refused = flow.try_act(who, event, **fields)
        assert refused.status_code == 422
        assert refused.json()["errors"]
        assert flow.read() == before

    @pytest.mark.parametrize("event", ["reply", "tell", "close", "redo", "archive", "nonsense"])
    def test_a_step_that_does_not_fit_the_state_says_which_do(self, flow: Flow, event: str) -> None:
        refused = flow.assigned().try_act("unit-rsj", event, **(REPLY if event == "reply" else {}))
        assert refused.status_code == 409
        assert refused.json()["type"] == "/problems/not-allowed-in-state"
        assert "签收" in refused.json()["remedy"]

    def test_assigning_to_an_unknown_or_inactive_unit_is_refused(
        self, flow: Flow, database: Database
    ) -> None:
        flow.referred()
        assert flow.try_act("desk", "assign", unit="nobody").status_code == 422
        with database.write() as session:
            session.scalars(select(Unit).where(Unit.code == "scj")).one().active = False
        assert flow.try_act("desk", "assign", unit="scj").status_code == 422
        assert flow.read()["state"] == "to_assign"

    def test_every_step_is_one_event_in_order_without_gap(self, flow: Flow, database: Database) -> None:
        flow.told().act("desk", "close", library_decision="none", reason="个案")
        with database.read() as session:
            rows = session.execute(select(CaseEvent.seq, CaseEvent.event).order_by(CaseEvent.seq)).all()
        assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1))
        assert [event for _, event in rows] == [
            "register",
            "refer",
            "assign",
            "sign",
            "reply",
            "tell",
            "close",
        ]

    def test_the_buttons_offered_are_those_that_are_accepted(self, flow: Flow) -> None:
        flow.assigned()
        assert {act["event"] for act in flow.read("unit-rsj")["acts"]} == {"sign", "return"}
        for who in ("desk", "supervisor"):
            assert {act["event"] for act in flow.read(who)["acts"]} == {
                "recall",
                "reassign",
                "assist",
                "link",
                "void",
                "set_urgency",
            }


class TestTwoAtOnce:
    def act_together(self, flow: Flow, acts: list[tuple[str, str, dict[str, Any]]]) -> list[Any]:
        version = flow.read()["version"]
        for who, _, _ in acts:
            flow.people(who)
        barrier = threading.Barrier(len(acts))

        def act(item: tuple[str, str, dict[str, Any]]) -> Any:
            who, event, fields = item
            barrier.wait()
            return flow.try_act(who, event, version=version, **fields)

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(act, acts))

    def test_one_wins_and_the_other_is_told_who_did_what(self, flow: Flow, database: Database) -> None:
        flow.referred()
        answers = self.act_together(
            flow, [("desk", "assign", {"unit": "rsj"}), ("desk2", "assign", {"unit": "mzj"})]
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409], [a.text for a in answers]
        winner = ("窗口甲", "窗口乙")[[a.status_code for a in answers].index(200)]
        lost = next(answer for answer in answers if answer.status_code == 409).json()
        assert winner in lost["detail"]
        assert "交办" in lost["detail"]
        assert lost["current_version"] == flow.read()["version"]
        with database.read() as session:
            assert len(session.scalars(select(CaseEvent).where(CaseEvent.event == "assign")).all()) == 1

    def test_six_at_once_still_leave_exactly_one_step(self, flow: Flow, database: Database) -> None:
        flow.signed()
        acts = [
            (f"unit-rsj{'-b' if n % 2 else ''}", "reply", {**REPLY, "text": f"第{n}稿"}) for n in range(6)
        ]
        answers = self.act_together(flow, acts)
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409, 409]
        kept = answers[[a.status_code for a in answers].index(200)].json()["reply_text"]
        assert flow.read()["reply_text"] == kept
        with database.read() as session:
            seqs = list(session.scalars(select(CaseEvent.seq).order_by(CaseEvent.seq)))
        assert seqs == list(range(1, len(seqs) + 1))

    def test_a_late_version_conflicts_even_when_the_step_would_fit(self, flow: Flow) -> None:
        flow.signed()
        seen = flow.read()["version"]
        flow.act("unit-rsj", "reply", **REPLY)
        late = flow.try_act("unit-rsj-b", "reply", version=seen, text="另一份答复", basis="另一依据")
        assert late.status_code == 409
        assert "人社承办人甲" in late.json()["detail"]
        assert "保留" in late.json()["remedy"]

    @pytest.mark.parametrize("if_match", ["", "abc", '"x"', "²", "-1", "1.5", "9" * 40])
    def test_a_version_that_is_none_is_refused(self, flow: Flow, if_match: str) -> None:
        flow.register()
        refused = flow.people("desk").post(
            f"{API}/consultations/{flow.number}/acts/refer",
            json={},
            headers={"If-Match": if_match.encode("latin-1")},
        )
        assert refused.status_code == 422

    def test_a_missing_version_is_refused(self, flow: Flow) -> None:
        flow.register()
        url = f"{API}/consultations/{flow.number}/acts/refer"
        assert flow.people("desk").post(url, json={}).status_code == 422


class TestVisibility:
    def numbers(self, people: People, who: str) -> set[str]:
        return {row["number"] for row in people(who).get(f"{API}/consultations").json()}

    def test_a_desk_sees_its_own_zone_and_those_below(self, people: People) -> None:
        county, town, other = Flow(people), Flow(people), Flow(people)
        county.register("desk")
        town.register("desk-liuwan")
        village = Flow(people).register("desk-liuwan", zone="QH04")
        other.register("desk-shiqiao")
        everyone = {county.number, town.number, village.number, other.number}
        assert self.numbers(people, "desk") == everyone
        assert self.numbers(people, "desk-liuwan") == {town.number, village.number}
        assert self.numbers(people, "desk-shiqiao") == {other.number}
        assert self.numbers(people, "supervisor") == self.numbers(people, "admin") == everyone
        assert people("desk-liuwan").get(f"{API}/consultations/{county.number}").status_code == 404
        assert people("desk-liuwan").get(f"{API}/consultations/{other.number}").status_code == 404

    def test_a_zone_whose_code_begins_like_another_is_not_below_it(
        self, people: People, database: Database
    ) -> None:
        from qa_service.zones.models import Zone

        with database.write() as session:
            root = session.scalars(select(Zone).where(Zone.code == "QH01")).one()
            session.add(
                Zone(code="QH020", name="另一镇", level="town", parent_id=root.id, path="/QH01/QH020/")
            )
        Flow(people).register("desk", zone="QH020")
        assert self.numbers(people, "desk-liuwan") == set()

    def test_a_unit_sees_what_it_holds_or_has_answered(self, people: People) -> None:
        own = Flow(people).assigned("rsj")
        Flow(people).assigned("mzj")
        Flow(people).referred()
        answered = Flow(people).told()
        assert self.numbers(people, "unit-rsj") == {own.number, answered.number}
        own.act("unit-rsj", "return", reason="退回")
        assert self.numbers(people, "unit-rsj") == {answered.number}
        assert people("unit-rsj").get(f"{API}/consultations/{own.number}").status_code == 404

    def test_nobody_else_gets_a_list(self, people: People) -> None:
        for who in ("", "kiosk"):
            assert people(who).get(f"{API}/consultations").status_code == 401

    def test_a_step_on_a_case_out_of_sight_is_as_if_it_were_not_there(self, people: People) -> None:
        flow = Flow(people).register("desk-liuwan")
        assert flow.try_act("desk-shiqiao", "refer").status_code == 404
        url = f"{API}/consultations/{flow.number}X/acts/refer"
        assert people("desk").post(url, json={}, headers={"If-Match": '"1"'}).status_code == 404

    @pytest.mark.parametrize(
        ("query", "found"),
        [("?q=住院", 1), ("?q=没有这种", 0), ("?state=registered", 1), ("?state=archived", 0), ("?q=%25", 1)],
    )
    def test_the_list_is_searched_and_counted(self, flow: Flow, query: str, found: int) -> None:
        flow.register()
        answer = flow.people("desk").get(f"{API}/consultations{query}")
        assert len(answer.json()) == found
        assert answer.headers["x-total-count"] == str(found)

    def test_pages_do_not_overlap_and_a_page_beyond_the_last_is_empty(self, people: People) -> None:
        for _ in range(5):
            Flow(people).register()
        pages = [people("desk").get(f"{API}/consultations?size=2&page={n}").json() for n in (1, 2, 3, 4)]
        assert [len(rows) for rows in pages] == [2, 2, 1, 0]
        assert len({row["number"] for rows in pages for row in rows}) == 5
        assert people("desk").get(f"{API}/consultations?page={10**30}").status_code == 422


class TestContacts:
    PERSON = {"person_name": "欧阳芳", "contact": "13800138000"}  # noqa: RUF012

    def test_are_masked_in_lists_and_in_the_case_for_everybody(self, flow: Flow) -> None:
        flow.referred(unit="rsj", **self.PERSON)
        for who in ("desk", "unit-rsj", "supervisor", "admin"):
            answer = flow.people(who).get(f"{API}/consultations")
            assert answer.json()[0]["contact"] == "138****8000"
            assert answer.json()[0]["person_name"] == "欧阳*"
            whole = flow.people(who).get(f"{API}/consultations/{flow.number}").text
            assert "13800138000" not in answer.text + whole
            assert "欧阳芳" not in answer.text + whole

    def test_are_taken_out_of_the_question_in_lists(self, flow: Flow) -> None:
        flow.referred(unit="rsj", question="公墓能提前买吗，回电13800138000")
        listed = flow.people("desk").get(f"{API}/consultations").json()
        assert listed[0]["question"] == "公墓能提前买吗，回电［电话已隐去］"

    def test_reading_them_is_an_event_and_an_audit_row(self, flow: Flow, database: Database) -> None:
        flow.referred(unit="rsj", **self.PERSON)
        for who in ("desk", "unit-rsj"):
            answer = flow.people(who).post(f"{API}/consultations/{flow.number}/contact")
            assert answer.json() == self.PERSON
        reveals = [event["actor"] for event in flow.read()["events"] if event["event"] == "reveal"]
        assert reveals == ["窗口甲", "人社承办人甲"]
        with database.read() as session:
            rows = session.execute(
                select(AuditEvent.actor_name, AuditEvent.target).where(AuditEvent.action == "reveal-contact")
            ).all()
        assert [tuple(row) for row in rows] == [("窗口甲", flow.number), ("人社承办人甲", flow.number)]

    def test_a_supervisor_and_another_unit_cannot_read_them(self, flow: Flow) -> None:
        flow.referred(unit="rsj", **self.PERSON)
        for who in ("supervisor", "unit-mzj"):
            refused = flow.people(who).post(f"{API}/consultations/{flow.number}/contact")
            assert refused.status_code in (403, 404)
            assert "13800138000" not in refused.text
        assert not any(event["event"] == "reveal" for event in flow.read()["events"])

    def test_reading_does_not_put_others_steps_in_conflict(self, flow: Flow) -> None:
        flow.referred(unit="rsj", **self.PERSON)
        seen = flow.read()["version"]
        flow.people("desk").post(f"{API}/consultations/{flow.number}/contact")
        assert flow.try_act("unit-rsj", "sign", version=seen).status_code == 200


class TestProgress:
    def look(self, people: People, code: str, phone4: str = "") -> Any:
        return people().post(f"{API}/progress", json={"code": code, "phone4": phone4})

    def test_needs_both_the_code_and_the_last_four_digits(self, flow: Flow, people: People) -> None:
        flow.referred(contact="13800138000")
        assert self.look(people, flow.code, "8000").status_code == 200
        for code, phone4 in (
            (flow.code, "8001"),
            (flow.code, ""),
            ("A" * 10, "8000"),
            (flow.number[:16], "8000"),
        ):
            refused = self.look(people, code, phone4)
            assert refused.status_code == 404
            assert refused.json()["detail"] == self.look(people, "AAAA", "0000").json()["detail"]

    def test_the_code_may_be_typed_in_small_letters_and_groups(self, flow: Flow, people: People) -> None:
        flow.referred(contact="13800138000")
        typed = f" {flow.code[:5].lower()}-{flow.code[5:]} "
        assert self.look(people, typed, " 8000").status_code == 200

    def test_somebody_without_a_phone_needs_the_code_only(self, flow: Flow, people: People) -> None:
        flow.referred()
        assert self.look(people, flow.code).status_code == 200
        assert self.look(people, flow.code, "1234").status_code == 404

    def test_shows_no_person_and_nothing_internal(self, flow: Flow, people: People) -> None:
        flow.referred(contact="13800138000", person_name="王芳", unit="rsj")
        flow.act("unit-rsj", "sign")
        flow.act("unit-rsj", "return", reason="内部推诿的话")
        text = self.look(people, flow.code, "8000").text
        for hidden in ("13800138000", "王芳", "内部推诿的话", "人社承办人甲", "窗口甲"):
            assert hidden not in text

    def test_too_many_attempts_are_refused_in_chinese_also_for_the_right_code(
        self, flow: Flow, people: People, app: Any, settings: Any
    ) -> None:
        flow.referred(contact="13800138000")
        app.state.settings = settings.model_copy(update={"progress_attempts": 4})
        answers = [self.look(people, flow.code, f"000{n}") for n in range(4)]
        assert {answer.status_code for answer in answers} == {404}
        stopped = self.look(people, flow.code, "8000")
        assert stopped.status_code == 429
        assert "分钟后再试" in stopped.json()["detail"]
