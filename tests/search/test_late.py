"""Late interaction: against a plain loop, through packing, updating, and leaving out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from support.encoders import CountingEncoder

from qa_service.search.dense import DenseIndex, texts_of
from qa_service.search.late import LateIndex, TokenField
from qa_service.search.tokens import TokenStates
from qa_service.search.types import Document, Reading
from qa_service.search.vectors import InMemoryVectorStore, fetch

from .conftest import make_library

DIM = 24
ENCODER = CountingEncoder(token_dim=DIM)
LIBRARY = make_library()


def nothing(piece: int) -> bool:
    return False


def states_of(seed: int, count: int) -> TokenStates:
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((count, DIM)).astype(np.float32)
    return TokenStates.of(
        Reading(np.zeros(1, np.float32), values, rng.integers(0, 50, count).astype(np.int32))
    )


def index_of(documents: list[Document]) -> tuple[DenseIndex, LateIndex]:
    wanted = [text for document in documents for text in texts_of(document)]
    found = fetch(wanted, wanted, ENCODER, InMemoryVectorStore())
    dense = DenseIndex.build(documents, found.vectors, ENCODER.dim)
    return dense, LateIndex.of(documents, found.states, DIM, nothing)


@given(st.integers(0, 9), st.integers(0, 1000))
def test_packing_keeps_everything(count: int, seed: int) -> None:
    states = states_of(seed, count)
    back = TokenStates.unpacked(states.packed(), DIM)
    assert np.array_equal(back.codes, states.codes) and np.array_equal(back.scales, states.scales)
    assert np.array_equal(back.pieces, states.pieces)


def test_a_byte_a_component_is_enough() -> None:
    values = np.random.default_rng(1).standard_normal((40, 256)).astype(np.float32)
    states = TokenStates.of(Reading(np.zeros(1, np.float32), values, np.zeros(40, np.int32)))
    restored = states.codes * states.scales[:, None]
    cosines = (restored * values).sum(1) / np.linalg.norm(restored, axis=1) / np.linalg.norm(values, axis=1)
    assert cosines.min() > 0.999


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6), st.integers(0, 99))
def test_best_is_what_a_plain_loop_finds(lengths: list[int], seed: int) -> None:
    assume(sum(lengths) != 1)  # a lone token is its own mean: nothing is left of it to compare
    texts = [states_of(seed + n, length) for n, length in enumerate(lengths)]
    field = TokenField.build(texts, DIM)
    query = np.random.default_rng(seed).standard_normal((3, DIM)).astype(np.float32)
    owners = np.array([n // 2 for n in range(len(texts))])
    found = field.best(query, np.arange(len(texts)), owners, int(owners.max()) + 1)
    for owner in range(int(owners.max()) + 1):
        tokens = [
            state * scale - field.mean
            for n in np.flatnonzero(owners == owner)
            for state, scale in zip(texts[n].codes.astype(np.float32), texts[n].scales, strict=True)
        ]
        for number, asked in enumerate(query - field.mean):
            cosines = [
                float(t @ asked) / max(float(np.linalg.norm(t)) * float(np.linalg.norm(asked)), 1e-9)
                for t in tokens
            ]
            assert found[owner, number] == pytest.approx(max(cosines, default=-1.0), abs=1e-3)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_an_index_updated_again_and_again_is_one_built_anew(data: st.DataObject) -> None:
    documents = LIBRARY[:9]
    dense, late = index_of(documents)
    for step in range(3):
        kept = [n for n in range(len(documents)) if data.draw(st.booleans())] or [0]
        added = [
            Document(f"neu-{step}-{n}", f"公交卡怎么办理{n}{step}", "到窗口办理", ("坐车的卡",))
            for n in range(data.draw(st.integers(0, 3)))
        ]
        wanted = [text for document in added for text in texts_of(document)]
        found = fetch(wanted, wanted, ENCODER, InMemoryVectorStore())
        late = late.updated(dense, np.array(kept), added, found.states, nothing)
        dense = dense.updated(kept, added, found.vectors)
        documents = [*(documents[n] for n in kept), *added]
        _, anew = index_of(documents)
        for one, other in ((late.wordings.packed(), anew.wordings), (late.passages.packed(), anew.passages)):
            assert np.array_equal(one.base.codes, other.base.codes)
            assert np.array_equal(one.base.pieces, other.base.pieces)
            assert np.array_equal(one.lengths, other.lengths) and np.array_equal(one.first, other.first)
            assert one.mean == pytest.approx(other.mean, abs=1e-6)
        known = np.flatnonzero(anew.frequency)
        assert np.array_equal(late.frequency[known], anew.frequency[known])
        assert late.frequency.sum() == anew.frequency.sum()
        query = np.random.default_rng(step).standard_normal((3, DIM)).astype(np.float32)
        every = np.arange(len(late.passages.lengths))
        assert late.passages.best(query, every, every, len(every)) == pytest.approx(
            anew.passages.best(query, every, every, len(every)), abs=1e-4
        )


def test_an_update_shares_what_it_keeps() -> None:
    dense, late = index_of(LIBRARY)
    updated = late.updated(dense, np.arange(1, len(LIBRARY)), [], {}, nothing)
    assert updated.passages.base is late.passages.base


def test_an_entry_matches_its_own_words_best_and_worse_when_they_are_hidden() -> None:
    dense, late = index_of(LIBRARY)
    asked = late.ask(ENCODER.read_many("query", [LIBRARY[5].phrasings[0]])[0], nothing)
    entries = np.arange(len(LIBRARY))
    rows = dense.rows_of(entries)
    owner = np.repeat(entries, np.diff(dense.start))
    scores = late.scores(asked, entries, rows, owner)
    assert scores.level.argmax() == 5 and scores.level[5] == pytest.approx(1.0, abs=0.01)
    hidden = late.scores(asked, entries, rows, owner, hidden=range(int(dense.start[5]), int(dense.start[6])))
    assert hidden.level[5] < scores.level[5]
    assert hidden.level[4] == pytest.approx(scores.level[4])


def test_fillers_neither_count_nor_are_kept() -> None:
    reading = ENCODER.read_many("query", ["请问护照的照片"])[0]
    filler = {int(reading.pieces[0]), int(reading.pieces[1]), int(reading.pieces[4])}
    _, late = index_of(LIBRARY)
    asked = late.ask(reading, lambda piece: piece in filler)
    assert len(asked.weights) == 4 and (asked.weights > 0).all()
    assert len(late.ask(reading, lambda piece: True).weights) == 7
    kept = TokenStates.of(reading).without(lambda piece: piece in filler)
    assert len(kept.pieces) == 4 and not filler & set(kept.pieces.tolist())


def test_rare_pieces_weigh_more_and_unknown_ones_less_than_the_rarest() -> None:
    _, late = index_of(LIBRARY)
    reading = ENCODER.read_many("query", ["护照鱲"])[0]
    rare, _, unknown = late.ask(reading, nothing).weights
    common = late.ask(ENCODER.read_many("query", ["怎"])[0], nothing).weights[0]
    assert rare > common and rare > unknown > 0
