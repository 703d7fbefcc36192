"""Vector search by FAISS over one weighted sum vector for each wording of an entry.

An entry's evidence for a query q is q·(wording as query + wording as passage + question-and-answer as
passage + ½ answer as passage). The product distributes over the sum, so one stored vector a wording gives
all four; the entry's score is that of its best wording. FAISS goes through a byte a component, since reading the
library from memory is what takes the time; what it proposes is scored from the full vectors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import faiss
import numpy as np

from ..text.normalise import normalise
from .types import Document, Ints, Longs, Vectors
from .vectors import PASSAGE, QUERY, vector_key

_ANSWER_WEIGHT = 0.5
WEIGHT_SUM = 3.0 + _ANSWER_WEIGHT
# More than the encoder reads (512 tokens are some 700 characters); longer text would only cost tokenising.
_PASSAGE_LIMIT = 1200


@dataclass(frozen=True, slots=True)
class Wording:
    """One way of asking for an entry, as written and in normal form."""

    written: str
    normal: str


def wordings(document: Document) -> tuple[Wording, ...]:
    """The standard question and the phrasings without repeats and empty ones; the question comes first."""
    found: dict[str, str] = {}
    for written in (document.question, *document.phrasings):
        normal = normalise(written)
        if normal:
            found.setdefault(normal, written)
    return tuple(Wording(written, normal) for normal, written in found.items())


def _passages(document: Document) -> tuple[str, str]:
    """Question with answer, and the answer alone, normalised."""
    answer = normalise(document.answer[:_PASSAGE_LIMIT])
    return f"{normalise(document.question)} {answer}".strip(), answer


def texts_of(document: Document) -> list[tuple[str, str]]:
    """Every (kind, text) whose vector the entry needs."""
    whole, answer = _passages(document)
    wanted = [(PASSAGE, whole)] + ([(PASSAGE, answer)] if answer else [])
    for wording in wordings(document):
        wanted += [(QUERY, wording.normal), (PASSAGE, wording.normal)]
    return wanted


def late_texts_of(document: Document) -> list[tuple[str, str]]:
    """Those of `texts_of` that are compared token by token: the question with the answer, then each wording."""
    whole, _ = _passages(document)
    return [(PASSAGE, whole), *((QUERY, wording.normal) for wording in wordings(document))]


def entry_vectors(document: Document, vectors: Mapping[str, Vectors]) -> tuple[Vectors, Vectors]:
    """The sum vectors of an entry's wordings, [wordings, dim], and its question-and-answer vector [dim]."""
    whole, answer = _passages(document)
    both = vectors[vector_key(PASSAGE, whole)]
    base = both + _ANSWER_WEIGHT * (vectors[vector_key(PASSAGE, answer)] if answer else both)
    rows = [
        base + vectors[vector_key(QUERY, text.normal)] + vectors[vector_key(PASSAGE, text.normal)]
        for text in wordings(document)
    ]
    return np.array(rows or [base], dtype=np.float32), np.asarray(both, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class DenseIndex:
    """Immutable. Entry i has the rows start[i]:start[i+1], its standard question first.

    `rows` float32 [rows, dim] are the sum vectors, `faiss` the same in eight bits; `entry_of` is the entry number of
    each row; `both` [entries, dim] the question-and-answer vectors.
    `mean` [dim] and `covariance` [dim, dim] describe all rows, so that a query's mean score and spread
    over the whole library cost one small product.
    """

    rows: Vectors
    faiss: faiss.IndexScalarQuantizer
    start: Longs
    entry_of: Ints
    both: Vectors
    mean: Vectors
    covariance: Vectors

    @classmethod
    def build(cls, documents: Sequence[Document], vectors: Mapping[str, Vectors], dim: int) -> DenseIndex:
        parts = [entry_vectors(document, vectors) for document in documents]
        rows = np.concatenate([rows for rows, _ in parts] or [np.zeros((0, dim), np.float32)])
        both = np.array([both for _, both in parts], dtype=np.float32).reshape(len(parts), dim)
        return cls.assemble(rows, _starts([len(rows) for rows, _ in parts]), both)

    @classmethod
    def assemble(cls, rows: Vectors, start: Longs, both: Vectors) -> DenseIndex:
        """An index over given rows [start[-1], dim]."""
        # One query at a time: threads inside FAISS would only fight with those of the server.
        faiss.omp_set_num_threads(1)
        dim = int(rows.shape[1])
        index = faiss.IndexScalarQuantizer(dim, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
        rows = np.ascontiguousarray(rows, dtype=np.float32)
        mean, covariance = np.zeros(dim, np.float32), np.eye(dim, dtype=np.float32)
        if len(rows):
            index.train(rows)
            index.add(rows)
            mean = rows.mean(axis=0, dtype=np.float64).astype(np.float32)
            centred = rows - mean
            covariance = (centred.T @ centred) / np.float32(len(rows))
        entry_of = np.repeat(np.arange(len(start) - 1, dtype=np.int32), np.diff(start))
        return cls(rows, index, start, entry_of, both, mean, covariance)

    def updated(
        self, kept: Sequence[int], added: Sequence[Document], vectors: Mapping[str, Vectors]
    ) -> DenseIndex:
        """The entries `kept`, in that order, and after them the documents `added`."""
        fresh = DenseIndex.build(added, vectors, self.dim)
        picked = np.asarray(kept, dtype=np.int64)
        lengths = np.concatenate([lengths_of(self.start, picked), np.diff(fresh.start)])
        rows = np.concatenate([self.rows[self.rows_of(picked)], fresh.rows])
        return DenseIndex.assemble(rows, _starts(lengths), np.concatenate([self.both[picked], fresh.both]))

    @property
    def dim(self) -> int:
        return int(self.rows.shape[1])

    def rows_of(self, entries: Longs) -> Longs:
        """Numbers of all rows of these entries, entry by entry."""
        lengths = lengths_of(self.start, entries)
        before = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return np.repeat(self.start[:-1][entries] - before[:-1], lengths) + np.arange(before[-1])

    def search(self, query: Vectors, count: int, allowed: Longs | None = None) -> Longs:
        """Numbers of the rows about best for `query` [dim], at most `count`; only from `allowed` rows if given."""
        count = min(count, len(self.rows))
        if not count:
            return np.zeros(0, dtype=np.int64)
        if allowed is None:
            _, found = self.faiss.search(query[None, :], count)
        else:
            parameters = faiss.SearchParameters()
            selector = faiss.IDSelectorBatch(allowed)
            parameters.sel = selector
            _, found = self.faiss.search(query[None, :], count, params=parameters)
        rows: Longs = found[0][found[0] >= 0].astype(np.int64)
        return rows

    def scores(self, query: Vectors, rows: Longs) -> Vectors:
        """Products of `query` [dim] with the given rows, rounded so that equal texts score equal."""
        if not len(rows):
            return np.zeros(0, dtype=np.float32)
        products: Vectors = np.round(self.rows[rows] @ query, 5).astype(np.float32)
        return products

    def spread(self, query: Vectors) -> tuple[float, float]:
        """Mean and standard deviation of the query's products with all rows."""
        variance = float(query @ self.covariance @ query)
        return float(query @ self.mean), max(variance, 1e-12) ** 0.5


def lengths_of(start: Longs, numbers: Longs) -> Longs:
    """How many elements these groups have, of all that begin at `start`; looks at no others."""
    return start[numbers + 1] - start[numbers]


def _starts(lengths: Sequence[int] | Longs) -> Longs:
    """First row of each entry, and the end of the last, for entries of these many rows."""
    return np.concatenate([[0], np.cumsum(np.asarray(lengths, dtype=np.int64))]).astype(np.int64)
