"""Closing: what becomes of the unit's reply (规范: 答复后评估入库)."""

from __future__ import annotations

import pytest
from support.cases import API, QUESTION, REPLY, Flow
from support.people import People


class TestClose:
    def test_needs_a_decision(self, flow: Flow) -> None:
        refused = flow.told().try_act("desk", "close")
        assert refused.status_code == 422
        assert "library_decision" in refused.json()["errors"]

    def test_as_new_makes_a_draft_with_the_reply_and_without_personal_details(
        self, flow: Flow, people: People
    ) -> None:
        flow.referred(question="我叫王芳13912345678，住院怎么报销", unit="rsj")
        flow.act("unit-rsj", "sign")
        flow.act(
            "unit-rsj",
            "reply",
            text="请拨打您留的13912345678等通知，或直接备案。",
            basis="《社会保险法》第二十九条\n县医保办法",
        )
        flow.act("unit-rsj", "tell", how="phone")
        read = flow.act(
            "desk", "close", library_decision="new", entry_question="住院怎么报销？", topic="医疗保障"
        )
        entry = people("desk").get(f"{API}/library/entries/{read['library_entry']}").json()
        draft = entry["working"]
        assert entry["published"] is None
        assert (draft["state"], draft["question"], draft["topic"]) == ("draft", "住院怎么报销？", "医疗保障")
        assert draft["basis"] == ["《社会保险法》第二十九条", "县医保办法"]
        assert draft["source"] == {"case": flow.number}
        assert "13912345678" not in str(entry)

    def test_as_new_is_not_findable_before_somebody_else_has_published_it(
        self, flow: Flow, people: People
    ) -> None:
        question = "跨省住院的押金条丢了怎么报销"
        key = flow.referred(question=question, unit="rsj").act("unit-rsj", "sign")["number"]
        assert key == flow.number
        flow.act("unit-rsj", "reply", **REPLY)
        flow.act("unit-rsj", "tell", how="phone")
        key = flow.act("desk", "close", library_decision="new", topic="医疗保障")["library_entry"]
        url = f"{API}/library/entries/{key}"

        def found() -> bool:
            return key in [
                hit["key"] for hit in people().post(f"{API}/ask", json={"question": question}).json()["hits"]
            ]

        assert not found()
        entry = people("desk").get(url).json()
        form = {
            "question": question, "answer": REPLY["text"], "unit": "rsj", "topic": "医疗保障",
            "basis": [{"law": "社会保险法", "version": "2018-12-29", "article": "第二十九条"}], "review_due": "2099-01-01",
        }  # fmt: skip
        saved = people("desk").put(url, json=form, headers={"If-Match": f'"{entry["version"]}"'})
        assert saved.status_code == 200, saved.text
        saved = people("desk").post(
            f"{url}/acts/submit", json={}, headers={"If-Match": f'"{saved.json()["version"]}"'}
        )
        match = {"If-Match": f'"{saved.json()["version"]}"'}
        own = people("desk").post(f"{url}/acts/publish", json={}, headers=match)
        assert own.status_code == 403
        assert not found()
        assert people("desk2").post(f"{url}/acts/publish", json={}, headers=match).status_code == 200
        people.wait_for(found)

    def test_as_new_with_a_long_question_asks_for_a_short_one(self, flow: Flow) -> None:
        flow.referred(question="我想问一下" + "这个事情" * 40, unit="rsj").act("unit-rsj", "sign")
        flow.act("unit-rsj", "reply", **REPLY)
        flow.act("unit-rsj", "tell", how="phone")
        refused = flow.try_act("desk", "close", library_decision="new")
        assert refused.status_code == 422
        assert "entry_question" in refused.json()["errors"]
        assert flow.read()["state"] == "answered"

    def test_merged_becomes_a_phrasing_that_waits_for_review(self, flow: Flow, people: People) -> None:
        read = flow.told().act("desk", "close", library_decision="merge", entry_key="jobless-length")
        assert read["library_entry"] == "jobless-length"
        entry = people("desk").get(f"{API}/library/entries/jobless-length").json()
        assert entry["working"]["state"] == "in_review"
        assert {"text": QUESTION, "origin": "台账"} in entry["working"]["phrasings"]
        assert {"text": QUESTION, "origin": "台账"} not in entry["published"]["phrasings"]

    def test_merged_and_published_the_question_finds_the_entry(self, flow: Flow, people: People) -> None:
        flow.told().act("desk", "close", library_decision="merge", entry_key="jobless-length")
        url = f"{API}/library/entries/jobless-length"
        version = people("desk2").get(url).json()["version"]
        done = people("desk2").post(f"{url}/acts/publish", json={}, headers={"If-Match": f'"{version}"'})
        assert done.status_code == 200, done.text

        def answered() -> bool:
            asked = people().post(f"{API}/ask", json={"question": QUESTION}).json()
            return asked["decision"] == "answer" and asked["hits"][0]["key"] == "jobless-length"

        people.wait_for(answered)

    @pytest.mark.parametrize("key", ["", "no-such-entry"])
    def test_merging_needs_an_entry_that_is_there(self, flow: Flow, key: str) -> None:
        refused = flow.told().try_act("desk", "close", library_decision="merge", entry_key=key)
        assert refused.status_code == (422 if not key else 404)
        assert flow.read()["state"] == "answered"

    def test_not_into_the_library_needs_a_reason(self, flow: Flow) -> None:
        assert flow.told().try_act("desk", "close", library_decision="none").status_code == 422
        read = flow.act("desk", "close", library_decision="none", reason="只涉及个人情况")
        assert (read["state"], read["library_decision"]) == ("closed", "none")
        assert any("只涉及个人情况" in event["sentence"] for event in read["events"])

    def test_a_refused_close_leaves_no_draft_behind(self, flow: Flow, people: People) -> None:
        taken = "失业保险金最长可以领取多少个月？"
        refused = flow.told().try_act("desk", "close", library_decision="new", entry_question=taken)
        assert refused.status_code == 409
        assert people("desk").get(f"{API}/library/entries?state=draft").json()["total"] == 0
        assert flow.read()["state"] == "answered"

    def test_a_closed_case_can_be_archived_and_then_not_touched(self, flow: Flow) -> None:
        flow.told().act("desk", "close", library_decision="none", reason="个案")
        flow.act("desk", "archive")
        assert flow.read()["acts"] == []
        assert flow.try_act("desk", "redo", reason="再来").status_code == 409
