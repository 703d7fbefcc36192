"""检索记录 written behind the answer: a question is answered without waiting for the database's turn."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Any

from sqlalchemy import insert

from qa_service.errors import ServiceError, Unavailable
from qa_service.kit.database import Database
from qa_service.library.models import QueryLog

log = logging.getLogger(__name__)

FLUSH_SECONDS, RETRY_SECONDS = 0.25, 1.0
KEEP_AT_MOST = 50_000  # rows waiting while the database is away; the oldest go first beyond that


class QueryLogWriter:
    """Rows are queued and written in groups. Registration flushes first, so a trace is there when named;
    a killed process loses at most the last quarter second of statistics and nothing of the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[dict[str, Any]] = deque(maxlen=KEEP_AT_MOST)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="query-log", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def add(self, row: dict[str, Any]) -> None:
        self._waiting.append(row)
        self._wake.set()

    def flush(self) -> None:
        """Write what waits. Raises ServiceError when the database cannot take it; the rows are kept."""
        with self._lock:
            rows = list(self._waiting)
            if not rows:
                return
            try:
                self._write(rows)
            except Unavailable:
                raise
            except ServiceError:
                self._write_one_by_one(rows)
            for _ in rows:
                self._waiting.popleft()

    def _write(self, rows: list[dict[str, Any]]) -> None:
        with self._database.write() as session:
            session.execute(insert(QueryLog), rows)

    def _write_one_by_one(self, rows: list[dict[str, Any]]) -> None:
        """A row that the database refuses for good must not hold up the others behind it."""
        for row in rows:
            try:
                self._write([row])
            except Unavailable:
                raise
            except ServiceError as error:
                log.warning("query log row refused: %s", error.message)

    def stop(self) -> None:
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        try:
            self.flush()
        except ServiceError as error:
            log.warning("query log not written at shutdown: %s", error.message)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            self._stopping.wait(FLUSH_SECONDS)
            try:
                self.flush()
            except Exception:
                log.warning("query log waits: the database cannot take it now", exc_info=True)
                self._stopping.wait(RETRY_SECONDS)
                self._wake.set()
