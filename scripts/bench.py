#!/usr/bin/env python3
"""Measure search: its quality on an evaluation folder, its speed as ratios within one run.

bench.py --quality FOLDER      rankings compared, with 95 % bootstrap intervals, and the decisions
bench.py --bundled [--keep DIR]  the bundled library by corpus/evaluation; DIR: a prepared data directory (./var)
bench.py --homophones [--keep DIR]  the same questions with one word misheard, with and without reading by sound
bench.py --speed FOLDER        search, encoder, indexing, start and memory
bench.py --encoders FOLDER     ways of running the encoder: int8 on one and two threads, the float reference
bench.py --http FOLDER         the whole service as a process of its own: asking, cache, start, memory
bench.py --scale [--most N]    how search grows from 1,000 to 1,000,000 wordings; needs no folder
bench.py --recompute N         entering a holiday notice with N open deadlines; needs no folder
bench.py --ledger [--rounds N] boards and statistics over 20,000 open and 40,000 closed cases; needs no folder
bench.py --watch N             one look of the watcher over N open cases; needs no folder
bench.py --export N [--keep DIR]  the ledger of N cases as CSV and as Excel, with the memory; needs no folder

FOLDER holds NAME.library.jsonl (`id, question, answer`), queries*.jsonl (`query, library, relevant, style`) and
oos*.jsonl (`query, library`; nothing answers them).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402
from progress import say  # noqa: E402

from qa_service.kit import clock  # noqa: E402
from qa_service.kit.database import Database  # noqa: E402
from qa_service.library.opening import INDEXING_THREADS, EncoderStatus, open_index  # noqa: E402
from qa_service.search.dense import DenseIndex, texts_of  # noqa: E402
from qa_service.search.encoder import open_encoder  # noqa: E402
from qa_service.search.engine import Engine  # noqa: E402
from qa_service.search.evaluate import percentile, read_library, read_queries  # noqa: E402
from qa_service.search.fusion import Weights  # noqa: E402
from qa_service.search.lexical import LexicalIndex, query_terms  # noqa: E402
from qa_service.search.onnx_encoder import OnnxEncoder  # noqa: E402
from qa_service.search.reading import read_question  # noqa: E402
from qa_service.search.types import Document, Encoder, Filters, Reading, Vectors  # noqa: E402
from qa_service.search.vectors import PASSAGE, QUERY, InMemoryVectorStore, fetch_vectors, vector_key  # noqa: E402
from qa_service.settings import Settings  # noqa: E402
from qa_service.text.lexicon import Lexicon  # noqa: E402
from qa_service.text.normalise import normalise  # noqa: E402
from qa_service.text.segment import segment  # noqa: E402

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


# One kind of evidence after the other; the pipeline adds what an answer lacks, and exact wordings.
STEPS = {
    "vectors": Weights(words=0, level=0, weakest=0, lacking=0),
    "+ words": Weights(level=0, weakest=0, lacking=0),
    "+ mean of tokens": Weights(weakest=0, lacking=0),
    "+ worst token": Weights(lacking=0),
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


class Recorded:
    """An encoder that gives query vectors worked out before, to time search without it."""

    def __init__(self, encoder: Encoder, texts: Sequence[str]) -> None:
        self.fingerprint, self.dim, self.token_dim = encoder.fingerprint, encoder.dim, encoder.token_dim
        self._encoder = encoder
        self._known = {text: read_question(encoder, text) for text in texts}
        # For a question that is heard as another text: what is timed takes as long with any vector.
        self._any = next(iter(self._known.values()))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return np.array([reading.vector for reading in self.read_many("", texts)])

    def read_many(self, kind: str, texts: Sequence[str]) -> list[Reading]:
        return [self._known.get(text, self._any) for text in texts]

    def piece_text(self, piece: int) -> str:
        return self._encoder.piece_text(piece)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_passages(texts)


def speed(folder: Path, encoder_path: Path, threads: int, lexicon: Lexicon) -> None:
    """Print each figure beside the limit that it has to keep."""
    begin = time.perf_counter()
    encoder = open_encoder(encoder_path, threads)
    encoder.encode_queries(["预热"])
    opened = time.perf_counter() - begin
    documents = [d for _, library in libraries_of(folder) for d in library]
    asked = [text for text, _ in read_queries(sorted(folder.glob("queries*.jsonl")))]
    print(f"library: {len(documents)} entries; {len(asked)} queries; encoder threads: {threads}")

    store = InMemoryVectorStore()
    sample = sorted({pair for d in documents[::25] for pair in texts_of(d)})
    encode_seconds, fetch_seconds = _throughput(sample, encoder, encoder_path / "onnx")
    share = encode_seconds / fetch_seconds
    print(
        f"indexing: {len(sample) / fetch_seconds:.0f} texts/s = {share:.2f} of the encoder's own in sorted batches (≥ .85)"
    )

    begin = time.perf_counter()
    engine = Engine.build(documents, encoder, lexicon, store, progress=say)
    texts = len({pair for d in documents for pair in texts_of(d)})
    built = time.perf_counter() - begin
    print(f"build with calibration: {built:.0f} s, {texts / built:.0f} texts/s")

    alone = [_timed(partial(read_question, encoder, normalise(text))) for text in asked]
    whole = [_timed(partial(engine.ask, text)) for text in asked]
    print(f"encoder: {_p50_p95(alone)}; ask: {_p50_p95(whole)}; ratio p50 {_ratio(whole, alone, 50):.2f}")

    with tempfile.TemporaryDirectory() as place:
        engine.save(Path(place) / "index")
        recorded = Recorded(encoder, [normalise(text)[:300].strip() for text in asked])
        loading = [_timed(partial(Engine.load, Path(place) / "index", recorded, lexicon)) for _ in range(3)]
        loaded = Engine.load(Path(place) / "index", recorded, lexicon)
        search = [_timed(partial(loaded.ask, text)) for text in asked]
        print(f"search without the encoder: {_p50_p95(search)} (p50 ≤ 3 ms)")
        changed = [_timed(partial(engine.updated, [d], [], encoder, store)) for d in documents[:5]]
        print(f"update of one entry: {_p50_p95(changed)} (≤ 500 ms)")
        print(f"encoder opened and warm in {opened:.2f} s; index loaded in {min(loading) / 1000:.2f} s")
        print(
            f"memory of a fresh serving process: {_serving_memory(encoder_path, Path(place) / 'index'):.0f} MiB (≤ 600)"
        )


def encoders(folder: Path, encoder_path: Path) -> None:
    """Print one question's time and the throughput of passages for each way of running the encoder."""
    questions = [normalise(text) for text, _ in read_queries(sorted(folder.glob("queries*.jsonl")))][:150]
    documents = next(iter(libraries_of(folder)))[1][:160]
    passages = [normalise(f"{d.question} {d.answer[:300]}") for d in documents]
    ways: dict[str, Callable[[], Encoder]] = {
        "onnxruntime int8, 1 thread": partial(open_encoder, encoder_path / "onnx", 1),
        "onnxruntime int8, 2 at a time": partial(open_encoder, encoder_path / "onnx", 2),
        "onnxruntime int8, sorted batches": partial(SortedBatches, encoder_path / "onnx", 2),
        "sentence-transformers float32": partial(open_encoder, encoder_path / "st"),
    }
    print(f"{'way':32s} {'question p50':>14s} {'p95':>10s} {'with tokens':>14s} {'passages/s':>11s}")
    for way, opened in ways.items():
        encoder = opened()
        encoder.encode_queries(["预热"])
        alone = [_timed(partial(encoder.encode_queries, [text])) for text in questions]
        whole = [_timed(partial(read_question, encoder, text)) for text in questions]
        seconds = _timed(partial(encoder.encode_passages, passages)) / 1000
        print(
            f"{way:32s} {percentile(alone, 50):11.1f} ms {percentile(alone, 95):7.1f} ms "
            f"{percentile(whole, 50):11.1f} ms {len(passages) / seconds:11.0f}"
        )


