"""Every page × every role over HTTP, and what a form does with a wrong token or a strange address."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.testclient import TestClient
from support.people import KIOSKS, People

HTML = {"accept": "text/html"}
EVERYBODY = {"admin", "desk", "supervisor", "unit-rsj", "kiosk", ""}
STAFF = {"admin", "desk", "supervisor", "unit-rsj"}
# page: who gets it; staff who may not are told so, others are sent to sign in
PAGES: dict[str, set[str]] = {
    "/": EVERYBODY, "/kiosk": EVERYBODY, "/ask": EVERYBODY, "/ask/leave": EVERYBODY, "/progress": EVERYBODY,
    "/ask/topic/社保医保": EVERYBODY, "/ask/answer/paid-leave": EVERYBODY, "/ask/question?q=年假有几天": EVERYBODY,
    "/desk": {"admin", "desk"}, "/desk/register": {"admin", "desk", "supervisor"}, "/desk/help-calls": {"admin", "desk"},
    "/unit": {"unit-rsj"}, "/accountability": {"admin", "supervisor"},
    "/library": STAFF, "/library/test?q=低保": STAFF, "/library/entry/paid-leave": STAFF,
    "/library/new": {"admin", "desk", "unit-rsj"}, "/library/import": {"admin", "desk", "unit-rsj"},
    "/library/gaps": STAFF, "/library/gaps?days=90&candidates=1&unit=-": STAFF,
    "/library/lexicon": STAFF, "/library/lexicon?kind=term&show=withdrawn": STAFF,
    "/library/entry/paid-leave/edit": {"admin", "desk", "unit-rsj"},
    "/admin": {"admin"}, "/admin/units": {"admin"}, "/admin/units/rsj": {"admin"}, "/admin/users": {"admin"},
    "/admin/kiosks": {"admin"},
}  # fmt: skip


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_pages_for_role(people: People, who: str) -> None:
    for path, allowed in PAGES.items():
        response = people(who).get(path, headers=HTML)
        if who in allowed:
            assert response.status_code == 200, path
            assert 'lang="zh-CN"' in response.text or "help-calls" in path
        elif path == "/desk" and who == "supervisor":
            assert response.headers["location"] == "/desk/register"
        elif who in STAFF:
            assert response.status_code == 403, path
            assert "回到首页" in response.text
        else:
            assert response.status_code == 303, path
            assert response.headers["location"].startswith("/sign-in?next=")


POSTS: dict[str, tuple[dict[str, str], set[str]]] = {
    "/desk": ({"question": "年假有几天", "do": "refer"}, {"admin", "desk"}),
    "/desk/results": ({"question": "年假"}, {"admin", "desk"}),
    "/desk/trace": ({"question": "年假", "channel": "window"}, {"admin", "desk"}),
    "/library/entry/paid-leave/withdraw": ({"reason": "试"}, STAFF),
    "/library/lexicon/preview": ({"kind": "term", "said": "一网通"}, {"admin", "desk", "unit-rsj"}),
    "/admin/users": ({"username": "n", "display_name": "新", "role": "supervisor"}, {"admin"}),
    "/admin/users/desk2/disable": ({}, {"admin"}),
    "/admin/units/rsj": ({"name": "青禾县人力资源和社会保障局", "active": "1"}, {"admin"}),
    "/admin/kiosks": ({"code": "K09", "name": "九号", "zone": "QH01"}, {"admin"}),
    "/admin/kiosks/K01/token": ({}, {"admin"}),
}


@pytest.mark.parametrize("who", sorted(STAFF | {""}))
def test_forms_for_role(people: People, who: str) -> None:
    seen = str(people("admin").get("/api/v1/library/entries/paid-leave").json()["version"])
    for path, (fields, allowed) in POSTS.items():
        response = people(who).post(path, data={**fields, "version": seen}, headers=HTML)
        if who in allowed:
            assert response.status_code in (200, 303), path
            assert "/sign-in" not in response.headers.get("location", "")
        elif who:
            assert response.status_code == 403, path
        else:
            assert response.headers["location"].startswith("/sign-in?next="), path


def test_forms_without_token_do_nothing(people: People) -> None:
    admin = people("admin")
    for path, (fields, _) in POSTS.items():
        response = admin.client.post(path, data=fields, headers={"cookie": admin.headers["cookie"], **HTML})
        assert response.status_code == 403, path
        assert "页面已失效" in response.text
    assert admin.get("/api/v1/consultations").json() == []


def test_sign_in_never_leads_elsewhere(people: People) -> None:
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "/a\nb"):
        fields = {"username": "desk", "password": "qinghe-2026", "next": target}
        response = people().post("/sign-in", data=fields, headers=HTML)
        assert response.status_code == 303 and response.headers["location"] == "/desk"
        assert "qa_session" in response.headers["set-cookie"] and "HttpOnly" in response.headers["set-cookie"]


def test_sign_out_ends_the_session(people: People) -> None:
    response = people().post("/sign-in", data={"username": "desk", "password": "qinghe-2026"}, headers=HTML)
    cookie = {"cookie": response.headers["set-cookie"].split(";")[0], **HTML}
    page = people().get("/desk", headers=cookie)
    token = page.text.split('name="csrf" value="')[1].split('"')[0]
    assert people().post("/sign-out", data={"csrf": token}, headers=cookie).headers["location"] == "/sign-in"
    assert people().get("/desk", headers=cookie).status_code == 303


def test_activation_makes_the_machine_known(client: TestClient) -> None:
    response = client.get(f"/kiosk/activate?token={KIOSKS['K01'][2]}", headers=HTML)
    assert response.headers["location"] == "/kiosk"
    assert "HttpOnly" in response.headers["set-cookie"]
    assert client.get("/kiosk/activate?token=made-up", headers=HTML).status_code == 403


def test_fragment_of_an_expired_session_stays_on_the_page(people: People) -> None:
    headers = {**HTML, "hx-request": "true", "hx-current-url": "http://testserver/desk?done=1"}
    response = people().get("/desk/help-calls", headers=headers)
    assert response.status_code == 401 and response.headers["hx-retarget"] == "#notice"
    assert "重新登录" in response.text and "next=%2Fdesk" in response.text


def test_the_same_left_question_sent_twice_is_one(people: People) -> None:
    fields = {"question": "井水能不能喝", "contact": "", "request_key": "k" * 20}
    kiosk = {"cookie": f"qa_kiosk={KIOSKS['K01'][2]}", "accept": "application/json"}
    codes = {
        people().post("/kiosk/questions", data=fields, headers=kiosk).headers["set-cookie"] for _ in range(2)
    }
    assert len(codes) == 1
    rows = people("desk").get("/api/v1/consultations").json()
    assert [row["channel"] for row in rows] == ["kiosk"]


def test_strange_questions_get_a_page(people: People) -> None:
    for question in ("", "   ", "😀", "<script>alert(1)</script>", "'; DROP TABLE entries; --", "低" * 2000):
        for base in ("/kiosk", "/ask"):
            response = people().post(f"{base}/question", data={"q": question}, headers=HTML)
            assert response.status_code in (200, 303)
            assert "<script>alert" not in response.text
        response = people("desk").post("/desk/results", data={"question": question}, headers=HTML)
        assert response.status_code == 200 and "<script>alert" not in response.text


def test_every_answer_carries_a_strict_policy(people: People) -> None:
    for path in ("/", "/kiosk", "/ask", "/progress", "/sign-in"):
        response: Any = people().get(path, headers=HTML)
        assert "default-src 'self'" in response.headers["content-security-policy"]
        assert (
            " style=" not in response.text
            and " onclick=" not in response.text
            and "http://" not in response.text
        )
