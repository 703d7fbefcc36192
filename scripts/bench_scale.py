"""The part of bench.py that measures how search grows: 1,000 to 1,000,000 wordings, a row for each power of ten.

Texts are grown from the bundled library: each entry again and again, every wording with a place and a number of its
own put before, into or after it, and an answer of its own sentences, one of them another entry's. Vectors and token
states of a grown text are the real ones of the text it came from plus a little seeded noise, at the length that they
had: nobody waits hours for a million encodings, and the arithmetic takes as long. Each row is measured in a process
of its own, so that its memory is its own.
"""

from __future__ import annotations

import gc
import os
import random
import re
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import faiss
import numpy as np
from progress import say

from qa_service.extraction.annotations import match_annotations, read_annotations
from qa_service.extraction.pairs import extract_pairs
from qa_service.extraction.reader import read_document
from qa_service.library.importer import SHEET, read_folder
from qa_service.search.calibration import Calibration
from qa_service.search.dense import DenseIndex, Wording, entry_vectors, late_texts_of, texts_of, wordings
from qa_service.search.encoder import open_encoder
from qa_service.search.engine import Engine
from qa_service.search.evaluate import percentile
from qa_service.search.fingerprint import document_digest
from qa_service.search.hearing import phonetics_of
from qa_service.search.late import LateIndex
from qa_service.search.lexical import LexicalIndex
from qa_service.search.parts import Parts
from qa_service.search.reading import Fillers, read_question
from qa_service.search.scope import ScopeIndex
from qa_service.search.suggest import SuggestIndex
from qa_service.search.tokens import TokenStates
from qa_service.search.types import Document, Encoder, Filters, Reading, Vectors
from qa_service.search.vectors import InMemoryVectorStore, fetch, vector_key
from qa_service.text.lexicon import Lexicon
from qa_service.text.pinyin import pinyin_of

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
SIZES = (1_000, 10_000, 100_000, 1_000_000)
# The states of a million wordings' tokens would take some ten gigabytes.
MOST_BY_TOKEN = 100_000
# Wordings of the bundled library that are encoded, questions asked and texts typed in each row.
SEED_WORDINGS, QUESTIONS, TYPED = 2_000, 150, 150
# Noise as a share of a vector's length (a cosine of .97 with the real one); of a token's state about the same.
NOISE, TOKEN_NOISE = 0.25, 20
# So many rows or tokens are given their noise at a time.
PORTION = 65_536
RECALL_AT = 20
# Links of a node, and candidates looked at while building and while searching; lists searched of √n.
HNSW_LINKS, HNSW_BUILDING, HNSW_SEARCHING = 32, 80, 256
IVF_SEARCHED = 16
# Some entries have expired and some have been asked before, as in any library.
EXPIRED_EVERY, HOT_EVERY = 20, 50
TODAY, PAST = date(2026, 3, 2), date(2026, 1, 1)
PLACES = (
    "城关镇", "河口镇", "柳溪镇", "石桥乡", "白杨镇", "东湖镇", "青山乡", "北屯镇", "南坪镇", "和平乡", "新华镇", "双河镇",
    "大营乡", "长岭镇", "黄土乡", "清泉镇", "龙泉乡", "马家沟", "李家庄", "枫林镇", "梅岭乡", "松坡镇", "沙河镇", "桃源乡",
)  # fmt: skip
COLUMNS = (
    "entries", "words s", "flat s", "tokens s", "suggest s", "ask ms p50/p95", "suggest ms p50/p95", "MiB",
)  # fmt: skip
_SENTENCE = re.compile(r"[^。；！？\n]+[。；！？\n]*")


