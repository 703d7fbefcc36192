"""The clock moved through a year: 春节, 国庆, the year's end, and the notice of the next year entered in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from support.cases import API, Flow
from support.notices import NOTICE_2027
from support.people import People

At = Callable[[str], None]


def test_from_spring_festival_to_the_next_notice(people: People, at: At) -> None:
    def seen(flow: Flow) -> tuple[str, str, int | None, bool]:
        read: dict[str, Any] = flow.read()
        return read["due_on"], read["deadline"]["status"], read["working_days_left"], read["overdue"]

    # 春节: received on the last Friday before; Saturday the 14th is worked, then nine days off.
    at("2026-02-13 17:00")
    spring = Flow(people).assigned()
    assert seen(spring) == ("2026-02-27", "official", 5, False)
    at("2026-02-20 10:00")
    assert seen(spring) == ("2026-02-27", "official", 4, False)
    at("2026-02-27 17:30")
    assert seen(spring) == ("2026-02-27", "official", 0, False)
    spring.act("unit-rsj", "sign")
    spring.act("unit-rsj", "reply", text="可以。", basis="《社会保险法》第二十九条")
    # Saturday the 28th is worked: a day late, not on a rest day.
    at("2026-02-28 09:00")
    assert seen(spring) == ("2026-02-27", "official", -1, True)
    spring.act("unit-rsj", "tell", how="phone")

    # 国庆: received in the last minutes before the break; Saturday 10 October counts.
    at("2026-09-30 23:50")
    autumn = Flow(people).assigned()
    assert seen(autumn) == ("2026-10-13", "official", 5, False)
    deadline = autumn.read()["deadline"]
    assert [run["first"] for run in deadline["makeup_days"]] == ["2026-10-10"]
    assert sum(run["days"] for run in deadline["skipped"]) == 7
    at("2026-10-10 09:00")
    autumn.act("unit-rsj", "sign")
    autumn.act("unit-rsj", "reply", text="可以。", basis="《社会保险法》第二十九条")
    autumn.act("unit-rsj", "tell", how="phone")
    assert seen(autumn) == ("2026-10-13", "official", None, False)

    # The year's end: no notice yet, so dates past 19 December are provisional; New Year's Day is off by law.
    at("2026-12-24 10:00")
    december, met = Flow(people).assigned(), Flow(people).told()
    at("2026-12-28 10:00")
    january = Flow(people).assigned()
    assert seen(december) == ("2026-12-31", "provisional", 3, False)
    assert seen(january) == ("2027-01-05", "provisional", 5, False)
    page = people("desk").get(f"/case/{december.number}").text
    assert "（暂定）" in page and "2027年放假通知录入前暂定" in page

    # The made-up notice comes late: 26 December was worked, the 31st is off.
    preview = people("admin").post(f"{API}/calendar/notice", json={"content": NOTICE_2027}).json()
    assert (preview["open_cases"], preview["earlier"], preview["later"]) == (2, 1, 1)
    saved = people("admin").post(
        f"{API}/calendar/notice", json={"content": NOTICE_2027, "token": preview["token"]}
    )
    assert saved.status_code == 200 and saved.json()["saved"]
    assert seen(december) == ("2026-12-30", "official", 2, False)
    assert seen(january) == ("2027-01-06", "official", 5, False)
    for flow, count in ((spring, 0), (autumn, 0), (met, 0), (december, 1), (january, 1)):
        assert [e["event"] for e in flow.read()["events"]].count("recompute") == count
    assert met.read()["due_on"] == "2026-12-31" and spring.read()["due_on"] == "2026-02-27"

    # 2027 by the notice: the Sunday after 春节 is worked; next December waits for the notice of 2028.
    at("2027-02-04 10:00")
    assert seen(Flow(people).referred()) == ("2027-02-18", "official", 5, False)
    at("2027-12-20 10:00")
    assert seen(Flow(people).referred())[1] == "provisional"
