"""Suggestions while typing: by Chinese text, full pinyin and pinyin initials.

The places at which a match may begin are sorted by the bytes that follow, so that all matches of what was typed are
found by bisection, and the most asked of them come first however many there are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..text.normalise import normalise
from ..text.pinyin import Pinyin, pinyin_of
from .dense import Wording
from .types import Ints, Longs, Mask

_LONGEST_PREFIX = 60
# A longer phrasing is a story rather than something to pick from a list. Standard questions are offered at any length.
LONGEST_PHRASING = 24
# How many bytes places are sorted by, as one number: four ideographs or eight letters. What was typed beyond them is
# compared at the places that are left.
_SORTED = 8
_BREAK = "\n"

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A wording to offer. `how`: "prefix" | "contains" | "pinyin" | "initials"."""

    text: str
    entry_id: str
    how: str


@dataclass(frozen=True, slots=True)
class _Form:
    """Texts one after another as bytes in `encoding`, each after a line break; text i begins at starts[i].

    `order` has the numbers of the texts, and `inner` the places within texts at which a match may begin, both sorted
    by the bytes that follow.
    """

    encoding: str
    held: bytes
    starts: Ints
    order: Ints
    inner: Ints

    @classmethod
    def of_texts(cls, texts: Sequence[str]) -> _Form:
        """Of Chinese text: a match may begin at any character.

        UTF-16 has a character outside the basic plane as two; no match can begin between them, as nothing typed does.
        """
        return cls._of(texts, "utf-16-be", np.ones(1, np.bool_))

    @classmethod
    def of_letters(cls, texts: Sequence[str]) -> _Form:
        """Of pinyin: a match may begin at capitals and digits."""
        heads = np.frombuffer(_joined(texts).encode("ascii"), np.uint8) < ord("a")
        return cls._of([text.lower() for text in texts], "ascii", heads)

    @classmethod
    def _of(cls, texts: Sequence[str], encoding: str, heads: Mask) -> _Form:
        joined = _joined(texts)
        held = joined.encode(encoding, "surrogatepass")
        width = len(_BREAK.encode(encoding))
        codes = np.frombuffer(held, np.dtype(f">u{width}"))
        breaks = codes == ord(_BREAK)
        after = np.concatenate([[False], breaks[:-1]])
        starts = (np.flatnonzero(breaks)[: len(texts)] + 1) * width
        inner = np.flatnonzero(heads & ~breaks & ~after) * width
        order = np.argsort(_leading(held, starts))
        inner = inner[np.argsort(_leading(held, inner))]
        return cls(encoding, held, starts.astype(np.int32), order.astype(np.int32), inner.astype(np.int32))

    def beginning(self, part: str) -> Longs:
        """Numbers of the texts that begin with `part`."""
        wanted = part.encode(self.encoding, "surrogatepass")
        low, high = self._between(self.order, wanted, lambda number: int(self.starts[number]))
        numbers = self.order[low:high]
        return numbers[self._goes_on(self.starts[numbers], wanted)].astype(np.int64)

    def holding(self, part: str) -> Longs:
        """Numbers of the texts that have `part` further on."""
        wanted = part.encode(self.encoding, "surrogatepass")
        low, high = self._between(self.inner, wanted, int)
        at = self.inner[low:high]
        at = at[self._goes_on(at, wanted)]
        return np.unique(np.searchsorted(self.starts, at, side="right") - 1)

    def _between(self, order: Ints, wanted: bytes, place: Callable[[int], int]) -> tuple[int, int]:
        """Where in `order` the elements stand at whose `place` the sorted part of `wanted` is."""
        wanted = wanted[:_SORTED]

        def lead(element: int) -> bytes:
            at = place(element)
            return self.held[at : at + len(wanted)]

        return bisect_left(order, wanted, key=lead), bisect_right(order, wanted, key=lead)

    def _goes_on(self, places: Ints, wanted: bytes) -> Mask:
        """At which of the places the rest of `wanted` follows what is sorted by."""
        held = np.frombuffer(self.held, np.uint8)
        goes_on = np.ones(len(places), np.bool_)
        for offset in range(_SORTED, len(wanted)):
            goes_on &= held[places + offset] == wanted[offset]
        return goes_on


