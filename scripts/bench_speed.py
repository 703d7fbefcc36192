"""How fast search is, as ratios within one run: against the encoder alone, and ways of running that."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import onnxruntime
from bench_quality import libraries_of
from progress import say

from qa_service.library.opening import INDEXING_THREADS
from qa_service.search.dense import texts_of
from qa_service.search.encoder import open_encoder
from qa_service.search.engine import Engine
from qa_service.search.evaluate import percentile, read_queries
from qa_service.search.onnx_encoder import OnnxEncoder
from qa_service.search.reading import read_question
from qa_service.search.types import Encoder, Reading, Vectors
from qa_service.search.vectors import PASSAGE, QUERY, InMemoryVectorStore, fetch_vectors, vector_key
from qa_service.text.lexicon import Lexicon
from qa_service.text.normalise import normalise

ROOT = Path(__file__).resolve().parent.parent


class Recorded:
    """An encoder that gives query vectors worked out before, to time search without it."""

    def __init__(self, encoder: Encoder, texts: Sequence[str]) -> None:
        self.fingerprint, self.dim, self.token_dim = encoder.fingerprint, encoder.dim, encoder.token_dim
        self.judge = encoder.judge
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
