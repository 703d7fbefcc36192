"""The people of the sample county, and signing them in."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from argon2 import PasswordHasher
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts import security, service
from qa_service.accounts.models import Kiosk, SignInSession, Unit, User
from qa_service.accounts.roles import SYSTEM, Actor, Role
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.library.models import Entry, EntryVersion
from qa_service.zones.models import Zone

PASSWORD = "qinghe-2026"
FAR = timedelta(days=365 * 50)

# username: (display name, role, unit, zone)
PEOPLE = {
    "admin": ("系统管理员", "admin", "", ""),
    "desk": ("窗口甲", "desk", "", "QH01"),
    "desk2": ("窗口乙", "desk", "", "QH01"),
    "desk-liuwan": ("柳湾窗口", "desk", "", "QH02"),
    "desk-shiqiao": ("石桥窗口", "desk", "", "QH03"),
    "supervisor": ("监督员", "supervisor", "", "QH01"),
    "unit-rsj": ("人社承办人甲", "unit", "rsj", ""),
    "unit-rsj-b": ("人社承办人乙", "unit", "rsj", ""),
    "unit-rsj-lead": ("人社负责人", "unit", "rsj", ""),
    "unit-mzj": ("民政承办人", "unit", "mzj", ""),
}
KIOSKS = {
    "K01": ("大厅一体机", "QH01", "token-of-the-hall-kiosk"),
    "K02": ("柳湾一体机", "QH02", "token-of-liuwan-kiosk"),
}


def cheap_passwords() -> None:
    """Hash with the least effort: what is tested is the logic, not the cost of argon2."""
    security._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    security._NOBODY = security._hasher.hash("nobody")


def create_people(session: Session) -> None:
    for username, (name, role, unit, zone) in PEOPLE.items():
        service.create_user(
            session, SYSTEM, username=username, display_name=name, password=PASSWORD, role=role, unit_code=unit,
            zone_code=zone, leads=username.endswith("-lead"),
        )  # fmt: skip
    for code, (name, zone, token) in KIOSKS.items():
        kiosk, _ = service.create_kiosk(session, SYSTEM, code=code, name=name, zone_code=zone)
        kiosk.token_hash = security.token_hash(token)


class Actors:
    """`actors["desk"]`: the actor as a signed-in request would have it; "kiosk" is the hall's machine."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __getitem__(self, username: str) -> Actor:
        with self._database.read() as session:
            if username == "kiosk":
                kiosk = session.scalars(select(Kiosk).where(Kiosk.code == "K01")).one()
                return Actor(Role.KIOSK, kiosk.name, kiosk.id, zone_id=kiosk.zone_id)
            return service.actor_of(session.scalars(select(User).where(User.username == username)).one())


def zone_id(session: Session, code: str) -> int:
    return session.scalars(select(Zone.id).where(Zone.code == code)).one()


def open_session(database: Database, username: str) -> tuple[str, str]:
    """(cookie, CSRF token) of a session that does not run out, without going through the sign-in page."""
    token, csrf = security.new_token(), security.new_token()
    with database.write() as session:
        user_id = session.scalars(select(User.id).where(User.username == username)).one()
        at = clock.now()
        session.add(
            SignInSession(
                token_hash=security.token_hash(token),
                user_id=user_id,
                csrf=csrf,
                created_at=at,
                expires_at=at + FAR,
            )
        )
    return token, csrf


class Caller:
    """Somebody using the API: every request carries their cookie and CSRF token, or the kiosk's token."""

    def __init__(self, client: TestClient, headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers

    def request(self, method: str, url: str, **kwargs: Any) -> Any:
        kwargs["headers"] = {**self.headers, **kwargs.pop("headers", {})}
        return self.client.request(method, url, **kwargs)

    def get(self, url: str, **kwargs: Any) -> Any:
        return self.request("GET", url, **kwargs)

    def post(self, url: str, **kwargs: Any) -> Any:
        return self.request("POST", url, **kwargs)

    def put(self, url: str, **kwargs: Any) -> Any:
        return self.request("PUT", url, **kwargs)

    def patch(self, url: str, **kwargs: Any) -> Any:
        return self.request("PATCH", url, **kwargs)

    def delete(self, url: str, **kwargs: Any) -> Any:
        return self.request("DELETE", url, **kwargs)


def wait_for(happened: Callable[[], bool], seconds: float = 10.0) -> None:
    """Until `happened()`; what is published is found by the watching thread a moment later."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


class People:
    """`people("desk")`, `people("kiosk")`, `people()` for a citizen: callers of one running application."""

    def __init__(self, client: TestClient, database: Database) -> None:
        self._client, self._database = client, database
        self._known: dict[str, Caller] = {}

    def __call__(self, username: str = "") -> Caller:
        if username not in self._known:
            self._known[username] = Caller(self._client, self._headers(username))
        return self._known[username]

    wait_for = staticmethod(wait_for)

    def revise(self, key: str, author: str = "desk", reviewer: str = "desk2", **changes: Any) -> None:
        """A new version of the entry `key`, written by one and published by another."""
        url = f"/api/v1/library/entries/{key}"
        entry = self(author).get(url).json()
        version = entry["published"]
        with self._database.read() as session:
            found = session.scalars(select(Entry).where(Entry.key == key)).one()
            held = session.get_one(EntryVersion, found.published_version_id)
            unit, basis = session.get_one(Unit, held.unit_id).code, list(held.basis)
        form = {
            "question": version["question"], "answer": version["answer"], "unit": unit, "topic": version["topic"],
            "basis": basis, "phrasings": [p["text"] for p in version["phrasings"]],
            "review_due": version["review_due"], **changes,
        }  # fmt: skip
        saved = self(author).put(url, json=form, headers={"If-Match": f'"{entry["version"]}"'})
        assert saved.status_code == 200, saved.text
        for who, event in ((author, "submit"), (reviewer, "publish")):
            saved = self(who).post(
                f"{url}/acts/{event}", json={}, headers={"If-Match": f'"{saved.json()["version"]}"'}
            )
            assert saved.status_code == 200, saved.text

    def _headers(self, username: str) -> dict[str, str]:
        if not username:
            return {}
        if username == "kiosk":
            return {"authorization": f"Kiosk {KIOSKS['K01'][2]}"}
        cookie, csrf = open_session(self._database, username)
        return {"cookie": f"qa_session={cookie}", "x-csrf-token": csrf}
