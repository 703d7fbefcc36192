"""BM25 over words and character bigrams, with a weight for each field; scored by bm25s.

The term counts of each entry are kept beside the scores, so that a changed entry costs one pass of array
work over the whole index and statistics are always those of the whole library.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import bm25s
import numpy as np

from ..text.lexicon import Lexicon
from ..text.normalise import normalise
from ..text.segment import bigrams, segment
from .types import Document, Ints, Longs, Vectors

K1, B = 1.2, 0.75
_QUESTION_WEIGHT, _PHRASING_LIMIT, _ANSWER_LIMIT = 2.0, 2.0, 4000


def field_terms(text: str, lexicon: Lexicon) -> list[str]:
    """Words and bigrams of a normalised text; a two-character word comes as both and so counts double."""
    return segment(text, lexicon) + bigrams(text)


def document_terms(document: Document, lexicon: Lexicon) -> dict[str, float]:
    """Weighted term counts: the question twice, the answer once, all phrasings together at most twice."""
    counts: dict[str, float] = defaultdict(float)
    for term in field_terms(normalise(document.question), lexicon):
        counts[term] += _QUESTION_WEIGHT
    phrased: Counter[str] = Counter()
    for phrasing in document.phrasings:
        phrased.update(field_terms(normalise(phrasing), lexicon))
    for term, count in phrased.items():
        counts[term] += min(float(count), _PHRASING_LIMIT)
    for term in field_terms(normalise(document.answer[:_ANSWER_LIMIT]), lexicon):
        counts[term] += 1.0
    return counts


def query_terms(query: str, words: Sequence[str], lexicon: Lexicon) -> list[str]:
    """Terms of a normalised query, of which `words` are the words: these without stop words, bigrams, and
    the official terms for everyday words."""
    terms = [word for word in words if word not in lexicon.stop_words]
    terms += bigrams(query)
    for _, official in lexicon.officials_in(query):
        terms += field_terms(official, lexicon)
    return terms


@dataclass(frozen=True, slots=True)
class Postings:
    """Term counts by entry, as compressed rows: entry i holds terms[start[i]:start[i+1]]."""

    start: Longs
    terms: Ints
    counts: Vectors


@dataclass(frozen=True, slots=True)
class LexicalIndex:
    """Immutable; `scores_of` may be called from many threads. `vocabulary` only ever grows."""

    vocabulary: dict[str, int]
    postings: Postings
    bm25: bm25s.BM25
    size: int

    @classmethod
    def build(cls, documents: Sequence[Document], lexicon: Lexicon) -> LexicalIndex:
        vocabulary: dict[str, int] = {}
        postings = _postings([document_terms(d, lexicon) for d in documents], vocabulary)
        return cls.assemble(vocabulary, postings)

    @classmethod
    def assemble(cls, vocabulary: dict[str, int], postings: Postings) -> LexicalIndex:
        """Compute the scores for given counts."""
        size = len(postings.start) - 1
        data, indices, indptr = _columns(postings, len(vocabulary))
        return cls(vocabulary, postings, _bm25(data, indices, indptr, size), size)

    @classmethod
    def restore(
        cls, vocabulary: dict[str, int], postings: Postings, data: Vectors, indices: Ints, indptr: Longs
    ) -> LexicalIndex:
        """An index from saved arrays, without computing anything."""
        size = len(postings.start) - 1
        return cls(vocabulary, postings, _bm25(data, indices, indptr, size), size)

    def updated(self, kept: Sequence[int], added: Sequence[Document], lexicon: Lexicon) -> LexicalIndex:
        """The rows `kept`, in that order, and after them the documents `added`."""
        vocabulary = dict(self.vocabulary)
        fresh = _postings([document_terms(d, lexicon) for d in added], vocabulary)
        return LexicalIndex.assemble(vocabulary, _joined(_selected(self.postings, kept), fresh))

    def recut(self, documents: Sequence[Document], words: Collection[str], lexicon: Lexicon) -> LexicalIndex:
        """The same `documents`, in the order of this index, cut with a lexicon that differs in `words` only.

        A word changes how a text is cut only where the text holds it; the rest is kept.
        """
        rows = [number for number, document in enumerate(documents) if _holds(document, words)]
        if not rows:
            return self
        vocabulary = dict(self.vocabulary)
        fresh = _postings([document_terms(documents[number], lexicon) for number in rows], vocabulary)
        place = np.arange(self.size, dtype=np.int64)
        place[rows] = self.size + np.arange(len(rows), dtype=np.int64)
        return LexicalIndex.assemble(vocabulary, _selected(_joined(self.postings, fresh), place))

    def frequencies(self) -> dict[str, int]:
        """How many entries hold each term; those that none holds any more are left out."""
        held = np.diff(self.bm25.scores["indptr"]).tolist()
        return {term: count for term, count in zip(self.vocabulary, held, strict=True) if count}

    def scores_of(self, terms: Sequence[str]) -> Vectors:
        """BM25 of every entry, float32 [size]; all zero when no term is known."""
        ids = [self.vocabulary[term] for term in terms if term in self.vocabulary]
        if not ids or not self.size:
            return np.zeros(self.size, dtype=np.float32)
        scores: Vectors = self.bm25.get_scores_from_ids(ids)
        return scores


def best_attainable(index: LexicalIndex, terms: Sequence[str]) -> float:
    """The BM25 that an entry would approach which held every term again and again; 0 without terms."""
    rare = float(np.log1p((index.size + 0.5) / 0.5))
    return sum(_idf(index, term, rare) for term in terms)


def score_counts(index: LexicalIndex, counts: Mapping[str, float], terms: Sequence[str]) -> float:
    """BM25 that an entry with these term counts would have, by the statistics of `index`."""
    length = sum(counts.values())
    mean = float(index.postings.counts.sum()) / max(1, index.size)
    damp = K1 * (1 - B + B * length / (mean or 1.0))
    total = 0.0
    for term in terms:
        count = counts.get(term, 0.0)
        if count and term in index.vocabulary:
            total += _idf(index, term, 0.0) * count / (count + damp)
    return total


def _idf(index: LexicalIndex, term: str, unknown: float) -> float:
    """Lucene's inverse document frequency; `unknown` for a term that no entry holds."""
    number = index.vocabulary.get(term)
    if number is None:
        return unknown
    start = index.bm25.scores["indptr"]
    frequency = int(start[number + 1] - start[number])
    return float(np.log1p((index.size - frequency + 0.5) / (frequency + 0.5))) if frequency else unknown


