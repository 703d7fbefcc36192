"""Late interaction: a candidate's score from the best match of each single token of the question.

Pooled vectors blur the one word in which sibling entries differ; token by token it counts by its rarity (Khattab and
Zaharia, ColBERT, 2020). States are compared less the library's mean token, as cosines: what all tokens share says
nothing. Each question token takes its best match among the entry's wordings and its question-and-answer passage.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .dense import DenseIndex, late_texts_of, lengths_of
from .tokens import Filler, TokenStates, joined
from .types import Document, Longs, Reading, Vectors
from .vectors import vector_key

# A piece that no entry has is no better known for that: colloquial words are rare in official text. And tokens of less
# than this share of the weightiest do not make an entry suspect by matching badly.
_UNKNOWN, _COUNTED = 0.4, 0.1
# Tokens are gone through in portions, so that a large library needs no large temporary.
_PORTION = 16_384


@dataclass(frozen=True, slots=True)
class TokenField:
    """The tokens of many texts. Text i has lengths[i] tokens from first[i] on, counted through `base` and then `added`.

    A change of the library leaves `base` as it is, shared with the field before it: `added` holds what has come since,
    and tokens of texts that are gone stay behind unused until `packed`. `total` float64 [dim] is the sum of all states in
    use, so that their mean costs nothing to know.
    """

    base: TokenStates
    added: TokenStates
    first: Longs
    lengths: Longs
    total: npt.NDArray[np.float64]

    @classmethod
    def build(cls, texts: Sequence[TokenStates], dim: int) -> TokenField:
        base = joined(texts, dim)
        lengths = np.array([len(text.pieces) for text in texts], dtype=np.int64)
        return cls.of(base, lengths, _total(base))

    @classmethod
    def of(cls, base: TokenStates, lengths: Longs, total: npt.NDArray[np.float64]) -> TokenField:
        """Texts of these lengths one after another."""
        return cls(base, base.taken(slice(0)), np.cumsum(lengths) - lengths, lengths, total)

    @property
    def dim(self) -> int:
        return len(self.total)

    @property
    def mean(self) -> Vectors:
        return (self.total / max(1, int(self.lengths.sum()))).astype(np.float32)

    def changed(self, texts: Longs, added: Sequence[TokenStates]) -> TokenField:
        """The texts of these numbers, in this order, and after them `added`."""
        gone = np.setdiff1d(np.arange(len(self.lengths)), texts)
        fresh = TokenField.build(added, self.dim)
        offset = len(self.base.pieces) + len(self.added.pieces)
        field = TokenField(
            self.base, joined([self.added, fresh.base], self.dim),
            np.concatenate([self.first[texts], fresh.first + offset]),
            np.concatenate([self.lengths[texts], fresh.lengths]),
            self.total - _total(self.of_texts(gone)) + fresh.total,
        )  # fmt: skip
        return field.packed() if len(field.added.pieces) > len(self.base.pieces) // 4 else field

    def packed(self) -> TokenField:
        """The same texts with nothing unused, all in `base`."""
        if not len(self.added.pieces) and int(self.lengths.sum()) == len(self.base.pieces):
            return self
        return TokenField.of(self.of_texts(np.arange(len(self.lengths))), self.lengths, self.total)

    def of_texts(self, texts: Longs) -> TokenStates:
        """The tokens of these texts, text by text."""
        at = self._tokens_of(texts)
        size = len(self.base.pieces)
        if not len(self.added.pieces) or not (late := at >= size).any():
            return self.base.taken(at)
        codes = np.empty((len(at), self.dim), np.int8)
        scales, pieces = np.empty(len(at), np.float32), np.empty(len(at), np.int32)
        for chosen, held in ((~late, self.base.taken(at[~late])), (late, self.added.taken(at[late] - size))):
            codes[chosen], scales[chosen], pieces[chosen] = held.codes, held.scales, held.pieces
        return TokenStates(codes, scales, pieces)

    def pieces_of(self, texts: Longs) -> Longs:
        """The word pieces of these texts, text by text."""
        pieces: Longs = np.concatenate([self.base.pieces, self.added.pieces])[self._tokens_of(texts)]
        return pieces

    def best(self, states: Vectors, texts: Longs, owner: Longs, owners: int) -> Vectors:
        """Cosine of the best token of each owner's texts for each of the question's `states` [n, dim].

        `owner` names for each text whose it is, in rising order. float32 [owners, n]; -1 where an owner has no token.
        """
        found = np.full((owners, len(states)), -1.0, dtype=np.float32)
        held = self.of_texts(texts)
        if not len(held.pieces):
            return found
        mean = self.mean
        asked = states - mean
        asked /= np.maximum(np.sqrt(np.einsum("td,td->t", asked, asked)), 1e-6)[:, None]
        # One product gives the tokens' products with the question's and, in the last column, with the mean, from which
        # the length of each token less the mean follows.
        codes = held.codes.astype(np.float32)
        products = (codes @ np.vstack([asked, mean]).T) * held.scales[:, None]
        squares = np.einsum("td,td->t", codes, codes) * held.scales**2 - 2 * products[:, -1] + mean @ mean
        cosines = (products[:, :-1] - asked @ mean) / np.sqrt(np.maximum(squares, 1e-12))[:, None]
        whose = np.repeat(owner, self.lengths[texts])
        first = np.flatnonzero(np.concatenate([[True], whose[1:] != whose[:-1]]))
        found[whose[first]] = np.maximum.reduceat(cosines, first, axis=0)
        return found

    def _tokens_of(self, texts: Longs) -> Longs:
        """Numbers of all tokens of these texts, text by text."""
        lengths = self.lengths[texts]
        before = np.cumsum(lengths) - lengths
        return np.repeat(self.first[texts] - before, lengths) + np.arange(lengths.sum())


def _total(states: TokenStates) -> npt.NDArray[np.float64]:
    total = np.zeros(states.codes.shape[1])
    for low in range(0, len(states.pieces), _PORTION):
        part = slice(low, low + _PORTION)
        total += states.scales[part].astype(np.float64) @ states.codes[part].astype(np.float64)
    return total


@dataclass(frozen=True, slots=True)
class TokenQuery:
    """The tokens of a question that count: states [n, dim] and weights [n], all above 0."""

    states: Vectors
    weights: Vectors


@dataclass(frozen=True, slots=True)
class LateScores:
    """For each candidate: the weighted mean of the tokens' best matches, and that of the worst-matched token."""

    level: Vectors
    weakest: Vectors


