"""知识缺口: from a question nobody could answer to the entry that answers it."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from typing import Any

import pytest
from support.cases import Flow
from support.people import People

from qa_service.kit.database import Database
from qa_service.library import gap_report
from qa_service.library.models import QueryLog

HTML = {"accept": "text/html"}
GAPS = "/api/v1/library/gaps"
UNKNOWN = "养狼狗要到派出所上户口不"


def ask(people: People, question: str, who: str = "kiosk") -> str:
    answer = people(who).post("/api/v1/ask", json={"question": question})
    assert answer.status_code == 200, answer.text
    trace: str = answer.json()["trace_id"]
    return trace


def miss(people: People, question: str, who: str = "kiosk") -> str:
    """Ask, and refuse whatever is found."""
    trace = ask(people, question, who)
    assert people(who).post(f"/api/v1/ask/{trace}/choice", json={"key": ""}).status_code == 204
    return trace


def gaps(people: People, who: str = "desk", **query: Any) -> dict[str, Any]:
    response = people(who).get(GAPS, params=query)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def page(people: People, who: str = "desk", query: str = "") -> str:
    response = people(who).get(f"/library/gaps{query}", headers=HTML)
    assert response.status_code == 200, response.text
    return str(response.text)


def links(text: str, label: str) -> list[str]:
    found = re.findall(r'<a class="line" href="([^"]+)"[^>]*>([^<]+)</a>', text)
    return [unescape(href) for href, said in found if said.startswith(label)]


def test_empty_says_what_will_come(people: People) -> None:
    text = page(people)
    assert "近30天没有知识缺口" in text and "导出表格" not in text


def test_missed_questions_are_listed_with_counts(people: People) -> None:
    for question, who in (
        (UNKNOWN, "kiosk"),
        (UNKNOWN, "desk"),
        (f"{UNKNOWN}？", "kiosk"),
        ("你好", "kiosk"),
    ):
        ask(people, question, who)
        if question != "你好":
            miss(people, question, who)
    body = gaps(people)
    (item,) = body["items"]
    assert item["question"] == UNKNOWN and item["count"] == 2, "pressed again at once is one asking"
    assert dict(item["channels"]) == {"kiosk": 1, "window": 1}
    text = page(people)
    assert UNKNOWN in text and "自助一体机 1" in text and "近30天" in text


def test_answered_questions_are_no_gaps(people: People) -> None:
    ask(people, "低保咋办")
    assert gaps(people)["items"] == []


def test_offered_and_never_chosen_only_when_wanted(people: People, database: Database) -> None:
    trace = ask(people, "火灾救助")
    people("desk").client.app.state.query_log.flush()  # type: ignore[attr-defined]
    with database.write() as session:
        session.get_one(QueryLog, trace).outcome = "candidates"
    assert gaps(people)["items"] == []
    assert [item["question"] for item in gaps(people, candidates=True)["items"]] == ["火灾救助"]
    assert "火灾救助" in page(people, query="?candidates=1")


def test_personal_details_are_never_shown(people: People) -> None:
    miss(people, "我电话13812345678，身份证11010119900307123X，养狼狗怎么登记")
    for text in (page(people), str(gaps(people)), people("desk").get("/library/gaps.csv").text):
        assert "13812345678" not in text and "11010119900307123X" not in text
        assert "［电话已隐去］" in text


def test_from_a_gap_to_a_new_entry(people: People) -> None:
    miss(people, "低保要交什么表格给村里看看")
    (address,) = links(page(people), "新增条目")
    form = people("desk").get(address, headers=HTML).text
    assert 'value="低保要交什么表格给村里看看"' in form
    assert re.search(r'<option value="mzj" selected', form) and re.search(r"<option selected>社会救助", form)
    draft = re.search(r'name="draft" value="(entry:new:[0-9a-f]{12})"', form)
    assert draft is not None
    saved = people("desk").post(
        "/library/new", headers=HTML,
        data={"question": "低保要交什么表格？", "answer": "交申请书。", "unit": "mzj", "do": "save", "draft": draft[1]},
    )  # fmt: skip
    assert saved.status_code == 303 and draft[1].split(":")[-1] in saved.headers["set-cookie"]


def test_from_a_gap_to_a_phrasing_until_it_is_no_gap(people: People) -> None:
    wording = "低保要交什么表格给村里看看"
    miss(people, wording)
    (address,) = links(page(people), "并入已有条目")
    key = re.search(r"/entry/([^/]+)/edit", address)
    assert key is not None
    form = people("desk").get(address, headers=HTML).text
    phrasings = re.search(r'<textarea name="phrasings"[^>]*>(.*?)</textarea>', form, re.S)
    assert phrasings is not None and phrasings[1].split("\n")[-1] == wording and "已经加在" in form
    held = people("desk").get(f"/api/v1/library/entries/{key[1]}").json()["published"]["phrasings"]
    people.revise(key[1], phrasings=[*(item["text"] for item in held), wording])
    people.wait_for(lambda: gaps(people)["items"] == [])
    assert gaps(people)["settled"] == 1
    again = people("desk").get(address, headers=HTML).text
    assert again.count(f"\n{wording}\n") + again.count(f"\n{wording}</textarea>") == 1, "not proposed twice"


def test_not_content_with_a_wording_the_library_has_stays_a_gap(people: People) -> None:
    miss(people, "低保咋办")
    (item,) = gaps(people)["items"]
    assert item["nearest"] == "minimum-living" and item["score"] > 0.9


def test_a_gap_that_became_a_case_leads_to_it(people: People, flow: Flow) -> None:
    trace = miss(people, UNKNOWN, "desk")
    flow.referred(trace_id=trace, unit="mzj", question=UNKNOWN)
    assert links(page(people), "查看咨询件") == [f"/case/{flow.number}"]
    assert links(page(people, "desk-liuwan"), "查看咨询件") == []
    assert flow.number in people("desk").get("/library/gaps.csv").text


def test_units_see_their_own_and_supervisors_only_look(people: People) -> None:
    miss(people, "低保要交什么表格给村里看看")
    assert len(gaps(people, "unit-mzj")["items"]) == 1 and gaps(people, "unit-rsj")["items"] == []
    assert "可能属于本单位" in page(people, "unit-mzj")
    text = page(people, "supervisor")
    assert "低保要交什么表格" in text and not links(text, "新增条目") and not links(text, "并入")


def test_totals_open_their_clusters(people: People) -> None:
    miss(people, "低保要交什么表格给村里看看")
    miss(people, "年假没休完公司给不给钱补上去")
    body = gaps(people)
    assert {(total["name"], total["clusters"], total["count"]) for total in body["by_unit"]} == {
        ("mzj", 1, 1),
        ("rsj", 1, 1),
    }
    assert [item["unit"] for item in gaps(people, unit="mzj")["items"]] == ["mzj"]
    assert [item["topic"] for item in gaps(people, topic="工资与休假")["items"]] == ["工资与休假"]
    text = page(people)
    for total in re.findall(r'<td><a href="(/library/gaps\?[^"]+)"', text):
        assert "1个，共问了1次" in people("desk").get(unescape(total), headers=HTML).text
    assert "没有符合条件的问题" in page(people, query="?unit=scj")


def test_without_anything_near_it_is_said_so(people: People) -> None:
    miss(people, "qwertyuiop zxcvb")
    (item,) = gaps(people, unit="-", topic="-")["items"]
    assert item["unit"] == "" and item["nearest"] == ""
    text = page(people, query="?unit=-")
    assert "说不准" in text and "没有相近的" in text and not links(text, "并入")


def test_csv_is_no_formula(people: People) -> None:
    miss(people, '=HYPERLINK("http://x","养狼狗")')
    response = people("desk").get("/library/gaps.csv")
    assert response.headers["content-type"].startswith("text/csv")
    assert "attachment" in response.headers["content-disposition"]
    head, row = csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline=""))
    assert head[0] == "问题" and row[0].startswith("'=HYPERLINK") and row[1] == "1"


def test_more_rows_than_are_looked_at(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gap_report, "ROWS", 2)
    for number in ("狼狗上户口", "夜市摆地摊摊位", "无人机报备飞行"):
        miss(people, number)
    body = gaps(people)
    assert (body["rows"], body["total_rows"]) == (2, 3)
    assert "没有答上的提问有3次" in page(people)


def test_pages_and_wrong_parameters(people: People) -> None:
    assert people("desk").get(GAPS, params={"days": 8}).status_code == 422
    assert "只能是7、30、90天" in people("desk").get(GAPS, params={"days": 8}).text
    assert people("desk").get(GAPS, params={"unit": "nobody"}).status_code == 404
    assert gaps(people, page=9)["items"] == []


def test_long_questions_fit_the_links(people: People) -> None:
    miss(people, "养狼狗" * 400)
    text = page(people)
    (address,) = links(text, "新增条目")
    assert people("desk").get(address, headers=HTML).status_code == 200
    assert all(
        people("desk").get(address, headers=HTML).status_code == 200 for address in links(text, "并入")
    )
