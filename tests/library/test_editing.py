"""Editing, the two-person rule, publication, history, what is logged and cached."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from support.cases import API
from support.people import People

from qa_service.kit.database import Database
from qa_service.library.models import Entry, EntryVersion, QueryLog
from qa_service.library.query_log import QueryLogWriter

FORM: dict[str, Any] = {
    "question": "灵活就业人员怎样参加养老保险？", "answer": "可以自愿参加，由个人缴纳。", "unit": "rsj", "topic": "社会保险",
    "basis": [{"law": "社会保险法", "version": "2018-12-29", "article": "第十条"}],
    "phrasings": ["没有单位能自己交社保吗"], "review_due": "2099-12-31",
}  # fmt: skip
ENTRIES = f"{API}/library/entries"


class Editing:
    """One entry being edited over the API."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.entry: dict[str, Any] = {}

    def create(self, who: str = "desk", **changes: Any) -> Editing:
        answer = self.people(who).post(ENTRIES, json={**FORM, **changes})
        assert answer.status_code == 201, answer.text
        self.entry = answer.json()
        return self

    @property
    def key(self) -> str:
        return str(self.entry["key"])

    def try_act(self, who: str, event: str, reason: str = "", version: int | None = None) -> Any:
        return self.people(who).post(
            f"{ENTRIES}/{self.key}/acts/{event}", json={"reason": reason},
            headers={"If-Match": f'"{version or self.entry["version"]}"'},
        )  # fmt: skip

    def act(self, who: str, event: str, reason: str = "") -> Editing:
        answer = self.try_act(who, event, reason)
        assert answer.status_code == 200, answer.text
        self.entry = answer.json()
        return self

    def edit(self, who: str, **changes: Any) -> Any:
        answer = self.people(who).put(
            f"{ENTRIES}/{self.key}",
            json={**FORM, **changes},
            headers={"If-Match": f'"{self.entry["version"]}"'},
        )
        if answer.status_code == 200:
            self.entry = answer.json()
        return answer

    def published(self, **changes: Any) -> Editing:
        return self.create(**changes).act("desk", "submit").act("desk2", "publish")


@pytest.fixture
def editing(people: People) -> Editing:
    return Editing(people)


class TestTwoPeople:
    @pytest.mark.parametrize("event", ["publish", "reject"])
    def test_nobody_reviews_what_they_wrote_whatever_their_role(self, editing: Editing, event: str) -> None:
        for author in ("desk", "admin", "unit-rsj"):
            editing.create(author, question=f"{author}写的问题").act(author, "submit")
            refused = editing.try_act(author, event, "理由")
            assert refused.status_code == 403
            assert "两个人" in refused.json()["detail"]
            assert (
                editing.people("admin").get(f"{ENTRIES}/{editing.key}").json()["working"]["state"]
                == "in_review"
            )

    def test_a_draft_must_be_submitted_before_it_is_published(self, editing: Editing) -> None:
        assert editing.create().try_act("desk2", "publish").status_code == 409

    def test_both_names_stand_in_the_version(self, editing: Editing) -> None:
        version = editing.published().entry["published"]
        assert (version["author"], version["reviewer"]) == ("窗口甲", "窗口乙")

    def test_what_is_in_review_cannot_be_edited_until_it_is_rejected(self, editing: Editing) -> None:
        editing.create().act("desk", "submit")
        assert editing.edit("desk", answer="偷偷改").status_code == 409
        assert editing.try_act("desk2", "reject").status_code == 422
        editing.act("desk2", "reject", "依据写错了")
        assert editing.entry["working"]["note"] == "依据写错了"
        assert editing.edit("desk", answer="改好了").status_code == 200

    def test_a_unit_edits_and_reviews_its_own_entries_only(self, editing: Editing) -> None:
        refused = editing.people("unit-mzj").post(ENTRIES, json=FORM)
        assert refused.status_code == 403
        editing.create("unit-rsj").act("unit-rsj", "submit")
        assert editing.try_act("unit-mzj", "publish").status_code == 404
        editing.act("unit-rsj-b", "publish")
        assert editing.entry["published"]["reviewer"] == "人社承办人乙"

    def test_a_supervisor_reviews_but_does_not_write(self, editing: Editing) -> None:
        assert editing.people("supervisor").post(ENTRIES, json=FORM).status_code == 403
        editing.create().act("desk", "submit").act("supervisor", "publish")


