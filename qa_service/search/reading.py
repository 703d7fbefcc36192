"""A question as ranking needs it: its vector and the tokens of it that count."""

from __future__ import annotations

import unicodedata

import numpy as np

from ..text.lexicon import Lexicon
from .fusion import Asked
from .late import LateIndex
from .types import Encoder, Reading
from .vectors import QUERY


class QueryReader:
    """Reads questions with one encoder for one library; many threads may use it."""

    def __init__(self, encoder: Encoder, late: LateIndex | None, lexicon: Lexicon) -> None:
        self._encoder, self._late, self._stop_words = encoder, late, lexicon.stop_words
        self._fillers: dict[int, bool] = {}

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    def encode(self, text: str) -> Reading:
        """What the encoder makes of a normalised question, whatever the library and its lexicon."""
        if self._late is not None:
            return self._encoder.read_many(QUERY, [text])[0]
        vector = self._encoder.encode_queries([text])[0]
        return Reading(vector, np.zeros((0, 0), np.float32), np.zeros(0, np.int32))

    def read(self, text: str, encoded: Reading | None = None) -> Asked:
        """A normalised question; `encoded` where `encode` has been called for it already."""
        reading = encoded or self.encode(text)
        if self._late is None:
            return Asked(reading.vector)
        return Asked(reading.vector, self._late.ask(reading, self._is_filler))

    def _is_filler(self, piece: int) -> bool:
        """Whether a word piece is a function word, a mark or nothing: what says nothing of the matter asked about."""
        known = self._fillers.get(piece)
        if known is None:
            text = self._encoder.piece_text(piece)
            known = text in self._stop_words or not any(unicodedata.category(c)[0] in "LN" for c in text)
            self._fillers[piece] = known
        return known
