"""Token states of one text, as they are stored: a byte a component and a scale a token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .types import Ints, Longs, Reading, Vectors

Codes = npt.NDArray[np.int8]
# Whether a word piece says nothing of the matter (function words, marks).
Filler = Callable[[int], bool]
_LEVELS = 127


@dataclass(frozen=True, slots=True)
class TokenStates:
    """State t is codes[t] · scales[t]: int8 [tokens, token_dim] and float32 [tokens]; `pieces` int32 [tokens]."""

    codes: Codes
    scales: Vectors
    pieces: Ints

    @classmethod
    def of(cls, reading: Reading) -> TokenStates:
        scales = np.maximum(np.abs(reading.states).max(axis=1, initial=0.0), 1e-6) / _LEVELS
        codes = np.round(reading.states / scales[:, None]).astype(np.int8)
        return cls(codes, scales.astype(np.float32), reading.pieces)

    def without(self, filler: Filler) -> TokenStates:
        """The tokens that are no fillers."""
        return self.taken([n for n, piece in enumerate(self.pieces.tolist()) if not filler(piece)])

    def taken(self, at: Longs | Sequence[int] | slice) -> TokenStates:
        """The tokens at these places, in this order."""
        return TokenStates(self.codes[at], self.scales[at], self.pieces[at])

    def packed(self) -> bytes:
        return self.pieces.tobytes() + self.scales.tobytes() + self.codes.tobytes()

    @classmethod
    def unpacked(cls, data: bytes, token_dim: int) -> TokenStates:
        """Of `packed` states with this many components a token."""
        count = len(data) // (8 + token_dim)
        pieces = np.frombuffer(data, np.int32, count)
        scales = np.frombuffer(data, np.float32, count, 4 * count)
        codes = np.frombuffer(data, np.int8, offset=8 * count).reshape(count, token_dim)
        return cls(codes, scales, pieces)


def joined(parts: Sequence[TokenStates], dim: int) -> TokenStates:
    """The tokens of all parts, one after another; of no parts none."""
    none = TokenStates(np.zeros((0, dim), np.int8), np.zeros(0, np.float32), np.zeros(0, np.int32))
    held = [part for part in parts if len(part.pieces)] or [none]
    if len(held) == 1:
        return held[0]
    return TokenStates(
        np.concatenate([part.codes for part in held]), np.concatenate([part.scales for part in held]),
        np.concatenate([part.pieces for part in held]),
    )  # fmt: skip