def _bm25(data: Vectors, indices: Ints, indptr: Longs, size: int) -> bm25s.BM25:
    """bm25s's scorer over ready columns; its own builder takes whole counts only and cannot weigh fields."""
    bm25 = bm25s.BM25(method="lucene", k1=K1, b=B, backend="numpy")
    bm25.scores = {"data": data, "indices": indices, "indptr": indptr, "num_docs": size}
    bm25.nonoccurrence_array = None
    return bm25


def _postings(counts: Sequence[Mapping[str, float]], vocabulary: dict[str, int]) -> Postings:
    """Rows for `counts`; new terms are added to `vocabulary`, in sorted order within an entry."""
    start = np.zeros(len(counts) + 1, dtype=np.int64)
    terms: list[int] = []
    values: list[float] = []
    for row, counter in enumerate(counts):
        for term in sorted(counter):
            terms.append(vocabulary.setdefault(term, len(vocabulary)))
            values.append(counter[term])
        start[row + 1] = len(terms)
    return Postings(start, np.array(terms, dtype=np.int32), np.array(values, dtype=np.float32))


def _holds(document: Document, words: Collection[str]) -> bool:
    texts = (document.question, *document.phrasings, document.answer[:_ANSWER_LIMIT])
    normal = "\n".join(map(normalise, texts))
    return any(word in normal for word in words)


def _selected(postings: Postings, rows: Sequence[int] | Longs) -> Postings:
    picked = np.asarray(rows, dtype=np.int64)
    lengths = (postings.start[1:] - postings.start[:-1])[picked]
    start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    source = np.repeat(postings.start[:-1][picked] - start[:-1], lengths) + np.arange(start[-1])
    return Postings(start, postings.terms[source], postings.counts[source])


def _joined(first: Postings, second: Postings) -> Postings:
    return Postings(
        np.concatenate([first.start, second.start[1:] + first.start[-1]]),
        np.concatenate([first.terms, second.terms]),
        np.concatenate([first.counts, second.counts]),
    )


def _columns(postings: Postings, vocabulary_size: int) -> tuple[Vectors, Ints, Longs]:
    """BM25 (Lucene's form) of each term in each entry, as compressed columns: data, entry, column start."""
    size = len(postings.start) - 1
    rows = np.repeat(np.arange(size, dtype=np.int32), np.diff(postings.start))
    length = np.bincount(rows, weights=postings.counts, minlength=size).astype(np.float32)
    mean = float(length.mean()) if size else 1.0
    frequency = np.bincount(postings.terms, minlength=vocabulary_size)
    idf = np.log1p((size - frequency + 0.5) / (frequency + 0.5)).astype(np.float32)
    damp = (K1 * (1 - B + B * length / (mean or 1.0))).astype(np.float32)
    data = idf[postings.terms] * postings.counts / (postings.counts + damp[rows])
    order = np.argsort(postings.terms, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(frequency)]).astype(np.int64)
    return data[order].astype(np.float32), rows[order], indptr
