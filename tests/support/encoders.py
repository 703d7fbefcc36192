"""A cheap, deterministic stand-in for the encoder that counts what it is asked to encode."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from qa_service.search.judge import Judge
from qa_service.search.types import Reading, Vectors

PIECES = 5000


class CountingEncoder:
    """Unit vectors of hashed characters and character pairs; with `token_dim`, a hashed state for each character."""

    def __init__(self, fingerprint: str = "counting", dim: int = 96, token_dim: int = 0) -> None:
        self.fingerprint = fingerprint
        self.dim = dim
        self.token_dim = token_dim
        self.judge: Judge | None = None
        self.seen: list[str] = []
        self.passages: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        self.passages += texts
        return self._encode(texts)

    def read_many(self, kind: str, texts: Sequence[str]) -> list[Reading]:
        readings = []
        self.passages += texts if kind == "passage" else []
        for text, vector in zip(texts, self._encode(texts), strict=True):
            pieces = np.array([_hash(char) % PIECES for char in text], dtype=np.int32)
            states = np.zeros((len(text), self.token_dim), dtype=np.float32)
            for row, piece in enumerate(pieces):
                states[row] = np.random.default_rng(int(piece)).standard_normal(self.token_dim)
            readings.append(Reading(vector, states, pieces))
        return readings

    def piece_text(self, piece: int) -> str:
        return f"片{piece}"

    def _encode(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row, 0] = 1e-3
            for piece in [*text, *(text[i : i + 2] for i in range(len(text) - 1))]:
                vectors[row, _hash(piece) % self.dim] += 1.0
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def _hash(text: str) -> int:
    return zlib.crc32(text.encode("utf-8", "surrogatepass"))
