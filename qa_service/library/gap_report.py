"""知识缺口 of one period, for those who may see it: from the log to clusters and totals."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import numpy as np
from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.kit import clock
from qa_service.library import repository
from qa_service.library.gaps import Asking, Cluster, Likeness, by_letters, by_meaning, clusters_of
from qa_service.library.live import Snapshot
from qa_service.library.models import QueryLog
from qa_service.search.types import Encoder, Vectors

Key = TypeVar("Key", int | None, str)

PERIODS = (7, 30, 90)
USUAL_PERIOD = 30
ROWS = 2000  # so many of the log's rows are looked at, the newest first
UNASSIGNED, UNASSIGNED_ID = "-", 0  # in addresses, for clusters without a unit or topic
_KEPT = 2 * ROWS


class QuestionVectors:
    """Vectors of questions that went unanswered, kept while the process lives: the page is opened again and again
    over nearly the same questions.
    """

    def __init__(self, encoder: Encoder | None) -> None:
        self.encoder = encoder
        self._kept: dict[str, Vectors] = {}
        self._lock = threading.Lock()

    def of(self, texts: Sequence[str]) -> Vectors | None:
        """float32 [len(texts), dim], rows of length 1; None without an encoder."""
        if self.encoder is None:
            return None
        with self._lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        found |= dict(zip(missing, self.encoder.encode_queries(missing), strict=True))
        with self._lock:
            self._kept |= found
            for text in list(self._kept)[: max(0, len(self._kept) - _KEPT)]:
                del self._kept[text]
        return np.stack([found[text] for text in texts])


@dataclass(frozen=True, slots=True)
class Total:
    """Of one unit or topic, or of what could not be assigned to one."""

    count: int
    clusters: int


@dataclass(frozen=True, slots=True)
class GapReport:
    """`rows` were looked at of the `total` in the period; `settled` of them the library answers by now.

    `by_unit` and `by_topic` count all `clusters`, the largest first; None and "" for what has no entry near it.
    """

    clusters: tuple[Cluster, ...]
    rows: int
    total: int
    settled: int
    by_unit: dict[int | None, Total]
    by_topic: dict[str, Total]

    @property
    def cut(self) -> bool:
        return self.rows < self.total

    @property
    def count(self) -> int:
        return sum(cluster.count for cluster in self.clusters)

    def of(self, unit_id: int | None, topic: str) -> list[Cluster]:
        """The clusters of this unit and topic; None and "" stand for all, `UNASSIGNED_ID` and `UNASSIGNED` for those
        that have none."""
        return [
            cluster
            for cluster in self.clusters
            if (unit_id is None or (cluster.unit_id or UNASSIGNED_ID) == unit_id)
            and (not topic or (cluster.topic or UNASSIGNED) == topic)
        ]


def gap_report(
    session: Session, actor: Actor, snapshot: Snapshot, vectors: QuestionVectors, *, days: int, weak: bool
) -> GapReport:
    """`weak`: also what was only offered and never chosen. Policy units see the gaps that are likely theirs."""
    since = clock.now() - timedelta(days=days)
    rows, total = repository.unanswered(session, actor, since, weak=weak, limit=ROWS)
    # Answered in these very words by now: the gap has been filled. Whoever was not content with such an answer
    # found it there already when they asked.
    today = clock.today()
    open_rows = [
        row
        for row in rows
        if row.decision == "answer" or not snapshot.engine.knows(row.searched or row.question, today)
    ]

    def likeness(texts: Sequence[str]) -> Likeness:
        encoded = vectors.of(texts)
        return by_letters(texts, snapshot.engine.lexicon) if encoded is None else by_meaning(encoded)

    clusters = clusters_of(map(_asking, open_rows), likeness, snapshot.faces)
    if actor.role is Role.UNIT:
        clusters = [cluster for cluster in clusters if cluster.unit_id == actor.unit_id]
    return GapReport(
        clusters=tuple(clusters), rows=len(rows), total=total, settled=len(rows) - len(open_rows),
        by_unit=_totals((cluster.unit_id, cluster.count) for cluster in clusters),
        by_topic=_totals((cluster.topic, cluster.count) for cluster in clusters),
    )  # fmt: skip


def _asking(row: QueryLog) -> Asking:
    near = tuple((str(hit["key"]), float(hit["score"])) for hit in row.hits)
    return Asking(row.id, row.at, row.channel, row.zone_id, row.searched or row.question, near)


def _totals(counts: Iterable[tuple[Key, int]]) -> dict[Key, Total]:
    askings: dict[Key, int] = defaultdict(int)
    clusters: dict[Key, int] = defaultdict(int)
    for key, count in counts:
        askings[key] += count
        clusters[key] += 1
    ordered = sorted(askings, key=lambda key: (-askings[key], -clusters[key], str(key)))
    return {key: Total(askings[key], clusters[key]) for key in ordered}
