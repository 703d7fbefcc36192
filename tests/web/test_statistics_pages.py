"""Board, wall screen and statistics over HTTP: numbers lead to their cases, definitions stand beside, nobody sees more."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html import unescape

import pytest
from support.cases import Flow
from support.ledger import LedgerCase, replace_ledger
from support.people import People

from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.statistics.figures import DURATIONS, FIGURES, RATES

HTML = {"accept": "text/html"}


def page(people: People, address: str, who: str = "supervisor", status: int = 200) -> str:
    response = people(who).get(address, headers=HTML)
    assert response.status_code == status, response.text
    return str(response.text)


@pytest.fixture
def one_of_each(flow: Flow, at: Callable[[str], None]) -> Flow:
    """One case late and open at rsj, one answered in time, one guided; it is Thursday 26 November 2026."""
    at("2026-11-12 10:00")
    flow.told().register(handling="guide", fields={"guided_to": "市税务局", "guided_contact": "12366"})
    flow.signed()
    at("2026-11-26 10:00")
    return flow


def test_every_number_leads_to_as_many_cases_with_its_definition_beside(
    people: People, one_of_each: Flow
) -> None:
    text = page(people, "/statistics?period=2026-11")
    for item in (*FIGURES, *RATES, *DURATIONS):
        assert item.definition in text
    links = re.findall(r'<a href="(/statistics/cases[^"]+)">(\d+)</a>', text)
    assert len(links) > 20
    for address, number in set(links):
        if f"figure={FIGURES[7].code}" not in address:  # the days taken lead to the answered cases as well
            assert f'<span class="count">{number}件</span>' in page(people, unescape(address)), address
    assert "无数据" in text, "no satisfaction is made up"
    assert "<svg" in text and "style=" not in text


def test_units_see_their_own_numbers_only(people: People, one_of_each: Flow) -> None:
    for who, received in (("unit-rsj", 2), ("unit-mzj", 0), ("desk-shiqiao", 0), ("desk", 3)):
        body = people(who).get("/api/v1/statistics?period=2026-11").json()
        assert body["total"]["counts"]["received"] == received, who
        listed = people(who).get("/api/v1/statistics/cases?period=2026-11&figure=received")
        assert int(listed.headers["x-total-count"]) == len(listed.json()) == received


def test_csv_holds_the_table_and_no_formula(people: People, database: Database) -> None:
    with database.write() as session:
        replace_ledger(session, [LedgerCase(clock.now(), "void", "void", topic='=HYPERLINK("x")')])
    response = people("supervisor").get("/statistics.csv?by=topic")
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert rows[0][:2] == ["主题", "登记"] and "满意率" in rows[0]
    assert rows[1][0] == '\'=HYPERLINK("x")' and rows[-1][:2] == ["合计", "1"]
    assert "filename*=UTF-8''" in response.headers["content-disposition"]


@pytest.mark.parametrize("query", ["period=2026-13", "from=2026-01-01", "from=x&to=y", "from=2026-02-01&to=2026-01-01",
                                   "from=2001-01-01&to=2026-01-01"])  # fmt: skip
def test_a_period_that_is_none_is_explained(people: People, query: str) -> None:
    text = page(people, f"/statistics?{query}", status=422)
    assert any(said in text for said in ("期间", "日期"))


def test_the_board_shows_what_is_late_and_where(people: People, one_of_each: Flow) -> None:
    text = page(people, "/board")
    assert "青禾县政务公开专区看板" in text and "已超期5个工作日" in text
    (address,) = set(re.findall(r'<a href="(/board/cases\?[^"]*unit=rsj[^"]*lane=overdue)">1</a>', text))
    assert one_of_each.number in page(people, unescape(address))
    assert "已答复，待办结" in text
    assert one_of_each.number not in page(people, "/board", "unit-mzj")
    assert page(people, "/board/cases?lane=nonsense", status=422).count("这一栏")


def test_the_wall_shows_no_person_and_no_question(
    people: People, flow: Flow, at: Callable[[str], None]
) -> None:
    at("2026-11-12 10:00")
    flow.referred(unit="rsj", person_name="欧阳小姐", contact="13800005678", question="我的低保被停了怎么办")
    at("2026-11-26 10:00")
    whole = page(people, "/board/wall")
    part = people("supervisor").get("/board/wall", headers={**HTML, "hx-request": "true"}).text
    assert part.lstrip().startswith('<div id="screen" data-at="11月26日10:00:00"') and part.strip() in whole
    for text in (whole, part):
        assert "超5天" in text and "人社" in text
        assert not any(said in text for said in ("欧阳", "5678", "低保"))
