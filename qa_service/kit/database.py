"""Engine, sessions and column types for SQLite and PostgreSQL alike.

SQLite runs in WAL mode with one writer at a time: a writing session begins with BEGIN IMMEDIATE, so it
waits for its turn at the start and can never fail half-way with "database is locked".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from sqlalchemy import DateTime, Dialect, Engine, MetaData, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.types import TypeDecorator

from qa_service.errors import Conflict, Invalid, ServiceError, Unavailable


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. SQLite has no time zones, so there it is stored without one."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without time zone must not reach the database")
        value = value.astimezone(timezone.utc)  # noqa: UP017
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)  # noqa: UP017


class Base(DeclarativeBase):
    """Naming constraints keeps migrations the same on every database."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012


def make_engine(url: str, wait_seconds: float = 5.0) -> Engine:
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True, pool_size=10, max_overflow=20)
    if (path := make_url(url).database) and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": wait_seconds})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, _record: Any) -> None:
        # The driver must not begin transactions by itself: it would begin them DEFERRED.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL: an acknowledged registration survives a power cut, not only a killed process.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")

    return engine


class Database:
    """Sessions for reading and for writing. Who opens a writing session commits it once, at the end."""

    def __init__(self, url: str, wait_seconds: float = 5.0) -> None:
        self.url = url
        self.engine = make_engine(url, wait_seconds)
        self._readers = sessionmaker(self.engine, expire_on_commit=False, autoflush=False)
        writing = self.engine.execution_options(sqlite_begin="IMMEDIATE")
        self._writers = sessionmaker(writing, expire_on_commit=False)

    def reader(self) -> Session:
        return self._readers()

    def writer(self) -> Session:
        return self._writers()

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self.reader() as session, database_errors():
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """One transaction: committed when the block ends, rolled back when it raises."""
        with self.writer() as session, database_errors():
            yield session
            session.commit()

    def close(self) -> None:
        self.engine.dispose()


def insert_into(session: Session, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that takes `on_conflict_do_update`; both dialects spell it the same."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return make(model)


@contextmanager
def database_errors() -> Iterator[None]:
    """Turn what the database says into what a person can act on."""
    try:
        yield
    except ServiceError:
        raise
    except StaleDataError as error:
        raise Conflict(
            "您提交之前，这件事项已经被别人办理过了，您的操作没有生效。",
            "您填写的内容仍保留在页面上，请刷新查看最新情况后再决定。",
        ) from error
    except IntegrityError as error:
        if "append-only" in str(error.orig):  # the triggers on case_events and case_journal
            raise Conflict(
                "办理过程只能追加，不能修改或删除，没有保存。", "需要更正的，请另行登记一步并写明原因。"
            ) from error
        raise Conflict(
            "这项内容与已有记录重复，或者刚刚被别人修改，没有保存。", "请刷新后核对，再重新提交。"
        ) from error
    except (DataError, UnicodeEncodeError) as error:
        raise Invalid(
            "内容太长，或者含有无法保存的字符，没有保存。", "请删去特殊字符、缩短内容后再提交。"
        ) from error
    except PoolTimeout as error:
        raise Unavailable("同时办理的人太多，本次操作没有保存。", "请稍等几秒再提交一次。") from error
    except OperationalError as error:
        raise describe_operational(error) from error


def describe_operational(error: OperationalError) -> Unavailable:
    text = str(error.orig).lower()
    if "locked" in text or "busy" in text or "lock timeout" in text:
        return Unavailable(
            "数据库正被其他程序占用，本次操作没有保存。", "请稍等几秒再提交一次，内容不会重复登记。"
        )
    if "full" in text or "no space" in text or "disk i/o" in text:
        return Unavailable("服务器磁盘空间不足，本次操作没有保存。", "请联系管理员清理磁盘后再提交。")
    return Unavailable("暂时连接不上数据库，本次操作没有保存。", "请稍后再试；如果持续出现，请联系管理员。")
