"""发件箱: what is to be sent is a row, written in the transaction of the act it tells of; sending comes after.

A row is taken with a lease: its `next_at` is moved ahead and committed before anything is sent. A process killed
while sending leaves a lease that runs out, and the row is sent again, by whichever process comes first. So what is
sent outside arrives at least once, and no act ever waits for another system.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, Protocol, TypeVar

from sqlalchemy import ColumnElement, Select, String, and_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from qa_service.kit import clock
from qa_service.kit.database import Database

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=30)  # three times what a sender waits for the other side
FACTOR, LONGEST = 4, timedelta(hours=6)
ATTEMPTS = 12  # with a first wait of ten seconds: about a day and a half


class Outgoing:
    """The columns of a row that is to be sent. `next_at` is when to try (again), and the lease of whoever is trying;
    `failed_at` is set when it is given up."""

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    last_result: Mapped[str] = mapped_column(String(255), default="")


class NotDelivered(Exception):
    """The other side did not take it; the text says why, for those who look after the channel. `for_good`: trying
    again cannot help."""

    def __init__(self, reason: str, *, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


class NotYet(Exception):
    """Not to be sent before `until`; this does not count as an attempt."""

    def __init__(self, until: datetime) -> None:
        super().__init__(str(until))
        self.until = until


RowT = TypeVar("RowT", bound=Outgoing)
TakenT = TypeVar("TakenT")


class Handler(Protocol[RowT, TakenT]):
    """What one kind of row needs: `read` gives all that sending takes, so that no transaction stays open meanwhile
    (it may raise NotYet); `send` returns what the other side said, or raises NotDelivered."""

    model: type[RowT]

    def read(self, session: Session, row: RowT) -> TakenT: ...

    def send(self, taken: TakenT) -> str: ...


def wait_after(attempts: int, first: float) -> timedelta:
    """How long to wait after so many attempts that failed: four times as long each time, six hours at most."""
    return min(timedelta(seconds=first * FACTOR ** min(attempts - 1, 20)), LONGEST)


@dataclass(frozen=True)
class Outbox(Generic[RowT, TakenT]):
    """Sends the rows of one table. `first_seconds`: the wait before the first new attempt."""

    database: Database
    handler: Handler[RowT, TakenT]
    first_seconds: float = 10.0
    only: Callable[[], ColumnElement[bool]] | None = None

    def send_one(self) -> bool:
        """Send the row that has waited longest. False when none is due."""
        if not self._anything_due():
            return False
        with self.database.write() as session:
            taken = self._take(session)
        if taken is None:
            return True
        row_id, content = taken
        try:
            result = self.handler.send(content)
        except NotDelivered as error:
            self._note(row_id, str(error), delivered=False, for_good=error.for_good)
        except Exception:
            # A fault of ours must neither hold up the others nor be tried for ever unseen.
            log.exception("row %s of %s could not be sent", row_id, self.handler.model.__name__)
            self._note(row_id, "发送程序出错，详见服务器日志", delivered=False)
        else:
            self._note(row_id, result, delivered=True)
        return True

    def _anything_due(self) -> bool:
        """Asked without the writer's lock, which on SQLite everybody waits for."""
        with self.database.read() as session:
            return session.scalar(self._due().with_only_columns(self.handler.model.id).limit(1)) is not None

    def _due(self) -> Select[RowT]:
        model = self.handler.model
        due = and_(model.delivered_at.is_(None), model.failed_at.is_(None), model.next_at <= clock.now())
        statement = select(model).where(due)
        if self.only is not None:
            statement = statement.where(self.only())
        return statement.order_by(model.next_at, model.id)

    def _take(self, session: Session) -> tuple[int, TakenT] | None:
        row = session.scalar(self._due().limit(1).with_for_update(skip_locked=True))
        if row is None:
            return None
        try:
            content = self.handler.read(session, row)
        except NotYet as error:
            row.next_at = error.until
            return None
        row.attempts += 1
        row.next_at = clock.now() + LEASE
        return row.id, content

    def _note(self, row_id: int, result: str, *, delivered: bool, for_good: bool = False) -> None:
        with self.database.write() as session:
            row = session.get_one(self.handler.model, row_id)
            at = clock.now()
            row.last_result = result[:255]
            if delivered:
                row.delivered_at = at
            elif for_good or row.attempts >= ATTEMPTS:
                row.failed_at = at
            else:
                row.next_at = at + wait_after(row.attempts, self.first_seconds)


def send_again(session: Session, model: type[Outgoing], which: ColumnElement[bool]) -> int:
    """Give what was given up another chance; returns how many rows."""
    done = session.execute(
        update(model)
        .where(which, model.failed_at.is_not(None))
        .values(failed_at=None, attempts=0, next_at=clock.now())
    )
    return int(done.rowcount)  # type: ignore[attr-defined]
