"""Column types, transactions and the database's own complaints, on both databases."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta, timezone

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError
from support.people import People

from qa_service.accounts.models import Throttle, Unit
from qa_service.cases.models import Case
from qa_service.errors import Conflict, Invalid, NotFound, Unavailable
from qa_service.kit import clock
from qa_service.kit.database import Database, database_errors


def throttle_row(bucket: str, moment: datetime) -> Throttle:
    return Throttle(bucket=bucket, window_start=moment, count=1)


class TestUtcDateTime:
    def test_a_moment_given_in_chinese_time_comes_back_as_the_same_moment_in_utc(
        self, database: Database
    ) -> None:
        china = datetime(2026, 2, 13, 0, 30, 15, 123456, tzinfo=clock.CHINA)
        with database.write() as session:
            session.add(throttle_row("a", china))
        with database.read() as session:
            back = session.get_one(Throttle, "a").window_start
        assert back == china
        assert back.utcoffset() == timedelta(0)

    def test_moments_of_any_offset_sort_and_compare_in_queries(self, database: Database) -> None:
        early = datetime(2026, 2, 13, 9, tzinfo=timezone(timedelta(hours=8)))  # 01:00 UTC
        late = datetime(2026, 2, 13, 2, tzinfo=UTC)
        with database.write() as session:
            session.add_all([throttle_row("late", late), throttle_row("early", early)])
        with database.read() as session:
            ordered = session.scalars(select(Throttle.bucket).order_by(Throttle.window_start)).all()
            later = session.scalars(select(Throttle.bucket).where(Throttle.window_start > early)).all()
        assert list(ordered) == ["early", "late"]
        assert list(later) == ["late"]

    def test_a_moment_without_time_zone_is_refused(self, database: Database) -> None:
        with pytest.raises(Exception, match="without time zone"), database.write() as session:
            session.add(throttle_row("a", datetime(2026, 2, 13)))
            session.flush()


class TestWrite:
    def test_what_raises_inside_the_block_leaves_nothing_behind(self, database: Database) -> None:
        with pytest.raises(NotFound), database.write() as session:
            session.add(throttle_row("a", clock.now()))
            session.flush()
            raise NotFound("没有")
        with database.read() as session:
            assert session.get(Throttle, "a") is None

    def test_what_was_committed_is_seen_by_other_sessions(self, database: Database) -> None:
        with database.write() as session:
            session.add(throttle_row("a", clock.now()))
        with database.read() as session:
            assert session.get_one(Throttle, "a").count == 1

    def test_foreign_keys_are_enforced(self, database: Database) -> None:
        with pytest.raises(Conflict), database.write() as session:
            session.execute(text("UPDATE users SET unit_id = 999999 WHERE username = 'unit-rsj'"))

    def test_sqlite_takes_the_write_lock_at_the_start(self, sqlite_database: Database) -> None:
        hasty = Database(sqlite_database.url, wait_seconds=0.05)
        with sqlite_database.write() as first:
            first.execute(select(Unit.id))
            with pytest.raises(Unavailable, match="占用"), hasty.write() as second:
                second.execute(select(Unit.id))
        hasty.close()


class TestDatabaseErrors:
    @pytest.mark.parametrize(
        ("raised", "expected", "said"),
        [
            (OperationalError("", {}, sqlite3.OperationalError("database is locked")), Unavailable, "占用"),
            (OperationalError("", {}, Exception("canceling statement due to lock timeout")), Unavailable, "占用"),
            (OperationalError("", {}, sqlite3.OperationalError("database or disk is full")), Unavailable, "磁盘空间"),
            (OperationalError("", {}, Exception("could not extend file: No space left on device")), Unavailable, "磁盘空间"),
            (OperationalError("", {}, sqlite3.OperationalError("disk I/O error")), Unavailable, "磁盘空间"),
            (OperationalError("", {}, Exception("connection refused")), Unavailable, "连接不上"),
            (PoolTimeout("QueuePool limit"), Unavailable, "人太多"),
            (IntegrityError("", {}, Exception("UNIQUE constraint failed")), Conflict, "重复"),
            (StaleDataError("0 matched"), Conflict, "别人办理过"),
            (DataError("", {}, Exception("cannot contain NUL")), Invalid, "无法保存的字符"),
            (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), Invalid, "无法保存的字符"),
        ],
    )  # fmt: skip
    def test_becomes_what_a_person_can_act_on(self, raised: Exception, expected: type, said: str) -> None:
        with pytest.raises(expected) as caught, database_errors():
            raise raised
        assert said in caught.value.message
        assert caught.value.remedy

    def test_service_errors_pass_unchanged(self) -> None:
        error = NotFound("没有这件事项")
        with pytest.raises(NotFound) as caught, database_errors():
            raise error
        assert caught.value is error

    def test_other_errors_are_not_disguised(self) -> None:
        with pytest.raises(ZeroDivisionError), database_errors():
            _ = 1 / 0


class TestTransactionalRoute:
    """A request is committed before its response leaves."""

    def registered(self, database: Database) -> int:
        with database.read() as session:
            return len(session.scalars(select(Case.id)).all())

    @pytest.mark.parametrize(
        ("error", "status"),
        [
            (OperationalError("COMMIT", {}, Exception("database or disk is full")), 503),
            (IntegrityError("COMMIT", {}, Exception("deferred constraint")), 409),
        ],
    )
    def test_a_commit_that_fails_is_never_answered_with_success(
        self,
        people: People,
        database: Database,
        monkeypatch: pytest.MonkeyPatch,
        error: Exception,
        status: int,
    ) -> None:
        desk, original = people("desk"), Session.commit

        def commit(session: Session) -> None:
            if session.scalar(select(func.count(Case.id))):
                raise error
            original(session)

        monkeypatch.setattr(Session, "commit", commit)
        response = desk.post("/api/v1/consultations", json={"question": "提交时磁盘满了"})
        monkeypatch.undo()
        assert response.status_code == status
        assert response.headers["content-type"] == "application/problem+json"
        assert response.json()["remedy"]
        assert self.registered(database) == 0

    def test_an_unexpected_error_rolls_back_and_says_so_in_chinese(
        self, app: FastAPI, people: People, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        headers = people("desk").headers

        def broken(*_args: object, **_kwargs: object) -> None:
            raise RuntimeError("something nobody thought of")

        monkeypatch.setattr("qa_service.consultations.service.cases.record", broken)
        quiet = TestClient(app, raise_server_exceptions=False)
        response = quiet.post("/api/v1/consultations", json={"question": "登记到一半出错"}, headers=headers)
        assert response.status_code == 500
        assert response.json()["type"] == "/problems/unexpected"
        assert "没有保存" in response.json()["detail"]
        assert self.registered(database) == 0

    def test_a_success_is_in_the_database_when_the_answer_arrives(
        self, people: People, database: Database
    ) -> None:
        for expected in (1, 2, 3):
            assert people("desk").post("/api/v1/consultations", json={"question": "在吗"}).status_code == 201
            assert self.registered(database) == expected
