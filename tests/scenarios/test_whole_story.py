"""The whole story over HTTP, with the real encoder and bundled entries: from a question in dialect to a
new entry that answers the next person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
from support.cases import API
from support.people import wait_for
from support.server import ThreadServer

IN_DIALECT = "网购的衣裳后悔咯能不能退嘛"
UNANSWERED = "屋顶装光伏发电补贴多少钱"
REPLY = "屋顶分布式光伏不发放县级补贴，上网电价按国家政策执行，并网手续请到供电所免费办理。"
BASIS = "《可再生能源法》第十四条"


class Person:
    """Somebody at a screen: signs in by name and password, as often as a new day needs it."""

    def __init__(self, server: ThreadServer, username: str, password: str) -> None:
        self.username, self.password = username, password
        self.http = httpx.Client(base_url=server.url, timeout=60)

    def sign_in(self) -> Person:
        self.http.cookies.clear()
        answer = self.http.post(f"{API}/session", json={"username": self.username, "password": self.password})
        assert answer.status_code == 200, answer.text
        self.http.headers["x-csrf-token"] = answer.json()["csrf"]
        return self

    def read(self, number: str) -> dict[str, Any]:
        answer = self.http.get(f"{API}/consultations/{number}")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def act(self, number: str, event: str, **fields: Any) -> dict[str, Any]:
        seen = self.read(number)
        assert event in [act["event"] for act in seen["acts"]], (event, seen["acts"])
        answer = self.http.post(
            f"{API}/consultations/{number}/acts/{event}",
            json=fields,
            headers={"If-Match": f'"{seen["version"]}"'},
        )
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


def test_from_a_question_in_dialect_to_an_answered_citizen_and_a_new_entry(
    live_server: tuple[ThreadServer, dict[str, str]], at: Callable[[str], None]
) -> None:
    server, passwords = live_server
    staff = {name: Person(server, name, passwords[name]) for name in ("desk", "supervisor")}
    kiosk = httpx.Client(
        base_url=server.url, headers={"authorization": f"Kiosk {passwords['K01']}"}, timeout=60
    )
    phone = httpx.Client(base_url=server.url, timeout=60)

    # Friday afternoon before the Spring Festival. Somebody asks in everyday words and gets the official text.
    at("2026-02-13 16:40")
    asked = kiosk.post(f"{API}/ask", json={"question": IN_DIALECT}).json()
    assert asked["decision"] in ("answer", "choose")
    assert asked["lexical_only"] is False
    best = asked["hits"][0]
    assert any("消费者权益保护法" in line for line in best["basis"])
    assert "七日" in best["answer"]
    assert best["unit"]["phone"]

    # The next question is one that nothing answers: the machine does not make an answer up, it refers.
    asked = kiosk.post(f"{API}/ask", json={"question": UNANSWERED}).json()
    assert asked["decision"] == "refer"
    proposed = asked["proposed_unit"]["code"]
    left = {
        "question": UNANSWERED, "person_name": "周师傅", "contact": "13900001234", "handling": "refer", "channel": "kiosk",
        "trace_id": asked["trace_id"],
    }  # fmt: skip
    key = {"Idempotency-Key": "kiosk-0001"}
    slip = kiosk.post(f"{API}/consultations", json=left, headers=key)
    again = kiosk.post(f"{API}/consultations", json=left, headers=key)
    assert (slip.status_code, again.status_code) == (201, 200)
    number, code = slip.json()["number"], slip.json()["query_code"]
    assert again.json()["number"] == number == "QH01-ZX-20260213-0001"
    assert slip.json()["due_on"] == "2026-02-27"  # 14 February is worked, the festival is not counted
    assert slip.json()["due_status"] == "official"

    def progress() -> dict[str, Any]:
        found = phone.post(f"{API}/progress", json={"code": code, "phone4": "1234"})
        assert found.status_code == 200, found.text
        body: dict[str, Any] = found.json()
        return body

    assert progress()["state"] == "待交办"

    # Saturday is a make-up day. The desk assigns as proposed; that unit returns it; the desk picks another.
    at("2026-02-14 09:05")
    staff["desk"].sign_in().act(number, "assign", unit=proposed, policy_clue="新能源补贴")
    first = Person(server, f"unit-{proposed}", passwords[f"unit-{proposed}"]).sign_in()
    at("2026-02-24 09:30")
    first.sign_in().act(number, "return", reason="光伏补贴不属于本单位职责")
    assert first.http.get(f"{API}/consultations/{number}").status_code == 404
    at("2026-02-24 11:00")
    other = "zjj" if proposed != "zjj" else "scj"
    assigned = staff["desk"].sign_in().act(number, "assign", unit=other, designated=True)
    assert (assigned["due_on"], assigned["working_days_left"]) == ("2026-02-27", 3)
    assert progress()["state"] == "已交办"

    # The unit signs, cannot give it back, replies, and tells the person in time.
    unit = Person(server, f"unit-{other}", passwords[f"unit-{other}"])
    at("2026-02-25 10:00")
    signed = unit.sign_in().act(number, "sign")
    assert "return" not in [act["event"] for act in signed["acts"]]
    contact = unit.http.post(f"{API}/consultations/{number}/contact").json()
    assert contact == {"person_name": "周师傅", "contact": "13900001234"}
    at("2026-02-26 15:00")
    replied = unit.sign_in().act(number, "reply", text=REPLY, basis=BASIS)
    assert replied["official_state"] == "办理中"
    at("2026-02-27 17:20")
    told = unit.sign_in().act(number, "tell", how="phone")
    assert (told["official_state"], told["deadline"]["met_on"], told["overdue"]) == (
        "已答复",
        "2026-02-27",
        False,
    )
    seen = progress()
    assert (seen["state"], seen["answer"], seen["answer_basis"]) == ("已答复", REPLY, [BASIS])
    assert "13900001234" not in str(seen)

    # The desk closes it into the library; the unit completes the draft; the supervisor reviews and publishes.
    at("2026-03-02 09:00")
    entry_key = staff["desk"].sign_in().act(number, "close", library_decision="new", entry_question="屋顶安装光伏发电有没有补贴？")[
        "library_entry"
    ]  # fmt: skip
    url = f"{API}/library/entries/{entry_key}"
    draft = staff["desk"].http.get(url).json()
    assert draft["published"] is None
    assert draft["working"]["answer"] == REPLY
    form = {
        "question": draft["working"]["question"], "answer": REPLY, "unit": other, "topic": "物业与征收",
        "basis": [{"law": "可再生能源法", "version": "2009-12-26", "article": "第十四条"}],
        "phrasings": [phrasing["text"] for phrasing in draft["working"]["phrasings"]], "review_due": "2027-03-01",
    }  # fmt: skip
    assert UNANSWERED in form["phrasings"]
    saved = unit.sign_in().http.put(url, json=form, headers={"If-Match": f'"{draft["version"]}"'})
    assert saved.status_code == 200, saved.text
    submitted = unit.http.post(
        f"{url}/acts/submit", json={}, headers={"If-Match": f'"{saved.json()["version"]}"'}
    )
    match = {"If-Match": f'"{submitted.json()["version"]}"'}
    assert unit.http.post(f"{url}/acts/publish", json={}, headers=match).status_code == 403
    published = staff["supervisor"].sign_in().http.post(f"{url}/acts/publish", json={}, headers=match)
    assert published.status_code == 200, published.text

    # The next person with the same question is answered at once, with the unit's text and its basis.
    def answered() -> dict[str, Any]:
        body: dict[str, Any] = kiosk.post(f"{API}/ask", json={"question": UNANSWERED}).json()
        return body

    wait_for(lambda: answered()["decision"] == "answer", seconds=10)
    hit = answered()["hits"][0]
    assert (hit["key"], hit["answer"], hit["published_on"]) == (entry_key, REPLY, "2026-03-02")
    assert hit["basis"] == ["《可再生能源法》（2009年12月26日）第十四条"]

    # The ledger tells all of it, in order, and the first person's answer has not changed.
    story = [(event["event"], event["at"][:10]) for event in staff["desk"].sign_in().read(number)["events"]]
    assert story == [
        ("register", "2026-02-13"), ("refer", "2026-02-13"), ("assign", "2026-02-14"), ("return", "2026-02-24"),
        ("assign", "2026-02-24"), ("sign", "2026-02-25"), ("reveal", "2026-02-25"), ("reply", "2026-02-26"),
        ("tell", "2026-02-27"), ("close", "2026-03-02"),
    ]  # fmt: skip
    assert progress()["answer"] == REPLY
    health = phone.get("/health").json()
    assert (health["status"], health["search"]) == ("ok", "hybrid")
    for client in (kiosk, phone, unit.http, first.http, *(person.http for person in staff.values())):
        client.close()
