"""Changing the calendar: previewed, confirmed, and every open deadline counted anew with one event."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from support.cases import API, Flow
from support.notices import NOTICE_2026, NOTICE_2027
from support.office import Office
from support.people import Actors, People

from qa_service.accounts.roles import SYSTEM
from qa_service.calendars.service import recompute
from qa_service.cases import history, rounds
from qa_service.cases import service as cases
from qa_service.cases.models import Case, CaseEvent
from qa_service.consultations import repository
from qa_service.consultations.checks import check_due_dates
from qa_service.consultations.models import Consultation
from qa_service.errors import NotAllowedNow
from qa_service.kit.database import Database
from qa_service.kit.findings import Check
from qa_service.workdays.calendar import CalendarDay
from qa_service.workdays.calendar_file import read_calendar
from qa_service.workdays.due import Pause
from qa_service.workdays.due_command import as_object, find_due
from qa_service.workdays.notice_text import parse_notice
from qa_service.zones.calendar import load_calendars, load_limit

At = Callable[[str], None]
CALENDAR = Path(__file__).resolve().parents[2] / "corpus" / "zone" / "calendar.csv"
NOTICE = f"{API}/calendar/notice"
LOCAL = f"{API}/calendar/local"


def preview(people: People, content: str = NOTICE_2027, **more: Any) -> dict[str, Any]:
    answer = people("admin").post(NOTICE, json={"content": content, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def enter(people: People, content: str = NOTICE_2027) -> dict[str, Any]:
    return preview(people, content, token=preview(people, content)["token"])


def enter_local(people: People, **day: Any) -> dict[str, Any]:
    """The local decision previewed; then entered, and the preview returned."""
    shown = people("admin").post(LOCAL, json=day)
    assert shown.status_code == 200, shown.text
    done = people("admin").post(LOCAL, json={**day, "token": shown.json()["token"]})
    assert done.status_code == 200, done.text
    return dict(shown.json())


def recomputed(flow: Flow) -> list[dict[str, Any]]:
    return [event for event in flow.read()["events"] if event["event"] == "recompute"]


class TestPreview:
    def test_says_which_days_change_and_what_becomes_of_the_deadlines(self, people: People, at: At) -> None:
        at("2026-12-24 09:00")
        earlier, later = Flow(people).referred(), Flow(people)
        at("2026-12-28 09:00")
        later.referred()
        found = preview(people)
        assert not found["saved"] and found["title"] == "2027年放假安排"
        assert "国办发明电〔2026〕99号" in found["document"]
        days = {day["date"]: day for day in found["days"]}
        assert days["2026-12-26"]["moves"] and days["2026-12-26"]["after"] == "周六，调休上班"
        assert days["2026-12-31"]["after"] == "周四，元旦放假"
        assert (found["open_cases"], found["earlier"], found["later"]) == (2, 1, 1)
        assert found["moves"] == [
            {"before": "2026-12-31", "after": "2026-12-30", "cases": 1},
            {"before": "2027-01-05", "after": "2027-01-06", "cases": 1},
        ]
        assert earlier.read()["due_on"] == "2026-12-31", "a preview changes nothing"
        assert recomputed(earlier) == [] and recomputed(later) == []

    def test_a_later_notice_for_one_festival_leaves_the_others(
        self, flow: Flow, people: People, at: At
    ) -> None:
        at("2026-09-28 09:00")
        flow.referred()
        assert flow.read()["due_on"] == "2026-10-10"
        more = {
            "content": "国庆节：10月1日至8日放假调休，共8天。9月20日、10月10日、10月17日上班。",
            "year": 2026,
            "source": "国办发明电〔2026〕77号",
        }
        found = preview(people, **more)
        assert found["document"] == "国办发明电〔2026〕77号"
        assert [day["date"] for day in found["days"] if day["moves"]] == ["2026-10-08", "2026-10-17"]
        preview(people, **more, token=found["token"])
        assert flow.read()["due_on"] == "2026-10-12"

    def test_names_every_problem_of_the_text(self, people: People) -> None:
        spoilt = NOTICE_2027.replace("共4天", "共3天").replace("6月9日（周三）", "6月9日（周四）")
        answer = people("admin").post(NOTICE, json={"content": spoilt})
        assert answer.status_code == 422
        assert len(answer.json()["problems"]) == 2 and "共3天" in answer.json()["problems"][0]

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            ("", "还没有内容"),
            (NOTICE_2027.replace("2027", "2029").replace("2026", "2028"), "不是周"),
            ('[{"date": "2028-01-01", "kind": "holiday", "name": "元旦", "source": "x"}]', "请先录入2027年的通知"),
            ("date,kind,name,source\n2027-02-05,holiday,春节,通知\n", "没有任何一年的元旦放假"),
            ("[1", "不是有效的 JSON"),
        ],
    )  # fmt: skip
    def test_refuses_what_cannot_be_entered(self, people: People, content: str, said: str) -> None:
        answer = people("admin").post(NOTICE, json={"content": content})
        assert answer.status_code == 422
        assert said in answer.text and answer.json()["remedy"]


class TestConfirm:
    def test_moves_open_deadlines_with_one_event_each(self, flow: Flow, people: People, at: At) -> None:
        at("2026-12-24 09:00")
        flow.assigned()
        before = flow.read()
        at("2026-12-25 10:00")
        assert enter(people)["saved"]
        after = flow.read()
        assert (after["due_on"], after["deadline"]["status"]) == ("2026-12-30", "official")
        assert after["deadline"]["started_on"] == "2026-12-24" and after["state"] == before["state"]
        assert [run["first"] for run in after["deadline"]["makeup_days"]] == ["2026-12-26"]
        (event,) = recomputed(flow)
        assert event["sentence"] == (
            "按《国务院办公厅关于2027年部分节假日安排的通知》（国办发明电〔2026〕99号），"
            "答复期限由2026年12月31日（周四）（暂定）调整为2026年12月30日（周三）。"
        )
        assert event["audience"] == "public" and event["actor"] == "系统管理员"
        for who in ("unit-rsj", "desk", "supervisor"):
            assert event["sentence"] in [e["sentence"] for e in flow.read(who)["events"]]
        seen = people().post(f"{API}/progress", json={"code": flow.code}).json()
        assert seen["due_on"] == "2026-12-30" and event["sentence"] in [e["sentence"] for e in seen["events"]]

    def test_an_act_begun_before_is_not_refused_for_it(self, flow: Flow, people: People, at: At) -> None:
        at("2026-12-24 09:00")
        flow.assigned()
        seen = flow.read()["version"]
        enter(people)
        assert flow.try_act("unit-rsj", "sign", version=seen).status_code == 200

    def test_a_date_that_stays_becomes_official(self, flow: Flow, people: People, at: At) -> None:
        at("2026-12-18 09:00")
        flow.referred()
        assert flow.read()["deadline"]["status"] == "provisional"
        enter(people)
        assert flow.read()["deadline"]["status"] == "official"
        (event,) = recomputed(flow)
        assert event["sentence"].endswith("重新计算后答复期限不变，确定为2026年12月25日（周五）。")

    def test_twice_changes_nothing_more(self, flow: Flow, people: People, at: At) -> None:
        at("2026-12-24 09:00")
        flow.referred()
        enter(people)
        again = enter(people)
        assert (again["days"], again["earlier"], again["later"], again["settled"]) == ([], 0, 0, 0)
        assert len(recomputed(flow)) == 1

    def test_closed_met_and_guided_cases_are_never_touched(
        self, people: People, database: Database, at: At
    ) -> None:
        at("2026-12-24 09:00")
        told, guided, void, closed = Flow(people).told(), Flow(people), Flow(people), Flow(people).told()
        guided.referred().act("desk", "guide", guided_to="税务局", guided_contact="12366")
        void.referred().act("desk", "void", reason="重复登记")
        closed.act("desk", "close", library_decision="none", reason="个别情况")
        numbers = [flow.number for flow in (told, guided, void, closed)]
        kept = self._rows(database, numbers)
        open_one = Flow(people).referred()
        assert enter(people)["open_cases"] == 1
        assert self._rows(database, numbers) == kept
        assert all(row["due_on"] == date(2026, 12, 31) for row in kept)
        assert len(recomputed(open_one)) == 1

    def test_of_a_redone_case_the_round_that_runs_moves_and_the_one_that_is_over_stays(
        self, flow: Flow, people: People, at: At
    ) -> None:
        at("2026-12-24 09:00")
        flow.told().act("desk", "redo", reason="没有答到点上")
        enter(people)
        read = flow.read()
        first, second = read["rounds"]
        assert (first["due_on"], first["in_time"]) == ("2026-12-31", True)
        assert second["due_on"] == read["due_on"] == "2026-12-30" and len(recomputed(flow)) == 1

    @staticmethod
    def _rows(database: Database, numbers: list[str]) -> list[dict[str, Any]]:
        with database.read() as session:
            held = session.execute(select(Case.__table__).where(Case.number.in_(numbers)).order_by(Case.id))
            rows = [dict(row._mapping) for row in held]
            for row in rows:
                row["events"] = session.scalar(
                    select(func.count()).select_from(CaseEvent).where(CaseEvent.case_id == row["id"])
                )
            return rows

    def test_is_refused_where_the_calendar_changed_since_the_preview(self, people: People) -> None:
        token = preview(people)["token"]
        day = {
            "zone": "QH01",
            "first": "2026-11-30",
            "kind": "holiday",
            "name": "县庆",
            "document": "青政发〔2026〕3号",
        }
        shown = people("admin").post(LOCAL, json=day).json()["token"]
        assert people("admin").post(LOCAL, json={**day, "token": shown}).status_code == 200
        refused = people("admin").post(NOTICE, json={"content": NOTICE_2027, "token": token})
        assert refused.status_code == 409 and "没有保存" in refused.json()["detail"]
        assert preview(people)["days"], "nothing was entered"

    def test_is_refused_where_other_deadlines_would_move_than_shown(
        self, flow: Flow, people: People, at: At
    ) -> None:
        at("2026-12-24 09:00")
        token = preview(people)["token"]
        flow.referred()
        refused = people("admin").post(NOTICE, json={"content": NOTICE_2027, "token": token})
        assert refused.status_code == 409 and recomputed(flow) == []

    def test_is_refused_for_another_text_than_shown(self, people: People) -> None:
        token = preview(people)["token"]
        other = NOTICE_2027.replace(
            "6月9日（周三）放假1天，不调休", "6月9日（周三）至10日（周四）放假，共2天"
        )
        assert people("admin").post(NOTICE, json={"content": other, "token": token}).status_code == 409

    def test_csv_and_json_are_told_from_a_notice(self, people: People) -> None:
        rows = [(day["date"], day["after"]) for day in preview(people)["days"] if day["date"] > "2026-12-25"]
        view = people().get(f"{API}/calendar/2026").json()
        csv = "date,kind,name,source\n" + "".join(
            f"{d['date']},{d['kind']},{d['name']},{d['source']}\n" for d in view["days"]
        )
        assert [d for d in preview(people, csv)["days"] if d["moves"]] == []
        days = [{"date": "2027-01-01", "isOffDay": True, "name": "元旦"}]
        value = {"papers": ["通知"], "days": days}
        found = preview(people, json.dumps(value, ensure_ascii=False))
        assert found["document"] == "通知" and len(rows) > 10


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


def as_csv(entries: Sequence[CalendarDay]) -> str:
    rows = "".join(f"{e.day},{e.kind},{e.name},{e.source}\n" for e in entries)
    return "date,kind,name,source\n" + rows


def as_json(entries: Sequence[CalendarDay]) -> str:
    rows = [{"date": str(e.day), "kind": e.kind, "name": e.name, "source": e.source} for e in entries]
    return json.dumps(rows, ensure_ascii=False)


class TestEntering:
    """A year entered as CSV or JSON does what the notice's text does."""

    @pytest.mark.parametrize("form", [as_csv, as_json])
    def test_csv_and_json_are_saved_and_count_as_the_text_does(
        self, flow: Flow, people: People, at: At, form: Callable[[Sequence[CalendarDay]], str]
    ) -> None:
        at("2026-12-24 09:00")
        flow.referred()
        content = form(parse_notice(NOTICE_2027).days)
        by_text, shown = preview(people), preview(people, content)
        for name in ("title", "document", "days", "moves", "earlier", "later", "settled", "stages"):
            assert shown[name] == by_text[name], name
        done = preview(people, content, token=shown["token"])
        assert done["saved"] and flow.read()["due_on"] == "2026-12-30" and len(recomputed(flow)) == 1
        year = people().get(f"{API}/calendar/2027").json()
        assert {span["status"] for span in year["spans"]} == {"official", "provisional"}
        assert year["spans"][0]["last"] == "2027-12-19", "late December waits for the notice of 2028"
        assert {day["source"] for day in year["days"]} == {by_text["document"]}

    def test_a_file_on_the_page_is_previewed_then_saved(self, flow: Flow, people: People, at: At) -> None:
        at("2026-12-24 09:00")
        flow.referred()
        html = {"accept": "text/html"}
        content = as_csv(parse_notice(NOTICE_2027).days)
        shown = people("admin").post(
            "/admin/calendar/notice", data={"content": ""}, files={"file": ("2027.csv", content.encode("gb18030"))},
            headers=html,
        )  # fmt: skip
        assert "预览：2027年放假安排" in shown.text and "2026年12月30日" in shown.text
        assert flow.read()["due_on"] == "2026-12-31"
        token = re.findall(r'name="token" value="([0-9a-f]+)"', shown.text)[0]
        kept = unescape(re.findall(r'name="content" value="([^"]*)"', shown.text)[0])
        saved = people("admin").post(
            "/admin/calendar/notice", data={"content": kept, "token": token}, headers=html
        )
        assert saved.status_code == 303 and flow.read()["due_on"] == "2026-12-30"

    def test_the_year_s_page_shows_what_a_person_looks_for(self, people: People, at: At) -> None:
        at("2026-12-24 09:00")
        before = people("desk").get("/calendar/2026", headers={"accept": "text/html"}).text
        assert "全年248个工作日" in before and "2026年12月20日" in before and "为暂定" in before
        assert "2月14日，周六，调休上班" in before and "10月1日，周四，国庆节放假" in before
        assert "国务院办公厅关于2026年部分节假日安排的通知" in before
        enter(people)
        after = people("desk").get("/calendar/2026", headers={"accept": "text/html"}).text
        assert (
            "为暂定" not in after
            and "12月26日，周六，调休上班" in after
            and "国办发明电〔2026〕99号" in after
        )
        inferred = people("desk").get("/calendar/2028", headers={"accept": "text/html"}).text
        assert "1月3日，周一，元旦补假" in inferred and "现按法定节假日推定，不推测调休" in inferred
        unknown = people("desk").get("/calendar/2029", headers={"accept": "text/html"}).text
        assert "未知：2029年的放假通知还没有录入" in unknown


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


