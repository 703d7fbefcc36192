"""Deadlines with pauses, and dates that were wrong, counted anew."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import update
from support.calendars import CALENDAR, At, enter, recomputed
from support.cases import API, Flow
from support.people import Actors, People

from qa_service.accounts.roles import SYSTEM
from qa_service.calendars.service import recompute
from qa_service.cases import history, rounds
from qa_service.cases import service as cases
from qa_service.cases.models import Case
from qa_service.consultations import repository
from qa_service.consultations.checks import check_due_dates
from qa_service.errors import NotAllowedNow
from qa_service.kit.database import Database
from qa_service.kit.findings import Check
from qa_service.workdays.calendar_file import read_calendar
from qa_service.workdays.due import Pause
from qa_service.workdays.due_command import as_object, find_due
from qa_service.zones.calendar import load_calendars, load_limit


def wrong_dates(database: Database) -> list[str]:
    """What the doctor finds wrong with due dates."""
    check = Check("due", "截止日")
    with database.read() as session:
        check_due_dates(session, check)
    return [f"{found.code} {found.subject}" for found in check.findings]


class TestPauses:
    """征求第三方意见 stops a clock (《政府信息公开条例》第三十三条); no consultation is paused yet by any act, so these
    pauses are stored as an application's act will store them."""

    ASKED = Pause(date(2026, 3, 3), date(2026, 3, 5), "征求第三方意见")

    def pause(self, flow: Flow, database: Database, actors: Actors, pause: Pause) -> None:
        with database.write() as session:
            row = repository.get_readable(session, actors["admin"], flow.number)
            case, calendar = row.case, load_calendars(session).of(row.case.zone_id)
            with history.one_act(session, case.id):
                limit = load_limit(session, str(rounds.present(case).limit_code))
                cases.pause_clock(session, case, limit, pause, calendar)
                cases.note(session, case, actors["admin"], "pause", "暂停计算期限。", data={})

    def test_are_shown_on_the_page_in_print_and_by_the_interface_as_the_command_counts_them(
        self, flow: Flow, people: People, database: Database, actors: Actors, at: At
    ) -> None:
        at("2026-03-02 09:00")
        flow.referred()
        self.pause(flow, database, actors, self.ASKED)
        deadline = flow.read()["deadline"]
        assert (deadline["started_on"], deadline["due_on"]) == ("2026-03-02", "2026-03-11")
        assert deadline["rule"].startswith("5个工作日，起算当日不计入") and "第十四条" in deadline["basis"]
        assert deadline["pauses"] == [
            {"after": "2026-03-03", "through": "2026-03-05", "reason": "征求第三方意见", "days_skipped": 2}
        ]
        page = people("desk").get(f"/case/{flow.number}", headers={"accept": "text/html"}).text
        printed = page[page.index("due-printed") :]
        for shown in (page[: page.index("due-printed")], printed):
            assert "3月3日次日至3月5日，征求第三方意见，2日不计入" in shown
            assert shown.count("征求第三方意见，暂停不计") == 2
            assert "5个工作日，起算当日不计入" in shown and "第十四条" in shown
        typed = "2026-03-03/2026-03-05/征求第三方意见"
        command = find_due("2026-03-02", 5, "workday", read_calendar(CALENDAR), [typed])
        api = people().get(f"{API}/due", params={"received": "2026-03-02", "days": 5, "pause": typed}).json()
        assert as_object(command)["steps"] == api["steps"]
        assert api["due"] == deadline["due_on"] == str(command.due)
        stored = [{key: step[key] for key in ("date", "counted", "reason")} for step in deadline["steps"]]
        assert stored == api["steps"]

    def test_the_interface_refuses_a_pause_that_cannot_be(self, people: People) -> None:
        asked = {"received": "2026-03-02", "days": 5}
        for pause, said in (("2026-03-05/2026-03-03", "早于开始日"), ("昨天", "发出日/收到日/事由")):
            answer = people().get(f"{API}/due", params={**asked, "pause": pause})
            assert answer.status_code == 422 and said in answer.json()["detail"]

    def test_the_same_pause_goes_on_and_another_is_added(
        self, flow: Flow, database: Database, actors: Actors, at: At
    ) -> None:
        at("2026-03-02 09:00")
        flow.referred()
        self.pause(flow, database, actors, self.ASKED)
        self.pause(flow, database, actors, Pause(date(2026, 3, 3), date(2026, 3, 6), "征求第三方意见"))
        self.pause(flow, database, actors, Pause(date(2026, 3, 9), date(2026, 3, 10), "听证"))
        deadline = flow.read()["deadline"]
        assert [pause["through"] for pause in deadline["pauses"]] == ["2026-03-06", "2026-03-10"]
        # 3 March counts; 4, 5 and 6 do not; 9 counts; 10 does not; 11, 12, 13 count.
        assert deadline["due_on"] == "2026-03-13"
        assert wrong_dates(database) == []

    def test_of_a_later_round_leaves_the_first_as_it_was(
        self, flow: Flow, people: People, database: Database, actors: Actors, at: At
    ) -> None:
        at("2026-03-02 09:00")
        flow.told().act("desk", "redo", reason="没有答到点上")
        self.pause(flow, database, actors, self.ASKED)
        read = flow.read()
        assert [row["due_on"] for row in read["rounds"]] == ["2026-03-09", "2026-03-11"]
        assert read["deadline"]["pauses"][0]["days_skipped"] == 2
        assert wrong_dates(database) == []