class TestPublish:
    @pytest.mark.parametrize(
        ("missing", "field"),
        [({"basis": []}, "basis"), ({"review_due": None}, "review_due"), ({"topic": ""}, "topic")],
    )
    def test_needs_basis_validity_and_topic(
        self, editing: Editing, missing: dict[str, Any], field: str
    ) -> None:
        editing.create(**missing).act("desk", "submit")
        refused = editing.try_act("desk2", "publish")
        assert refused.status_code == 422
        assert field in refused.json()["errors"]

    def test_shows_in_answers_and_a_withdrawal_takes_it_away(self, editing: Editing, people: People) -> None:
        ask = {"question": FORM["question"]}

        def found() -> bool:
            return editing.key in [hit["key"] for hit in people().post(f"{API}/ask", json=ask).json()["hits"]]

        editing.published()
        people.wait_for(found, seconds=2)
        assert editing.try_act("desk", "withdraw").status_code == 422
        editing.act("desk", "withdraw", "政策已废止")
        people.wait_for(lambda: not found(), seconds=2)
        assert people().get(f"{API}/answers/{editing.key}").status_code == 404
        assert editing.entry["published"] is None
        listed = people("desk").get(ENTRIES, params={"state": "withdrawn"}).json()
        assert [(item["key"], item["question"]) for item in listed["items"]] == [
            (editing.key, FORM["question"])
        ]

    def test_the_published_version_stays_in_force_while_the_next_is_written(
        self, editing: Editing, people: People
    ) -> None:
        editing.published()
        people.wait_for(lambda: people().get(f"{API}/answers/{editing.key}").status_code == 200)
        editing.edit("desk", answer="草稿里的新答复")
        editing.act("desk", "submit")
        assert people().get(f"{API}/answers/{editing.key}").json()["answer"] == FORM["answer"]

    def test_every_version_is_kept_as_it_was_published(self, editing: Editing) -> None:
        editing.published()
        editing.edit("desk", answer="第二版")
        editing.act("desk", "submit").act("desk2", "publish")
        editing.edit("desk2", answer="第三版，没有发布")
        editing.act("desk2", "discard")
        versions = editing.people("desk").get(f"{ENTRIES}/{editing.key}/versions").json()
        assert [(v["number"], v["state"], v["answer"]) for v in versions] == [
            (3, "discarded", "第三版，没有发布"), (2, "published", "第二版"), (1, "superseded", FORM["answer"]),
        ]  # fmt: skip

    def test_is_dated_by_the_day_in_china(self, editing: Editing, at: Any, people: People) -> None:
        at("2026-03-02 07:30")
        editing.published()
        people.wait_for(lambda: people().get(f"{API}/answers/{editing.key}").status_code == 200)
        assert people().get(f"{API}/answers/{editing.key}").json()["published_on"] == "2026-03-02"


class TestContent:
    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"question": " "}, "question"), ({"question": "问" * 129}, "question"), ({"answer": ""}, "answer"),
            ({"answer": "答" * 8001}, "answer"), ({"unit": "nobody"}, "unit"), ({"phrasings": ["问" * 201]}, "phrasings"),
            ({"effective_from": "2026-07-01", "effective_to": "2026-06-30"}, "effective_to"),
        ],
    )  # fmt: skip
    def test_what_cannot_stand_is_refused_by_field(
        self, people: People, change: dict[str, Any], field: str
    ) -> None:
        refused = people("desk").post(ENTRIES, json={**FORM, **change})
        assert refused.status_code == 422
        assert field in refused.json()["errors"]

    def test_the_same_standard_question_twice_names_the_entry_that_has_it(self, people: People) -> None:
        refused = people("desk").post(ENTRIES, json={**FORM, "question": "失业保险金最长可以领取多少个月？"})
        assert refused.status_code == 409
        assert refused.json()["entry_key"] == "jobless-length"

    def test_repeated_phrasings_and_white_space_are_tidied(self, editing: Editing) -> None:
        editing.create(phrasings=["怎么 交", "怎么  交", "", FORM["question"], "自己交"])
        assert [p["text"] for p in editing.entry["working"]["phrasings"]] == ["怎么 交", "自己交"]