class TestLocalOverrides:
    DAY: dict[str, Any] = {  # noqa: RUF012
        "zone": "QH02", "first": "2026-03-04", "kind": "holiday", "name": "柳湾赶集节", "document": "柳政发〔2026〕1号",
    }  # fmt: skip

    def enter(self, people: People, **changes: Any) -> dict[str, Any]:
        day = {**self.DAY, **changes}
        token = people("admin").post(LOCAL, json=day).json()["token"]
        answer = people("admin").post(LOCAL, json={**day, "token": token})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def test_count_for_the_cases_of_the_zone_and_below_only(self, people: People, at: At) -> None:
        at("2026-03-02 09:00")
        town, county = Flow(people).referred("desk-liuwan"), Flow(people).referred("desk")
        found = self.enter(people)
        assert (found["later"], found["open_cases"]) == (1, 2)
        assert town.read()["due_on"] == "2026-03-10" and county.read()["due_on"] == "2026-03-09"
        assert "柳政发〔2026〕1号" in recomputed(town)[0]["sentence"] and recomputed(county) == []
        assert any("柳湾赶集节放假，不计" in step["reason"] for step in town.read()["deadline"]["steps"])
        new = Flow(people).referred("desk-liuwan")
        assert new.read()["due_on"] == "2026-03-10"
        at("2026-03-06 09:00")
        rows = {row["number"]: row for row in people("admin").get(f"{API}/consultations").json()}
        assert rows[town.number]["working_days_left"] == 2 and rows[county.number]["working_days_left"] == 1

    def test_the_nearest_zone_wins_and_withdrawn_they_count_no_more(self, people: People, at: At) -> None:
        at("2026-03-02 09:00")
        town = Flow(people).referred("desk-liuwan")
        self.enter(people, zone="QH01")
        assert town.read()["due_on"] == "2026-03-10"
        self.enter(people, kind="workday", name="照常办公", document="柳政发〔2026〕2号")
        assert town.read()["due_on"] == "2026-03-09"
        rows = people("admin").get(LOCAL).json()
        own = next(row for row in rows if row["zone"] == "QH02")
        url = f"{LOCAL}/{own['id']}/withdraw"
        token = people("admin").post(url, json={}).json()["token"]
        assert people("admin").post(url, json={"token": "x"}).status_code == 409
        assert people("admin").post(url, json={"token": token}).status_code == 200
        assert town.read()["due_on"] == "2026-03-10" and len(recomputed(town)) == 3
        assert people("admin").post(url, json={"token": token}).status_code == 404
        kept = next(row for row in people("admin").get(LOCAL).json() if row["id"] == own["id"])
        assert kept["withdrawn_by"] == "系统管理员" and kept["document"] == "柳政发〔2026〕2号"

    def test_a_saturday_worked_locally_counts(self, people: People, at: At) -> None:
        at("2026-03-02 09:00")
        town = Flow(people).referred("desk-liuwan")
        self.enter(people, first="2026-03-07", kind="workday")
        assert town.read()["due_on"] == "2026-03-07"
        assert people().get(f"{API}/due?received=2026-03-02&days=5&zone=QH02").json()["due"] == "2026-03-07"
        assert people().get(f"{API}/due?received=2026-03-02&days=5").json()["due"] == "2026-03-09"

    @pytest.mark.parametrize(
        ("changes", "status", "said"),
        [
            ({"zone": "QH99"}, 422, "没有代码为“QH99”的专区"),
            ({"kind": "workday"}, 422, "本来就上班"),
            ({"first": "2026-03-07"}, 422, "本来就休息"),
            ({"last": "2026-03-01"}, 422, "止日早于起日"),
            ({"last": "2026-05-01"}, 422, "超过31天"),
            ({"first": "1999-03-04"}, 422, "不在工作日历的范围内"),
            ({"document": ""}, 422, ""),
        ],
    )
    def test_what_cannot_be_is_refused(
        self, people: People, changes: dict[str, Any], status: int, said: str
    ) -> None:
        answer = people("admin").post(LOCAL, json={**self.DAY, **changes})
        assert answer.status_code == status and said in answer.text

    def test_a_second_decision_on_the_same_day_asks_to_withdraw_the_first(self, people: People) -> None:
        self.enter(people)
        answer = people("admin").post(LOCAL, json={**self.DAY, "kind": "workday"})
        assert answer.status_code == 409 and "先撤下" in answer.json()["remedy"]

    def test_survive_the_next_notice(self, people: People) -> None:
        self.enter(people, first="2027-03-03")
        enter(people)
        year = people().get(f"{API}/calendar/2027?zone=QH02").json()
        local = [day for day in year["days"] if day["local"]]
        assert [(day["date"], day["status"]) for day in local] == [("2027-03-03", "official")]
        assert not any(day["local"] for day in people().get(f"{API}/calendar/2027").json()["days"])


class TestYear:
    def test_tells_days_and_how_sure_they_are(self, client: TestClient, people: People) -> None:
        year = client.get(f"{API}/calendar/2026").json()
        assert year["workdays"] == 248 and len(year["days"]) == 39
        assert [(span["first"], span["status"]) for span in year["spans"]] == [
            ("2026-01-01", "official"), ("2026-12-20", "provisional"),
        ]  # fmt: skip
        assert client.get(f"{API}/calendar/2028").json()["spans"][0]["status"] == "unknown"
        enter(people)
        assert [s["status"] for s in client.get(f"{API}/calendar/2026").json()["spans"]] == ["official"]
        assert client.get(f"{API}/calendar/2026?zone=QH99").status_code == 404

    def test_entering_a_real_year_again_changes_no_working_day(self, people: People) -> None:
        assert [day for day in preview(people, NOTICE_2026)["days"] if day["moves"]] == []
