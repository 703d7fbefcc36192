"""Joins vector, word and token evidence into one ranking.

Vectors and words, in standard scores over the whole library, propose candidates; the first of them are compared
token by token (late.py), in absolute terms, so that no candidate's score depends on which others there are.

Ranks are not joined (RRF): giving BM25 an equal say, and throwing away how far apart two scores are, was
worse than the vectors alone on every library measured.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..text.regions import Bearing
from .answer_types import Kinds, Said, missing
from .dense import DenseIndex, lengths_of
from .late import LateIndex, TokenQuery
from .lexical import LexicalIndex
from .scope import Scope, ScopeIndex
from .types import Longs, Mask, Vectors

# How many rows the vectors propose and how many entries the words propose.
_DENSE_ROWS, _LEXICAL_ENTRIES = 80, 20
# How many candidates are compared token by token, and among how many of the first it is asked what they lack.
_COMPARED, _LOOKED_AT = 20, 5
# Fewer permitted entries than this among the proposals lead to a second search among permitted ones only.
_ENOUGH = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """A query as the encoder sees it: its vector [dim], and its tokens where the encoder has states for them.

    `nearest`: the rows that the vector proposes from the whole library, where they have been looked up (`near`).
    """

    vector: Vectors
    tokens: TokenQuery | None = None
    nearest: Longs | None = None


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidates, best first; all arrays have one element a candidate.

    `entries` are entry numbers, `rows` the best row of each (-1 without vectors), `dense` the products with
    that row, `lexical` BM25, `level` and `weakest` the token scores (0 without), `fused` the joint score.
    """

    entries: Longs
    rows: Longs
    dense: Vectors
    lexical: Vectors
    level: Vectors
    weakest: Vectors
    fused: Vectors

    def taken(self, order: Sequence[int] | Longs) -> Ranked:
        """The candidates at these places, in this order."""
        at = np.asarray(order, dtype=np.int64)
        return Ranked(
            self.entries[at], self.rows[at], self.dense[at], self.lexical[at], self.level[at], self.weakest[at],
            self.fused[at],
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Weights:
    """What each kind of evidence weighs against one standard deviation of the vectors' score: one of BM25, the mean and
    the worst-matched token (0–1), an answer that lacks a kind of thing plainly asked for, and an entry of a region that the
    question does not name, of none though it names one, and of another (or another year)."""

    words: float = 0.1
    level: float = 10.0
    weakest: float = 1.0
    lacking: float = 0.5
    unasked: float = 1.0
    unsaid: float = 0.5
    elsewhere: float = 2.0


@dataclass(frozen=True, slots=True)
class Ranker:
    """The indexes over the same entries, and the entries' places in order of id to settle ties."""

    dense: DenseIndex | None
    late: LateIndex | None
    lexical: LexicalIndex
    places: Longs
    scopes: ScopeIndex
    weights: Weights = Weights()

    def near(self, asked: Asked) -> Asked:
        """With `nearest`: to rank one query under several limits, the library need be gone through only once."""
        return asked if self.dense is None else replace(asked, nearest=self._rows(self.dense, asked))

    def rank(
        self,
        asked: Asked | None,
        words: Vectors,
        allowed: Mask | None = None,
        hidden_rows: Collection[int] = (),
        sure: Collection[int] = (),
    ) -> Ranked:
        """Rank by what the encoder made of a query (None: words alone) and its BM25 scores `words` [entries].

        `allowed` [entries] limits what may be found; `hidden_rows` are passed over, as if not stored;
        `sure` entries are candidates whatever their scores.
        """
        return self.compared(asked, self.proposed(asked, words, allowed, hidden_rows, sure), hidden_rows)

    def proposed(
        self,
        asked: Asked | None,
        words: Vectors,
        allowed: Mask | None = None,
        hidden_rows: Collection[int] = (),
        sure: Collection[int] = (),
    ) -> Ranked:
        """The first half of `rank`: the candidates in the order that vectors and words give them.

        Of a query whose tokens are compared in the other half only those that will be.
        """
        usable = words if allowed is None else np.where(allowed, words, np.float32(0))
        named = np.union1d(_best_words(usable), np.fromiter(sure, np.int64))
        if asked is None or self.dense is None:
            none, zero = np.full(len(named), -1, dtype=np.int64), np.zeros(len(named), np.float32)
            level = _standard(words, named)
            return self._ordered(Ranked(named, none, zero, words[named], zero, zero, level))
        vector = asked.vector
        entries = np.union1d(named, self._nearest(self.dense, asked, allowed))
        rows = self.dense.rows_of(entries)
        scores = self.dense.scores(vector, rows)
        if hidden_rows:
            scores[np.isin(rows, np.fromiter(hidden_rows, np.int64))] = -np.inf
        best, near = _best_row(entries, self.dense.start, rows, scores)
        shown = np.isfinite(near)
        entries, best, near = entries[shown], best[shown], near[shown]
        mean, deviation = self.dense.spread(vector)
        fused = ((near - mean) / deviation + self.weights.words * _standard(words, entries)).astype(
            np.float32
        )
        zero = np.zeros(len(entries), np.float32)
        ranked = self._ordered(Ranked(entries, best, near, words[entries], zero, zero, fused))
        if self.late is None or asked.tokens is None:
            return ranked
        kept = np.flatnonzero(
            (np.arange(len(ranked.entries)) < _COMPARED)
            | np.isin(ranked.entries, np.fromiter(sure, np.int64, len(sure)))
        )
        return ranked.taken(kept)

    def compared(self, asked: Asked | None, ranked: Ranked, hidden_rows: Collection[int] = ()) -> Ranked:
        """The second half of `rank`: what `proposed` gave, reordered by the tokens as well where there are any."""
        if asked is None or asked.tokens is None or self.late is None or self.dense is None:
            return ranked
        rows = self.dense.rows_of(ranked.entries)
        owner = np.repeat(np.arange(len(ranked.entries)), lengths_of(self.dense.start, ranked.entries))
        scores = self.late.scores(asked.tokens, ranked.entries, rows, owner, hidden_rows)
        fused = ranked.fused + self.weights.level * scores.level + self.weights.weakest * scores.weakest
        return self._ordered(replace(ranked, level=scores.level, weakest=scores.weakest, fused=fused))

    def preferring(
        self, ranked: Ranked, kinds: Kinds, asked: Scope, said_of: Callable[[int], Said]
    ) -> Ranked:
        """Entries of another scope than that `asked` about fall behind, and of the first those that plainly lack one of the
        `kinds` of thing asked for.

        `said_of` gives what an entry says by its number.
        """
        return self._holding(self._there(ranked, asked), kinds, said_of)

    def _there(self, ranked: Ranked, asked: Scope) -> Ranked:
        weights = self.weights
        cost = {
            Bearing.UNASKED: weights.unasked,
            Bearing.UNSAID: weights.unsaid,
            Bearing.ELSEWHERE: weights.elsewhere,
            Bearing.OTHER_YEAR: weights.elsewhere,
        }
        found = [cost.get(bearing, 0.0) for bearing in self.scopes.bearings(asked, ranked.entries)]
        if not any(found):
            return ranked
        return self._ordered(replace(ranked, fused=ranked.fused - np.array(found, np.float32)))

    def _holding(self, ranked: Ranked, kinds: Kinds, said_of: Callable[[int], Said]) -> Ranked:
        first = [int(number) for number in ranked.entries[:_LOOKED_AT]]
        if not first or not any(kind.strict for kind in kinds):
            return ranked
        lacks = np.array([missing(kinds, said_of(number))[1] for number in first], np.float32)
        if lacks.all() or not lacks.any():
            return ranked
        fused = ranked.fused.copy()
        fused[: len(first)] -= self.weights.lacking * lacks
        return self._ordered(replace(ranked, fused=fused))

    def _rows(self, dense: DenseIndex, asked: Asked) -> Longs:
        return dense.search(asked.vector, _DENSE_ROWS) if asked.nearest is None else asked.nearest

    def _nearest(self, dense: DenseIndex, asked: Asked, allowed: Mask | None) -> Longs:
        found = np.unique(dense.entry_of[self._rows(dense, asked)]).astype(np.int64)
        if allowed is None:
            return found
        found = found[allowed[found]]
        if len(found) < _ENOUGH:
            permitted = np.flatnonzero(allowed[dense.entry_of]).astype(np.int64)
            rows = dense.search(asked.vector, _DENSE_ROWS, permitted)
            found = np.unique(dense.entry_of[rows]).astype(np.int64)
        return found

    def _ordered(self, ranked: Ranked) -> Ranked:
        """Best first; equal scores in order of id, so that the order of the library does not matter."""
        fused = np.round(ranked.fused, 4)
        order = np.lexsort((self.places[ranked.entries], -fused))
        return replace(ranked, fused=fused).taken(order)


def places_by_id(ids: Sequence[str]) -> Longs:
    """The place of each id among all of them in order."""
    places = np.empty(len(ids), dtype=np.int64)
    places[sorted(range(len(ids)), key=lambda n: ids[n])] = np.arange(len(ids))
    return places


def _best_words(words: Vectors) -> Longs:
    """Numbers of the entries with the best BM25, more where the last ones are equal, none of score 0."""
    found: Longs = np.flatnonzero(words > 0).astype(np.int64)
    over = len(found) - _LEXICAL_ENTRIES
    if over <= 0:
        return found
    scores = words[found]
    best: Longs = found[scores >= np.partition(scores, over)[over]]
    return best


def _standard(words: Vectors, entries: Longs) -> Vectors:
    """BM25 of `entries` in standard scores over the whole library."""
    if not len(words):
        return np.zeros(0, dtype=np.float32)
    deviation = float(words.std())
    if deviation < 1e-6:
        return np.zeros(len(entries), dtype=np.float32)
    levels: Vectors = ((words[entries] - words.mean()) / deviation).astype(np.float32)
    return levels


def _best_row(entries: Longs, start: Longs, rows: Longs, scores: Vectors) -> tuple[Longs, Vectors]:
    """For each entry its best row and that row's score; `rows` lists the entries' rows one after another."""
    if not len(entries):
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    lengths = lengths_of(start, entries)
    offsets = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    best = np.maximum.reduceat(scores, offsets)
    owner = np.repeat(np.arange(len(entries)), lengths)
    hits = np.flatnonzero(scores == best[owner])
    first = hits[np.searchsorted(owner[hits], np.arange(len(entries)))]
    return rows[first], best