class TestLock:
    def test_of_two_who_saw_the_same_version_one_saves(self, editing: Editing) -> None:
        editing.published()
        barrier = threading.Barrier(2)
        editing.people("desk")
        editing.people("desk2")
        seen = editing.entry["version"]

        def save(who: str) -> int:
            barrier.wait()
            answer = editing.people(who).put(
                f"{ENTRIES}/{editing.key}", json={**FORM, "answer": who}, headers={"If-Match": f'"{seen}"'}
            )
            return int(answer.status_code)

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(save, ("desk", "desk2"))) == [200, 409]

    def test_a_review_of_what_has_changed_meanwhile_is_refused(self, editing: Editing) -> None:
        editing.create().act("desk", "submit")
        seen = editing.entry["version"]
        editing.act("desk2", "reject", "改一下")
        editing.edit("desk", answer="换了内容")
        editing.act("desk", "submit")
        assert editing.try_act("desk2", "publish", version=seen).status_code == 409


class TestList:
    def test_is_searched_filtered_and_counted(self, editing: Editing, people: People) -> None:
        editing.create()

        def total(query: str, who: str = "desk") -> int:
            return int(people(who).get(f"{ENTRIES}?{query}").json()["total"])

        assert total("") == 13
        assert total("state=draft") == 1
        assert total("state=published") == 12
        assert total("q=公积金") == 1
        assert total("unit=rsj") == 5
        assert total("topic=社会救助") == 2
        assert total("", "unit-mzj") == 2
        assert people("desk").get(f"{ENTRIES}?page={10**30}").status_code == 422

    def test_what_has_run_out_is_listed_as_expired(self, people: People, database: Database) -> None:
        with database.write() as session:
            entry = session.scalars(select(Entry).where(Entry.key == "paid-leave")).one()
            session.get_one(EntryVersion, entry.published_version_id).review_due = date(2020, 1, 1)
        found = people("desk").get(f"{ENTRIES}?state=expired").json()["items"]
        assert [item["key"] for item in found] == ["paid-leave"]


class TestQueryLog:
    def rows(self, app: FastAPI, database: Database) -> list[QueryLog]:
        app.state.query_log.flush()
        with database.read() as session:
            return list(session.scalars(select(QueryLog).order_by(QueryLog.at)))

    def test_every_question_is_kept_with_its_outcome(
        self, app: FastAPI, people: People, database: Database
    ) -> None:
        people().post(f"{API}/ask", json={"question": "失业金能拿多久"})
        people("kiosk").post(f"{API}/ask", json={"question": "火星移民怎么报名"})
        people("desk").post(f"{API}/ask", json={"question": ""})
        rows = self.rows(app, database)
        assert [row.channel for row in rows] == ["web", "kiosk", "window"]
        assert rows[0].outcome == "answered"
        assert rows[0].hits[0]["key"] == "jobless-length"
        assert rows[1].outcome in ("missed", "candidates")
        assert rows[2].outcome == "missed"

    def test_the_hit_test_leaves_none(self, app: FastAPI, people: People, database: Database) -> None:
        shown = people("desk").post(f"{API}/library/hit-test", json={"question": "失业金能拿多久"}).json()
        live = people("desk").post(f"{API}/ask", json={"question": "失业金能拿多久"}).json()
        assert len(self.rows(app, database)) == 1
        for field in ("decision", "confidence", "hits"):
            assert shown[field] == live[field]

    def test_a_choice_is_kept_at_once_after_the_question(
        self, app: FastAPI, people: People, database: Database
    ) -> None:
        for key, outcome in (("jobless-length", "chosen"), ("", "skipped")):
            trace = people().post(f"{API}/ask", json={"question": "失业金"}).json()["trace_id"]
            assert people().post(f"{API}/ask/{trace}/choice", json={"key": key}).status_code == 204
            assert next(row for row in self.rows(app, database) if row.id == trace).outcome == outcome

    def test_a_choice_of_nothing_known_is_refused(self, people: People) -> None:
        assert people().post(f"{API}/ask/nothing/choice", json={"key": ""}).status_code == 404
        trace = people().post(f"{API}/ask", json={"question": "失业金"}).json()["trace_id"]
        assert people().post(f"{API}/ask/{trace}/choice", json={"key": "gone"}).status_code == 404

    def test_chosen_questions_become_hot(self, people: People) -> None:
        for _ in range(3):
            trace = people().post(f"{API}/ask", json={"question": "房产证"}).json()["trace_id"]
            people().post(f"{API}/ask/{trace}/choice", json={"key": "property-title"})
        assert people().get(f"{API}/hot?limit=3").json()[0]["key"] == "property-title"

    def test_a_row_that_the_database_refuses_does_not_hold_up_the_others(
        self, database: Database, at: Any
    ) -> None:
        at("2026-03-02 09:00")
        from qa_service.kit import clock

        def row(id_: str, **changes: Any) -> dict[str, Any]:
            return {
                "id": id_, "at": clock.now(), "channel": "web", "zone_id": None, "question": "问", "decision": "refer",
                "confidence": 0.0, "outcome": "missed", "hits": [], "library_revision": 1, "milliseconds": 1.0, **changes,
            }  # fmt: skip

        log = QueryLogWriter(database)
        for item in (row("a"), row("b", zone_id=999_999), row("c")):
            log.add(item)
        log.flush()
        log.add(row("d"))
        log.flush()
        with database.read() as session:
            assert set(session.scalars(select(QueryLog.id))) == {"a", "c", "d"}


