"""Every route, asked by everybody: who may pass is a table here, and a route that is not in it fails."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from support.people import KIOSKS, open_session

from qa_service.app import create_app
from qa_service.kit.database import Database
from qa_service.library import opening
from qa_service.settings import Settings
from qa_service.text.lexicon import Lexicon

CALLERS = {
    "anonymous": "", "kiosk": "kiosk", "desk": "desk", "unit": "unit-rsj", "supervisor": "supervisor", "admin": "admin",
}  # fmt: skip
PUBLIC = frozenset(CALLERS)
STAFF = frozenset({"desk", "unit", "supervisor", "admin"})
EDITORS = frozenset({"desk", "unit", "admin"})
DESK = frozenset({"desk", "admin"})
REGISTER = frozenset({"desk", "supervisor", "admin"})
UNIT = frozenset({"unit"})
SUPERVISOR = frozenset({"supervisor"})
WATCHING = frozenset({"supervisor", "admin"})
CONTESTERS = frozenset({"desk", "unit"})
ADMIN = frozenset({"admin"})

A = "/api/v1"
ALLOWED: dict[tuple[str, str], frozenset[str]] = {
    # What anybody may ask.
    ("GET", "/health"): PUBLIC, ("GET", f"{A}/openapi.json"): PUBLIC,
    ("POST", f"{A}/ask"): PUBLIC, ("POST", f"{A}/ask/{{trace_id}}/choice"): PUBLIC, ("GET", f"{A}/suggest"): PUBLIC,
    ("GET", f"{A}/hot"): PUBLIC, ("GET", f"{A}/answers/{{key}}"): PUBLIC, ("POST", f"{A}/progress"): PUBLIC, ("POST", f"{A}/progress/rating"): PUBLIC,
    ("POST", f"{A}/consultations"): PUBLIC, ("GET", f"{A}/units"): PUBLIC, ("GET", f"{A}/zones"): PUBLIC,
    ("GET", f"{A}/topics"): PUBLIC, ("GET", f"{A}/due"): PUBLIC, ("POST", f"{A}/session"): PUBLIC,
    ("GET", f"{A}/session"): PUBLIC, ("DELETE", f"{A}/session"): PUBLIC,
    # The ledger.
    ("GET", f"{A}/consultations"): STAFF, ("GET", f"{A}/consultations/{{number}}"): STAFF,
    ("POST", f"{A}/consultations/{{number}}/acts/{{event}}"): STAFF,
    ("POST", f"{A}/consultations/{{number}}/contact"): STAFF,
    ("GET", f"{A}/consultations/{{number}}/comparison"): STAFF,
    ("POST", f"{A}/consultations/{{number}}/hand-over"): DESK,
    ("POST", f"{A}/consultations/{{number}}/one-time-notice"): DESK,
    ("GET", f"{A}/consultations/{{number}}/one-time-notice"): STAFF,
    ("GET", f"{A}/accountability"): WATCHING, ("POST", f"{A}/accountability"): SUPERVISOR,
    ("POST", f"{A}/accountability/{{event_id}}/handling"): SUPERVISOR,
    # Boards and statistics.
    **{
        ("GET", path): STAFF
        for path in (
            f"{A}/statistics", f"{A}/statistics/cases", f"{A}/board", f"{A}/board/cases", "/statistics", "/statistics.csv",
            "/statistics/cases", "/board", "/board/cases", "/board/wall",
        )
    },
    ("GET", f"{A}/consultations/{{number}}/history"): STAFF, ("GET", "/case/{case_number}/history"): STAFF,
    # The library.
    ("POST", f"{A}/library/hit-test"): STAFF, ("GET", f"{A}/library/entries"): STAFF,
    ("GET", f"{A}/library/entries/{{key}}"): STAFF, ("GET", f"{A}/library/entries/{{key}}/versions"): STAFF,
    ("POST", f"{A}/library/entries"): EDITORS, ("PUT", f"{A}/library/entries/{{key}}"): EDITORS,
    ("POST", f"{A}/library/entries/{{key}}/acts/{{event}}"): STAFF, ("POST", f"{A}/library/import"): EDITORS,
    ("GET", f"{A}/lexicon/words"): STAFF, ("POST", f"{A}/lexicon/words"): EDITORS,
    ("POST", f"{A}/lexicon/preview"): EDITORS, ("POST", f"{A}/lexicon/words/{{word_id}}/withdraw"): EDITORS,
    # Administration.
    ("GET", f"{A}/users"): ADMIN, ("POST", f"{A}/users"): ADMIN, ("PATCH", f"{A}/users/{{username}}"): ADMIN,
    ("GET", f"{A}/kiosks"): ADMIN, ("POST", f"{A}/kiosks"): ADMIN, ("PATCH", f"{A}/kiosks/{{code}}"): ADMIN,
    ("PUT", f"{A}/units/{{code}}"): ADMIN, ("GET", f"{A}/integration/keys"): ADMIN,
    ("POST", f"{A}/integration/keys"): ADMIN, ("POST", f"{A}/integration/keys/{{code}}/revoke"): ADMIN,
    ("GET", f"{A}/integration/webhooks"): ADMIN, ("POST", f"{A}/integration/webhooks"): ADMIN,
    ("POST", f"{A}/integration/webhooks/{{code}}/{{what}}"): ADMIN,
    # Pages for anybody.
    ("GET", "/"): PUBLIC, ("GET", "/theme"): PUBLIC, ("GET", "/sign-in"): PUBLIC, ("POST", "/sign-in"): PUBLIC,
    ("POST", "/sign-out"): PUBLIC, ("GET", "/progress"): PUBLIC, ("POST", "/progress"): PUBLIC, ("POST", "/progress/rating"): PUBLIC,
    ("POST", "/kiosk/alive"): PUBLIC,
    **{
        (method, base + path): PUBLIC
        for base in ("/kiosk", "/ask")
        for method, path in (
            ("GET", ""), ("GET", "/topic/{tile}"), ("GET", "/answer/{key}"), ("GET", "/question"), ("POST", "/question"),
            ("POST", "/choice"), ("GET", "/leave"), ("POST", "/leave"), ("POST", "/questions"), ("GET", "/slip"),
            ("POST", "/help"),
        )
    },
    # Pages for staff.
    ("GET", "/desk"): REGISTER, ("GET", "/desk/register"): REGISTER, ("POST", "/desk"): DESK,
    ("POST", "/desk/results"): DESK, ("POST", "/desk/trace"): DESK, ("GET", "/desk/help-calls"): DESK,
    ("POST", "/desk/help-calls/{code}"): DESK, ("GET", "/case/{case_number}"): STAFF,
    ("POST", "/case/{case_number}/contact"): STAFF, ("GET", "/case/{case_number}/slip"): DESK,
    ("POST", "/case/{case_number}/hand-over"): DESK, ("POST", "/case/{case_number}/one-time-notice"): DESK,
    ("GET", "/case/{case_number}/one-time-notice"): STAFF, ("GET", "/accountability"): WATCHING,
    ("POST", "/accountability"): SUPERVISOR, ("POST", "/accountability/{event_id}/handling"): SUPERVISOR,
    ("POST", "/case/{case_number}/{event}"): STAFF, ("GET", "/unit"): UNIT,
    ("GET", "/library"): STAFF, ("GET", "/library/test"): STAFF, ("GET", "/library/new"): EDITORS,
    ("POST", "/library/new"): EDITORS, ("GET", "/library/entry/{key}"): STAFF,
    ("GET", "/library/entry/{key}/edit"): EDITORS, ("POST", "/library/entry/{key}/edit"): EDITORS,
    ("POST", "/library/entry/{key}/{event}"): STAFF, ("GET", "/library/import"): EDITORS,
    ("POST", "/library/import"): EDITORS, ("GET", "/library/lexicon"): STAFF, ("POST", "/library/lexicon"): EDITORS,
    ("GET", f"{A}/library/gaps"): STAFF, ("GET", "/library/gaps"): STAFF, ("GET", "/library/gaps.csv"): STAFF,
    ("POST", "/library/lexicon/preview"): EDITORS, ("POST", "/library/lexicon/{word_id}/withdraw"): EDITORS,
    ("GET", "/admin"): ADMIN, ("GET", "/admin/units"): ADMIN, ("GET", "/admin/units/{code}"): ADMIN,
    ("POST", "/admin/units/{code}"): ADMIN, ("GET", "/admin/users"): ADMIN, ("POST", "/admin/users"): ADMIN,
    ("POST", "/admin/users/{username}/{what}"): ADMIN, ("GET", "/admin/kiosks"): ADMIN,
    ("POST", "/admin/kiosks"): ADMIN, ("POST", "/admin/kiosks/{code}/{what}"): ADMIN,
    # The register and the papers on paper.
    ("GET", "/desk/register/export"): REGISTER, ("POST", "/desk/register/export"): REGISTER,
    ("GET", "/case/{case_number}/papers/{code}"): STAFF, ("POST", "/case/{case_number}/papers/reveal"): STAFF,
    ("GET", "/desk/register/intake"): DESK, ("POST", "/desk/register/intake"): DESK, ("GET", "/desk/register/intake/sample.csv"): DESK,
    ("GET", "/admin/forms"): ADMIN, ("GET", "/admin/forms/{code}/file"): ADMIN, ("POST", "/admin/forms/{code}"): ADMIN,
    ("POST", "/admin/forms/{code}/restore"): ADMIN,
    # The working-day calendar.
    ("GET", f"{A}/calendar/{{year}}"): PUBLIC, ("GET", f"{A}/calendar/local"): STAFF,
    ("POST", f"{A}/calendar/notice"): ADMIN, ("POST", f"{A}/calendar/local"): ADMIN,
    ("POST", f"{A}/calendar/local/{{override_id}}/withdraw"): ADMIN,
    # Watching.
    ("GET", f"{A}/watching/cards"): STAFF, ("POST", f"{A}/watching/cards/{{card_id}}/contest"): CONTESTERS,
    ("POST", f"{A}/watching/cards/{{card_id}}/decision"): SUPERVISOR,
    ("POST", f"{A}/consultations/{{number}}/notices"): REGISTER, ("GET", f"{A}/watching/notices"): STAFF,
    ("POST", f"{A}/watching/notices/{{number}}/feedback"): UNIT, ("GET", f"{A}/messages"): STAFF,
    ("POST", f"{A}/messages/{{message_id}}/read"): STAFF, ("POST", f"{A}/messages/read-all"): STAFF,
    ("PUT", f"{A}/messages/address"): STAFF, ("POST", f"{A}/substitutes"): STAFF,
    ("POST", f"{A}/substitutes/{{substitute_id}}/withdraw"): STAFF, ("GET", f"{A}/watching/settings"): WATCHING,
    ("PUT", f"{A}/watching/settings"): ADMIN, ("GET", f"{A}/watching/failures"): WATCHING,
    ("POST", f"{A}/watching/failures/resend"): ADMIN, ("POST", f"{A}/watching/robots"): ADMIN,
    ("POST", f"{A}/watching/robots/{{robot_id}}/{{what}}"): ADMIN, ("POST", f"{A}/watching/test"): ADMIN,
    ("GET", "/watching"): REGISTER, ("POST", "/watching/cards/{card_id}/contest"): CONTESTERS,
    ("POST", "/watching/cards/{card_id}/decision"): SUPERVISOR, ("POST", "/case/{case_number}/notices"): REGISTER,
    ("GET", "/notices/{number}"): STAFF, ("POST", "/notices/{number}/feedback"): UNIT,
    ("GET", "/messages"): STAFF, ("POST", "/messages/{message_id}/open"): STAFF, ("POST", "/messages/read-all"): STAFF,
    ("POST", "/messages/address"): STAFF, ("POST", "/messages/substitute"): STAFF,
    ("POST", "/messages/substitute/{substitute_id}/withdraw"): STAFF,
    ("GET", "/admin/watching"): ADMIN, ("POST", "/admin/watching"): ADMIN, ("POST", "/admin/watching/robots"): ADMIN,
    ("POST", "/admin/watching/robots/{robot_id}/{what}"): ADMIN, ("POST", "/admin/watching/test"): ADMIN,
    ("POST", "/admin/watching/resend"): ADMIN,
    # The page of keys and webhooks.
    ("GET", "/admin/integration"): ADMIN, ("POST", "/admin/integration/keys"): ADMIN,
    ("POST", "/admin/integration/keys/{code}/revoke"): ADMIN, ("POST", "/admin/integration/webhooks"): ADMIN,
    ("POST", "/admin/integration/webhooks/{code}/{what}"): ADMIN,
    ("GET", "/calendar"): STAFF, ("GET", "/calendar/{number}"): STAFF, ("GET", "/admin/calendar"): ADMIN,
    ("POST", "/admin/calendar/notice"): ADMIN, ("POST", "/admin/calendar/local"): ADMIN,
    ("POST", "/admin/calendar/local/{override_id}/withdraw"): ADMIN,
}  # fmt: skip
# Not decided by who asks but by the token in the address, or by the signature of another system.
BY_TOKEN = {
    ("GET", "/kiosk/activate"), ("POST", f"{A}/intake/consultations"), ("GET", f"{A}/intake/consultations/{{order_no}}"),
}  # fmt: skip
# Signing in and out is for anybody, and would end the sessions that the others here are asked with.
SIGNING = {
    ("POST", f"{A}/session"),
    ("DELETE", f"{A}/session"),
    ("GET", "/sign-in"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
}
NAMES = {
    "key": "jobless-length",
    "tile": "社保医保",
    "code": "K01",
    "username": "desk2",
    "what": "nothing",
    "word_id": "1",
    "year": "2026",
    "override_id": "1",
    "event_id": "1",
    "card_id": "1",
    "message_id": "1",
    "substitute_id": "1",
    "robot_id": "1",
}


def routes_of(routes: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """(method, path) of everything the application answers to, included routers unfolded."""
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            yield from routes_of(route.effective_route_contexts())
        elif path := getattr(route, "path", None):
            methods = getattr(route, "methods", None) or ()
            yield from ((method, path) for method in methods if method not in ("HEAD", "OPTIONS"))


ROUTES = sorted(set(routes_of(create_app(Settings(lexical_only=True)).routes)))


@pytest.fixture(scope="module")
def running(
    sqlite_template: Path, lexicon: Lexicon, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[TestClient, dict[str, dict[str, str]]]]:
    """One application for all routes, and the headers of each caller. Guards know nothing of databases."""
    folder = tmp_path_factory.mktemp("routes")
    shutil.copyfile(sqlite_template, folder / "qa.sqlite3")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening, "open_lexicon", lambda _settings: lexicon)
        app = create_app(Settings(data_dir=folder, lexical_only=True))
        with TestClient(app, follow_redirects=False) as client:
            database = Database(app.state.database.url)
            headers: dict[str, dict[str, str]] = {
                "anonymous": {}, "kiosk": {"authorization": f"Kiosk {KIOSKS['K01'][2]}"},
            }  # fmt: skip
            for role, username in CALLERS.items():
                if role in STAFF:
                    cookie, csrf = open_session(database, username)
                    headers[role] = {"cookie": f"qa_session={cookie}", "x-csrf-token": csrf}
            database.close()
            yield client, headers


def refused(answer: Any) -> bool:
    to_sign_in = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in?")
    return answer.status_code in (401, 403) or to_sign_in


def test_every_route_is_in_the_table_and_nothing_else_is() -> None:
    known = set(ALLOWED) | BY_TOKEN
    assert set(ROUTES) - known == set(), "路由没有写进角色表：先决定谁可以访问，再写进 ALLOWED"
    assert known - set(ROUTES) == set(), "角色表里有不存在的路由"


def test_unfolding_finds_the_routes_of_included_routers() -> None:
    assert len(ROUTES) > 60


@pytest.mark.parametrize(("method", "path"), sorted(set(ALLOWED) - SIGNING), ids=lambda value: str(value))
def test_only_those_in_the_table_pass(
    running: tuple[TestClient, dict[str, dict[str, str]]], method: str, path: str
) -> None:
    client, calling = running
    address = path.format_map(
        {"trace_id": "x", "number": "none", "case_number": "none", "event": "none", **NAMES}
    ).replace("/calendar/none", "/calendar/2026")
    accept = "application/json" if path.startswith(A) else "text/html"
    for role, headers in calling.items():
        client.cookies.clear()
        content: dict[str, Any] = {} if method in ("GET", "DELETE") else {"json": {}}
        if method == "POST" and accept == "text/html":
            content = {"data": {"unit": "rsj"}}
        answer = client.request(
            method, address, headers={"accept": accept, "if-match": '"1"', **headers}, **content
        )
        expected_pass = role in ALLOWED[method, path]
        assert refused(answer) is not expected_pass, (
            role,
            method,
            path,
            answer.status_code,
            answer.text[:300],
        )
        assert answer.status_code < 500, (role, method, path)


@pytest.mark.parametrize(
    ("method", "path"),
    sorted(key for key, roles in ALLOWED.items() if key[0] != "GET" and roles is not PUBLIC),
    ids=lambda value: str(value),
)
def test_no_change_is_accepted_on_the_strength_of_a_cookie_alone(
    running: tuple[TestClient, dict[str, dict[str, str]]], method: str, path: str
) -> None:
    client, calling = running
    address = path.format_map({"number": "none", "case_number": "none", "event": "none", **NAMES})
    role = next(role for role in ("admin", "unit", "supervisor") if role in ALLOWED[method, path])
    client.cookies.clear()
    headers = {"cookie": calling[role]["cookie"], "accept": "application/json", "if-match": '"1"'}
    answer = client.request(method, address, headers=headers, **({"json": {}} if path.startswith(A) else {}))
    assert answer.status_code == 403, (method, path, answer.status_code)
    assert "刷新页面" in answer.json()["remedy"]


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/nowhere", "/static/nowhere.css", "/static/../app.py"])
def test_what_is_not_there_is_not_found(running: tuple[TestClient, object], path: str) -> None:
    client, _ = running
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_every_answer_carries_the_security_headers(running: tuple[TestClient, object], accept: str) -> None:
    client, _ = running
    for path in ("/", "/sign-in", "/nowhere", "/api/v1/units", "/desk"):
        headers = client.get(path, headers={"accept": accept}).headers
        assert headers["content-security-policy"].startswith("default-src 'self'")
        assert headers["x-content-type-options"] == "nosniff"
        assert "unsafe" not in headers["content-security-policy"]
