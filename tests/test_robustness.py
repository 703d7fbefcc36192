"""Bad input, a busy database, a killed process: a clear message, nothing lost, nothing half saved, no 500."""

from __future__ import annotations

import http.client
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from support.cases import API
from support.people import KIOSKS, open_session
from support.server import ProcessServer, ThreadServer

from qa_service.cases.models import Case, CaseCounter
from qa_service.kit.database import Database
from qa_service.settings import Settings

TEXTS = {
    "empty": "", "blank": " \t\n　", "long": "公积金怎么提取" * 1428 + "公积金怎", "emoji": "👴🏻医保💊怎么报销❓🙏🙏",
    "traditional": "養老保險怎麼申領", "full-width": "ＡＢＣ１２３失业金？！", "sql": "'; DROP TABLE entries; --",
    "sql-like": "100%_' OR 1=1 /*", "html": "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "template": "{{7*7}} {% raw %} ${7*7}", "nul": "失业\x00金", "control": "失\x01业\x1b[31m金\x7f", "bidi": "失业\u202e金\u200b\ufeff",
    "one": "钱", "digits": "1234567890" * 20, "private": "\ue000\U0010ffff", "combining": "失\u0301" * 50, "newlines": "\n".join("失业金"),
    "path": "../../etc/passwd", "brackets": "[" * 500, "regex": "(a+)+$" * 30, "format": "%s %d {0} {x}",
}  # fmt: skip


@pytest.fixture(scope="module")
def server(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadServer]:
    """A real server over a real socket, on a copy of the sample."""
    folder = tmp_path_factory.mktemp("robust")
    shutil.copyfile(sqlite_template, folder / "qa.sqlite3")
    configured = Settings(
        data_dir=folder, lexical_only=True, refresh_seconds=0.05, public_registrations=100_000,
        progress_attempts=100_000, database_wait_seconds=0.5,
    )  # fmt: skip
    with ThreadServer(configured) as running:
        yield running


@pytest.fixture(scope="module")
def caller(server: ThreadServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


def sign_in(server: ThreadServer | ProcessServer, database_url: str, username: str = "desk") -> httpx.Client:
    database = Database(database_url)
    cookie, csrf = open_session(database, username)
    database.close()
    headers = {"cookie": f"qa_session={cookie}", "x-csrf-token": csrf}
    return httpx.Client(base_url=server.url, timeout=30, headers=headers)


def is_clear(answer: httpx.Response) -> None:
    """Accepted, or refused with a problem document that says in Chinese what happened and what to do."""
    assert answer.status_code < 500, (answer.status_code, answer.text[:500])
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", answer.text[:300]
        body = answer.json()
        assert body["type"].startswith("/problems/")
        assert body["status"] == answer.status_code
        for part in ("title", "detail", "remedy"):
            assert any("\u4e00" <= character <= "\u9fff" for character in body[part]), (part, body)


class TestBadText:
    @pytest.mark.parametrize("name", sorted(TEXTS))
    def test_as_a_question_is_answered_or_refused_clearly(self, caller: httpx.Client, name: str) -> None:
        answer = caller.post(f"{API}/ask", json={"question": TEXTS[name]})
        is_clear(answer)
        assert answer.status_code == 200
        if name in ("empty", "blank", "brackets"):
            assert (answer.json()["decision"], answer.json()["hits"]) == ("refer", [])

    @pytest.mark.parametrize("name", sorted(TEXTS))
    def test_as_a_typed_beginning_or_a_progress_code(self, caller: httpx.Client, name: str) -> None:
        is_clear(caller.get(f"{API}/suggest", params={"q": TEXTS[name][:64]}))
        is_clear(caller.get(f"{API}/suggest", params={"q": TEXTS[name][:2000]}))
        is_clear(caller.post(f"{API}/progress", json={"code": TEXTS[name], "phone4": TEXTS[name][:4]}))
        is_clear(
            caller.get(f"{API}/answers/{httpx.URL('/x', params={'q': TEXTS[name][:50]}).query.decode()}")
        )

    @pytest.mark.parametrize("name", sorted(TEXTS))
    def test_in_every_field_of_a_registration(self, caller: httpx.Client, name: str) -> None:
        for field in (
            "question",
            "person_name",
            "contact",
            "audience",
            "topic",
            "zone",
            "trace_id",
            "handling",
            "channel",
        ):
            is_clear(
                caller.post(
                    f"{API}/consultations", json={"question": "问", "handling": "refer", field: TEXTS[name]}
                )
            )

    @pytest.mark.parametrize("name", sorted(TEXTS))
    def test_on_the_pages_is_shown_as_text_and_never_as_markup(self, caller: httpx.Client, name: str) -> None:
        for base in ("/ask", "/kiosk"):
            shown = caller.post(f"{base}/question", data={"q": TEXTS[name]})
            assert shown.status_code in (200, 303), shown.status_code
            assert "<script>alert(1)" not in shown.text
            assert "<img src=x" not in shown.text
        assert (
            caller.post("/progress", data={"code": TEXTS[name], "phone4": "1"}).status_code == 404
            or not TEXTS[name]
        )

    @pytest.mark.parametrize("name", ["sql", "sql-like", "html"])
    def test_is_kept_as_it_was_said(self, server: ThreadServer, name: str) -> None:
        with sign_in(server, server.settings.url) as desk:
            made = desk.post(f"{API}/consultations", json={"question": TEXTS[name]}).json()
            assert desk.get(f"{API}/consultations/{made['number']}").json()["question"] == TEXTS[name]
            listed = desk.get(f"{API}/consultations", params={"q": TEXTS[name]})
            assert listed.status_code == 200

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(text=st.text(max_size=300))
    def test_whatever_else_is_asked(self, caller: httpx.Client, text: str) -> None:
        is_clear(caller.post(f"{API}/ask", json={"question": text}))


class TestBadRequests:
    BODIES = {  # noqa: RUF012
        "not-json": b"{question:", "empty": b"", "null": b"null", "list": b"[]", "string": b'"a"', "nested": b"[" * 100_000,
        "surrogate": b'{"question": "a\\ud800b"}', "surrogate-key": b'{"question": "a", "\\ud800": 1}',
        "bad-utf8": b'{"question": "\xff\xfe"}', "gbk": '{"question": "失业金"}'.encode("gbk"), "utf16": '{"question": "a"}'.encode("utf-16"),
        "long-int": b'{"question": "a", "limit": ' + b"9" * 5000 + b"}", "nan": b'{"question": NaN}', "float": b'{"question": 1e999}',
        "huge-key": b'{"question": "a", "' + b"k" * 5000 + b'": 1}', "twice": b'{"question": "a", "question": null}',
    }  # fmt: skip

    @pytest.mark.parametrize(
        "path", ["/ask", "/consultations", "/progress", "/session", "/ask/x/choice", "/library/hit-test"]
    )
    @pytest.mark.parametrize("name", sorted(BODIES))
    def test_a_body_that_is_none_is_refused_clearly(self, caller: httpx.Client, path: str, name: str) -> None:
        answer = caller.post(
            f"{API}{path}", content=self.BODIES[name], headers={"content-type": "application/json"}
        )
        is_clear(answer)

    @pytest.mark.parametrize(
        "kind", ["text/plain", "application/xml", "multipart/form-data", "application/json; charset=gbk", ""]
    )
    def test_a_body_of_another_kind_is_refused_clearly(self, caller: httpx.Client, kind: str) -> None:
        is_clear(caller.post(f"{API}/ask", content=b"question=1", headers={"content-type": kind}))

    @pytest.mark.parametrize(
        "query",
        ["suggest?q=%ff%fe", "suggest?q=%00", "suggest", "suggest?q=a&limit=99999999999999999999", "hot?limit=-1", "hot?limit=x",
         "answers/%ff", "answers/%00", "due?received=x&days=5", "due?received=0001-01-01&days=366", "due?received=9999-12-31&days=366",
         "due?received=2026-02-13&days=5&unit=month", "due?received=2026-02-13&days=0"],
    )  # fmt: skip
    def test_a_query_that_is_none_is_refused_clearly(self, caller: httpx.Client, query: str) -> None:
        is_clear(caller.get(f"{API}/{query}"))

    @pytest.mark.parametrize(
        ("field", "length"), [("question", 10_001), ("topic", 65)], ids=lambda value: str(value)
    )
    def test_over_long_fields_are_named(self, caller: httpx.Client, field: str, length: int) -> None:
        answer = caller.post(f"{API}/ask", json={"question": "问", field: "长" * length})
        is_clear(answer)
        assert answer.status_code == 422
        assert "太长" in answer.json()["errors"][field]

    def test_an_oversized_body_is_refused_unread(self, caller: httpx.Client) -> None:
        connection = http.client.HTTPConnection(caller.base_url.host, caller.base_url.port or 80, timeout=10)
        connection.putrequest("POST", f"{API}/ask")
        connection.putheader("Content-Length", str(23 * 1024 * 1024))
        connection.endheaders()
        answer = connection.getresponse()
        assert answer.status == 413
        assert "22 MB" in json.loads(answer.read())["detail"]
        connection.close()

    def test_strange_credentials_are_a_citizen_or_refused(self, caller: httpx.Client) -> None:
        for headers in (
            {"cookie": "qa_session=%00%ff"}, {"cookie": "qa_session=" + "x" * 5000}, {"authorization": b"Kiosk \xff"},
            {"cookie": "qa_kiosk=é".encode()}, {"authorization": "Basic eA=="},
        ):  # fmt: skip
            answer = caller.get(f"{API}/session", headers=headers)
            assert answer.json()["role"] == "citizen"


HOLD = (
    "import sqlite3, sys\n"
    "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    "connection.execute('BEGIN EXCLUSIVE')\nprint('held', flush=True)\nsys.stdin.read()\nconnection.execute('ROLLBACK')\n"
)


class TestDatabaseHeldByAnotherProcess:
    def test_writing_says_so_and_saves_nothing_while_answers_go_on(self, server: ThreadServer) -> None:
        path = server.settings.data_dir / "qa.sqlite3"
        database = Database(server.settings.url)

        def serials() -> list[int]:
            with database.read() as session:
                return sorted(session.scalars(select(Case.serial)))

        with sign_in(server, server.settings.url) as desk:
            before = serials()
            holder = subprocess.Popen(
                [sys.executable, "-c", HOLD, str(path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert holder.stdin and holder.stdout
            assert holder.stdout.readline().strip() == "held"
            refused = desk.post(f"{API}/consultations", json={"question": "数据库被占用时登记"})
            looked_up = desk.post(f"{API}/progress", json={"code": "AAAAAAAAAA"})
            asked = [
                desk.post(f"{API}/ask", json={"question": q})
                for q in ("失业金能拿多久", "房产证多久能办下来")
            ]
            listed = desk.get(f"{API}/consultations")
            holder.stdin.close()
            holder.wait(timeout=30)
            for answer in (refused, looked_up):
                assert answer.status_code == 503
                is_503 = answer.json()
                assert "占用" in is_503["detail"]
                assert "再提交" in is_503["remedy"]
            assert [answer.json()["decision"] for answer in asked] == ["answer", "answer"]
            assert listed.status_code == 200
            assert serials() == before
            assert desk.post(f"{API}/consultations", json={"question": "之后再登记"}).status_code == 201
        database.close()


@pytest.fixture
def process(sqlite_template: Path, tmp_path: Path) -> Iterator[ProcessServer]:
    folder = tmp_path / "data"
    folder.mkdir()
    shutil.copyfile(sqlite_template, folder / "qa.sqlite3")
    made = ProcessServer(folder)
    yield made
    made.kill()


class TestKilledProcess:
    def test_what_was_acknowledged_as_published_is_found_after_the_restart(
        self, process: ProcessServer
    ) -> None:
        url = f"sqlite:///{process.data_dir / 'qa.sqlite3'}"
        process.start()
        form = {
            "question": "灵活就业人员怎样参加养老保险？", "answer": "可以自愿参加。", "unit": "rsj", "topic": "社会保险",
            "basis": [{"law": "社会保险法", "version": "2018-12-29", "article": "第十条"}], "review_due": "2099-12-31",
        }  # fmt: skip
        with sign_in(process, url) as desk, sign_in(process, url, "desk2") as reviewer:
            entry = desk.post(f"{API}/library/entries", json=form).json()
            acts = f"{API}/library/entries/{entry['key']}/acts"
            entry = desk.post(f"{acts}/submit", json={}, headers={"If-Match": f'"{entry["version"]}"'}).json()
            done = reviewer.post(f"{acts}/publish", json={}, headers={"If-Match": f'"{entry["version"]}"'})
            process.kill()
        assert done.status_code == 200
        process.start()
        found = httpx.post(f"{process.url}{API}/ask", json={"question": form["question"]}, timeout=30).json()
        assert found["hits"][0]["key"] == entry["key"]

    def test_every_acknowledged_number_is_there_and_none_is_missing_between(
        self, process: ProcessServer
    ) -> None:
        url = f"sqlite:///{process.data_dir / 'qa.sqlite3'}"
        process.start()
        acknowledged: list[str] = []
        enough = threading.Event()

        def register(thread: int) -> None:
            with httpx.Client(
                base_url=process.url, headers={"authorization": f"Kiosk {KIOSKS['K01'][2]}"}, timeout=30
            ) as kiosk:
                for turn in range(10_000):
                    left = {"question": f"第{thread}台第{turn}个问题", "handling": "refer"}
                    try:
                        answer = kiosk.post(f"{API}/consultations", json=left)
                    except httpx.HTTPError:
                        return
                    if answer.status_code == 201:
                        acknowledged.append(answer.json()["number"])
                    if len(acknowledged) >= 40:
                        enough.set()

        threads = [threading.Thread(target=register, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        assert enough.wait(timeout=60)
        process.kill()
        for thread in threads:
            thread.join(timeout=60)
        process.start()
        again = httpx.post(
            f"{process.url}{API}/consultations", json={"question": "重启以后", "handling": "refer"},
            headers={"authorization": f"Kiosk {KIOSKS['K01'][2]}"}, timeout=30,
        )  # fmt: skip
        assert again.status_code == 201
        database = Database(url)
        with database.read() as session:
            rows = session.execute(select(Case.serial, Case.number).order_by(Case.serial)).all()
            counted = session.scalars(select(CaseCounter.last)).one()
            events = {
                case.number: [event.event for event in case.events] for case in session.scalars(select(Case))
            }
        database.close()
        numbers = [number for _, number in rows]
        assert set(acknowledged) <= set(numbers)
        assert [serial for serial, _ in rows] == list(range(1, len(rows) + 1))
        assert counted == len(rows)
        assert all(story == ["register", "refer"] for story in events.values())
        assert numbers[-1] == again.json()["number"]
