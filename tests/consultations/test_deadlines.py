"""The due date of a referral: five working days, as worked out by hand from the holiday notices."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fastapi import FastAPI
from support.cases import API, FakeTraces, Flow
from support.people import Actors, People

from qa_service.consultations import service
from qa_service.consultations.schemas import Registration
from qa_service.kit.database import Database
from qa_service.settings import Settings

At = Callable[[str], None]


# registered (China), due, official or provisional; DOMAIN §3.5
EXAMPLES = [
    ("2024-02-02 16:00", "2024-02-08", "official"),  # day 1 is Sunday 4 February, a make-up day
    ("2024-02-04 11:00", "2024-02-09", "official"),  # New Year's Eve 2024 was a working day
    ("2025-01-20 09:00", "2025-01-26", "official"),  # falls due on a Sunday that is worked
    ("2025-02-05 09:00", "2025-02-11", "official"),  # Saturday 8 February counts
    ("2025-12-31 16:00", "2026-01-08", "official"),  # Sunday 4 January is day 1
    ("2026-02-13 17:00", "2026-02-27", "official"),  # over the Spring Festival
    ("2026-02-14 10:00", "2026-02-28", "official"),  # received on a make-up Saturday, due on another
    ("2026-02-20 08:00", "2026-02-28", "official"),  # received in the holiday
    ("2026-04-30 11:00", "2026-05-11", "official"),
    ("2026-09-30 23:50", "2026-10-13", "official"),
    ("2026-12-10 09:00", "2026-12-17", "official"),
    ("2026-12-25 09:00", "2027-01-04", "provisional"),  # into a year whose notice is not out
]


class TestRefer:
    @pytest.mark.parametrize(("registered", "due", "status"), EXAMPLES)
    def test_is_due_on_the_fifth_working_day_after_registration(
        self, sqlite_database: Database, at: At, registered: str, due: str, status: str
    ) -> None:
        at(registered)
        with sqlite_database.write() as session:
            desk = Actors(sqlite_database)["desk"]
            done = service.register(
                session, desk, Registration(question="什么时候答复我", handling="refer"), FakeTraces()
            ).consultation
            assert str(done.case.due_on) == due
            assert done.case.due_status == status
            counted = [step["date"] for step in done.case.due_steps if step["counted"]]
            assert len(counted) == 5
            assert counted[-1] == due
            assert all(step["reason"] for step in done.case.due_steps)

    def test_shows_its_calculation_with_every_day_and_why_and_the_rule_it_rests_on(
        self, flow: Flow, at: At
    ) -> None:
        at("2026-02-13 17:00")
        deadline = flow.referred().read()["deadline"]
        by_day = {step["date"]: step for step in deadline["steps"]}
        assert by_day["2026-02-14"]["counted"] == 1
        assert "调休" in by_day["2026-02-14"]["reason"] or "补班" in by_day["2026-02-14"]["reason"]
        assert by_day["2026-02-17"]["counted"] is None
        assert "春节" in by_day["2026-02-17"]["reason"]
        assert "第十四条" in deadline["basis"]

    def test_counts_days_left_down_to_overdue_on_the_day_after(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.referred()
        seen = []
        for day in ("2026-03-02", "2026-03-06", "2026-03-07", "2026-03-09", "2026-03-10"):
            at(f"{day} 12:00")
            read = flow.read()
            seen.append((read["working_days_left"], read["overdue"]))
        assert [left for left, _ in seen[:4]] == [5, 1, 1, 0]
        assert [overdue for _, overdue in seen] == [False, False, False, False, True]

    def test_the_list_of_overdue_cases_has_exactly_those_past_their_day(self, people: People, at: At) -> None:
        at("2026-03-02 09:00")
        late = Flow(people).referred().number
        done = Flow(people).told().number
        at("2026-03-05 09:00")
        fresh = Flow(people).referred().number
        at("2026-03-10 09:00")
        overdue = [
            row["number"] for row in people("supervisor").get(f"{API}/consultations?overdue=true").json()
        ]
        assert overdue == [late]
        listed = [row["number"] for row in people("supervisor").get(f"{API}/consultations").json()]
        assert set(listed) == {late, done, fresh}


class TestClockNeverStartsAgain:
    def test_not_by_return_recall_or_reassignment(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.assigned("mzj")
        first = flow.read()["deadline"]
        for day, who, event, fields in (
            ("03", "desk", "recall", {"reason": "分错了"}), ("04", "desk", "assign", {"unit": "rsj"}),
            ("05", "unit-rsj", "sign", {}), ("06", "unit-rsj", "return", {"reason": "不属于我局职责"}),
            ("09", "supervisor", "assign", {"unit": "mzj", "designated": True}),
        ):  # fmt: skip
            at(f"2026-03-{day} 10:00")
            flow.act(who, event, **fields)
            now = flow.read()["deadline"]
            assert (now["started_on"], now["due_on"], now["steps"]) == (
                first["started_on"], first["due_on"], first["steps"],
            )  # fmt: skip

    def test_referred_days_after_registration_counts_from_registration(self, flow: Flow, at: At) -> None:
        at("2026-03-02 09:00")
        flow.register()
        at("2026-03-04 09:00")
        flow.act("desk", "refer")
        assert flow.read()["deadline"]["started_on"] == "2026-03-02"


class TestClockStartSetting:
    @pytest.mark.parametrize(
        ("setting", "started"),
        [
            ("earlier", "2026-03-02"),
            ("registered", "2026-03-02"),
            ("assigned", "2026-03-03"),
            ("signed", "2026-03-04"),
        ],
    )
    def test_each_reading_of_the_rule_starts_the_clock_where_it_says(
        self, app: FastAPI, settings: Settings, flow: Flow, at: At, setting: str, started: str
    ) -> None:
        app.state.settings = settings.model_copy(update={"consult_clock_start": setting})
        at("2026-03-02 09:00")
        flow.referred()
        at("2026-03-03 09:00")
        flow.act("desk", "assign", unit="rsj")
        at("2026-03-04 09:00")
        flow.act("unit-rsj", "sign")
        at("2026-03-05 09:00")
        flow.act("unit-rsj", "return", reason="不属于我局")
        flow.act("desk", "assign", unit="mzj")
        assert flow.read()["deadline"]["started_on"] == started


class TestCalendarYearChange:
    def test_a_case_registered_in_the_last_hour_of_the_year_belongs_to_that_year(
        self, flow: Flow, at: At
    ) -> None:
        at("2025-12-31 23:59")
        assert flow.register().number.startswith("QH01-ZX-20251231-0001")
        at("2026-01-01 00:00")
        assert flow.register().number.startswith("QH01-ZX-20260101-0001")
