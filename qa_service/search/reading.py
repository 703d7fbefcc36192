"""A question as ranking needs it: its vector and the tokens of it that count."""

from __future__ import annotations

import unicodedata

from ..text.lexicon import Lexicon
from .fusion import Asked
from .late import LateIndex
from .types import Encoder
from .vectors import QUERY


class QueryReader:
    """Reads questions with one encoder for one library; many threads may use it."""

    def __init__(self, encoder: Encoder, late: LateIndex | None, lexicon: Lexicon) -> None:
        self._encoder, self._late, self._stop_words = encoder, late, lexicon.stop_words
        self._fillers: dict[int, bool] = {}

    @property
    def fingerprint(self) -> str:
        return self._encoder.fingerprint

    def read(self, text: str) -> Asked:
        """A normalised question."""
        if self._late is None:
            return Asked(self._encoder.encode_queries([text])[0])
        reading = self._encoder.read_many(QUERY, [text])[0]
        return Asked(reading.vector, self._late.ask(reading, self._is_filler))

    def _is_filler(self, piece: int) -> bool:
        """Whether a word piece is a function word, a mark or nothing: what says nothing of the matter asked about."""
        known = self._fillers.get(piece)
        if known is None:
            text = self._encoder.piece_text(piece)
            known = text in self._stop_words or not any(unicodedata.category(c)[0] in "LN" for c in text)
            self._fillers[piece] = known
        return known
