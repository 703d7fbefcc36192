"""并案: one answer for many, each still a case of its own; and replies held against the library."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select
from support.cases import API, REPLY, Flow
from support.entries import SAMPLE
from support.people import People

from qa_service.cases.models import Case, CaseEvent
from qa_service.kit.database import Database

At = Callable[[str], None]
LENGTH_QUESTION, LENGTH_ANSWER = SAMPLE["jobless-length"][2:4]


@pytest.fixture
def pair(people: People) -> tuple[Flow, Flow]:
    """(leading, follower): the second goes with the first, which a unit has signed for."""
    leading, follower = Flow(people).signed(), Flow(people).referred(contact="13800138000")
    follower.act("desk", "link", leading=leading.number)
    return leading, follower


class TestOneAnswerForMany:
    def test_every_follower_gets_the_reply_and_its_own_telling(
        self, pair: tuple[Flow, Flow], people: People
    ) -> None:
        leading, follower = pair
        third = Flow(people).signed()
        third.act("desk", "link", leading=leading.number)
        assert leading.read()["followers"] == [follower.number, third.number]
        leading.act("unit-rsj", "reply", **REPLY)
        for flow in (follower, third):
            read = flow.read("unit-rsj")
            assert (read["state"], read["reply_text"], read["leading"]) == (
                "replied",
                REPLY["text"],
                leading.number,
            )
            assert read["tellings"] == []
        leading.act("unit-rsj", "tell", how="phone")
        assert follower.read()["state"] == "replied"
        told = follower.act("unit-rsj", "tell", how="sms")
        assert [t["how"] for t in told["tellings"]] == ["sms"]
        assert third.read()["deadline"]["met_on"] is None

    def test_each_stays_counted_numbered_and_on_its_own_clock(
        self, people: People, database: Database, at: At
    ) -> None:
        at("2026-03-02 09:00")
        follower = Flow(people).referred()
        at("2026-03-04 09:00")
        leading = Flow(people).signed()
        linked = follower.act("desk", "link", leading=leading.number)
        assert (linked["due_on"], leading.read()["due_on"]) == ("2026-03-09", "2026-03-11")
        at("2026-03-10 09:00")
        assert (follower.read()["overdue"], leading.read()["overdue"]) == (True, False)
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(Case)) == 2
        assert people("desk").get(f"{API}/consultations").headers["x-total-count"] == "2"

    def test_who_reads_it_by_code_is_told_by_that(self, pair: tuple[Flow, Flow], people: People) -> None:
        leading, follower = pair
        leading.act("unit-rsj", "reply", **REPLY)
        shown = people().post(f"{API}/progress", json={"code": follower.code, "phone4": "8000"}).json()
        assert (shown["state"], shown["answer"]) == ("已答复", REPLY["text"])
        assert leading.read()["state"] == "replied"

    def test_a_reply_written_again_reaches_those_not_told_yet_only(
        self, pair: tuple[Flow, Flow], people: People
    ) -> None:
        leading, told = pair
        waiting = Flow(people).referred()
        waiting.act("desk", "link", leading=leading.number)
        leading.act("unit-rsj", "reply", **REPLY)
        told.act("unit-rsj", "tell", how="phone")
        leading.act("unit-rsj", "reply", text="更正：到二楼办理。", basis="《社会保险法》第二十九条")
        assert told.read()["reply_text"] == REPLY["text"]
        assert waiting.read()["reply_text"] == "更正：到二楼办理。"

    def test_linked_to_one_that_has_its_reply_it_gets_it_at_once(self, people: People) -> None:
        leading, late = Flow(people).replied(), Flow(people).referred()
        assert late.act("desk", "link", leading=leading.number)["state"] == "replied"


CORRECTED = {"text": "更正：到二楼办理。", "basis": "《社会保险法》第二十九条"}
OWN = {"text": "您是退役军人，请到一楼优先窗口办理。", "basis": "《退役军人保障法》第三十条"}


class TestALeadingReplyCorrected:
    """What was written for one of the people who asked is not replaced; its unit takes the correction over or not."""

    def edited(self, pair: tuple[Flow, Flow]) -> tuple[Flow, Flow]:
        leading, follower = pair
        leading.act("unit-rsj", "reply", **REPLY)
        follower.act("unit-rsj", "reply", **OWN)
        return leading, follower

    def offers(self, flow: Flow) -> list[str]:
        return [event["sentence"] for event in flow.read()["events"] if event["event"] == "offer"]

    def test_what_was_written_for_the_follower_stays_and_an_event_says_so(
        self, pair: tuple[Flow, Flow], people: People
    ) -> None:
        leading, follower = self.edited(pair)
        plain = Flow(people).referred()
        plain.act("desk", "link", leading=leading.number)
        leading.act("unit-rsj", "reply", **CORRECTED)
        read = follower.read("unit-rsj")
        assert (read["state"], read["reply_text"]) == ("replied", OWN["text"])
        assert read["reply_basis"] == [OWN["basis"]]
        (told,) = self.offers(follower)
        assert leading.number in told and "没有替换" in told
        for who in ("unit-rsj", "desk", "supervisor"):
            assert told in [event["sentence"] for event in follower.read(who)["events"]]
        assert (read["leading_reply"], read["leading_reply_basis"]) == (
            CORRECTED["text"], [CORRECTED["basis"]],
        )  # fmt: skip
        page = people("unit-rsj").get(f"/case/{follower.number}", headers={"accept": "text/html"}).text
        assert CORRECTED["text"] in page and "与本件不同，没有替换" in page and "采用牵头件答复" in page
        assert plain.read()["reply_text"] == CORRECTED["text"] and self.offers(plain) == []
        assert plain.read("unit-rsj")["leading_reply"] == ""

    def test_the_unit_takes_it_over_with_one_act_and_the_words_before_stay_in_the_history(
        self, pair: tuple[Flow, Flow], database: Database
    ) -> None:
        leading, follower = self.edited(pair)
        leading.act("unit-rsj", "reply", **CORRECTED)
        assert follower.try_act("desk", "adopt").status_code == 403
        read = follower.act("unit-rsj", "adopt")
        assert (read["state"], read["reply_text"], read["leading_reply"]) == (
            "replied",
            CORRECTED["text"],
            "",
        )
        assert "adopt" not in [act["event"] for act in read["acts"]]
        with database.read() as session:
            (event,) = session.scalars(select(CaseEvent).where(CaseEvent.event == "adopt"))
            assert (
                event.before["reply_text"] == OWN["text"] and event.after["reply_text"] == CORRECTED["text"]
            )
            assert event.data["adopted"]["leading"] == leading.number
        # It now carries the leading reply, and goes with the next correction like any other.
        leading.act("unit-rsj", "reply", text="再更正：到三楼办理。", basis=CORRECTED["basis"])
        assert follower.read()["reply_text"] == "再更正：到三楼办理。" and len(self.offers(follower)) == 1
        assert follower.act("unit-rsj", "tell", how="phone")["state"] == "answered"

    def test_the_same_words_again_are_no_news(self, pair: tuple[Flow, Flow]) -> None:
        leading, follower = self.edited(pair)
        leading.act("unit-rsj", "reply", **REPLY)
        assert self.offers(follower) == [] and follower.read()["reply_text"] == OWN["text"]
        leading.act("unit-rsj", "reply", **CORRECTED)
        leading.act("unit-rsj", "reply", **CORRECTED)
        assert len(self.offers(follower)) == 1
        leading.act("unit-rsj", "reply", **OWN)
        assert len(self.offers(follower)) == 1, "what the follower says already"

    def test_written_back_to_what_was_given_it_goes_with_the_leading_case_again(
        self, pair: tuple[Flow, Flow]
    ) -> None:
        leading, follower = self.edited(pair)
        follower.act("unit-rsj", "reply", **REPLY)
        leading.act("unit-rsj", "reply", **CORRECTED)
        assert follower.read()["reply_text"] == CORRECTED["text"] and self.offers(follower) == []

    def test_another_basis_alone_is_an_edited_reply_too(self, pair: tuple[Flow, Flow]) -> None:
        leading, follower = pair
        leading.act("unit-rsj", "reply", **REPLY)
        follower.act("unit-rsj", "reply", text=REPLY["text"], basis=OWN["basis"])
        leading.act("unit-rsj", "reply", **CORRECTED)
        assert follower.read()["reply_basis"] == [OWN["basis"]] and len(self.offers(follower)) == 1

    def test_a_reply_under_review_is_told_of_it_and_may_be_replaced_by_it(
        self, people: People, database: Database
    ) -> None:
        leading, follower = Flow(people).replied(), Flow(people).referred()
        follower.act("desk", "link", leading=leading.number)
        people("admin").put(f"{API}/units/rsj", json={"reviews_replies": True})
        follower.act("unit-rsj", "submit", **OWN)
        leading.act("unit-rsj", "submit", **CORRECTED)
        assert self.offers(follower) == [], "not before it has passed review"
        assert "adopt" not in [act["event"] for act in follower.read("unit-rsj")["acts"]]
        assert follower.try_act("unit-rsj", "adopt").status_code == 409
        leading.act("unit-rsj-lead", "approve")
        assert follower.read()["state"] == "in_review" and len(self.offers(follower)) == 1
        adopted = follower.act("unit-rsj", "adopt")
        assert (adopted["state"], adopted["reply_text"]) == ("replied", CORRECTED["text"])
        assert adopted["reviewed_by"] == leading.read()["reviewed_by"] != ""

    def test_what_the_person_has_been_told_is_neither_replaced_nor_spoken_of(
        self, pair: tuple[Flow, Flow]
    ) -> None:
        leading, follower = self.edited(pair)
        follower.act("unit-rsj", "tell", how="phone")
        leading.act("unit-rsj", "reply", **CORRECTED)
        assert follower.read()["reply_text"] == OWN["text"] and self.offers(follower) == []

    def test_another_unit_does_not_give_a_reply_that_is_not_its_own(self, pair: tuple[Flow, Flow]) -> None:
        leading, follower = self.edited(pair)
        follower.act("unit-rsj", "tell", how="phone")
        follower.act("desk", "redo", reason="没有答到点上")
        follower.act("desk", "reassign", unit="mzj", reason="属于民政事项")
        follower.act("unit-mzj", "sign")
        leading.act("unit-rsj", "reply", **CORRECTED)
        assert len(self.offers(follower)) == 1
        refused = follower.try_act("unit-mzj", "adopt")
        assert refused.status_code == 409 and "其他单位拟定" in refused.json()["detail"]
        assert "adopt" not in [act["event"] for act in follower.read("unit-mzj")["acts"]]

    def test_one_that_goes_with_nothing_has_nothing_to_take_over(self, people: People) -> None:
        alone = Flow(people).replied()
        refused = alone.try_act("unit-rsj", "adopt")
        assert refused.status_code == 409 and "没有并入" in refused.json()["detail"]
        assert "adopt" not in [act["event"] for act in alone.read("unit-rsj")["acts"]]

    def test_both_written_at_once_neither_is_lost(self, pair: tuple[Flow, Flow]) -> None:
        """Whoever comes first: the follower ends with its own words, or its writer is told of the change."""
        leading, follower = pair
        leading.act("unit-rsj", "reply", **REPLY)
        versions = {flow: flow.read()["version"] for flow in pair}
        barrier = threading.Barrier(2)

        def write(flow: Flow, fields: dict[str, str]) -> int:
            barrier.wait()
            return int(flow.try_act("unit-rsj", "reply", version=versions[flow], **fields).status_code)

        with ThreadPoolExecutor(2) as pool:
            first = pool.submit(write, leading, CORRECTED)
            second = pool.submit(write, follower, OWN)
            codes = first.result(), second.result()
        assert codes in ((200, 200), (200, 409)), codes
        read = follower.read()
        if codes[1] == 200:
            assert read["reply_text"] == OWN["text"] and len(self.offers(follower)) == 1
        else:
            assert read["reply_text"] == CORRECTED["text"]


class TestWhatCannotBeLinked:
    def refused(self, flow: Flow, number: str, who: str = "desk", status: int = 422) -> str:
        answer = flow.try_act(who, "link", leading=number)
        assert answer.status_code == status, answer.text
        assert flow.read()["leading"] == ""
        return str(answer.json()["detail"])

    def test_itself_an_answered_one_or_one_that_follows(
        self, pair: tuple[Flow, Flow], people: People
    ) -> None:
        leading, follower = pair
        other = Flow(people).referred()
        assert "自己" in self.refused(other, other.number)
        assert "不在办理中" in self.refused(other, Flow(people).told().number)
        assert "已并入其他件" in self.refused(other, follower.number)
        assert self.refused(leading, other.number)

    def test_two_desks_linking_in_opposite_directions_do_not_wait_for_each_other(
        self, people: People
    ) -> None:
        for _ in range(4):
            pair = [Flow(people).referred(), Flow(people).referred()]
            versions = [flow.read()["version"] for flow in pair]
            barrier = threading.Barrier(2)

            def link(n: int, pair: list[Flow] = pair, versions: list[int] = versions,
                     barrier: threading.Barrier = barrier) -> int:  # fmt: skip
                barrier.wait()
                other = pair[1 - n].number
                answer = pair[n].try_act(("desk", "desk2")[n], "link", version=versions[n], leading=other)
                return int(answer.status_code)

            with ThreadPoolExecutor(2) as pool:
                codes = list(pool.map(link, range(2)))
            assert sorted(codes) == [200, 422], codes
            linked = pair[codes.index(200)]
            assert linked.read()["leading"] == pair[codes.index(422)].number

    def test_one_that_the_desk_cannot_see(self, people: People) -> None:
        county, town = Flow(people).referred(), Flow(people).referred("desk-liuwan")
        self.refused(town, county.number, "desk-liuwan", 404)
        assert town.act("desk", "link", leading=county.number)["state"] == "linked"

    def test_the_leading_case_cannot_go_away_while_others_wait(self, pair: tuple[Flow, Flow]) -> None:
        leading, follower = pair
        leading.act_and_leave("unit-rsj", "return", reason="退回")
        refused = leading.try_act("desk", "void", reason="重复")
        assert refused.status_code == 409
        assert "并入" in refused.json()["detail"]
        assert follower.try_act("desk", "unlink").status_code == 422
        back = follower.act("desk", "unlink", reason="问的不是一件事")
        assert (back["state"], back["leading"]) == ("to_assign", "")
        assert leading.act("desk", "void", reason="重复")["state"] == "void"


class TestAgainstTheLibrary:
    def compared(self, flow: Flow, question: str, text: str) -> list[dict[str, object]]:
        flow.referred(question=question, unit="rsj")
        flow.act("unit-rsj", "sign")
        flow.act("unit-rsj", "reply", text=text, basis="《失业保险条例》第十七条")
        found: list[dict[str, object]] = (
            flow.people("unit-rsj").get(f"{API}/consultations/{flow.number}/comparison").json()
        )
        return found

    def test_another_figure_for_the_same_question_is_shown_on_both_sides(
        self, flow: Flow, people: People
    ) -> None:
        reply = LENGTH_ANSWER.replace("二十四", "三十六")
        found = self.compared(flow, LENGTH_QUESTION, reply)
        assert [(item["kind"], item["key"]) for item in found] == [("contradict", "jobless-length")]
        assert [reply[a:b] for a, b in found[0]["reply_spans"]] == ["三十六个月"]  # type: ignore[attr-defined]
        page = people("unit-rsj").get(f"/case/{flow.number}", headers={"accept": "text/html"}).text
        assert (
            "与已发布的条目不一致" in page
            and "<mark>三十六个月</mark>" in page
            and "<mark>二十四个月</mark>" in page
        )
        assert flow.act("unit-rsj", "tell", how="phone")["state"] == "answered", "a warning blocks nothing"

    def test_the_same_answer_again_is_a_repetition(self, flow: Flow) -> None:
        found = self.compared(flow, "交了五年能领多久呢", LENGTH_ANSWER)
        assert ("repeat", "jobless-length") in [(item["kind"], item["key"]) for item in found]

    def test_an_answer_to_something_new_is_neither(self, flow: Flow) -> None:
        assert self.compared(flow, "捡到走失老人送到哪里照料", "请先拨打110，由公安机关查找家属。") == []
