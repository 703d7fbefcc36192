"""Which characters of a shown text a query matched, so that a reader can see why it was found."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .lexicon import Lexicon
from .normalise import normalise


def highlight_terms(query: str, words: Sequence[str], lexicon: Lexicon) -> tuple[tuple[str, str], ...]:
    """Pairs (word of the query, word to look for) of a normalised query: its words and their official terms.

    `words` are the query's words as `segment` gives them. Stop words and single
    ideographs are left out; a word stands for itself where no synonym applies.
    """
    pairs = list(lexicon.officials_in(query))
    for word in words:
        if word not in lexicon.stop_words and (len(word) > 1 or word.isascii()):
            pairs.append((word, word))
    return tuple(dict.fromkeys(pairs))


def highlight(
    text: str, terms: Sequence[tuple[str, str]]
) -> tuple[tuple[tuple[int, int], ...], tuple[tuple[str, str], ...]]:
    """Half-open ranges of `text` as written that hold a term, merged and in order; and the terms found."""
    plain, origin = _aligned(text)
    ranges: list[tuple[int, int]] = []
    found: list[tuple[str, str]] = []
    for said, wanted in terms:
        at = plain.find(wanted)
        if at >= 0:
            found.append((said, wanted))
        while at >= 0:
            ranges.append((origin[at], origin[at + len(wanted) - 1] + 1))
            at = plain.find(wanted, at + 1)
    return merge(ranges), tuple(found)


def merge(ranges: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Overlapping and touching half-open ranges joined, in order."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


@lru_cache(maxsize=4096)
def _aligned(text: str) -> tuple[str, tuple[int, ...]]:
    """The text normalised character by character, and for each of its characters the one it came from."""
    plain: list[str] = []
    origin: list[int] = []
    for position, char in enumerate(text):
        for piece in _normal_char(char):
            plain.append(piece)
            origin.append(position)
    return "".join(plain), tuple(origin)


@lru_cache(maxsize=8192)
def _normal_char(char: str) -> str:
    return normalise(char)
