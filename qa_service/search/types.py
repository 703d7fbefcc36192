"""The plain data that goes into and comes out of search. No database, no HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from ..text.regions import Bearing
from .judge import Judge

Vectors = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class Decision(StrEnum):
    """What the service does with a question."""

    ANSWER = "answer"
    CHOOSE = "choose"
    REFER = "refer"


@dataclass(frozen=True, slots=True)
class Document:
    """One published entry as search sees it.

    `effective_from` and `effective_to` are both inclusive; `None` means unbounded.
    `review_due` is the last day on which the entry may be answered from without a re-check. `unit` is what filters name,
    `issuer` the unit's name, which tells the region of an entry whose question does not.
    """

    id: str
    question: str
    answer: str
    phrasings: tuple[str, ...] = ()
    topic: str = ""
    unit: str = ""
    issuer: str = ""
    audience: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None
    review_due: date | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What may be answered from: entries valid on `on` (all when None), and of this topic/unit if given."""

    on: date | None = None
    topic: str | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open character range [start, end) of the text that it highlights."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry found. `score` is 0–1, larger is better; `parts` are the partial scores that made it.

    `matched_phrasing` is the text of the entry (standard question or a phrasing) nearest to the query;
    `highlights` are ranges of that text. `matched_terms` pairs the query's word with the entry's word
    where a synonym stood in between (equal where none did). `same_as`: the id of an earlier hit that says the same.
    `bearing`: how what the entry is limited to bears on the question; `regions`: the names of regions that it goes by.
    """

    id: str
    score: float
    parts: Mapping[str, float]
    matched_phrasing: str
    highlights: tuple[Span, ...] = ()
    matched_terms: tuple[tuple[str, str], ...] = ()
    same_as: str = ""
    bearing: Bearing = Bearing.SAME
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suppressed:
    """An entry that would have been among the hits but may not be answered from, and why."""

    id: str
    score: float
    reason: str  # "expired" | "not_yet_effective" | "review_overdue"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer of search to one question.

    `normalised_query` is the question as it was searched for: in normal form, and with the words of `readings` put in,
    which pairs what stood there with the known term that it was taken for by its sound.
    `regions` are the names of regions in it. `confidence` is the calibrated probability that the first hit answers the question. `timings` are
    milliseconds by stage. `lexical_only` says that no encoder took part.
    """

    decision: Decision
    confidence: float
    hits: tuple[Hit, ...]
    normalised_query: str
    timings: Mapping[str, float] = field(default_factory=dict)
    suppressed: tuple[Suppressed, ...] = ()
    lexical_only: bool = False
    readings: tuple[tuple[str, str], ...] = ()
    regions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """One text as the encoder reads it, prompt and special tokens left out.

    `vector` [dim] of length 1; `states` float32 [tokens, token_dim]; `pieces` int32 [tokens], ids of the word pieces.
    """

    vector: Vectors
    states: Vectors
    pieces: Ints


class Encoder(Protocol):
    """Turns texts into unit-length vectors. Implementations share one contract test."""

    @property
    def dim(self) -> int: ...

    @property
    def token_dim(self) -> int:
        """Width of the token states for late interaction; 0 where the model has no head for it."""
        ...

    @property
    def fingerprint(self) -> str:
        """Changes whenever the same text could give another vector (weights, tokenizer, prompts)."""
        ...

    @property
    def judge(self) -> Judge | None:
        """What tells whether hits answer, fitted with this encoder; None where nobody has."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), dim], rows of length 1, in the order given."""
        ...

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """float32 [len(texts), dim], rows of length 1, in the order given."""
        ...

    def read_many(self, kind: str, texts: Sequence[str]) -> list[Reading]:
        """Texts of `kind` (`QUERY` or `PASSAGE`) with their token states. Only where `token_dim` is not 0."""
        ...

    def piece_text(self, piece: int) -> str:
        """A word piece as text. Only where `token_dim` is not 0."""
        ...


class VectorStore(Protocol):
    """Where vectors are kept, once per (encoder fingerprint, kind, text hash), and token states likewise."""

    def get_many(self, fingerprint: str, keys: Sequence[str]) -> dict[str, Vectors]:
        """Vectors [dim] by key; keys that are not stored are absent."""
        ...

    def put_many(self, fingerprint: str, vectors: Mapping[str, Vectors]) -> None: ...

    def get_states(self, fingerprint: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Packed token states by key; keys that are not stored are absent."""
        ...

    def put_states(self, fingerprint: str, states: Mapping[str, bytes]) -> None: ...
