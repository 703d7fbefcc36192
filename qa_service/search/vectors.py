"""Vectors by text: the key, a store in memory, and encoding only what is not stored."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from .types import Encoder, Vectors, VectorStore

QUERY, PASSAGE = "q", "p"
# How many texts are encoded between two reports of progress and two writes to the store.
_PORTION = 512

Report = Callable[[int, int], None]


def vector_key(kind: str, text: str) -> str:
    """Kind ("q" or "p") and the SHA-256 of the text, in hex."""
    return kind + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class InMemoryVectorStore:
    """A VectorStore that lives as long as the process."""

    def __init__(self) -> None:
        self._vectors: dict[str, dict[str, Vectors]] = {}

    def get_many(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vectors]:
        known = self._vectors.get(fingerprint, {})
        return {key: known[key] for key in keys if key in known}

    def put_many(self, fingerprint: str, vectors: Mapping[str, Vectors]) -> None:
        self._vectors.setdefault(fingerprint, {}).update(vectors)


def fetch_vectors(
    wanted: Sequence[tuple[str, str]],
    encoder: Encoder,
    store: VectorStore,
    report: Report = lambda done, total: None,
) -> dict[str, Vectors]:
    """Vectors [dim] by key for (kind, text) pairs: those stored, and the rest encoded and then stored.

    Texts are encoded longest first in large portions, so that the encoder can batch like with like;
    each portion is stored before the next begins, so an interrupted run loses little.
    """
    texts = {vector_key(kind, text): (kind, text) for kind, text in wanted}
    found = store.get_many(encoder.fingerprint, list(texts))
    missing = sorted((k for k in texts if k not in found), key=lambda k: (texts[k][0], -len(texts[k][1]), k))
    done = len(texts) - len(missing)
    report(done, len(texts))
    for kind in (PASSAGE, QUERY):
        keys = [key for key in missing if texts[key][0] == kind]
        encode = encoder.encode_queries if kind == QUERY else encoder.encode_passages
        for start in range(0, len(keys), _PORTION):
            part = keys[start : start + _PORTION]
            rows = encode([texts[key][1] for key in part])
            fresh = {key: np.array(row, dtype=np.float32) for key, row in zip(part, rows, strict=True)}
            store.put_many(encoder.fingerprint, fresh)
            found.update(fresh)
            done += len(part)
            report(done, len(texts))
    return found
