"""Nobody is answered unawares by another word than the one that was written: every page and the API say so."""

from __future__ import annotations

from html import unescape

from fastapi.testclient import TestClient
from support.people import People

HTML = {"accept": "text/html"}
SLIP, TOLD = "底保要什么材料", "“底保”按读音理解为“低保”"


def test_the_desk_and_the_hit_test_say_what_was_taken_for_what(people: People) -> None:
    for response in (
        people("desk").post("/desk/results", data={"question": SLIP}, headers=HTML),
        people("desk").get("/library/test", params={"q": SLIP}, headers=HTML),
    ):
        assert TOLD in unescape(response.text)
    plain = people("desk").post("/desk/results", data={"question": "低保要什么材料"}, headers=HTML)
    assert "按读音理解" not in plain.text


def test_the_kiosk_and_the_phone_page_say_so_too(client: TestClient) -> None:
    assert TOLD in unescape(client.post("/kiosk/question", data={"q": SLIP}, headers=HTML).text)
    assert TOLD in unescape(client.get("/ask/question", params={"q": SLIP}, headers=HTML).text)


def test_the_api_names_the_readings(people: People) -> None:
    shown = people("desk").post("/api/v1/library/hit-test", json={"question": SLIP}).json()
    assert shown["readings"] == [["底保", "低保"]]
    assert shown["normalised_query"] == "低保要什么材料"
