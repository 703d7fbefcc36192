"""Passwords, signing in, sessions, throttling, CSRF, kiosks."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from support.cases import API
from support.people import KIOSKS, PASSWORD, PEOPLE, People, open_session

from qa_service.accounts import security
from qa_service.accounts.models import AuditEvent, Kiosk, SignInSession, Throttle, User
from qa_service.errors import Invalid, TooMany
from qa_service.kit.database import Database

At = Callable[[str], None]


def sign_in(client: TestClient, username: str = "desk", password: str = PASSWORD) -> Any:
    client.cookies.clear()
    return client.post(f"{API}/session", json={"username": username, "password": password})


class TestHashPassword:
    @pytest.mark.parametrize("password", ["", "short-1", "1234567890", "abcdefghijkl", "ninechar1"])
    def test_simple_passwords_are_refused(self, password: str) -> None:
        with pytest.raises(Invalid, match="10"):
            security.hash_password(password)

    @given(st.text(alphabet="abcXYZ0189 密码-_！é", min_size=8, max_size=62).map(lambda tail: f"a1{tail}"))
    def test_a_hash_matches_its_password_and_no_other(self, password: str) -> None:
        hashed = security.hash_password(password)
        assert password not in hashed
        assert security.password_matches(hashed, password)
        assert not security.password_matches(hashed, password + "x")

    def test_nobody_and_a_damaged_hash_match_nothing(self) -> None:
        assert not security.password_matches(None, PASSWORD)
        assert not security.password_matches("$argon2id$damaged", PASSWORD)


class TestNewPassword:
    def test_is_accepted_by_the_rule_and_never_the_same(self) -> None:
        made = {security.new_password() for _ in range(200)}
        assert len(made) == 200
        assert all(security.hash_password(password) for password in list(made)[:20])


class TestSignIn:
    def test_gives_a_cookie_that_scripts_cannot_read_and_a_csrf_token(
        self, client: TestClient, database: Database
    ) -> None:
        answer = sign_in(client)
        assert answer.status_code == 200
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert answer.json()["role"] == "desk"
        assert len(answer.json()["csrf"]) >= 32
        token = answer.cookies["qa_session"]
        with database.read() as session:
            stored = session.scalars(select(SignInSession.token_hash)).all()
            audited = session.scalars(select(AuditEvent.target).where(AuditEvent.action == "sign-in")).all()
        assert token not in stored
        assert list(audited) == ["desk"]

    def test_a_wrong_password_and_an_unknown_name_sound_the_same(self, client: TestClient) -> None:
        wrong, unknown = sign_in(client, password="wrong-password-1"), sign_in(client, "nobody")
        assert wrong.status_code == unknown.status_code == 401
        assert wrong.json() == unknown.json()
        assert "set-cookie" not in wrong.headers

    def test_a_disabled_user_cannot_sign_in_and_is_out_at_once(
        self, people: People, client: TestClient
    ) -> None:
        assert people("desk2").get(f"{API}/consultations").status_code == 200
        people("admin").patch(f"{API}/users/desk2", json={"active": False})
        assert people("desk2").get(f"{API}/consultations").status_code == 401
        assert sign_in(client, "desk2").status_code == 401

    def test_a_new_password_ends_the_sessions_of_the_old(self, people: People, client: TestClient) -> None:
        assert people("desk2").get(f"{API}/consultations").status_code == 200
        people("admin").patch(f"{API}/users/desk2", json={"password": "another-2026"})
        assert people("desk2").get(f"{API}/consultations").status_code == 401
        assert sign_in(client, "desk2").status_code == 401
        assert sign_in(client, "desk2", "another-2026").status_code == 200

    def test_the_session_ends_after_its_hours(self, client: TestClient, at: At) -> None:
        at("2026-03-02 08:00")
        assert sign_in(client).status_code == 200
        at("2026-03-02 17:59")
        assert client.get(f"{API}/consultations").status_code == 200
        at("2026-03-02 18:00")
        assert client.get(f"{API}/consultations").status_code == 401

    def test_signing_out_ends_the_session_also_for_a_copied_cookie(self, client: TestClient) -> None:
        answer = sign_in(client)
        token, csrf = answer.cookies["qa_session"], answer.json()["csrf"]
        assert client.delete(f"{API}/session", headers={"x-csrf-token": csrf}).status_code == 204
        client.cookies.clear()
        assert (
            client.get(f"{API}/consultations", headers={"cookie": f"qa_session={token}"}).status_code == 401
        )

    def test_signing_in_with_a_form_sets_the_same_session(self, client: TestClient) -> None:
        client.cookies.clear()
        answer = client.post(
            "/sign-in", data={"username": "desk", "password": PASSWORD, "next": "/desk/register"}
        )
        assert (answer.status_code, answer.headers["location"]) == (303, "/desk/register")
        assert client.get(f"{API}/session").json()["name"] == "窗口甲"

    @pytest.mark.parametrize(
        "target", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
    )
    def test_signing_in_never_leads_to_another_site(self, client: TestClient, target: str) -> None:
        answer = client.post("/sign-in", data={"username": "desk", "password": PASSWORD, "next": target})
        assert answer.status_code == 303
        assert "evil" not in answer.headers["location"]
        assert answer.headers["location"].startswith("/")


class TestThrottle:
    def test_the_sixth_attempt_is_refused_even_with_the_right_password(
        self, client: TestClient, at: At
    ) -> None:
        at("2026-03-02 09:00")
        assert [sign_in(client, password="wrong-1").status_code for _ in range(5)] == [401] * 5
        refused = sign_in(client)
        assert refused.status_code == 429
        assert "次数过多" in refused.json()["detail"]
        at("2026-03-02 09:11")
        assert sign_in(client).status_code == 200

    def test_other_names_from_the_same_place_are_not_stopped(self, client: TestClient) -> None:
        for _ in range(6):
            sign_in(client, password="wrong-1")
        assert sign_in(client, "desk2").status_code == 200

    def test_success_clears_the_count(self, client: TestClient) -> None:
        for _ in range(3):
            for _ in range(4):
                sign_in(client, password="wrong-1")
            assert sign_in(client).status_code == 200

    def test_counts_are_in_the_database_and_so_shared_by_processes(
        self, client: TestClient, database: Database
    ) -> None:
        sign_in(client, password="wrong-1")
        with database.read() as session:
            assert (
                session.scalars(
                    select(Throttle.count).where(Throttle.bucket.startswith("sign-in:desk"))
                ).one()
                == 1
            )

    def test_first_attempts_arriving_together_are_all_counted(self, database: Database) -> None:
        def attempt(_: int) -> bool:
            try:
                with database.write() as session:
                    security.throttle(session, "together", 5, timedelta(minutes=10), "查询")
            except TooMany:
                return False
            return True

        with ThreadPoolExecutor(8) as pool:
            allowed = list(pool.map(attempt, range(8)))
        assert sum(allowed) == 5


class TestCsrf:
    @pytest.mark.parametrize("token", [None, "", "wrong", "x" * 500])
    def test_a_change_without_the_right_token_is_refused_and_not_done(
        self, client: TestClient, database: Database, token: str | None
    ) -> None:
        cookie, _ = open_session(database, "desk")
        headers = {"cookie": f"qa_session={cookie}"} | ({} if token is None else {"x-csrf-token": token})
        refused = client.post(f"{API}/consultations", json={"question": "问"}, headers=headers)
        assert refused.status_code == 403
        assert "刷新页面" in refused.json()["remedy"]

    def test_the_token_of_another_session_does_not_do(self, client: TestClient, database: Database) -> None:
        cookie, _ = open_session(database, "desk")
        _, other = open_session(database, "desk2")
        headers = {"cookie": f"qa_session={cookie}", "x-csrf-token": other}
        assert (
            client.post(f"{API}/consultations", json={"question": "问"}, headers=headers).status_code == 403
        )

    def test_a_form_carries_it_in_a_field(self, client: TestClient, database: Database) -> None:
        cookie, csrf = open_session(database, "desk")
        for value, status in (("wrong", 403), (csrf, 204)):
            answer = client.request(
                "DELETE", f"{API}/session", data={"csrf": value}, headers={"cookie": f"qa_session={cookie}"}
            )
            assert answer.status_code == status

    def test_reading_needs_none(self, client: TestClient, database: Database) -> None:
        cookie, _ = open_session(database, "desk")
        assert (
            client.get(f"{API}/consultations", headers={"cookie": f"qa_session={cookie}"}).status_code == 200
        )


class TestKiosk:
    def test_its_token_makes_it_known_and_only_its_hash_is_kept(
        self, people: People, database: Database
    ) -> None:
        assert people("kiosk").get(f"{API}/session").json()["name"] == "大厅一体机"
        with database.read() as session:
            assert KIOSKS["K01"][2] not in list(session.scalars(select(Kiosk.token_hash)))

    @pytest.mark.parametrize(
        "header", ["Kiosk wrong", "Kiosk ", "Kiosk", "Bearer token-of-the-hall-kiosk", "", "Kiosk é"]
    )
    def test_any_other_token_is_a_citizen(self, client: TestClient, header: str) -> None:
        answer = client.get(f"{API}/session", headers={"authorization": header.encode("latin-1")})
        assert answer.json()["role"] == "citizen"

    def test_a_disabled_machine_is_a_citizen_and_an_enabled_one_again_itself(self, people: People) -> None:
        for active, role in ((False, "citizen"), (True, "kiosk")):
            assert people("admin").patch(f"{API}/kiosks/K01", json={"active": active}).status_code == 200
            assert people("kiosk").get(f"{API}/session").json()["role"] == role

    def test_a_new_device_token_replaces_the_old_at_once(self, people: People, client: TestClient) -> None:
        token = people("admin").patch(f"{API}/kiosks/K01", json={"new_device": True}).json()["token"]
        assert people("kiosk").get(f"{API}/session").json()["role"] == "citizen"
        renewed = client.get(f"{API}/session", headers={"authorization": f"Kiosk {token}"})
        assert renewed.json()["role"] == "kiosk"

    def test_the_browser_of_the_machine_is_known_by_its_cookie(self, client: TestClient) -> None:
        client.cookies.clear()
        opened = client.get("/kiosk/activate", params={"token": KIOSKS["K01"][2]})
        assert (opened.status_code, opened.headers["location"]) == (303, "/kiosk")
        assert "HttpOnly" in opened.headers["set-cookie"]
        assert client.post("/kiosk/alive").json() == {"registered": True}

    def test_a_wrong_activation_address_is_refused(self, client: TestClient) -> None:
        assert client.get("/kiosk/activate", params={"token": "wrong"}).status_code == 403


class TestUsers:
    NEW = {"username": "new", "display_name": "新人", "password": PASSWORD, "role": "desk", "zone": "QH02"}  # noqa: RUF012

    def test_a_user_is_created_can_sign_in_and_is_audited(
        self, people: People, client: TestClient, database: Database
    ) -> None:
        assert people("admin").post(f"{API}/users", json=self.NEW).status_code == 201
        assert sign_in(client, "new").json()["role"] == "desk"
        with database.read() as session:
            row = session.scalars(select(AuditEvent).where(AuditEvent.action == "create-user").order_by(AuditEvent.id.desc())).first()  # fmt: skip
            stored = session.scalars(select(User).where(User.username == "new")).one()
        assert row is not None
        assert (row.actor_name, row.target, row.data["role"]) == ("系统管理员", "new", "desk")
        assert PASSWORD not in stored.password_hash

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"role": "unit"}, "unit"), ({"role": "king"}, "role"), ({"role": "kiosk"}, "role"), ({"zone": ""}, "zone"),
            ({"zone": "QH99"}, "zone"), ({"username": "desk"}, "username"), ({"username": " "}, "username"),
            ({"password": "123"}, "password"), ({"display_name": ""}, "username"),
        ],
    )  # fmt: skip
    def test_what_is_incomplete_is_refused_by_field(
        self, people: People, change: dict[str, str], field: str
    ) -> None:
        refused = people("admin").post(f"{API}/users", json={**self.NEW, **change})
        assert refused.status_code == 422
        assert field in refused.json()["errors"]

    def test_lists_show_no_password(self, people: People) -> None:
        listed = people("admin").get(f"{API}/users")
        assert {user["username"] for user in listed.json()} == set(PEOPLE)
        assert "argon2" not in listed.text
        assert "password" not in listed.text

    def test_nobody_can_lock_themselves_out(self, people: People) -> None:
        assert people("admin").patch(f"{API}/users/admin", json={"active": False}).status_code == 422
        assert people("admin").get(f"{API}/users").status_code == 200

    def test_an_unknown_user_or_kiosk_is_not_found(self, people: People) -> None:
        assert people("admin").patch(f"{API}/users/ghost", json={"active": False}).status_code == 404
        assert people("admin").patch(f"{API}/kiosks/K99", json={"active": False}).status_code == 404


class TestUnitsAndKiosks:
    def test_a_unit_is_changed_only_where_something_is_given(self, people: People) -> None:
        before = next(u for u in people().get(f"{API}/units").json() if u["code"] == "mzj")
        changed = people("admin").put(f"{API}/units/mzj", json={"phone": "0999-5550999"}).json()
        assert changed == {**before, "phone": "0999-5550999"}

    def test_a_unit_name_cannot_be_taken_twice(self, people: People) -> None:
        assert people("admin").put(f"{API}/units/new", json={"name": "青禾县民政局"}).status_code == 422
        assert people("admin").put(f"{API}/units/new", json={}).status_code == 422
        assert people("admin").put(f"{API}/units/new", json={"name": "青禾县新局"}).status_code == 200

    def test_what_a_hit_shows_of_a_unit_follows_its_change(self, people: People) -> None:
        people("admin").put(f"{API}/units/rsj", json={"phone": "0999-5550777"})
        asked = {"question": "失业金能拿多久"}
        people.wait_for(
            lambda: (
                people().post(f"{API}/ask", json=asked).json()["hits"][0]["unit"]["phone"] == "0999-5550777"
            )
        )

    def test_a_kiosk_needs_code_name_and_zone_and_its_code_once(self, people: People) -> None:
        new = {"code": "K09", "name": "二楼", "zone": "QH01"}
        for change in ({"code": " "}, {"name": ""}, {"zone": "QH99"}, {"code": "K01"}):
            assert people("admin").post(f"{API}/kiosks", json={**new, **change}).status_code == 422
        made = people("admin").post(f"{API}/kiosks", json=new)
        assert made.status_code == 201
        assert made.json()["token"]
        assert all(not kiosk["token"] for kiosk in people("admin").get(f"{API}/kiosks").json())
