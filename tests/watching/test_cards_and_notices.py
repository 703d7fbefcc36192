"""Contesting and withdrawing cards, urging and supervising: over the API, by everybody concerned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.cases import REPLY, Flow
from support.office import Office
from support.people import People

from qa_service.watching.watcher import watch

At = Callable[[str], None]
API = "/api/v1"


@pytest.fixture
def late(flow: Flow, at: At, office: Office) -> Flow:
    """A case of the unit rsj, a day overdue, with its red card."""
    at("2026-02-13 10:00")
    flow.signed()
    at("2026-02-28 09:00")
    office.look()
    return flow


def card(people: People, who: str = "supervisor", **query: Any) -> dict[str, Any]:
    (found,) = people(who).get(f"{API}/watching/cards", params=query).json()
    return dict(found)


class TestCards:
    def test_says_when_why_and_by_which_rule(self, late: Flow, people: People) -> None:
        found = card(people)
        assert (found["case"], found["colour"], found["due_on"]) == (late.number, "red", "2026-02-27")
        assert found["reason"] == "答复期限已超期" and "规范 第十四条" in found["basis"]
        assert (
            found["issued_at"].startswith("2026-02-28T01:00")
            and found["unit"] == "青禾县人力资源和社会保障局"
        )

    def test_contested_by_the_unit_withdrawn_by_the_supervisor_and_kept(
        self, late: Flow, people: People, office: Office
    ) -> None:
        url = f"{API}/watching/cards/{card(people)['id']}"
        assert people("unit-mzj").post(f"{url}/contest", json={"reason": "不是我们的"}).status_code == 404
        assert people("unit-rsj").post(f"{url}/contest", json={"reason": " "}).status_code == 422
        done = people("unit-rsj").post(f"{url}/contest", json={"reason": "咨询人要求延后联系"})
        assert done.status_code == 200 and done.json()["contested_by"] == "人社承办人甲"
        assert ("supervisor", "申诉") in office.told()
        assert people("unit-rsj").post(f"{url}/contest", json={"reason": "再说一次"}).status_code == 409
        assert card(people, contested=True)["contest_reason"] == "咨询人要求延后联系"

        decision = {"decision": "withdrawn", "reason": "情况属实"}
        assert people("desk").post(f"{url}/decision", json=decision).status_code == 403
        assert (
            people("supervisor").post(f"{url}/decision", json={**decision, "reason": ""}).status_code == 422
        )
        assert people("supervisor").post(f"{url}/decision", json=decision).status_code == 200
        assert ("unit-rsj", "答复期限红牌撤销") in office.told()
        assert people("supervisor").get(f"{API}/watching/cards").json() == []
        assert people("supervisor").post(f"{url}/decision", json=decision).status_code == 409
        watch(office.database)
        assert people("supervisor").get(f"{API}/watching/cards").json() == [], (
            "a withdrawn card does not come back"
        )
        page = people("supervisor").get(f"/case/{late.number}").text
        assert "情况属实" in page and "咨询人要求延后联系" in page
        sentences = [event["sentence"] for event in late.read()["events"]]
        assert "撤销答复期限红牌：情况属实" in sentences

    def test_upheld_only_where_it_was_contested(self, late: Flow, people: People) -> None:
        url = f"{API}/watching/cards/{card(people)['id']}"
        upheld = {"decision": "upheld", "reason": "理由不成立"}
        assert people("supervisor").post(f"{url}/decision", json=upheld).status_code == 409
        people("unit-rsj").post(f"{url}/contest", json={"reason": "系统时间不对"})
        assert people("supervisor").post(f"{url}/decision", json=upheld).json()["decision"] == "upheld"
        assert card(people)["decision"] == "upheld", "it stays in force"

    def test_gone_from_the_list_as_soon_as_the_matter_is_done(self, late: Flow, people: People) -> None:
        late.act("unit-rsj", "reply", **REPLY)
        late.act("unit-rsj", "tell", how="phone")
        assert people("supervisor").get(f"{API}/watching/cards").json() == []

    def test_other_units_see_nothing_of_it(self, late: Flow, people: People) -> None:
        assert people("unit-mzj").get(f"{API}/watching/cards").json() == []
        assert card(people, "unit-rsj")["case"] == late.number


class TestNotices:
    def test_urging_is_suggested_issued_answered_once(
        self, late: Flow, people: People, office: Office
    ) -> None:
        assert "建议催办" in people("desk").get("/watching").text
        version = late.read()["version"]
        issued = people("desk").post(f"{API}/consultations/{late.number}/notices", json={"kind": "urge"})
        assert issued.status_code == 201, issued.text
        notice = issued.json()
        assert notice["number"] == "QH01-CB-20260228-0001" and notice["feedback_due_on"] == "2026-03-02"
        assert notice["content"]["left"] == "已超期1个工作日"
        assert late.read()["version"] == version, "a reply that the unit is writing is not refused for it"
        assert {("unit-rsj", "催办单"), ("unit-rsj-b", "催办单")} <= office.told()
        assert "建议催办" not in people("desk").get("/watching").text
        assert notice["number"] in people("unit-rsj").get("/unit").text
        assert "还没有反馈" in people("unit-rsj").get(f"/notices/{notice['number']}").text

        url = f"{API}/watching/notices/{notice['number']}/feedback"
        assert people("unit-mzj").post(url, json={"feedback": "好"}).status_code == 404
        assert people("unit-rsj").post(url, json={"feedback": "今天下班前答复"}).status_code == 200
        assert people("unit-rsj").post(url, json={"feedback": "再写一次"}).status_code == 409
        assert ("desk", "催办单已反馈") in office.told()
        assert people("unit-rsj").get(f"{API}/watching/notices", params={"open": True}).json() == []
        assert "今天下班前答复" in people("desk").get(f"/case/{late.number}").text
        events = [event["event"] for event in late.read()["events"]]
        assert events[-2:] == ["urge", "notice_feedback"]

    def test_supervision_is_the_supervisors_and_says_why(
        self, late: Flow, people: People, office: Office
    ) -> None:
        url = f"{API}/consultations/{late.number}/notices"
        asked = {"kind": "supervise", "reason_code": "overdue", "text": "请于今天办结并说明原因"}
        assert people("desk").post(url, json=asked).status_code == 403
        for wrong in ({"reason_code": ""}, {"text": ""}):
            assert people("supervisor").post(url, json={**asked, **wrong}).status_code == 422
        made = people("supervisor").post(url, json=asked).json()
        assert made["number"] == "QH01-DB-20260228-0001" and made["feedback_due_on"] == "2026-03-04"
        assert ("unit-rsj-lead", "督办单") in office.told()
        page = people("unit-rsj").get(f"/notices/{made['number']}").text
        assert "逾期未办" in page and "请于今天办结并说明原因" in page

    def test_not_overdue_is_not_supervised_as_overdue(self, flow: Flow, people: People) -> None:
        flow.assigned()
        answer = people("supervisor").post(
            f"{API}/consultations/{flow.number}/notices",
            json={"kind": "supervise", "reason_code": "overdue", "text": "快办"},
        )
        assert answer.status_code == 422 and "没有超期" in answer.json()["detail"]

    def test_without_a_unit_there_is_nobody_to_urge(self, flow: Flow, people: People) -> None:
        flow.referred()
        for kind in ("urge", "supervise"):
            asked = {"kind": kind, "reason_code": "other" if kind == "supervise" else "", "text": "快办"}
            answer = people("supervisor").post(f"{API}/consultations/{flow.number}/notices", json=asked)
            assert answer.status_code == 409, answer.text

    def test_numbers_run_by_kind_and_zone_and_have_nothing_to_do_with_cases(
        self, people: People, at: At
    ) -> None:
        at("2026-03-09 10:00")
        first, second = Flow(people).assigned(), Flow(people).assigned()
        numbers = [
            people("desk")
            .post(f"{API}/consultations/{one.number}/notices", json={"kind": "urge"})
            .json()["number"]
            for one in (first, second, first)
        ]
        assert [number[-4:] for number in numbers] == ["0001", "0002", "0003"]
        assert Flow(people).register().number.endswith("-0003")
