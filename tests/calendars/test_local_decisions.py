"""Local decisions on single days."""

from __future__ import annotations

from typing import Any

import pytest
from support.calendars import LOCAL, At, enter, recomputed
from support.cases import API, Flow
from support.people import People


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
