"""DOMAIN §7.1, assertions 1–7 (规范 第十三条至第十九条), each by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import select, update
from support.cases import API, REPLY, Flow
from support.people import People

from qa_service.cases.models import Case
from qa_service.consultations.models import Consultation
from qa_service.kit.database import Database
from qa_service.library.models import Entry, EntryVersion, LibraryRevision, QueryLog

At = Callable[[str], None]
QUIET_REVISION = update(LibraryRevision).values(value=LibraryRevision.value + 1000)


class TestAssertion1SearchComesBeforeReferral:
    def test_a_referral_without_a_search_gets_one_made_and_kept(self, flow: Flow, database: Database) -> None:
        flow.referred()
        with database.read() as session:
            consultation = session.scalars(select(Consultation)).one()
            trace = session.get_one(QueryLog, consultation.trace_id)
        assert trace.question == consultation.question
        assert trace.outcome == "referred"

    def test_the_search_that_was_made_is_the_one_that_is_kept(
        self, flow: Flow, people: People, database: Database
    ) -> None:
        asked = (
            people("desk").post(f"{API}/ask", json={"question": "外地退休的老师傅在本地住院怎么报销"}).json()
        )
        flow.referred(trace_id=asked["trace_id"])
        with database.read() as session:
            assert session.scalars(select(Consultation.trace_id)).one() == asked["trace_id"]
            assert len(session.scalars(select(QueryLog.id)).all()) == 1

    def test_an_empty_library_leaves_a_record_of_no_hits(
        self, flow: Flow, people: People, database: Database
    ) -> None:
        with database.read() as session:
            keys = list(session.scalars(select(Entry.key)))
        for key in keys:
            answer = people("admin").post(
                f"{API}/library/entries/{key}/acts/withdraw",
                json={"reason": "清空"},
                headers={"If-Match": '"1"'},
            )
            if answer.status_code == 409:
                seen = answer.json()["current_version"]
                answer = people("admin").post(
                    f"{API}/library/entries/{key}/acts/withdraw", json={"reason": "清空"},
                    headers={"If-Match": f'"{seen}"'},
                )  # fmt: skip
            assert answer.status_code == 200, answer.text
        people.wait_for(lambda: people().get(f"{API}/hot").json() == [])
        flow.referred()
        with database.read() as session:
            trace = session.scalars(select(QueryLog)).one()
        assert (trace.hits, trace.decision) == ([], "refer")


class TestAssertion2AnsweredMeansAnsweredByTheMakerOfThePolicy:
    def test_an_answered_case_names_who_which_unit_what_how_and_when(
        self, flow: Flow, database: Database
    ) -> None:
        flow.told()
        with database.read() as session:
            done = session.scalars(select(Consultation)).one()
            assert done.replied_by == "人社承办人甲"
            assert done.reply_unit_id == done.case.holder_unit_id
            assert done.reply_text == REPLY["text"]
            assert done.told_how == "phone"
            assert done.told_at is not None

    @pytest.mark.parametrize("missing", ["text", "basis"])
    def test_a_reply_without_text_or_basis_is_refused(self, flow: Flow, missing: str) -> None:
        flow.signed()
        refused = flow.try_act("unit-rsj", "reply", **{k: v for k, v in REPLY.items() if k != missing})
        assert refused.status_code == 422
        assert missing in refused.json()["errors"]
        assert flow.read()["state"] == "in_progress"

    def test_telling_needs_the_way_it_was_told(self, flow: Flow) -> None:
        flow.replied()
        assert flow.try_act("unit-rsj", "tell").status_code == 422
        assert flow.read()["state"] == "replied"

    def test_another_unit_cannot_reply(self, flow: Flow) -> None:
        flow.signed()
        assert flow.try_act("unit-mzj", "reply", **REPLY).status_code == 404
        assert flow.read()["state"] == "in_progress"

    def test_the_desk_cannot_reply_for_the_unit(self, flow: Flow) -> None:
        flow.signed()
        refused = flow.try_act("desk", "reply", **REPLY)
        assert refused.status_code == 403
        assert "政策制定单位" in refused.json()["detail"]


class TestAssertion3KeptOrBrokenByTheFirstAnswerAgainstTheFifthWorkingDay:
    def test_told_on_the_due_date_is_in_time(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.replied()
        at("2026-03-09 23:59")
        flow.act("unit-rsj", "tell", how="phone")
        at("2026-04-01 09:00")
        assert flow.read()["deadline"]["overdue"] is False

    def test_told_the_day_after_is_late_for_ever(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.replied()
        at("2026-03-10 00:00")
        flow.act("unit-rsj", "tell", how="phone")
        for later in ("2026-03-10 08:00", "2027-03-10 08:00"):
            at(later)
            assert flow.read()["deadline"]["overdue"] is True

    def test_a_second_round_leaves_the_first_as_it_was(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.told()
        at("2026-03-20 09:00")
        flow.act("desk", "redo", reason="没有说清楚材料")
        at("2026-04-20 09:00")
        flow.act("unit-rsj", "reply", **REPLY)
        first, second = flow.act("unit-rsj", "tell", how="phone")["rounds"]
        assert (first["due_on"], first["met_on"], first["in_time"]) == ("2026-03-09", "2026-03-02", True)
        assert (second["due_on"], second["met_on"], second["in_time"]) == ("2026-03-27", "2026-04-20", False)

    def test_no_request_can_change_when_it_was_registered(self, people: People) -> None:
        for field in ("registered_at", "due_on", "clock_started_on"):
            refused = people("desk").post(
                f"{API}/consultations", json={"question": "问", field: "2020-01-01"}
            )
            assert refused.status_code == 422


class TestAssertion4TellingOnlyTheZoneIsNotAnAnswer:
    def test_a_reply_that_waits_to_be_told_is_still_in_progress(self, flow: Flow) -> None:
        flow.replied()
        assert flow.read()["official_state"] == "办理中"
        assert flow.read()["deadline"]["met_on"] is None

    def test_it_becomes_overdue_like_any_other(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.replied()
        at("2026-03-10 09:00")
        assert flow.read()["overdue"] is True

    def test_the_citizen_reading_it_by_query_code_is_told_by_that(self, flow: Flow, people: People) -> None:
        flow.referred(contact="13800138000", unit="rsj")
        flow.act("unit-rsj", "sign")
        flow.act("unit-rsj", "reply", **REPLY)
        seen = people().post(f"{API}/progress", json={"code": flow.code, "phone4": "8000"}).json()
        assert (seen["state"], seen["answer"]) == ("已答复", REPLY["text"])
        assert flow.read()["told_how"] == "code"
        assert flow.read()["deadline"]["met_on"] is not None


class TestAssertion5GuidedCasesAreOutsideTheLimit:
    def test_a_guided_case_has_no_deadline(self, flow: Flow) -> None:
        flow.register(handling="guide", fields={"guided_to": "县税务局", "guided_contact": "12366"})
        assert flow.read()["outcome"] == "guided"
        assert flow.read()["deadline"] is None

    @pytest.mark.parametrize(
        ("event", "fields"),
        [
            ("guide", {"guided_to": "县税务局", "guided_contact": "12366"}),
            ("channel_disclosure", {}), ("channel_complaint", {}), ("void", {"reason": "重复登记"}),
        ],
    )  # fmt: skip
    def test_a_case_that_goes_another_way_after_referral_is_never_overdue(
        self, flow: Flow, people: People, at: At, event: str, fields: dict[str, str]
    ) -> None:
        at("2026-03-02 09:00")
        flow.referred()
        flow.act("desk", event, **fields)
        at("2026-06-01 09:00")
        assert flow.read()["overdue"] is False
        assert flow.read()["deadline"]["overdue"] is False
        assert flow.read()["working_days_left"] is None
        assert people("admin").get(f"{API}/consultations?overdue=true").json() == []
        shown = people().post(f"{API}/progress", json={"code": flow.code}).json()
        assert shown["overdue"] is False

    def test_an_answer_on_the_spot_is_an_outcome_of_its_own(self, flow: Flow) -> None:
        flow.register(handling="answer", fields={"entry": "jobless-length"})
        read = flow.read()
        assert (read["outcome"], read["official_state"], read["deadline"]) == (
            "answered_on_spot",
            "已答复",
            None,
        )


class TestAssertion6OnlyValidEntriesAnswer:
    @pytest.mark.parametrize(
        ("dates", "on", "answered"),
        [
            ({"effective_to": "2026-06-30"}, "2026-06-30 23:59", True),
            ({"effective_to": "2026-06-30"}, "2026-07-01 00:00", False),
            ({"effective_from": "2026-06-30"}, "2026-06-29 23:59", False),
            ({"effective_from": "2026-06-30"}, "2026-06-30 00:00", True),
            ({"review_due": "2026-06-30"}, "2026-06-30 23:59", True),
            ({"review_due": "2026-06-30"}, "2026-07-01 00:00", False),
        ],
    )  # fmt: skip
    def test_the_last_and_the_first_day_count(
        self,
        people: People,
        database: Database,
        flow: Flow,
        at: At,
        dates: dict[str, str],
        on: str,
        answered: bool,
    ) -> None:
        with database.write() as session:
            entry = session.scalars(select(Entry).where(Entry.key == "jobless-length")).one()
            version = session.get_one(EntryVersion, entry.published_version_id)
            for name, value in dates.items():
                setattr(version, name, date.fromisoformat(value))
            entry.revision += 1000
            session.execute(QUIET_REVISION)
        at(on)
        people.wait_for(lambda: people().get("/health").json()["status"] == "ok")
        asked = people().post(f"{API}/ask", json={"question": "失业金能拿多久"}).json()
        assert ("jobless-length" in [hit["key"] for hit in asked["hits"]]) is answered
        assert ("jobless-length" in [hidden["key"] for hidden in asked["suppressed"]]) is not answered
        assert people().get(f"{API}/answers/jobless-length").status_code == (200 if answered else 404)
        registered = people("desk").post(
            f"{API}/consultations",
            json={"question": "失业金能拿多久", "handling": "answer", "fields": {"entry": "jobless-length"}},
        )
        assert registered.status_code == (201 if answered else 409)


class TestAssertion7WhatWasAnsweredStaysAsItWas:
    def test_a_later_version_does_not_change_what_the_citizen_was_given(
        self, flow: Flow, people: People, database: Database
    ) -> None:
        flow.register(handling="answer", fields={"entry": "jobless-length"})
        given = flow.read()["answer"]
        people.revise("jobless-length", answer="最长改为三十六个月。")
        people.wait_for(
            lambda: (
                people().post(f"{API}/ask", json={"question": "失业金能拿多久"}).json()["hits"][0]["answer"]
                != given
            )
        )
        assert flow.read()["answer"] == given
        assert "三十六" not in people().post(f"{API}/progress", json={"code": flow.code}).json()["answer"]
        with database.read() as session:
            numbers = session.execute(select(EntryVersion.number, EntryVersion.state).join(
                Entry, Entry.id == EntryVersion.entry_id).where(Entry.key == "jobless-length")).all()  # fmt: skip
        assert sorted(numbers) == [(1, "superseded"), (2, "published")]

    def test_the_first_reply_is_kept_when_it_is_done_again(self, flow: Flow, database: Database) -> None:
        flow.told().act("desk", "redo", reason="答非所问")
        flow.act("unit-rsj", "reply", text="重新答复：请到一楼社保专区办理。", basis="《社会保险法》第三十条")
        with database.read() as session:
            case = session.scalars(select(Case)).one()
            kept = [event.data for event in case.events]
        assert any(data.get("previous_reply") == REPLY["text"] for data in kept)
        assert any(data.get("text") == "重新答复：请到一楼社保专区办理。" for data in kept)