class TestCache:
    def test_a_repeated_question_is_answered_from_memory_and_logged_again(
        self, app: FastAPI, people: People, database: Database
    ) -> None:
        first, again = (people().post(f"{API}/ask", json={"question": "年假有几天"}).json() for _ in range(2))
        assert (first["cached"], again["cached"]) == (False, True)
        assert first["hits"] == again["hits"]
        assert first["trace_id"] != again["trace_id"]
        app.state.query_log.flush()
        with database.read() as session:
            assert len(session.scalars(select(QueryLog.id)).all()) == 2

    def test_a_publication_empties_it(self, people: People, editing: Editing) -> None:
        ask = {"question": "年假有几天"}
        people().post(f"{API}/ask", json=ask)
        assert people().post(f"{API}/ask", json=ask).json()["cached"]
        editing.published()
        people.wait_for(lambda: people().get(f"{API}/answers/{editing.key}").status_code == 200)
        assert not people().post(f"{API}/ask", json=ask).json()["cached"]

    def test_a_new_day_does_not_answer_from_yesterday(self, people: People, at: Any) -> None:
        at("2026-03-02 23:59")
        people().post(f"{API}/ask", json={"question": "年假有几天"})
        at("2026-03-03 00:00")
        assert not people().post(f"{API}/ask", json={"question": "年假有几天"}).json()["cached"]


class TestSuggest:
    @pytest.mark.parametrize("typed", ["失业保险", "shiyebaoxian", "sybx"])
    def test_chinese_pinyin_and_initials_are_completed(self, people: People, typed: str) -> None:
        found = people().get(f"{API}/suggest", params={"q": typed}).json()
        assert any("失业保险金" in item["text"] for item in found)

    def test_what_was_chosen_most_comes_first_within_a_minute(self, app: FastAPI, people: People) -> None:
        def offered() -> list[str]:
            return [item["key"] for item in people().get(f"{API}/suggest", params={"q": "怎样申请"}).json()]

        last = offered()[1]
        for _ in range(2):
            trace = people().post(f"{API}/ask", json={"question": "失业金"}).json()["trace_id"]
            people().post(f"{API}/ask/{trace}/choice", json={"key": last})
        app.state.index.count_heat()
        assert offered()[0] == last

    def test_what_is_no_longer_valid_is_not_offered(self, people: People, at: Any) -> None:
        assert people().get(f"{API}/suggest", params={"q": "失业保险金"}).json()
        at("2100-01-01 09:00")
        assert people().get(f"{API}/suggest", params={"q": "失业保险金"}).json() == []
