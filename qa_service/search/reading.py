"""A question as ranking needs it: its vector and the tokens of it that count."""

from __future__ import annotations

import unicodedata

import numpy as np

from ..text.function_words import FUNCTION_WORDS
from .fusion import Asked
from .judge import Judge
from .late import LateIndex
from .types import Encoder, Reading
from .vectors import QUERY


def read_question(encoder: Encoder, text: str) -> Reading:
    """One forward pass over a question, with everything that search needs of it; no states without a head."""
    if encoder.token_dim:
        return encoder.read_many(QUERY, [text])[0]
    return Reading(encoder.encode_queries([text])[0], np.zeros((0, 0), np.float32), np.zeros(0, np.int32))


class Fillers:
    """Tells which word pieces are function words, marks or nothing; remembers what it has told."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[int, bool] = {}

    def __call__(self, piece: int) -> bool:
        known = self._known.get(piece)
        if known is None:
            text = self._encoder.piece_text(piece)
            known = text in FUNCTION_WORDS or not any(unicodedata.category(c)[0] in "LN" for c in text)
            self._known[piece] = known
        return known


class QueryReader:
    """Reads questions with one encoder for one library; many threads may use it."""

    def __init__(self, encoder: Encoder, late: LateIndex | None, fillers: Fillers) -> None:
        self._encoder, self._late, self._fillers = encoder, late, fillers

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    @property
    def judge(self) -> Judge | None:
        return self._encoder.judge

    def read(self, text: str) -> Asked:
        """A normalised question."""
        reading = read_question(self._encoder, text)
        tokens = self._late.ask(reading, self._fillers) if self._late is not None else None
        return Asked(reading.vector, tokens)