class Known:
    """An encoder that has read its questions before, so that search is timed without it; it can be pickled."""

    def __init__(self, encoder: Encoder, texts: Sequence[str]) -> None:
        self.fingerprint, self.dim, self.token_dim = encoder.fingerprint, encoder.dim, encoder.token_dim
        self.judge = encoder.judge
        self.readings = {text: read_question(encoder, text) for text in texts}
        pieces = {int(piece) for reading in self.readings.values() for piece in reading.pieces}
        self._pieces = {piece: encoder.piece_text(piece) for piece in pieces}

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return np.array([self.readings[text].vector for text in texts])

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self.encode_queries(texts)

    def read_many(self, kind: str, texts: Sequence[str]) -> list[Reading]:
        # For a question that is heard as another text: what is timed takes as long with any vector.
        anything = next(iter(self.readings.values()))
        return [self.readings.get(text, anything) for text in texts]

    def piece_text(self, piece: int) -> str:
        return self._pieces[piece]


@dataclass(frozen=True, slots=True)
class Seeds:
    """Real entries with what the encoder made of them: `rows` and `states` of each one's wordings, `both` and `passages`
    of its question with its answer; and the questions to ask."""

    documents: list[Document]
    rows: list[Vectors]
    states: list[list[TokenStates]]
    both: Vectors
    passages: list[TokenStates]
    encoder: Known


def bundled() -> list[Document]:
    """The entries of the bundled interpretations, in order of key."""
    files = read_folder([ROOT / "corpus" / "interpretations"])
    found = []
    for name in (name for name in files if not name.endswith(SHEET)):
        sheet = name[: -len(Path(name).suffix)] + SHEET
        pairs = extract_pairs(read_document(name, files[name]))
        for pair, note in match_annotations(pairs, read_annotations(sheet, files[sheet]))[0]:
            if note is not None:
                found.append(Document(note.key, note.question or pair.heading, pair.answer, note.phrasings))
    return sorted(found, key=lambda document: document.id)


def seeds_of(documents: Sequence[Document], encoder: Encoder) -> Seeds:
    """Entries with SEED_WORDINGS wordings in all, read by the encoder, and QUESTIONS wordings of any entry to ask."""
    rng = random.Random(0)
    chosen: list[Document] = []
    held = 0
    for document in rng.sample(documents, len(documents)):
        if held < SEED_WORDINGS:
            first, *rest = (wording.written for wording in wordings(document))
            chosen.append(replace(document, question=first, phrasings=tuple(rest)))
            held += 1 + len(rest)
    wanted = [text for document in chosen for text in texts_of(document)]
    late = [text for document in chosen for text in late_texts_of(document)] if encoder.token_dim else []
    found = fetch(
        wanted, late, encoder, InMemoryVectorStore(), lambda done, total: say("encoding", done, total)
    )
    parts = [entry_vectors(document, found.vectors) for document in chosen]
    filler = Fillers(encoder)
    states = [
        [found.states[vector_key(*text)].without(filler) for text in late_texts_of(d)] if late else []
        for d in chosen
    ]
    asked = rng.sample(sorted({wording.normal for d in documents for wording in wordings(d)}), QUESTIONS)
    return Seeds(
        chosen, [rows for rows, _ in parts], [own[1:] for own in states], np.array([both for _, both in parts]),
        [own[0] for own in states if own], Known(encoder, asked),
    )  # fmt: skip


def grown(seeds: Seeds, count: int) -> Iterator[tuple[int, Document]]:
    """Entries with `count` wordings in all, no two alike, each with the number of the seed that it came from."""
    rng = random.Random(0)
    held = turn = 0
    while True:
        for number, seed in enumerate(seeds.documents):
            if held == count:
                return
            made = _varied(seed, seeds, turn, rng) if turn else seed
            yield number, replace(made, phrasings=made.phrasings[: count - held - 1])
            held += 1 + min(len(made.phrasings), count - held - 1)
        turn += 1