@dataclass(frozen=True, slots=True)
class LateIndex:
    """`wordings` has a text for each row of the dense index, `passages` one for each entry.

    `frequency` int64 [pieces]: how many entries have each word piece. `rarity` [pieces]: what it therefore weighs.
    """

    wordings: TokenField
    passages: TokenField
    frequency: Longs
    rarity: Vectors

    @classmethod
    def of(
        cls, documents: Sequence[Document], states: Mapping[str, TokenStates], dim: int, filler: Filler
    ) -> LateIndex:
        """Fillers are left out: nothing is lost by it and a quarter of the memory gained."""
        return cls.build(*_texts(documents, states, dim, filler), dim)

    @classmethod
    def build(
        cls, rows: Sequence[Sequence[TokenStates]], passages: Sequence[TokenStates], dim: int
    ) -> LateIndex:
        """From the states of each entry's wordings and of its passage."""
        wordings = TokenField.build([text for entry in rows for text in entry], dim)
        whole = TokenField.build(passages, dim)
        every = np.arange(len(wordings.lengths)), np.array([len(entry) for entry in rows], dtype=np.int64)
        return cls.assemble(wordings, whole, _frequency(wordings, *every, whole, np.arange(len(passages))))

    @classmethod
    def assemble(cls, wordings: TokenField, passages: TokenField, frequency: Longs) -> LateIndex:
        return cls(wordings, passages, frequency, _rarity(frequency, len(passages.lengths)))

    def updated(
        self,
        dense: DenseIndex,
        kept: Longs,
        added: Sequence[Document],
        states: Mapping[str, TokenStates],
        filler: Filler,
    ) -> LateIndex:
        """The entries `kept`, in order, and after them the documents `added`; `dense` is over the entries before."""
        gone = np.setdiff1d(np.arange(len(self.passages.lengths)), kept)
        rows, passages = _texts(added, states, self.passages.dim, filler)
        fresh = LateIndex.build(rows, passages, self.passages.dim)
        size = max(len(self.frequency), len(fresh.frequency))
        lost = _frequency(
            self.wordings, dense.rows_of(gone), lengths_of(dense.start, gone), self.passages, gone
        )
        frequency = np.zeros(size, np.int64)
        for counts, sign in ((self.frequency, 1), (lost, -1), (fresh.frequency, 1)):
            frequency[: len(counts)] += sign * counts
        return LateIndex.assemble(
            self.wordings.changed(dense.rows_of(kept), [text for entry in rows for text in entry]),
            self.passages.changed(kept, passages), frequency,
        )  # fmt: skip

    def scores(
        self, query: TokenQuery, entries: Longs, rows: Longs, owner: Longs, hidden: Collection[int] = ()
    ) -> LateScores:
        """Scores of `entries`; `rows` are the rows of all of them, `owner` the place in `entries` of each row."""
        if hidden:
            shown = ~np.isin(rows, np.fromiter(hidden, np.int64))
            rows, owner = rows[shown], owner[shown]
        if not len(query.weights):
            return LateScores(np.zeros(len(entries), np.float32), np.zeros(len(entries), np.float32))
        places = np.arange(len(entries), dtype=np.int64)
        best = np.maximum(
            self.wordings.best(query.states, rows, owner, len(entries)),
            self.passages.best(query.states, entries, places, len(entries)),
        )
        counted = query.weights > _COUNTED * query.weights.max()
        return LateScores(best @ (query.weights / query.weights.sum()), best[:, counted].min(axis=1))

    def ask(self, reading: Reading, filler: Filler) -> TokenQuery:
        """What is compared of a question: its tokens without fillers (all of them if there are only fillers), each
        weighed by its rarity in the library; a piece that the library never uses counts less."""
        entries = len(self.passages.lengths)
        known = reading.pieces < len(self.rarity)
        rarity = np.where(known, self.rarity[np.where(known, reading.pieces, 0)], _unknown(entries))
        kept = np.array([not filler(int(piece)) for piece in reading.pieces], dtype=np.bool_)
        if not kept.any():
            kept[:] = True
        weights = np.maximum(rarity[kept], 1e-3).astype(np.float32)
        return TokenQuery(reading.states[kept], weights)


