"""签收期限 and 退回期限 follow the calendar: previewed, and moved as shown."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select, update
from support.calendars import LOCAL, At, enter_local, preview
from support.cases import Flow
from support.notices import NOTICE_2026
from support.office import Office
from support.people import People

from qa_service.accounts.roles import SYSTEM
from qa_service.calendars.service import recompute
from qa_service.cases.models import Case
from qa_service.consultations.models import Consultation
from qa_service.kit.database import Database


class TestStageDates:
    """签收期限 and 退回期限 move with the calendar as deadlines do."""

    DAY: dict[str, Any] = {  # noqa: RUF012
        "zone": "QH01", "first": "2026-12-25", "kind": "holiday", "name": "县庆", "document": "青政发〔2026〕3号",
    }  # fmt: skip

    @staticmethod
    def moves(before: list[dict[str, Any]], after: list[dict[str, Any]], column: str) -> list[dict[str, Any]]:
        """What really happened to `column`, in the form of the preview."""
        moved = Counter(
            (old[column], new[column])
            for old, new in zip(before, after, strict=True)
            if old[column] != new[column]
        )
        return [{"before": old, "after": new, "cases": n} for (old, new), n in sorted(moved.items())]

    @pytest.mark.parametrize("change", ["notice", "local"])
    def test_what_the_preview_says_is_what_happens(self, people: People, at: At, change: str) -> None:
        flows = [Flow(people) for _ in range(7)]
        at("2026-12-24 09:00")
        flows[0].assigned()
        flows[1].signed()
        flows[2].told()
        at("2026-12-25 09:00")
        flows[3].replied()
        flows[4].assigned().act_and_leave("unit-rsj", "return", reason="不属于本单位职责")
        flows[5].referred()
        at("2026-12-28 09:00")
        flows[6].assigned("mzj")
        before = [flow.read() for flow in flows]
        if change == "notice":
            shown = preview(people)
            preview(people, token=shown["token"])
        else:
            shown = enter_local(people, **self.DAY)
        after = [flow.read() for flow in flows]
        stages = {stage["stage"]: stage for stage in shown["stages"]}
        assert shown["moves"] == self.moves(before, after, "due_on") != []
        for column in ("sign_due_on", "return_until"):
            found = self.moves(before, after, column)
            assert stages[column]["moves"] == found
            assert stages[column]["earlier"] == sum(m["cases"] for m in found if m["after"] < m["before"])
            assert stages[column]["later"] == sum(m["cases"] for m in found if m["after"] > m["before"])
        assert any(stages[column]["moves"] for column in stages)
        assert (stages["sign_due_on"]["open_cases"], stages["return_until"]["open_cases"]) == (2, 4)
        for flow, old, new in zip(flows, before, after, strict=True):
            moved = [column for column in ("sign_due_on", "return_until") if old[column] != new[column]]
            told = [event for event in new["events"] if event["event"] == "recompute_stage"]
            assert len(told) == bool(moved), (flow.number, moved)
            for column in moved:
                assert f"{'签收' if column == 'sign_due_on' else '退回'}期限由" in told[0]["sentence"]
        again = preview(people) if change == "notice" else preview(people, NOTICE_2026)
        assert [stage["moves"] for stage in again["stages"]] == [[], []]

    def test_earlier_later_and_past_at_once(self, people: People, at: At) -> None:
        at("2026-12-24 09:00")
        flow = Flow(people).assigned()
        later = {stage["name"]: stage for stage in enter_local(people, **self.DAY)["stages"]}
        assert later["签收期限"]["moves"] == [{"before": "2026-12-25", "after": "2026-12-28", "cases": 1}]
        assert later["退回期限"]["moves"] == [{"before": "2026-12-28", "after": "2026-12-29", "cases": 1}]
        assert (later["签收期限"]["earlier"], later["签收期限"]["later"]) == (0, 1)
        at("2026-12-28 09:00")
        worked = {**self.DAY, "first": "2026-12-26", "kind": "workday", "name": "县庆调休"}
        earlier = {stage["name"]: stage for stage in enter_local(people, **worked)["stages"]}
        assert (earlier["签收期限"]["earlier"], earlier["签收期限"]["past_at_once"]) == (1, 1)
        assert (earlier["退回期限"]["earlier"], earlier["退回期限"]["past_at_once"]) == (1, 0)
        assert (flow.read()["sign_due_on"], flow.read()["return_until"]) == ("2026-12-26", "2026-12-28")

    def test_a_reply_under_review_keeps_its_day_of_return_up_to_date(self, people: People, at: At) -> None:
        """It may be sent back for correction, and the unit may then return the case after all."""
        at("2026-12-24 09:00")
        flow = Flow(people).replied()
        enter_local(people, **self.DAY)
        assert flow.read()["return_until"] == "2026-12-29"

    def test_is_refused_where_other_stage_dates_would_move_than_shown(
        self, flow: Flow, people: People, at: At
    ) -> None:
        at("2026-12-24 09:00")
        flow.assigned()
        shown = people("admin").post(LOCAL, json=self.DAY).json()
        flow.act("unit-rsj", "sign")
        refused = people("admin").post(LOCAL, json={**self.DAY, "token": shown["token"]})
        assert refused.status_code == 409
        assert flow.read()["sign_due_on"] == "2026-12-25"

    def test_the_page_shows_them_before_and_after(self, people: People, at: At) -> None:
        at("2026-12-24 09:00")
        Flow(people).assigned()
        html = {"accept": "text/html"}
        shown = people("admin").post("/admin/calendar/local", data=self.DAY, headers=html)
        assert "签收期限推后<b>1</b>" in shown.text and "退回期限推后<b>1</b>" in shown.text
        assert "现在的签收期限" in shown.text and "2026年12月28日" in shown.text
        token = re.findall(r'name="token" value="([0-9a-f]+)"', shown.text)[0]
        saved = people("admin").post("/admin/calendar/local", data={**self.DAY, "token": token}, headers=html)
        done = people("admin").get(saved.headers["location"], headers=html).text
        assert "签收期限提前0件，推后1件" in done and "退回期限提前0件，推后1件" in done

    def test_of_a_deadline_that_stays_the_unit_still_learns_that_they_moved(
        self, people: People, database: Database, at: At
    ) -> None:
        """A stage date left wrong by a restored backup is put right; one message says so."""
        at("2026-12-24 09:00")
        worked = {**self.DAY, "first": "2026-12-26", "kind": "workday", "name": "县庆调休"}
        enter_local(people, **worked)
        flow = Flow(people).assigned()
        due = flow.read()["due_on"]
        office = Office(database)
        office.told()
        with database.write() as session:
            session.execute(
                update(Consultation).values(return_until=date(2026, 12, 28))
                .where(Consultation.case_id.in_(select(Case.id).where(Case.number == flow.number)))
            )  # fmt: skip
        with database.write() as session:
            recompute(session, SYSTEM)
        assert (flow.read()["due_on"], flow.read()["return_until"]) == (due, "2026-12-26")
        assert ("unit-rsj", "签收、退回期限重新计算") in office.told()
