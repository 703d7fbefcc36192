"""Late interaction: a candidate's score from the best match of each single token of the question.

Pooled vectors blur the one word in which sibling entries differ; token by token it counts by its rarity (Khattab and
Zaharia, ColBERT, 2020). States are compared less the library's mean token, as cosines: what all tokens share says
nothing. Each question token takes its best match among the entry's wordings and its question-and-answer passage.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from .dense import late_texts_of, lengths_of
from .tokens import Codes, Filler, TokenStates
from .types import Document, Ints, Longs, Reading, Vectors
from .vectors import vector_key

# A piece that no entry has is no better known for that: colloquial words are rare in official text. And tokens of less
# than this share of the weightiest do not make an entry suspect by matching badly.
_UNKNOWN, _COUNTED = 0.4, 0.1
# Tokens are gone through in portions, so that a large library needs no large temporary.
_PORTION = 65_536


@dataclass(frozen=True, slots=True)
class TokenField:
    """The tokens of many texts one after another; text i has start[i]:start[i+1].

    `codes` int8 [tokens, dim] times `scales` [tokens] are the states, `pieces` their word pieces, `mean` [dim] the
    mean state, `inverse` [tokens] one over the length of each state less the mean.
    """

    codes: Codes
    scales: Vectors
    pieces: Ints
    start: Longs
    mean: Vectors
    inverse: Vectors

    @classmethod
    def build(cls, texts: Sequence[TokenStates], dim: int) -> TokenField:
        start = np.concatenate([[0], np.cumsum([len(t.pieces) for t in texts])]).astype(np.int64)
        none = TokenStates(np.zeros((0, dim), np.int8), np.zeros(0, np.float32), np.zeros(0, np.int32))
        parts = texts or [none]
        return cls.assemble(
            np.concatenate([t.codes for t in parts]), np.concatenate([t.scales for t in parts]),
            np.concatenate([t.pieces for t in parts]), start,
        )  # fmt: skip

    @classmethod
    def assemble(cls, codes: Codes, scales: Vectors, pieces: Ints, start: Longs) -> TokenField:
        count, dim = codes.shape
        mean = np.zeros(dim, np.float32)
        for low in range(0, count, _PORTION):
            part = slice(low, low + _PORTION)
            mean += scales[part] @ codes[part].astype(np.float32)
        mean = (mean / max(1, count)).astype(np.float32)
        inverse = np.zeros(count, np.float32)
        for low in range(0, count, _PORTION):
            part = slice(low, low + _PORTION)
            states = codes[part].astype(np.float32) * scales[part, None] - mean
            inverse[part] = 1.0 / np.maximum(np.sqrt(np.einsum("td,td->t", states, states)), 1e-6)
        return cls(codes, scales, pieces, start, mean, inverse)

    def taken(self, texts: Longs, added: Sequence[TokenStates]) -> TokenField:
        """The texts of these numbers, in this order, and after them `added`."""
        fresh = TokenField.build(added, int(self.codes.shape[1]))
        at, lengths = self._tokens_of(texts)
        start = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return TokenField.assemble(
            np.concatenate([self.codes[at], fresh.codes]), np.concatenate([self.scales[at], fresh.scales]),
            np.concatenate([self.pieces[at], fresh.pieces]), np.concatenate([start, fresh.start[1:] + start[-1]]),
        )  # fmt: skip

    def best(self, states: Vectors, texts: Longs, owner: Longs, owners: int) -> Vectors:
        """Cosine of the best token of each owner's texts for each of the question's `states` [n, dim].

        `owner` names for each text whose it is, in rising order. float32 [owners, n]; -1 where an owner has no token.
        """
        found = np.full((owners, len(states)), -1.0, dtype=np.float32)
        at, lengths = self._tokens_of(texts)
        if not len(at):
            return found
        asked = states - self.mean
        asked /= np.maximum(np.sqrt(np.einsum("td,td->t", asked, asked)), 1e-6)[:, None]
        cosines = self.codes[at].astype(np.float32) @ asked.T
        cosines *= self.scales[at, None]
        cosines -= asked @ self.mean
        cosines *= self.inverse[at, None]
        whose = np.repeat(owner, lengths)
        first = np.flatnonzero(np.concatenate([[True], whose[1:] != whose[:-1]]))
        found[whose[first]] = np.maximum.reduceat(cosines, first, axis=0)
        return found

    def _tokens_of(self, texts: Longs) -> tuple[Longs, Longs]:
        """Numbers of all tokens of these texts, text by text, and how many each has."""
        lengths = lengths_of(self.start, texts)
        before = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return np.repeat(self.start[:-1][texts] - before[:-1], lengths) + np.arange(before[-1]), lengths


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

    `rarity` [pieces] is what each word piece weighs by its inverse document frequency over the entries.
    """

    wordings: TokenField
    passages: TokenField
    rarity: Vectors

    @classmethod
    def build(
        cls,
        documents: Sequence[Document],
        states: Mapping[str, TokenStates],
        dim: int,
        entry_of: Ints,
        filler: Filler,
    ) -> LateIndex:
        """`entry_of` is that of the dense index over the same documents. Fillers are left out: nothing is lost by it
        and a quarter of the memory gained."""
        rows, passages = _texts(documents, states, dim, filler)
        return cls.assemble(TokenField.build(rows, dim), TokenField.build(passages, dim), entry_of)

    @classmethod
    def assemble(cls, wordings: TokenField, passages: TokenField, entry_of: Ints) -> LateIndex:
        return cls(wordings, passages, _rarity(wordings, passages, entry_of))

    def updated(
        self,
        rows: Longs,
        entries: Longs,
        added: Sequence[Document],
        states: Mapping[str, TokenStates],
        entry_of: Ints,
        filler: Filler,
    ) -> LateIndex:
        """The rows and entries kept, in order, and after them the documents `added`; `entry_of` of the result."""
        fresh, passages = _texts(added, states, int(self.passages.codes.shape[1]), filler)
        return LateIndex.assemble(
            self.wordings.taken(rows, fresh), self.passages.taken(entries, passages), entry_of
        )

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
        entries = len(self.passages.start) - 1
        known = reading.pieces < len(self.rarity)
        rarity = np.where(known, self.rarity[np.where(known, reading.pieces, 0)], _unknown(entries))
        kept = np.array([not filler(int(piece)) for piece in reading.pieces], dtype=np.bool_)
        if not kept.any():
            kept[:] = True
        weights = np.maximum(rarity[kept], 1e-3).astype(np.float32)
        return TokenQuery(reading.states[kept], weights)


