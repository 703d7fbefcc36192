"""Vectors by text: the key, a store in memory, and encoding only what is not stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .tokens import TokenStates
from .types import Encoder, Vectors, VectorStore

QUERY, PASSAGE = "query", "passage"
# How many texts are encoded between two reports of progress and two writes to the store.
_PORTION = 512

Report = Callable[[int, int], None]


def vector_key(kind: str, text: str) -> str:
    """First letter of the kind and the SHA-256 of the text, in hex."""
    return kind[0] + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class InMemoryVectorStore:
    """A VectorStore that lives as long as the process."""

    def __init__(self) -> None:
        self._vectors: dict[str, dict[str, Vectors]] = {}
        self._states: dict[str, dict[str, bytes]] = {}

    def get_many(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vectors]:
        known = self._vectors.get(fingerprint, {})
        return {key: known[key] for key in keys if key in known}

    def put_many(self, fingerprint: str, vectors: Mapping[str, Vectors]) -> None:
        self._vectors.setdefault(fingerprint, {}).update(vectors)

    def get_states(self, fingerprint: str, keys: Sequence[str]) -> dict[str, bytes]:
        known = self._states.get(fingerprint, {})
        return {key: known[key] for key in keys if key in known}

    def put_states(self, fingerprint: str, states: Mapping[str, bytes]) -> None:
        self._states.setdefault(fingerprint, {}).update(states)


@dataclass(slots=True)
class Fetched:
    """Vectors [dim] and, of the texts for which they were wanted, token states; both by key."""

    vectors: dict[str, Vectors]
    states: dict[str, TokenStates]


def fetch_vectors(
    wanted: Sequence[tuple[str, str]],
    encoder: Encoder,
    store: VectorStore,
    report: Report = lambda done, total: None,
) -> dict[str, Vectors]:
    """Vectors [dim] by key for (kind, text) pairs: those stored, and the rest encoded and then stored."""
    return fetch(wanted, (), encoder, store, report).vectors


def fetch(
    wanted: Sequence[tuple[str, str]],
    by_token: Sequence[tuple[str, str]],
    encoder: Encoder,
    store: VectorStore,
    report: Report = lambda done, total: None,
) -> Fetched:
    """Vectors for the (kind, text) pairs of `wanted`, and token states too for those in `by_token` (a part of it).

    What is not stored is encoded and then stored. Texts are encoded longest first in large portions, so that the
    encoder can batch like with like; each portion is stored before the next begins, so an interrupted run loses
    little.
    """
    texts = {vector_key(kind, text): (kind, text) for kind, text in wanted}
    late = {vector_key(kind, text) for kind, text in by_token}
    found = Fetched(store.get_many(encoder.fingerprint, list(texts)), {})
    for key, packed in store.get_states(encoder.fingerprint, sorted(late)).items() if late else ():
        found.states[key] = TokenStates.unpacked(packed, encoder.token_dim)
    missing = [key for key in texts if key not in found.vectors or (key in late and key not in found.states)]
    missing.sort(key=lambda key: (texts[key][0], -len(texts[key][1]), key))
    done = len(texts) - len(missing)
    report(done, len(texts))
    for kind in (PASSAGE, QUERY):
        for with_states in (False, True):
            keys = [key for key in missing if texts[key][0] == kind and (key in late) is with_states]
            for start in range(0, len(keys), _PORTION):
                part = keys[start : start + _PORTION]
                _encode_into(found, part, [texts[key][1] for key in part], kind, with_states, encoder, store)
                done += len(part)
                report(done, len(texts))
    return found


def _encode_into(
    found: Fetched,
    keys: Sequence[str],
    texts: Sequence[str],
    kind: str,
    with_states: bool,
    encoder: Encoder,
    store: VectorStore,
) -> None:
    if with_states:
        readings = encoder.read_many(kind, texts)
        rows = [reading.vector for reading in readings]
        states = {key: TokenStates.of(reading) for key, reading in zip(keys, readings, strict=True)}
        store.put_states(encoder.fingerprint, {key: value.packed() for key, value in states.items()})
        found.states.update(states)
    else:
        rows = list(encoder.encode_queries(texts) if kind == QUERY else encoder.encode_passages(texts))
    fresh = {key: np.array(row, dtype=np.float32) for key, row in zip(keys, rows, strict=True)}
    store.put_many(encoder.fingerprint, fresh)
    found.vectors.update(fresh)
