"""One path for every question: kiosk, desk, hit test, API. Search, cache, log."""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from qa_service.kit import clock
from qa_service.kit.privacy import without_personal_details
from qa_service.kit.schemas import without_control_characters
from qa_service.library.live import LiveIndex, Snapshot
from qa_service.library.models import QueryLog
from qa_service.library.query_log import QueryLogWriter
from qa_service.library.triage import triage
from qa_service.search.types import Decision, Filters, Outcome

CACHE_SIZE = 4096
LOGGED_HITS = 5
GREETING = "greeting"  # nothing was asked: no gap in the library
OUTCOMES = {Decision.ANSWER: "answered", Decision.CHOOSE: "candidates", Decision.REFER: "missed"}


@dataclass(frozen=True, slots=True)
class Asked:
    """An outcome with the record it left and the library it was found in."""

    trace_id: str
    outcome: Outcome
    snapshot: Snapshot
    cached: bool


class Asker:
    def __init__(self, index: LiveIndex, log: QueryLogWriter) -> None:
        self.index = index
        self._log = log
        self._cache: OrderedDict[tuple[Any, ...], Outcome] = OrderedDict()
        self._cached_from: Snapshot | None = None
        self._lock = threading.Lock()

    def ask(
        self,
        question: str,
        *,
        channel: str,
        zone_id: int | None = None,
        topic: str | None = None,
        limit: int = 10,
        typed: str = "",
    ) -> Asked:
        """Search and log. Entries not valid today are never among the hits.

        `typed` is what the person wrote, where that is not the question: a follow-up is searched together with what it
        follows.
        """
        started = time.perf_counter()
        snapshot, outcome, cached = self._search(question, topic, limit)
        elapsed = (time.perf_counter() - started) * 1000
        trace_id = uuid.uuid4().hex
        self._log.add(_log_row(trace_id, question, channel, zone_id, snapshot, outcome, elapsed, typed))
        if cached:
            outcome = replace(outcome, timings={"total": elapsed})
        return Asked(trace_id, outcome, snapshot, cached)

    def test(self, question: str, *, topic: str | None = None, limit: int = 10) -> Asked:
        """命中测试: the live path itself, only without a record, so that testing makes no statistics."""
        snapshot, outcome, cached = self._search(question, topic, limit)
        return Asked("", outcome, snapshot, cached)

    def ensure_trace(
        self, session: Session, trace_id: str, question: str, channel: str, zone_id: int | None
    ) -> QueryLog:
        """The search that a registration stands on: the one named, else one made now in `session`."""
        found = session.get(QueryLog, trace_id) if trace_id else None
        if found is not None:
            return found
        started = time.perf_counter()
        snapshot, outcome, _ = self._search(question, None, 10)
        elapsed = (time.perf_counter() - started) * 1000
        row = QueryLog(**_log_row(uuid.uuid4().hex, question, channel, zone_id, snapshot, outcome, elapsed))
        session.add(row)
        session.flush()
        return row

    def _search(self, question: str, topic: str | None, limit: int) -> tuple[Snapshot, Outcome, bool]:
        snapshot, today = self.index.snapshot, clock.today()
        key = (question, topic, limit, today)
        with self._lock:
            if self._cached_from is not snapshot:
                # Any publication, withdrawal or refit makes a new snapshot; the old one must not be kept alive.
                self._cache.clear()
                self._cached_from = snapshot
            elif key in self._cache:
                self._cache.move_to_end(key)
                return snapshot, self._cache[key], True
        outcome = snapshot.engine.ask(question, Filters(on=today, topic=topic), limit)
        with self._lock:
            if self._cached_from is snapshot:
                self._cache[key] = outcome
                while len(self._cache) > CACHE_SIZE:
                    self._cache.popitem(last=False)
        return snapshot, outcome, False


def _log_row(
    trace_id: str,
    question: str,
    channel: str,
    zone_id: int | None,
    snapshot: Snapshot,
    outcome: Outcome,
    milliseconds: float,
    typed: str = "",
) -> dict[str, Any]:
    hits = [
        {"key": hit.id, "version_id": snapshot.faces[hit.id].version_id, "score": round(hit.score, 4),
         "phrasing": hit.matched_phrasing}
        for hit in outcome.hits[:LOGGED_HITS]
    ]  # fmt: skip
    return {
        "id": trace_id, "at": clock.now(), "channel": channel, "zone_id": zone_id,
        "question": _as_kept(typed or question), "searched": _as_kept(question) if typed else None, "decision": outcome.decision,
        "confidence": outcome.confidence, "outcome": GREETING if triage(question).is_greeting else OUTCOMES[outcome.decision], "hits": hits,
        "library_revision": snapshot.revision,
        "chosen_version_id": hits[0]["version_id"] if outcome.decision is Decision.ANSWER else None,
        "milliseconds": milliseconds,
    }  # fmt: skip


def _as_kept(text: str) -> str:
    """A question without what would name or reach a person."""
    return without_personal_details(without_control_characters(text))[:2000]
