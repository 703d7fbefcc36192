"""The referral's steps over the API: signing and return limits, assisting units, review, tellings, rounds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update
from support.cases import API, REPLY, Flow
from support.people import People

from qa_service.accounts.models import Unit
from qa_service.cases.models import Case
from qa_service.kit.database import Database

At = Callable[[str], None]


def events(flow: Flow, who: str) -> set[str]:
    return {act["event"] for act in flow.read(who)["acts"]}


@pytest.fixture
def reviewing(people: People) -> None:
    """人社局 has its staff's drafts reviewed by its leader."""
    saved = people("admin").put(f"{API}/units/rsj", json={"reviews_replies": True})
    assert saved.status_code == 200, saved.text


class TestSigning:
    def test_has_a_limit_of_its_own_and_being_late_shows(self, flow: Flow, people: People, at: At) -> None:
        at("2026-02-13 17:00")
        flow.assigned()
        assert flow.read()["sign_due_on"] == "2026-02-14"
        at("2026-02-14 23:59")
        assert flow.read()["sign_overdue"] is False
        at("2026-02-15 00:00")
        assert flow.read()["sign_overdue"] is True
        assert "超期未签收" in people("unit-rsj").get("/unit").text
        flow.act("unit-rsj", "sign")
        read = flow.read()
        assert (read["sign_overdue"], read["overdue"]) == (True, False)

    def test_begins_anew_for_the_unit_it_is_reassigned_to_but_the_clock_does_not(
        self, flow: Flow, at: At
    ) -> None:
        at("2026-03-02 09:00")
        flow.signed()
        at("2026-03-05 09:00")
        moved = flow.act("desk", "reassign", unit="mzj", reason="属于民政局职责")
        assert (moved["state"], moved["sign_due_on"], moved["sign_overdue"]) == (
            "assigned",
            "2026-03-06",
            False,
        )
        assert (moved["due_on"], moved["deadline"]["started_on"]) == ("2026-03-09", "2026-03-02")
        assert flow.people("unit-rsj").get(f"{API}/consultations/{flow.number}").status_code == 404
        assert "sign" in events(flow, "unit-mzj")


