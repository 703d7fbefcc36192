"""Suggestions while typing: by Chinese text, full pinyin and pinyin initials.

All texts are kept as one long string of each form, so that a lookup is a few searches at C speed.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ..text.normalise import normalise
from ..text.pinyin import Pinyin, pinyin_of
from .dense import Wording

_LONGEST_PREFIX = 60
_MOST_FOUND = 400
_BREAK = "\n"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A wording to offer. `how`: "prefix" | "contains" | "pinyin" | "initials"."""

    text: str
    entry_id: str
    how: str


@dataclass(frozen=True, slots=True)
class _Form:
    """Strings joined, each after a line break, and where each begins."""

    joined: str
    starts: tuple[int, ...]

    @classmethod
    def of(cls, texts: Sequence[str]) -> _Form:
        starts, at = [], 1
        for text in texts:
            starts.append(at)
            at += len(text) + 1
        return cls("".join(_BREAK + text for text in texts), tuple(starts))

    def find(self, part: str) -> Iterator[tuple[int, int]]:
        """(text number, place in it): the texts that begin with `part`, then where else it occurs."""
        yield from islice(self._scan(_BREAK + part, 1), _MOST_FOUND)
        yield from islice((hit for hit in self._scan(part, 0) if hit[1]), _MOST_FOUND)

    def _scan(self, part: str, skip: int) -> Iterator[tuple[int, int]]:
        at = self.joined.find(part)
        while at >= 0:
            number = bisect_right(self.starts, at + skip) - 1
            yield number, at + skip - self.starts[number]
            at = self.joined.find(part, at + 1)


@dataclass(frozen=True, slots=True)
class SuggestIndex:
    """Immutable. `texts` are the wordings as written; rank 0 is a standard question, 1 a phrasing."""

    texts: tuple[str, ...]
    owners: tuple[str, ...]
    ranks: tuple[int, ...]
    pinyins: Mapping[str, Pinyin]
    chinese: _Form
    syllables: tuple[str, ...]
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
        texts, owners, ranks, plain = [], [], [], []
        for owner, wordings in zip(ids, entries, strict=True):
            for number, wording in enumerate(wordings):
                texts.append(wording.written)
                owners.append(owner)
                ranks.append(min(number, 1))
                plain.append(wording.normal)
        known = known or {}
        pinyins = {text: known.get(text) or pinyin_of(text) for text in plain}
        syllables = tuple(pinyins[text].syllables for text in plain)
        return cls(
            tuple(texts), tuple(owners), tuple(ranks), pinyins,
            _Form.of(plain), syllables, _Form.of([s.lower() for s in syllables]),
            _Form.of([pinyins[text].initials for text in plain]),
        )  # fmt: skip

    def suggest(self, typed: str, limit: int, allowed: Collection[str] | None = None) -> list[Suggestion]:
        """At most one suggestion an entry; those that begin with what was typed come first."""
        wanted = normalise(typed[:_LONGEST_PREFIX])
        best: dict[str, tuple[tuple[int, int, int, int, str], Suggestion]] = {}
        for number, preference, how in self._found(wanted) if wanted else ():
            owner = self.owners[number]
            if allowed is not None and owner not in allowed:
                continue
            order = (*preference, self.ranks[number], len(self.texts[number]), owner)
            if owner not in best or order < best[owner][0]:
                best[owner] = (order, Suggestion(self.texts[number], owner, how))
        return [suggestion for _, suggestion in sorted(best.values(), key=lambda pair: pair[0])[:limit]]

    def _found(self, wanted: str) -> Iterator[tuple[int, tuple[int, int], str]]:
        """Text number, order of preference (kind, place) and kind of each match."""
        for number, place in self.chinese.find(wanted):
            yield number, (min(place, 1), place), "contains" if place else "prefix"
        letters = wanted.replace("'", "").replace(" ", "")
        if not (letters.isascii() and letters.isalnum()):
            return
        for number, place in self.full.find(letters):
            begins = self.syllables[number][place]
            if begins.isupper() or begins.isdigit():
                yield number, (2 + min(place, 1), place), "pinyin"
        for number, place in self.initials.find(letters):
            yield number, (4 + min(place, 1), place), "initials"