def _texts(
    documents: Sequence[Document], states: Mapping[str, TokenStates], dim: int, filler: Filler
) -> tuple[list[list[TokenStates]], list[TokenStates]]:
    """The states of each document's wordings (one without tokens where it has none), and those of its passage."""
    rows: list[list[TokenStates]] = []
    passages: list[TokenStates] = []
    for document in documents:
        found = (states[vector_key(kind, text)] for kind, text in late_texts_of(document))
        whole, *asked = (one.without(filler) for one in found)
        passages.append(whole)
        rows.append(asked or [joined([], dim)])
    return rows, passages


def _frequency(
    wordings: TokenField, rows: Longs, counts: Longs, passages: TokenField, entries: Longs
) -> Longs:
    """How many of `entries` have each word piece; `rows` are those of the first, `counts[0]` of them, and so on."""
    places = np.arange(len(entries), dtype=np.int64)
    pieces = np.concatenate([wordings.pieces_of(rows), passages.pieces_of(entries)]).astype(np.int64)
    owners = np.concatenate([
        np.repeat(np.repeat(places, counts), wordings.lengths[rows]),
        np.repeat(places, passages.lengths[entries]),
    ])  # fmt: skip
    size = int(pieces.max(initial=0)) + 1
    frequency: Longs = np.bincount(np.unique(owners * size + pieces) % size, minlength=size)
    return frequency


def _rarity(frequency: Longs, entries: int) -> Vectors:
    rarity = np.log((entries + 1) / (frequency + 0.5))
    return np.where(frequency > 0, rarity, _unknown(entries)).astype(np.float32)


def _unknown(entries: int) -> float:
    """The weight of a piece that none of so many entries has."""
    return _UNKNOWN * float(np.log((entries + 1) / 0.5))
