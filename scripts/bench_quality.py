"""How good search is: rankings and decisions on an evaluation folder, and on the bundled library."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from progress import say

from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.library.opening import INDEXING_THREADS, EncoderStatus, open_index
from qa_service.search.answer_types import Said, asked_types
from qa_service.search.dense import DenseIndex, texts_of
from qa_service.search.engine import Engine
from qa_service.search.evaluate import read_library
from qa_service.search.fusion import Weights
from qa_service.search.lexical import LexicalIndex, query_terms
from qa_service.search.scope import scope_of
from qa_service.search.types import Document, Encoder, Filters, Vectors
from qa_service.search.vectors import InMemoryVectorStore, fetch_vectors
from qa_service.settings import Settings
from qa_service.text.lexicon import Lexicon
from qa_service.text.normalise import normalise
from qa_service.text.segment import segment

ROOT = Path(__file__).resolve().parent.parent
RESAMPLES = 1000


PIPELINE = "+ lacking (pipeline)"


@dataclass(frozen=True, slots=True)
class Row:
    """One query: `rank` of the first relevant entry from 0 (None: not among ten), and what was decided."""

    library: str
    in_scope: bool
    rank: int | None
    confidence: float = 0.0
    decision: str = "choose"


def within(rows: Sequence[Row], count: int) -> float:
    return _mean([row.rank is not None and row.rank < count for row in rows])


def reciprocal(rows: Sequence[Row]) -> float:
    return _mean([1 / (row.rank + 1) if row.rank is not None else 0.0 for row in rows])


def coverage(rows: Sequence[Row], precision: float) -> float:
    """Largest share of all queries answerable, most confident first, at this precision; ties go together."""
    ordered = sorted(rows, key=lambda row: -row.confidence)
    right = best = 0
    for count, row in enumerate(ordered, 1):
        right += row.rank == 0
        tied = count < len(ordered) and ordered[count].confidence == row.confidence
        if not tied and right / count >= precision:
            best = count
    return best / len(ordered) if ordered else float("nan")


def calibration_error(rows: Sequence[Row]) -> float:
    """Expected calibration error over ten bins of equal width."""
    total = 0.0
    for number in range(10):
        inside = [row for row in rows if min(int(row.confidence * 10), 9) == number]
        if inside:
            gap = _mean([row.confidence for row in inside]) - _mean([row.rank == 0 for row in inside])
            total += len(inside) * abs(gap)
    return total / len(rows) if rows else float("nan")


RANKING: Mapping[str, Callable[[Sequence[Row]], float]] = {
    "R@1": lambda rows: within(rows, 1),
    "R@3": lambda rows: within(rows, 3),
    "R@10": lambda rows: within(rows, 10),
    "MRR": reciprocal,
}


def _inside(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if row.in_scope]


def _outside(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if not row.in_scope]


def _helped(row: Row) -> bool:
    answered = row.decision == "answer" and row.rank == 0
    return answered or (row.decision == "choose" and row.rank is not None and row.rank < 3)


DECIDING: Mapping[str, Callable[[Sequence[Row]], float]] = {
    "coverage@95": lambda rows: coverage(rows, 0.95),
    "coverage@90": lambda rows: coverage(rows, 0.90),
    "answered right": lambda rows: _mean([r.decision == "answer" and r.rank == 0 for r in _inside(rows)]),
    "answer precision": lambda rows: _mean([r.rank == 0 for r in rows if r.decision == "answer"]),
    "helped": lambda rows: _mean([_helped(r) for r in _inside(rows)]),
    "lost": lambda rows: _mean([r.decision == "refer" for r in _inside(rows)]),
    "oos answered": lambda rows: _mean([r.decision == "answer" for r in _outside(rows)]),
    "oos referred": lambda rows: _mean([r.decision == "refer" for r in _outside(rows)]),
    "ECE": calibration_error,
}


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def interval(rows: Sequence[Row], figure: Callable[[Sequence[Row]], float]) -> tuple[float, float]:
    """95 % bootstrap interval over queries, seed 0."""
    rng = random.Random(0)
    samples = sorted(v for v in (figure(rng.choices(rows, k=len(rows))) for _ in range(RESAMPLES)) if v == v)
    if not samples:
        return float("nan"), float("nan")
    return samples[int(0.025 * len(samples))], samples[int(0.975 * len(samples)) - 1]


@dataclass(frozen=True, slots=True)
class Question:
    text: str
    library: str
    relevant: frozenset[str]


def questions_of(folder: Path) -> list[Question]:
    """In-scope and out-of-scope queries; the latter have nothing relevant."""
    found: list[Question] = []
    for path in sorted([*folder.glob("queries*.jsonl"), *folder.glob("oos*.jsonl")]):
        for line in filter(str.strip, path.read_text("utf-8").split("\n")):
            record = json.loads(line)
            found.append(Question(record["query"], record["library"], frozenset(record.get("relevant", ()))))
    return found


def libraries_of(folder: Path) -> Iterator[tuple[str, list[Document]]]:
    for path in sorted(folder.glob("*.library.jsonl")):
        yield path.name.split(".")[0], read_library(path)


def rank_of(ids: Sequence[str], relevant: frozenset[str]) -> int | None:
    return next((place for place, id_ in enumerate(ids[:10]) if id_ in relevant), None)


_VECTORS = Weights(words=0, level=0, weakest=0, lacking=0, unasked=0, unsaid=0, elsewhere=0)
_USUAL = Weights()
STEPS = {
    "vectors": _VECTORS,
    "+ words": replace(_VECTORS, words=_USUAL.words),
    "+ mean of tokens": replace(_VECTORS, words=_USUAL.words, level=_USUAL.level),
    "+ worst token": replace(_USUAL, lacking=0, unasked=0, unsaid=0, elsewhere=0),
    "+ regions": replace(_USUAL, lacking=0),
}


def quality(folder: Path, encoder: Encoder, lexicon: Lexicon) -> None:
    """Print what each part adds to the ranking, for each library and all, and the decisions of the pipeline."""
    systems: dict[str, list[Row]] = {name: [] for name in ("BM25 alone", "encoder alone", *STEPS, PIPELINE)}
    questions = questions_of(folder)
    for name, documents in libraries_of(folder):
        own = [question for question in questions if question.library == name]
        store = InMemoryVectorStore()
        engine = Engine.build(documents, encoder, lexicon, store, progress=say)
        ids = [document.id for document in documents]
        lexical = LexicalIndex.build(documents, lexicon)
        wanted = [text for document in documents for text in texts_of(document)]
        dense = DenseIndex.build(documents, fetch_vectors(wanted, encoder, store), encoder.dim)
        full = engine.ranker
        said = partial(_said, engine.documents)
        partly = {
            system: replace(full, weights=weights, late=full.late if weights.level else None)
            for system, weights in STEPS.items()
        }
        for question in own:
            inside, text = bool(question.relevant), engine.understood(question.text)[0]
            words = lexical.scores_of(query_terms(text, segment(text, lexicon), lexicon))
            cosines: Vectors = dense.both @ encoder.encode_queries([text])[0]
            for system, scores in (("BM25 alone", words), ("encoder alone", cosines)):
                order = [ids[n] for n in np.argsort(-scores, kind="stable")[:10]]
                systems[system].append(Row(name, inside, rank_of(order, question.relevant)))
            asked = engine.read(text)
            for system, ranker in partly.items():
                ranked = ranker.rank(asked, words if ranker.weights.words else np.zeros_like(words))
                ranked = ranker.preferring(ranked, asked_types(text), scope_of(text, lexicon), said)
                order = [engine.documents[int(n)].id for n in ranked.entries[:10]]
                systems[system].append(Row(name, inside, rank_of(order, question.relevant)))
            outcome = engine.ask(question.text)
            rank = rank_of([hit.id for hit in outcome.hits], question.relevant)
            systems[PIPELINE].append(Row(name, inside, rank, outcome.confidence, outcome.decision.value))
    names = [*dict.fromkeys(row.library for row in systems[PIPELINE]), "all"]
    print(f"\n{'library':8s} {'system':20s} " + " ".join(f"{figure:>21s}" for figure in RANKING))
    for name in names:
        for system, rows in systems.items():
            chosen = [row for row in _inside(rows) if name in (row.library, "all")]
            cells = [_cell(chosen, figure) for figure in RANKING.values()]
            print(f"{name:8s} {system:20s} " + " ".join(f"{cell:>21s}" for cell in cells))
    print("\ndecisions of the pipeline" + " " * 3 + " ".join(f"{name:>21s}" for name in names))
    for figure, compute in DECIDING.items():
        groups = [[r for r in systems[PIPELINE] if name in (r.library, "all")] for name in names]
        print(f"{figure:27s} " + " ".join(f"{_cell(group, compute):>21s}" for group in groups))


def _said(documents: Sequence[Document], number: int) -> Said:
    return Said(normalise(documents[number].question), normalise(documents[number].answer))


def bundled_engine(data_dir: Path, encoder: Path) -> Engine:
    """The bundled library, phrasings and all, as it is served from a prepared data directory."""
    settings = Settings(data_dir=data_dir, encoder=encoder)
    database = Database(settings.url)
    index = open_index(settings, database, EncoderStatus(settings, INDEXING_THREADS))
    index.open(say)
    database.close()
    return index.snapshot.engine


def evaluation_lines(name: str) -> list[dict[str, Any]]:
    """The lines of one file of corpus/evaluation."""
    text = (ROOT / "corpus" / "evaluation" / f"{name}.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def bundled(engine: Engine) -> None:
    """Print ranking by style and the decisions for the bundled library."""
    rows = [
        Row(line.get("style", line.get("kind", "")), bool(relevant), rank_of([hit.id for hit in outcome.hits], relevant),
            outcome.confidence, outcome.decision.value)
        for name in ("questions", "unanswerable")
        for line in evaluation_lines(name)
        for relevant in (frozenset(line.get("relevant", ())),)
        for outcome in (engine.ask(line["query"], Filters(on=clock.today())),)
    ]  # fmt: skip
    for style in (*dict.fromkeys(row.library for row in _inside(rows)), "all"):
        chosen = [row for row in _inside(rows) if style in (row.library, "all")]
        print(
            f"{style:12s} " + "  ".join(f"{name} {_cell(chosen, figure)}" for name, figure in RANKING.items())
        )
    for figure, compute in DECIDING.items():
        print(f"{figure:27s} {_cell(rows, compute)}")


def _cell(rows: Sequence[Row], figure: Callable[[Sequence[Row]], float]) -> str:
    low, high = interval(rows, figure)
    return f"{figure(rows):.3f} [{low:.3f}, {high:.3f}]"