class TestRecomputing:
    def test_puts_right_what_was_wrong_and_only_that(
        self, people: People, database: Database, at: At
    ) -> None:
        at("2026-03-02 09:00")
        wrong, right = Flow(people).referred(), Flow(people).referred()
        with database.write() as session:
            session.execute(
                update(Case).where(Case.number == wrong.number).values(due_on=date(2026, 3, 20), version=Case.version)
            )  # fmt: skip
        told: list[tuple[str, int, int]] = []
        with database.write() as session:
            plan = recompute(session, SYSTEM, lambda *step: told.append(step)).plan
        assert (plan.open, plan.earlier, plan.told) == (2, 1, 1)
        assert told == [("recompute", 1, 1)]
        assert wrong.read()["due_on"] == "2026-03-09"
        assert (len(recomputed(wrong)), len(recomputed(right))) == (1, 0)

    def test_keeps_the_pauses_of_a_case(
        self, flow: Flow, people: People, database: Database, actors: Actors, at: At
    ) -> None:
        at("2026-12-24 09:00")
        flow.referred()
        pause = Pause(date(2026, 12, 25), date(2026, 12, 29), "征求第三方意见")
        with database.write() as session:
            case = repository.get_readable(session, actors["admin"], flow.number).case
            calendar = load_calendars(session).of(case.zone_id)
            cases.pause_clock(session, case, load_limit(session, "consultation_reply"), pause, calendar)
        paused = flow.read()["deadline"]
        assert paused["due_on"] == "2027-01-05"
        assert paused["pauses"] == [
            {"after": "2026-12-25", "through": "2026-12-29", "reason": "征求第三方意见", "days_skipped": 2}
        ]
        enter(people)
        again = flow.read()["deadline"]
        # 25 counts; 26, 28 and 29 are paused; 30; 4, 5 and 6 January.
        assert (again["due_on"], again["pauses"][0]["days_skipped"]) == ("2027-01-06", 3)
        assert any("征求第三方意见，暂停不计" in step["reason"] for step in again["steps"])

    def test_a_clock_that_does_not_run_cannot_be_paused(
        self, flow: Flow, database: Database, actors: Actors, at: At
    ) -> None:
        at("2026-03-02 09:00")
        flow.told()
        with database.write() as session, pytest.raises(NotAllowedNow):
            case = repository.get_readable(session, actors["admin"], flow.number).case
            pause = Pause(date(2026, 3, 3), date(2026, 3, 4), "征求意见")
            calendar = load_calendars(session).national
            cases.pause_clock(session, case, load_limit(session, "consultation_reply"), pause, calendar)
