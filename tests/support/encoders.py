"""A cheap, deterministic stand-in for the encoder that counts what it is asked to encode."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from qa_service.search.types import Vectors


class CountingEncoder:
    """Unit vectors of hashed characters and character pairs."""

    def __init__(self, fingerprint: str = "counting", dim: int = 96) -> None:
        self.fingerprint = fingerprint
        self.dim = dim
        self.seen: list[str] = []

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        return self._encode(texts)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        self.seen += texts
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row, 0] = 1e-3
            for piece in [*text, *(text[i : i + 2] for i in range(len(text) - 1))]:
                vectors[row, zlib.crc32(piece.encode()) % self.dim] += 1.0
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)