def _varied(seed: Document, seeds: Seeds, turn: int, rng: random.Random) -> Document:
    place = f"{rng.choice(PLACES)}{turn}组"
    own = _SENTENCE.findall(seed.answer) or [seed.answer]
    own[rng.randrange(len(own))] = rng.choice(_SENTENCE.findall(rng.choice(seeds.documents).answer))
    return Document(
        f"{seed.id}-{turn}", _said(seed.question, place, rng), f"{place}：{''.join(own)}",
        tuple(_said(phrasing, place, rng) for phrasing in seed.phrasings),
        effective_to=None if rng.randrange(EXPIRED_EVERY) else PAST,
    )  # fmt: skip


def _said(text: str, place: str, rng: random.Random) -> str:
    """The wording with the place before, in or after it."""
    at = rng.choice((0, len(text) // 2, len(text.rstrip("？?"))))
    return text[:at] + place + text[at:]


def noisy(vectors: Vectors, rng: np.random.Generator) -> Vectors:
    """Vectors [n, dim] with noise, in portions and at their old lengths; a copy."""
    made = np.array(vectors, dtype=np.float32)
    for low in range(0, len(made), PORTION):
        part = made[low : low + PORTION]
        length = np.linalg.norm(part, axis=1, keepdims=True)
        noise = rng.standard_normal(part.shape, dtype=np.float32)
        part += noise * (NOISE / part.shape[1] ** 0.5) * length
        part *= length / np.linalg.norm(part, axis=1, keepdims=True)
    return made


def _noisy_tokens(text: TokenStates, rng: np.random.Generator) -> TokenStates:
    noise = rng.integers(-TOKEN_NOISE, TOKEN_NOISE + 1, text.codes.shape, dtype=np.int16)
    return TokenStates(np.clip(text.codes + noise, -127, 127).astype(np.int8), text.scales, text.pieces)


@dataclass(frozen=True, slots=True)
class Figures:
    """One row: seconds to build, milliseconds (p50, p95) to ask and to suggest, MiB."""

    wordings: int
    entries: int
    words: float
    flat: float
    tokens: float
    suggestions: float
    ask: tuple[float, float]
    suggest: tuple[float, float]
    memory: float


def measure(seeds: Seeds, count: int) -> Figures:
    """Build everything over `count` wordings in this process and time it."""
    lexicon = Lexicon.load(ROOT / "corpus" / "lexicon")
    lexicon.segmenter.cut("预热")
    pinyin_of("预热")
    gc.collect()
    before = _resident()
    pairs = list(grown(seeds, count))
    numbers, documents = [number for number, _ in pairs], [document for _, document in pairs]
    entries = [wordings(document) for document in documents]
    words, lexical = _timed(lambda: LexicalIndex.build(documents, lexicon))
    flat, dense = _dense(seeds, numbers, entries)
    tokens, late = _late(seeds, numbers, entries) if count <= MOST_BY_TOKEN else (0.0, None)
    suggestions, suggest = _timed(lambda: SuggestIndex.build([d.id for d in documents], entries))
    encoder: Encoder = seeds.encoder
    calibration = Calibration.default(encoder.fingerprint, "")
    engine = Engine(Parts(
        tuple(documents), tuple(entries), {d.id: document_digest(d) for d in documents}, lexical, dense, late, suggest,
        ScopeIndex.build(documents, lexicon), phonetics_of(lexicon, lexical), lexicon, encoder, calibration,
    ))  # fmt: skip
    gc.collect()
    memory = _resident() - before
    today = Filters(on=TODAY)
    asked = list(seeds.encoder.readings)
    engine.ask(asked[0], today)
    whole = [_timed(lambda text=text: engine.ask(text, today))[0] for text in asked]
    heat = {document.id: 1 + number % 97 for number, document in enumerate(documents[::HOT_EVERY])}
    engine.suggest("预热", 8, today, heat)
    typing = [_timed(lambda part=part: engine.suggest(part, 8, today, heat))[0] for part in _typed(entries)]
    return Figures(
        sum(map(len, entries)), len(entries), words, flat, tokens, suggestions, _p50_p95(whole), _p50_p95(typing),
        memory,
    )  # fmt: skip


def _rows(seeds: Seeds, numbers: Sequence[int], lengths: Sequence[int], rng: np.random.Generator) -> Vectors:
    parts = [seeds.rows[number][:length] for number, length in zip(numbers, lengths, strict=True)]
    return noisy(np.concatenate(parts), rng)


def _dense(
    seeds: Seeds, numbers: Sequence[int], entries: Sequence[Sequence[Wording]]
) -> tuple[float, DenseIndex]:
    rng = np.random.default_rng(0)
    lengths = [len(entry) for entry in entries]
    rows, both = _rows(seeds, numbers, lengths, rng), noisy(seeds.both[numbers], rng)
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return _timed(lambda: DenseIndex.assemble(rows, start, both))


def _late(
    seeds: Seeds, numbers: Sequence[int], entries: Sequence[Sequence[Wording]]
) -> tuple[float, LateIndex | None]:
    if not seeds.passages:
        return 0.0, None
    rng = np.random.default_rng(0)
    rows = [
        [_noisy_tokens(text, rng) for text in seeds.states[number][: len(entry)]]
        for number, entry in zip(numbers, entries, strict=True)
    ]
    passages = [_noisy_tokens(seeds.passages[number], rng) for number in numbers]
    return _timed(lambda: LateIndex.build(rows, passages, passages[0].codes.shape[1]))


def _typed(entries: Sequence[Sequence[Wording]]) -> list[str]:
    """What is in the box while somebody types a wording: its beginning, its middle, its pinyin, its initials."""
    rng = random.Random(0)
    typed: list[str] = []
    for entry in rng.choices(entries, k=TYPED):
        text = rng.choice(entry).normal
        pinyin = pinyin_of(text)
        count = rng.randint(1, 6)
        typed += [text[:count], text[len(text) // 2 :][:count], pinyin.initials[:count]]
        typed.append(pinyin.syllables.lower()[: 2 * count])
    return [part for part in typed if part.strip()]


@dataclass(frozen=True, slots=True)
class Compared:
    """One kind of FAISS index: seconds to build, p50 in milliseconds, and which of flat's first it found."""

    kind: str
    wordings: int
    build: float
    p50: float
    recall: float


def compare(seeds: Seeds, count: int) -> list[Compared]:
    """Flat, HNSW and IVF over the same rows. Built with all processors, asked with one thread."""
    pairs = list(grown(seeds, count))
    lengths = [1 + len(document.phrasings) for _, document in pairs]
    rows = _rows(seeds, [number for number, _ in pairs], lengths, np.random.default_rng(0))
    del pairs
    asked = seeds.encoder.encode_queries(list(seeds.encoder.readings))
    flat = faiss.IndexFlatIP(seeds.encoder.dim)
    made = [_compared("flat", count, flat, rows, asked, None)]
    best = _found(flat, asked)
    hnsw = faiss.IndexHNSWFlat(flat.d, HNSW_LINKS, faiss.METRIC_INNER_PRODUCT)
    hnsw.hnsw.efConstruction, hnsw.hnsw.efSearch = HNSW_BUILDING, HNSW_SEARCHING
    made.append(_compared("HNSW", count, hnsw, rows, asked, best))
    del hnsw
    lists = int(count**0.5)
    ivf = faiss.IndexIVFFlat(faiss.IndexFlatIP(flat.d), flat.d, lists, faiss.METRIC_INNER_PRODUCT)
    ivf.nprobe, ivf.cp.niter, ivf.cp.max_points_per_centroid = IVF_SEARCHED, 10, 64
    made.append(_compared("IVF", count, ivf, rows, asked, best))
    return made


def _compared(
    kind: str, count: int, index: faiss.Index, rows: Vectors, asked: Vectors, best: list[set[int]] | None
) -> Compared:
    faiss.omp_set_num_threads(os.cpu_count() or 1)
    begin = time.perf_counter()
    if not index.is_trained:
        index.train(rows)
    index.add(rows)
    seconds = time.perf_counter() - begin
    faiss.omp_set_num_threads(1)
    times = [_timed(lambda one=one: index.search(one[None], RECALL_AT))[0] for one in asked]
    found = _found(index, asked)
    shares = [len(mine & right) / len(right) for mine, right in zip(found, best or found, strict=True)]
    return Compared(kind, count, seconds, 1000 * percentile(times, 50), sum(shares) / len(shares))


def _found(index: faiss.Index, asked: Vectors) -> list[set[int]]:
    return [set(row.tolist()) for row in index.search(asked, RECALL_AT)[1]]


def bench_scale(encoder_path: Path, threads: int, most: int) -> None:
    """Print both tables for the sizes up to `most` wordings."""
    seeds = seeds_of(bundled(), open_encoder(encoder_path, threads))
    sizes = [size for size in SIZES if size <= most]
    print(f"""\
grown from {sum(map(len, seeds.rows))} wordings of {len(seeds.documents)} bundled entries, with places and numbers;
their vectors and token states are the real ones plus seeded noise (a share of {NOISE}), at their old lengths;
above {MOST_BY_TOKEN:,} wordings without token states. Processor time of one thread; {QUESTIONS} real questions,
encoded before. In brackets: times the row above.
""")
    print(f"{'wordings':>9s}" + "".join(f"{name:>20s}" for name in COLUMNS), flush=True)
    above: Figures | None = None
    for size in sizes:
        row = _alone(measure, seeds, size)
        print(_line(row, above), flush=True)
        above = row
    print(f"""
HNSW: {HNSW_LINKS} links, {HNSW_BUILDING} candidates while building, {HNSW_SEARCHING} while searching;
IVF: √n lists, {IVF_SEARCHED} searched. Build: clock time of all processors.
{"wordings":>9s}{"index":>8s}{"build s":>10s}{"p50 ms":>10s}{f"recall@{RECALL_AT}":>12s}""", flush=True)  # fmt: skip
    for size in sizes[1:]:
        for one in _alone(compare, seeds, size):
            cells = f"{one.build:10.1f}{one.p50:10.2f}{one.recall:12.3f}"
            print(f"{one.wordings:9,d}{one.kind:>8s}{cells}", flush=True)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"\nlargest process of all: {largest:.0f} MiB")


def _alone(act: Callable[[Seeds, int], T], seeds: Seeds, size: int) -> T:
    """What `act` gives in a fresh process."""
    say(f"{act.__name__} {size:,}", 0, 1)
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        result = pool.submit(act, seeds, size).result()
    say(f"{act.__name__} {size:,}", 1, 1)
    return result


def _line(row: Figures, above: Figures | None) -> str:
    def times(value: float, before: float) -> str:
        return f" (×{value / before:.1f})" if above and before else ""

    old = above or row
    cells = [f"{row.entries:,}"]
    for name in ("words", "flat", "tokens", "suggestions"):
        value = getattr(row, name)
        cells.append(f"{value:.2f}{times(value, getattr(old, name))}" if value else "–")
    for now, before in ((row.ask, old.ask), (row.suggest, old.suggest)):
        cells.append(f"{now[0]:.2f}/{now[1]:.2f}{times(now[0], before[0])}")
    cells.append(f"{row.memory:.0f}{times(row.memory, old.memory)}")
    return f"{row.wordings:9,d}" + "".join(f"{cell:>20s}" for cell in cells)


def _timed(act: Callable[[], T]) -> tuple[float, T]:
    """Seconds of processor time, which the machine's other work does not lengthen, and what came of it."""
    begin = time.process_time()
    result = act()
    return time.process_time() - begin, result


def _p50_p95(seconds: Sequence[float]) -> tuple[float, float]:
    return 1000 * percentile(seconds, 50), 1000 * percentile(seconds, 95)


def _resident() -> float:
    """MiB of this process."""
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1024
