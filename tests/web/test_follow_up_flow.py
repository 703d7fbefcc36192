"""接着问 on the kiosk and the phone page: understood in the light of the answer, said so, and taken back."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from support.people import People

from qa_service.kit.database import Database
from qa_service.library.models import QueryLog

HTML = {"accept": "text/html"}
BEFORE = "怎样申请最低生活保障？"
MATTER = "申请最低生活保障"


def follow_up(client: TestClient, base: str, typed: str, after: str = "minimum-living", **extra: str) -> Any:
    fields = {"q": typed, "after": after, **extra}
    if base == "/kiosk":
        return client.post(f"{base}/question", data=fields, headers=HTML)
    return client.get(f"{base}/question", params=fields, headers=HTML)


def logged(client: TestClient, database: Database) -> list[tuple[str, str | None]]:
    client.app.state.query_log.flush()  # type: ignore[attr-defined]
    with database.read() as session:
        return [
            (row.question, row.searched) for row in session.scalars(select(QueryLog).order_by(QueryLog.at))
        ]


@pytest.mark.parametrize("base", ["/kiosk", "/ask"])
def test_below_every_answer_one_can_ask_on(client: TestClient, base: str) -> None:
    text = client.get(f"{base}/answer/minimum-living", headers=HTML).text
    form = re.search(r'<form method="(\w+)" action="([^"]+)" class="ask-form follow-up.*?</form>', text, re.S)
    assert form is not None
    assert form[1] == ("post" if base == "/kiosk" else "get") and form[2] == f"{base}/question"
    assert '<label for="follow-up">接着问</label>' in form[0]
    assert re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[0]) == [("after", "minimum-living")]
    assert client.get(base, headers=HTML).text.count("接着问") == 0


@pytest.mark.parametrize("base", ["/kiosk", "/ask"])
def test_a_bare_follow_up_is_understood_and_said_so(
    client: TestClient, database: Database, base: str
) -> None:
    text = unescape(follow_up(client, base, "需要带什么").text)
    assert f"按“{BEFORE}”来理解" in text and f"{MATTER}，需要带什么" in text
    alone = re.search(
        r'<form[^>]*><input type="hidden" name="q" value="([^"]*)"><button[^>]*>不是，单独查这句话', text
    )
    assert alone is not None and alone[1] == "需要带什么"
    assert logged(client, database) == [("需要带什么", f"{MATTER}，需要带什么")]


def test_asked_by_itself_it_is_asked_as_it_is(client: TestClient, database: Database) -> None:
    text = client.get("/ask/question", params={"q": "需要带什么"}, headers=HTML).text
    assert "来理解" not in text
    assert logged(client, database) == [("需要带什么", None)]


def test_a_follow_up_with_a_matter_of_its_own_is_asked_as_it_is(
    client: TestClient, database: Database
) -> None:
    text = follow_up(client, "/ask", "年假有几天").text
    assert "来理解" not in text and "职工一年可以享受几天带薪年休假？" in text
    assert logged(client, database) == [("年假有几天", None)]


@pytest.mark.parametrize("after", ["gone", "../../admin", "x" * 64, "<b>"])
def test_an_entry_that_is_not_there_is_no_ground(client: TestClient, database: Database, after: str) -> None:
    answer = follow_up(client, "/ask", "需要带什么", after)
    assert answer.status_code == 200 and "来理解" not in answer.text and "<b>" not in answer.text
    assert logged(client, database) == [("需要带什么", None)]


def test_what_the_follow_up_leans_on_is_never_taken_from_the_browser(client: TestClient) -> None:
    text = follow_up(client, "/kiosk", "需要带什么", previous="别的问题", question="别的问题").text
    assert "别的问题" not in text and BEFORE in text


@pytest.mark.parametrize("base", ["/kiosk", "/ask"])
def test_nothing_typed_leads_back_to_the_answer(client: TestClient, base: str) -> None:
    answer = follow_up(client, base, "  ")
    assert answer.status_code == 303 and answer.headers["location"] == f"{base}/answer/minimum-living"


def test_a_greeting_or_an_emergency_below_an_answer(client: TestClient) -> None:
    assert "请直接说出想问的事" in follow_up(client, "/ask", "谢谢").text
    text = follow_up(client, "/ask", "那有人晕倒了").text
    assert "120" in text and "来理解" not in text


def test_both_texts_are_kept_without_personal_details(client: TestClient, database: Database) -> None:
    follow_up(client, "/kiosk", "那打13812345678问吗")
    ((typed, searched),) = logged(client, database)
    assert searched is not None and searched.startswith(MATTER)
    assert "13812345678" not in typed + searched and "电话已隐去" in typed


def test_leaving_it_as_a_question_says_what_it_is_about(client: TestClient) -> None:
    text = follow_up(client, "/kiosk", "那要多少钱").text
    trace = re.search(r'name="trace" value="(\w+)"', text)
    asked = re.search(rf'name="q" value="({MATTER}，那要多少钱)"', text)
    assert trace is not None and asked is not None
    left = client.post("/kiosk/leave", data={"q": asked[1], "trace": trace[1]}, headers=HTML).text
    assert f"{MATTER}，那要多少钱" in left


def test_a_follow_up_nobody_could_answer_is_a_gap_with_its_matter(client: TestClient, people: People) -> None:
    text = follow_up(client, "/kiosk", "那要多少钱").text
    trace = re.search(r'name="trace" value="(\w+)"', text)
    assert trace is not None
    client.post("/kiosk/choice", data={"trace": trace[1], "q": "", "key": ""}, headers=HTML)
    items = people("desk").get("/api/v1/library/gaps").json()["items"]
    assert [item["question"] for item in items] == [f"{MATTER}，那要多少钱"]