@dataclass(frozen=True, slots=True)
class SuggestIndex:
    """Immutable. `texts` are the wordings on offer, as written, in the order in which they are offered where nothing
    has been asked yet: standard questions, then phrasings; short ones first. `owners` names the entry of each by
    number, and `widest` is the most that one entry has.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    owners: Ints
    widest: int
    pinyins: Mapping[str, Pinyin]
    chinese: _Form
    full: _Form
    initials: _Form

    @classmethod
    def build(
        cls,
        ids: Sequence[str],
        entries: Sequence[Sequence[Wording]],
        known: Mapping[str, Pinyin] | None = None,
    ) -> SuggestIndex:
        """From the entries' ids and wordings; `known`: pinyin already worked out, by normal form."""
        offered = [
            (place > 0, len(wording.written), ids[entry], place, entry, wording)
            for entry, wordings in enumerate(entries)
            for place, wording in enumerate(wordings)
            if place == 0 or len(wording.written) <= LONGEST_PHRASING
        ]
        offered.sort(key=lambda one: one[:4])
        owners = [entry for *_, entry, _ in offered]
        plain = [wording.normal for *_, wording in offered]
        known = known or {}
        pinyins = {text: known.get(text) or pinyin_of(text) for text in plain}
        return cls(
            tuple(ids), tuple(wording.written for *_, wording in offered), np.array(owners, dtype=np.int32),
            max(Counter(owners).values(), default=0), pinyins, _Form.of_texts(plain),
            _Form.of_letters([pinyins[text].syllables for text in plain]),
            _Form.of_letters([pinyins[text].initials.upper() for text in plain]),
        )  # fmt: skip

    def suggest(
        self, typed: str, limit: int, heat: Longs | None = None, allowed: Mask | None = None
    ) -> list[Suggestion]:
        """At most one suggestion an entry, of those `allowed` [entries].

        What begins with the typed text comes before what only holds it, Chinese before pinyin before initials; within
        each of these the entries of greatest `heat` [entries] first, each with its standard question if that fits.
        """
        wanted = normalise(typed[:_LONGEST_PREFIX])[:_LONGEST_PREFIX]
        found: dict[int, Suggestion] = {}
        for numbers, how in self._found(wanted) if wanted else ():
            for number in self._first(numbers, limit, heat, allowed):
                owner = int(self.owners[number])
                if owner not in found:
                    found[owner] = Suggestion(self.texts[number], self.ids[owner], how)
            if len(found) >= limit:
                break
        return list(found.values())[:limit]

    def _found(self, wanted: str) -> Iterator[tuple[Longs, str]]:
        """Numbers of the texts of each kind of match, and what to call it, in order of preference."""
        yield self.chinese.beginning(wanted), "prefix"
        yield self.chinese.holding(wanted), "contains"
        letters = wanted.replace("'", "").replace(" ", "")
        if not (letters.isascii() and letters.isalnum()):
            return
        for form, how in ((self.full, "pinyin"), (self.initials, "initials")):
            yield form.beginning(letters), how
            yield form.holding(letters), how

    def _first(self, numbers: Longs, limit: int, heat: Longs | None, allowed: Mask | None) -> Longs:
        """The first of these texts in the order of offering, enough of them for `limit` entries."""
        if allowed is not None:
            numbers = numbers[allowed[self.owners[numbers]]]
        enough = limit * self.widest
        order = numbers if heat is None else numbers - heat[self.owners[numbers]] * len(self.texts)
        if len(order) > enough:
            order = np.partition(order, enough)[:enough]
        return np.sort(order) % len(self.texts)


def _joined(texts: Sequence[str]) -> str:
    """With room behind the last text for whatever is compared beyond its end."""
    return "".join(_BREAK + text for text in texts) + _BREAK * (_LONGEST_PREFIX + _SORTED)


def _leading(held: bytes, places: Longs) -> npt.NDArray[np.uint64]:
    """The bytes by which places are sorted, as numbers in the same order."""
    codes = np.frombuffer(held, np.uint8)
    leading = np.zeros(len(places), dtype=np.uint64)
    for offset in range(_SORTED):
        leading = leading << np.uint64(8) | codes[places + offset]
    return leading
