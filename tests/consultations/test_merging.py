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

from qa_service.cases.models import Case
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
