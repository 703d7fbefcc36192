"""Changing the calendar: previewed, confirmed, and every open deadline counted anew with one event."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from datetime import date
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select
from support.calendars import LOCAL, NOTICE, At, enter, preview, recomputed
from support.cases import API, Flow
from support.notices import NOTICE_2026, NOTICE_2027
from support.people import People

from qa_service.cases.models import Case, CaseEvent
from qa_service.kit.database import Database
from qa_service.workdays.calendar import CalendarDay
from qa_service.workdays.notice_text import parse_notice


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
