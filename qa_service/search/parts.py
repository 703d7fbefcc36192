"""What a snapshot of a library is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..text.lexicon import Lexicon
from ..text.phonetic import Phonetics
from .calibration import Calibration
from .decision import Bands
from .dense import DenseIndex, Wording
from .fingerprint import library_digest
from .late import LateIndex
from .lexical import LexicalIndex
from .scope import ScopeIndex
from .suggest import SuggestIndex
from .types import Document, Encoder


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything over the same documents in the same order, ids unique. `digests`: of each document by its id."""

    documents: tuple[Document, ...]
    wordings: tuple[tuple[Wording, ...], ...]
    digests: Mapping[str, str]
    lexical: LexicalIndex
    dense: DenseIndex | None
    late: LateIndex | None
    suggestions: SuggestIndex
    scopes: ScopeIndex
    phonetics: Phonetics
    lexicon: Lexicon
    encoder: Encoder | None
    calibration: Calibration | None
    bands: Bands = Bands()  # noqa: RUF009 - frozen

    @property
    def encoder_fingerprint(self) -> str | None:
        return self.encoder.fingerprint if self.encoder is not None else None

    def library_fingerprint(self) -> str:
        """Changes with any text, date or id of the documents, not with their order."""
        return library_digest(self.digests.values())