class SortedBatches(OnnxEncoder):
    """The bundled encoder as it would run in batches of like length on `threads`: what one at a time is measured by."""

    def __init__(self, folder: Path, threads: int) -> None:
        super().__init__(folder, threads)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = threads, 3
        self._session = onnxruntime.InferenceSession(str(folder / "model.onnx"), options)

    def _encode(self, texts: Sequence[str], prompt: str) -> Vectors:
        ids = [e.ids for e in self._tokenizer.encode_batch_fast([prompt + text for text in texts])]
        order = sorted(range(len(ids)), key=lambda row: -len(ids[row]))
        vectors = np.zeros((len(ids), self._dim), np.float32)
        while order:
            width = len(ids[order[0]])
            rows, order = order[: (size := max(1, min(32, 512 // width)))], order[size:]
            inputs = np.zeros((len(rows), width), np.int64)
            mask = np.zeros_like(inputs)
            for n, row in enumerate(rows):
                inputs[n, : len(ids[row])], mask[n, : len(ids[row])] = ids[row], 1
            vectors[rows] = self._session.run(["vector"], {"ids": inputs, "mask": mask}, self._vector_only)[0]
        return vectors


def _throughput(sample: Sequence[tuple[str, str]], encoder: Encoder, folder: Path) -> tuple[float, float]:
    """Seconds for the encoder in batches sorted by length, and for indexing's own way, best of two."""
    kinds = {kind: [text for k, text in sample if k == kind] for kind in (QUERY, PASSAGE)}
    batches = SortedBatches(folder, INDEXING_THREADS)

    def bare() -> None:
        batches.encode_queries(kinds[QUERY])
        batches.encode_passages(kinds[PASSAGE])

    def fetched() -> None:
        found = fetch_vectors(sample, encoder, InMemoryVectorStore())
        assert vector_key(*sample[0]) in found

    times = [(_timed(bare), _timed(fetched)) for _ in range(2)]
    return min(a for a, _ in times) / 1000, min(b for _, b in times) / 1000


def _serving_memory(encoder_path: Path, index: Path) -> float:
    """MiB resident in a process that has opened the encoder, loaded the index and answered a few questions."""
    import subprocess

    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[1])\n"
        "from qa_service.search.encoder import open_encoder; from qa_service.search.engine import Engine\n"
        "from qa_service.text.lexicon import Lexicon\n"
        "lexicon = Lexicon.load(Path(sys.argv[1]) / 'corpus' / 'lexicon')\n"
        "engine = Engine.load(Path(sys.argv[3]), open_encoder(Path(sys.argv[2])), lexicon)\n"
        "for n in range(50): engine.ask(f'第{n}次询问居住证怎么办理，需要什么材料')\n"
        "assert 'torch' not in sys.modules\n"
        "print(next(l for l in open('/proc/self/status') if l.startswith('VmRSS')).split()[1])\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(ROOT), str(encoder_path), str(index)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(done.stdout.strip()) / 1024


def _timed(act: Callable[[], object]) -> float:
    begin = time.perf_counter()
    act()
    return (time.perf_counter() - begin) * 1000


def _p50_p95(values: Sequence[float]) -> str:
    return f"p50 {percentile(values, 50):.2f} ms, p95 {percentile(values, 95):.2f} ms"


def _ratio(values: Sequence[float], base: Sequence[float], share: float) -> float:
    return percentile(values, share) / percentile(base, share)


def main() -> int:
    cli = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    cli.add_argument("--quality", type=Path, metavar="FOLDER")
    cli.add_argument("--bundled", action="store_true", help="the bundled library by corpus/evaluation")
    cli.add_argument(
        "--homophones", action="store_true", help="corpus/evaluation with one word misheard in each question"
    )
    cli.add_argument("--speed", type=Path, metavar="FOLDER")
    cli.add_argument("--encoders", type=Path, metavar="FOLDER")
    cli.add_argument("--http", type=Path, metavar="FOLDER", help="the whole service as a process of its own")
    cli.add_argument("--scale", action="store_true", help="how search grows with the library")
    cli.add_argument("--ledger", action="store_true", help="boards and statistics over a large ledger")
    cli.add_argument("--watch", type=int, metavar="N", help="one look of the watcher over N open cases")
    cli.add_argument("--export", type=int, metavar="N", help="the ledger of N cases as CSV and as Excel")
    cli.add_argument("--rounds", type=int, default=20, help="with --ledger: how often each page is asked")
    cli.add_argument("--most", type=int, default=1_000_000, help="with --scale: leave out sizes above")
    cli.add_argument("--recompute", type=int, metavar="N", help="a notice entered with N open deadlines")
    cli.add_argument(
        "--keep",
        type=Path,
        help="with --http, --ledger, --export, --bundled and --homophones: data directory to make and use again",
    )
    cli.add_argument("--encoder", type=Path, default=ROOT / "var" / "indexes" / "encoder")
    cli.add_argument("--threads", type=int, default=2)
    args = cli.parse_args()
    ways = (
        "quality", "bundled", "homophones", "speed", "encoders", "http", "scale", "recompute", "ledger", "watch", "export"
    )  # fmt: skip
    if not any(getattr(args, way) for way in ways):
        cli.error(f"give one of {', '.join('--' + way for way in ways)}")
    if args.recompute:
        from bench_recompute import bench_recompute

        bench_recompute(args.recompute)
    if args.watch or args.export:
        from bench_office import bench_export, bench_watch

        kept = not args.watch or bench_watch(args.watch)
        return 0 if (not args.export or bench_export(args.export, args.keep)) and kept else 1
    if args.ledger:
        from bench_ledger import bench_ledger

        return 0 if bench_ledger(args.rounds, args.keep) else 1
    lexicon = Lexicon.load(ROOT / "corpus" / "lexicon")
    if args.quality:
        quality(args.quality, open_encoder(args.encoder, args.threads), lexicon)
    if args.bundled:
        bundled(bundled_engine(args.keep or ROOT / "var", args.encoder))
    if args.homophones:
        from bench_homophones import bench_homophones

        # Those with slips of their own would say nothing of the one made here.
        questions = [line for line in evaluation_lines("questions") if line["style"] != "noisy"]
        bench_homophones(
            bundled_engine(args.keep or ROOT / "var", args.encoder),
            [(line["query"], frozenset(line["relevant"])) for line in questions],
        )
    if args.speed:
        speed(args.speed, args.encoder, args.threads, lexicon)
    if args.encoders:
        encoders(args.encoders, args.encoder)
    if args.http:
        from bench_http import bench_http

        bench_http(args.http, args.encoder, args.keep)
    if args.scale:
        from bench_scale import bench_scale

        bench_scale(args.encoder, args.threads, args.most)
    return 0


if __name__ == "__main__":
    sys.exit(main())