def _texts(
    documents: Sequence[Document], states: Mapping[str, TokenStates], dim: int, filler: Filler
) -> tuple[list[TokenStates], list[TokenStates]]:
    """The states of all rows of the documents, and those of their passages."""
    empty = TokenStates(np.zeros((0, dim), np.int8), np.zeros(0, np.float32), np.zeros(0, np.int32))
    rows: list[TokenStates] = []
    passages: list[TokenStates] = []
    for document in documents:
        found = (states[vector_key(kind, text)] for kind, text in late_texts_of(document))
        whole, *asked = (one.without(filler) for one in found)
        passages.append(whole)
        rows += asked or [empty]
    return rows, passages


def _rarity(wordings: TokenField, passages: TokenField, entry_of: Ints) -> Vectors:
    entries = len(passages.start) - 1
    pieces = np.concatenate([wordings.pieces, passages.pieces]).astype(np.int64)
    size = int(pieces.max(initial=0)) + 1
    owners = np.concatenate([
        np.repeat(entry_of.astype(np.int64), np.diff(wordings.start)),
        np.repeat(np.arange(entries, dtype=np.int64), np.diff(passages.start)),
    ])  # fmt: skip
    frequency = np.bincount(np.unique(owners * size + pieces) % size, minlength=size)
    rarity = np.log((entries + 1) / (frequency + 0.5))
    return np.where(frequency > 0, rarity, _unknown(entries)).astype(np.float32)


def _unknown(entries: int) -> float:
    """The weight of a piece that none of so many entries has."""
    return _UNKNOWN * float(np.log((entries + 1) / 0.5))