class TestReturning:
    def test_is_possible_until_the_end_of_the_second_working_day(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.signed()
        assert flow.read("unit-rsj")["return_until"] == "2026-03-04"
        at("2026-03-05 00:00")
        assert "return" not in events(flow, "unit-rsj")
        refused = flow.try_act("unit-rsj", "return", reason="不是我局职责")
        assert refused.status_code == 409
        assert "2026年3月4日" in refused.json()["detail"]
        assert flow.read()["state"] == "in_progress"

    def test_within_the_limit_needs_a_reason_and_is_counted(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.signed()
        at("2026-03-04 23:59")
        assert flow.try_act("unit-rsj", "return").status_code == 422
        assert flow.act_and_leave("unit-rsj", "return", reason="属于民政局职责") == 404
        assert flow.read()["state"] == "to_assign"


class TestReassigning:
    def test_to_the_unit_that_holds_it_is_refused(self, flow: Flow) -> None:
        refused = flow.signed().try_act("desk", "reassign", unit="rsj", reason="再办")
        assert refused.status_code == 422
        assert "unit" in refused.json()["errors"]

    def test_by_designation_ends_returning(self, flow: Flow) -> None:
        flow.signed().act("supervisor", "reassign", unit="mzj", reason="指定承办", designated=True)
        refused = flow.try_act("unit-mzj", "return", reason="不是我们的")
        assert refused.status_code == 409
        assert "指定交办" in refused.json()["detail"]


class TestAssistingUnits:
    def test_give_an_opinion_that_the_main_unit_sees(self, flow: Flow, people: People) -> None:
        flow.referred()
        flow.act("desk", "assign", unit="rsj", assisting=["mzj", "zjj"])
        assert events(flow, "unit-mzj") == {"opine"}
        assert "请本单位协办" in people("unit-mzj").get("/unit").text
        flow.act("unit-mzj", "opine", opinion="低保对象可以免缴，请在答复中写明。")
        seen = flow.read("unit-rsj")
        assert seen["assisting"] == ["青禾县民政局", "青禾县自然资源和住房建设局"]
        assert [(o["unit"], o["text"]) for o in seen["opinions"]] == [
            ("青禾县民政局", "低保对象可以免缴，请在答复中写明。")
        ]
        page = people("unit-rsj").get(f"/case/{flow.number}", headers={"accept": "text/html"}).text
        assert "低保对象可以免缴" in page

    def test_can_do_nothing_else_and_others_cannot_opine(self, flow: Flow) -> None:
        flow.referred()
        flow.act("desk", "assign", unit="rsj", assisting=["mzj"])
        for event, fields in (("sign", {}), ("return", {"reason": "退"})):
            assert flow.try_act("unit-mzj", event, **fields).status_code == 403
        assert flow.try_act("unit-rsj", "opine", opinion="自己的意见").status_code == 403
        assert flow.read()["opinions"] == []

    def test_can_be_added_later_and_end_with_a_return(self, flow: Flow) -> None:
        flow.signed().act("desk", "assist", assisting=["mzj"])
        assert flow.try_act("desk", "assist", assisting=["mzj"]).status_code == 422
        assert flow.try_act("desk", "assist", assisting=["rsj"]).status_code == 422
        flow.act_and_leave("unit-rsj", "return", reason="退回")
        assert flow.read()["assisting"] == []
        assert flow.people("unit-mzj").get(f"{API}/consultations/{flow.number}").status_code == 404

    def test_the_main_unit_does_not_assist_itself(self, flow: Flow) -> None:
        refused = flow.referred().try_act("desk", "assign", unit="rsj", assisting=["rsj"])
        assert refused.status_code == 422
        assert flow.read()["state"] == "to_assign"


@pytest.mark.usefixtures("reviewing")
class TestUnitReview:
    def test_a_draft_goes_out_only_after_the_leader_has_passed_it(self, flow: Flow, people: People) -> None:
        flow.referred(contact="13800138000", unit="rsj")
        flow.act("unit-rsj", "sign")
        assert "submit" in events(flow, "unit-rsj") and "reply" not in events(flow, "unit-rsj")
        refused = flow.try_act("unit-rsj", "reply", **REPLY)
        assert refused.status_code == 409 and "负责人审核" in refused.json()["detail"]
        flow.act("unit-rsj", "submit", **REPLY)
        assert flow.read()["official_state"] == "办理中"
        shown = people().post(f"{API}/progress", json={"code": flow.code, "phone4": "8000"}).json()
        assert (shown["state"], shown["answer"]) == ("办理中", "")
        assert flow.try_act("unit-rsj", "tell", how="phone").status_code == 409
        assert "approve" not in events(flow, "unit-rsj")
        assert flow.try_act("unit-rsj-b", "approve").status_code == 403
        passed = flow.act("unit-rsj-lead", "approve")
        assert (passed["state"], passed["reviewed_by"], passed["replied_by"]) == (
            "replied", "人社负责人", "人社承办人甲",
        )  # fmt: skip

    def test_a_draft_sent_back_can_be_written_again_and_both_are_kept(
        self, flow: Flow, database: Database
    ) -> None:
        flow.signed().act("unit-rsj", "submit", text="初稿", basis="《社会保险法》第十条")
        flow.act("unit-rsj-lead", "reject", reason="没有写办理地点")
        assert flow.read("unit-rsj")["state"] == "in_progress"
        flow.act("unit-rsj", "submit", **REPLY)
        flow.act("unit-rsj-lead", "approve")
        with database.read() as session:
            texts = [e.data.get("text") for e in session.scalars(select(Case)).one().events]
        assert [text for text in texts if text] == ["初稿", REPLY["text"]]

    def test_a_leader_s_own_reply_needs_no_second_step(self, flow: Flow) -> None:
        done = flow.signed().act("unit-rsj-lead", "reply", **REPLY)
        assert (done["state"], done["reviewed_by"]) == ("replied", "人社负责人")

    def test_the_last_leader_cannot_be_taken_away(self, people: People) -> None:
        refused = people("admin").patch(f"{API}/users/unit-rsj-lead", json={"active": False})
        assert refused.status_code == 422
        assert "唯一的负责人" in refused.json()["detail"]


class TestReviewSwitch:
    def test_off_is_the_default_and_then_nothing_is_submitted(self, flow: Flow) -> None:
        assert flow.signed().try_act("unit-rsj", "submit", **REPLY).status_code == 409
        assert "submit" not in events(flow, "unit-rsj")

    def test_needs_a_leader_before_it_is_switched_on(self, people: People) -> None:
        refused = people("admin").put(f"{API}/units/mzj", json={"reviews_replies": True})
        assert refused.status_code == 422
        assert "还没有负责人" in refused.json()["detail"]

    def test_on_the_page_of_the_unit(self, people: People, database: Database) -> None:
        form = {"name": "青禾县人力资源和社会保障局", "active": "1", "reviews_replies": "1"}
        assert people("admin").post("/admin/units/rsj", data=form).status_code == 303
        with database.read() as session:
            assert session.scalars(select(Unit).where(Unit.code == "rsj")).one().reviews_replies


class TestTelling:
    def test_what_failed_is_kept_with_what_was_tried_and_the_clock_runs_on(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.replied()
        assert flow.try_act("unit-rsj", "tell_failed", how="phone").status_code == 422
        flow.act("unit-rsj", "tell_failed", how="phone", note="上午两次拨打无人接听")
        at("2026-03-10 09:00")
        assert flow.read()["overdue"] is True
        done = flow.act("unit-rsj", "tell", how="sms")
        assert [(t["how"], t["succeeded"], t["note"]) for t in done["tellings"]] == [
            ("phone", False, "上午两次拨打无人接听"), ("sms", True, ""),
        ]  # fmt: skip
        assert done["rounds"][0]["in_time"] is False

    def test_an_answer_on_the_spot_has_its_record_too(self, flow: Flow) -> None:
        flow.register(handling="answer", fields={"entry": "jobless-length"})
        assert [(t["how"], t["succeeded"]) for t in flow.read()["tellings"]] == [("in_person", True)]


class TestFollowUpAndRounds:
    def test_who_is_not_content_gets_another_round_and_the_first_stays_as_it_was(
        self, flow: Flow, people: People, at: At
    ) -> None:
        at("2026-09-28 09:00")
        first = flow.told().read()["rounds"]
        at("2026-09-30 10:00")
        asked = flow.act(
            "supervisor", "follow_up", how="phone", satisfaction="dissatisfied", note="没说清楚去哪里办"
        )
        assert (asked["state"], asked["follow_ups"][0]["satisfaction"]) == ("answered", "dissatisfied")
        again = flow.act("desk", "redo", reason="没有说清楚地点")
        assert (again["round"], again["due_on"], again["overdue"]) == (2, "2026-10-13", False)
        assert again["rounds"][:1] == first
        at("2026-10-14 09:00")
        late = flow.read()
        assert late["overdue"] is True and late["rounds"][:1] == first
        listed = people("desk").get(f"{API}/consultations?overdue=true").json()
        assert [row["number"] for row in listed] == [flow.number]
        flow.act("unit-rsj", "reply", **REPLY)
        done = flow.act("unit-rsj", "tell", how="phone")
        assert [r["in_time"] for r in done["rounds"]] == [True, False]
        assert [t["round"] for t in done["tellings"]] == [1, 2]
        flow.act("desk", "redo", reason="仍不满意")
        assert [r["in_time"] for r in flow.read()["rounds"]] == [True, False, None]

    def test_a_call_that_did_not_get_through_is_kept_and_changes_nothing(self, flow: Flow) -> None:
        before = flow.told().read()
        after = flow.act("desk", "follow_up", how="phone", satisfaction="unreached")
        assert (after["state"], after["outcome"]) == (before["state"], before["outcome"])

    def test_void_keeps_the_number_and_stays_to_be_seen(self, flow: Flow, people: People) -> None:
        flow.assigned().act("desk", "void", reason="重复登记")
        assert flow.number in people("desk").get("/desk/register").text
        second = Flow(people).register()
        assert int(second.number[-4:]) == int(flow.number[-4:]) + 1


def test_an_office_without_these_limits_has_none(flow: Flow, database: Database) -> None:
    with database.write() as session:
        from qa_service.zones.models import Limit

        session.execute(update(Limit).where(Limit.code == "consultation_sign").values(code="x1"))
        session.execute(update(Limit).where(Limit.code == "consultation_return").values(code="x2"))
    read: dict[str, Any] = flow.assigned().read("unit-rsj")
    assert (read["sign_due_on"], read["return_until"]) == (None, None)
    assert "return" in {act["event"] for act in read["acts"]}
