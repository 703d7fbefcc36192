"""首问责任, 一次性告知, 责任追究 (DOMAIN §1.8; §7.3 assertion 33)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select
from support.cases import API, Flow
from support.people import People

from qa_service.cases.models import CaseEvent
from qa_service.consultations.models import FirstAsked
from qa_service.kit.database import Database
from qa_service.responsibility import rules

At = Callable[[str], None]
HTML = {"accept": "text/html"}
PHONE = "13800138000"
RENT, BIRTH = "公积金能不能取出来交房租", "生孩子的津贴去哪里领"


class TestAssertion33TheFirstAskedPersonStays:
    def test_at_the_second_visit_about_the_same_matter_and_anew_for_another(self, people: People) -> None:
        first = Flow(people).register("desk", question=RENT, contact=PHONE)
        again = Flow(people).register("desk2", question=RENT + "？", contact=PHONE)
        other = Flow(people).register("desk2", question=BIRTH, contact=PHONE)
        stranger = Flow(people).register("desk2", question=RENT, contact="13900139000")
        assert [flow.read()["first_asked"] for flow in (first, again, other, stranger)] == [
            "窗口甲", "窗口甲", "窗口乙", "窗口乙",
        ]  # fmt: skip

    def test_when_somebody_else_goes_on_with_it(self, people: People) -> None:
        flow = Flow(people).register("desk", contact=PHONE)
        flow.act("desk2", "refer")
        flow.act("desk2", "assign", unit="rsj")
        assert flow.read()["first_asked"] == "窗口甲"

    def test_without_a_contact_each_case_is_a_person_of_its_own(self, people: People) -> None:
        flows = [Flow(people).register(who, question=RENT) for who in ("desk", "desk2")]
        assert [flow.read()["first_asked"] for flow in flows] == ["窗口甲", "窗口乙"]

    def test_what_a_kiosk_took_is_the_first_clerk_s_who_takes_it_up(self, people: People) -> None:
        flow = Flow(people).referred("kiosk", contact=PHONE)
        assert flow.read()["first_asked"] == ""
        flow.act("desk2", "assign", unit="rsj")
        assert flow.read()["first_asked"] == "窗口乙"

    def test_the_record_does_not_keep_the_contact_again(self, people: People, database: Database) -> None:
        Flow(people).register(contact=PHONE)
        with database.read() as session:
            assert PHONE not in session.scalars(select(FirstAsked)).one().person_key

    def test_handing_over_names_somebody_and_leaves_it_locked(self, people: People) -> None:
        flow = Flow(people).register(contact=PHONE)
        body = {
            "name": "赵科长",
            "post": "公积金中心归集科",
            "phone": "0999-5550199",
            "reason": "属于公积金中心职责",
        }
        url = f"{API}/consultations/{flow.number}/hand-over"
        assert people("desk2").post(url, json=body).status_code == 403
        assert people("desk").post(url, json={**body, "reason": ""}).status_code == 422
        assert people("desk").post(url, json=body).status_code == 201
        read = flow.read()
        assert read["first_asked"] == "窗口甲"
        assert [(to["name"], to["post"], to["phone"]) for to in read["handed_to"]] == [
            ("赵科长", "公积金中心归集科", "0999-5550199")
        ]
        assert "赵科长" in people("desk").get(f"/case/{flow.number}", headers=HTML).text


class TestOneTimeNotice:
    URL = "/one-time-notice"

    def give(self, flow: Flow, **body: object) -> int:
        answer = flow.people("desk").post(f"{API}/consultations/{flow.number}{self.URL}", json=body)
        return int(answer.status_code)

    def test_is_given_once_lists_everything_and_can_be_printed(self, flow: Flow, people: People) -> None:
        flow.register()
        missing = ["身份证复印件", "租房合同"]
        assert self.give(flow, verdict="supplement", missing=missing) == 201
        assert self.give(flow, verdict="supplement", missing=["还有一样"]) == 409
        kept = people("unit-rsj").get(f"{API}/consultations/{flow.number}{self.URL}")
        assert kept.status_code == 404, "not this unit's case"
        assert people("desk").get(f"{API}/consultations/{flow.number}{self.URL}").json()["missing"] == missing
        page = people("desk").get(f"/case/{flow.number}{self.URL}", headers=HTML).text
        assert all(item in page for item in missing) and "打印告知书" in page
        assert any(event["event"] == "one_time_notice" for event in flow.read()["events"])

    @pytest.mark.parametrize(
        "body",
        [
            {}, {"verdict": "supplement"}, {"verdict": "refused"}, {"verdict": "undecided", "reason": " "},
            {"verdict": "accepted", "missing": ["身份证"]},
        ],
    )  # fmt: skip
    def test_one_that_is_not_complete_is_refused(self, flow: Flow, body: dict[str, object]) -> None:
        flow.register()
        assert self.give(flow, **body) == 422
        assert self.give(flow, verdict="refused", reason="不属于行政机关职责") == 201

    def test_the_form_keeps_what_was_typed(self, flow: Flow, people: People) -> None:
        flow.register()
        form = {"verdict": "refused", "missing": "", "reason": ""}
        answer = people("desk").post(f"/case/{flow.number}{self.URL}", data=form, headers=HTML)
        assert answer.status_code == 422 and "必须写明理由" in answer.text
        done = people("desk").post(
            f"/case/{flow.number}{self.URL}", data={**form, "reason": "重复"}, headers=HTML
        )
        assert done.headers["location"] == f"/case/{flow.number}{self.URL}"

    @pytest.mark.parametrize("verdict", sorted(rules.VERDICTS))
    def test_nothing_is_given_twice_whatever_it_says(self, verdict: str) -> None:
        assert rules.why_no_notice(True, verdict, ["材料"], "理由")[1]


class TestAccountability:
    EVENT = {"person": "承办人甲", "facts": "收到交办后五个工作日没有答复", "happened_on": "2026-03-10"}  # noqa: RUF012

    def test_an_overdue_case_is_linked_and_the_handling_written_once(
        self, flow: Flow, people: People, at: At
    ) -> None:
        at("2026-03-02 09:00")
        flow.replied()
        at("2026-03-10 09:00")
        supervisor = people("supervisor")
        entered = supervisor.post(
            f"{API}/accountability", json={**self.EVENT, "source": "overdue", "case": flow.number}
        )
        assert entered.status_code == 201, entered.text
        url = f"{API}/accountability/{entered.json()['id']}/handling"
        assert supervisor.post(url, json={"handling": "约谈，责令检查"}).status_code == 200
        assert supervisor.post(url, json={"handling": "改成没事"}).status_code == 409
        listed = people("admin").get(f"{API}/accountability?case={flow.number}").json()
        assert [(row["case"], row["handling"]) for row in listed] == [(flow.number, "约谈，责令检查")]
        for path in ("/accountability", f"/case/{flow.number}"):
            assert "收到交办后五个工作日没有答复" in supervisor.get(path, headers=HTML).text
        assert "责任追究" not in people("unit-rsj").get(f"/case/{flow.number}", headers=HTML).text

    def test_what_has_been_late_once_stays_on_record(self, flow: Flow, people: People, at: At) -> None:
        at("2026-03-02 09:00")
        flow.replied()
        at("2026-03-10 09:00")
        flow.act("unit-rsj", "tell", how="phone")
        flow.act("desk", "redo", reason="不满意")
        body = {**self.EVENT, "source": "overdue", "case": flow.number}
        assert people("supervisor").post(f"{API}/accountability", json=body).status_code == 201

    @pytest.mark.parametrize("source", ["overdue", "report"])
    def test_overdue_needs_a_case_that_was_late_and_others_need_none(
        self, flow: Flow, people: People, at: At, source: str
    ) -> None:
        at("2026-03-10 09:00")
        flow.assigned()
        for case in ("", flow.number):
            body = {**self.EVENT, "source": source, "case": case}
            answer = people("supervisor").post(f"{API}/accountability", json=body)
            assert answer.status_code == (422 if source == "overdue" else 201), answer.text

    def test_of_tomorrow_is_refused(self, people: People, at: At) -> None:
        at("2026-03-09 09:00")
        body = {**self.EVENT, "source": "discipline"}
        assert people("supervisor").post(f"{API}/accountability", json=body).status_code == 422

    def test_the_page_enters_and_settles(self, people: People, at: At) -> None:
        at("2026-03-11 09:00")
        form = {**self.EVENT, "source": "report", "case": "", "handling": ""}
        assert people("supervisor").post("/accountability", data=form, headers=HTML).status_code == 303
        row = people("supervisor").get(f"{API}/accountability").json()[0]
        done = people("supervisor").post(
            f"/accountability/{row['id']}/handling", data={"handling": "批评教育"}, headers=HTML
        )
        assert done.status_code == 303
        assert "批评教育" in people("admin").get("/accountability", headers=HTML).text

    def test_the_history_has_what_was_handed_over(
        self, flow: Flow, people: People, database: Database
    ) -> None:
        flow.register(contact=PHONE)
        form = {"to_name": "赵科长", "to_post": "", "to_phone": "", "reason": "不归窗口管"}
        assert (
            people("desk").post(f"/case/{flow.number}/hand-over", data=form, headers=HTML).status_code == 303
        )
        with database.read() as session:
            row = session.scalars(select(CaseEvent).where(CaseEvent.event == "hand_over")).one()
        assert row.data["reason"] == "不归窗口管"
