"""`qa-service eval`: index one library, ask every query of it, write what the service would do."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..text.lexicon import Lexicon
from .dense import texts_of
from .engine import Engine, Progress
from .types import Document, Encoder, VectorStore
from .vectors import InMemoryVectorStore

_RANKED = 10


class EvalError(ValueError):
    """A file that cannot be evaluated; the message is Chinese and names file and line."""


@dataclass(frozen=True, slots=True)
class EvalReport:
    """What a run cost: seconds to build, texts encoded and texts a second, milliseconds a query."""

    entries: int
    queries: int
    build_seconds: float
    texts: int
    texts_per_second: float
    query_p50: float
    query_p95: float
    decisions: Mapping[str, int]

    def lines(self) -> list[str]:
        counts = "，".join(f"{name} {count}" for name, count in sorted(self.decisions.items()))
        return [
            f"索引 {self.entries} 条，用时 {self.build_seconds:.1f} 秒"
            f"（{self.texts} 段文本，{self.texts_per_second:.0f} 段/秒，含校准）",
            f"查询 {self.queries} 个：p50 {self.query_p50:.1f} 毫秒，p95 {self.query_p95:.1f} 毫秒",
            f"决定：{counts}",
        ]


def run_eval(
    library_path: Path,
    query_paths: Sequence[Path],
    out_path: Path,
    encoder: Encoder | None,
    lexicon: Lexicon,
    progress: Progress | None = None,
    vectors: VectorStore | None = None,
) -> EvalReport:
    """Index exactly the entries of `library_path`, calibrate from them alone, write one line a query.

    Queries whose "library" is another than the library's file name (before its first dot) are passed over
    when any query names this one. Only "query" and "library" of a query line are read. Raises EvalError.
    """
    documents = read_library(library_path)
    queries = _queries_of(library_path.name.split(".")[0], read_queries(query_paths))
    begin = time.perf_counter()
    store = vectors if vectors is not None else InMemoryVectorStore()
    engine = Engine.build(documents, encoder, lexicon, store, progress=progress)
    built = time.perf_counter() - begin
    texts = len({text for document in documents for text in texts_of(document)}) if encoder else 0
    times: list[float] = []
    decisions: dict[str, int] = {}
    with out_path.open("w", encoding="utf-8") as out:
        for query, library in queries:
            begin = time.perf_counter()
            outcome = engine.ask(query, limit=_RANKED)
            times.append((time.perf_counter() - begin) * 1000)
            decisions[outcome.decision.value] = decisions.get(outcome.decision.value, 0) + 1
            record = {
                "query": query, "library": library, "ranked": [hit.id for hit in outcome.hits],
                "confidence": outcome.confidence, "decision": outcome.decision.value,
            }  # fmt: skip
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    return EvalReport(
        len(documents), len(queries), built, texts, texts / built if built else 0.0,
        percentile(times, 50), percentile(times, 95), decisions,
    )  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` percent lie (nearest rank); 0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share / 100))] if ordered else 0.0


def read_library(path: Path) -> list[Document]:
    """Entries `{"id","question","answer"}`, `phrasings` optional. Raises EvalError."""
    documents: list[Document] = []
    seen: set[str] = set()
    for number, record in _records(path):
        values = [record.get(name) for name in ("id", "question", "answer")]
        if not all(isinstance(value, str) for value in values):
            raise EvalError(f"{path.name} 第 {number} 行：每条应有文本字段 id、question、answer")
        id_, question, answer = (str(value) for value in values)
        if id_ in seen:
            raise EvalError(f"{path.name} 第 {number} 行：id {id_} 重复")
        seen.add(id_)
        documents.append(Document(id_, question, answer, tuple(record.get("phrasings") or ())))
    if not documents:
        raise EvalError(f"{path.name} 中没有条目")
    return documents


def read_queries(paths: Sequence[Path]) -> list[tuple[str, str]]:
    """(query, library) of every line. Raises EvalError."""
    queries: list[tuple[str, str]] = []
    for path in paths:
        for number, record in _records(path):
            if not isinstance(record.get("query"), str):
                raise EvalError(f"{path.name} 第 {number} 行：缺少文本字段 query")
            queries.append((record["query"], str(record.get("library", ""))))
    return queries


def _queries_of(library: str, queries: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    own = [pair for pair in queries if pair[1] == library]
    return own or list(queries)


def _records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        lines = path.read_text("utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise EvalError(f"无法读取 {path}：请检查文件是否存在、是否为 UTF-8 编码") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise EvalError(f"{path.name} 第 {number} 行：不是有效的 JSON") from error
        if not isinstance(record, dict):
            raise EvalError(f"{path.name} 第 {number} 行：应为一个 JSON 对象")
        yield number, record
