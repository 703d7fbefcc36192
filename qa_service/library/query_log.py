"""检索记录 written behind the answer: a question is answered without waiting for the database's turn."""

from __future__ import annotations

import logging
import threading
from collections import deque
from typing import Any

from sqlalchemy import insert

from qa_service.errors import ServiceError
from qa_service.kit.database import Database
from qa_service.library.models import QueryLog

log = logging.getLogger(__name__)

FLUSH_SECONDS = 0.25
KEEP_AT_MOST = 50_000  # rows waiting while the database is away; the oldest go first beyond that


class QueryLogWriter:
    """Rows are queued and written in groups. Registration flushes first, so a trace is there when named;
    a killed process loses at most the last quarter second of statistics and nothing of the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: deque[dict[str, Any]] = deque(maxlen=KEEP_AT_MOST)
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
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
            with self._database.write() as session:
                session.execute(insert(QueryLog), rows)
            for _ in rows:
                self._waiting.popleft()

    def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)
        try:
            self.flush()
        except ServiceError as error:
            log.warning("query log not written at shutdown: %s", error.message)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait()
            self._wake.clear()
            threading.Event().wait(FLUSH_SECONDS)
            try:
                self.flush()
            except Exception:
                log.warning("query log waits: the database cannot take it now", exc_info=True)
                if not self._stopping:
                    threading.Event().wait(1.0)
                    self._wake.set()
