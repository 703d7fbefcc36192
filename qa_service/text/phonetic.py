"""Words written by their sound: 设保卡 or shebaoka for 社保卡, as typing by pinyin and speech recognition leave them.

A span of a question is read as a known term that sounds like it, where it makes no sense as it stands. Nothing is
guessed silently: whoever shows a result says what was read as what.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from .function_words import FUNCTION_WORDS
from .noise import blurred
from .pinyin import Pinyin, pinyin_of, syllable_of
from .segment import Segmenter, bigrams

# Characters of a term that may be taken from its sound, and from a sound that is only near.
_EXACT, _NEAR, _LONGEST = 2, 3, 12
_HAN = re.compile(r"[\u3400-\u9fff]+")
_LETTERS = re.compile(r"[a-z]+")
_SPELLING = re.compile(r"[a-z]+(?:[ '][a-z]+)*")
_SYLLABLE = range(2, 7)  # letters of one
_CAPITAL = re.compile(r"[A-Z][a-z]*")
_ROUNDS = 3

Readings = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """text[start:end] sounds like `term`."""

    start: int
    end: int
    term: str
    exact: bool

    @property
    def order(self) -> tuple[int, bool, int]:
        """The longest first, then the better sound, then the first."""
        return self.start - self.end, not self.exact, self.start


@dataclass(slots=True)
class _Node:
    """Where a sequence of blurred syllables leads: to others, and to the terms that it is, each with its very sound."""

    after: dict[str, _Node] = field(default_factory=dict)
    terms: set[tuple[tuple[str, ...], str]] = field(default_factory=set)


class Phonetics:
    """Not changed after it is made; many threads may use it. `understood` does the work."""

    def __init__(
        self,
        terms: Collection[str],
        words: Collection[str],
        segmenter: Segmenter,
        seen: Callable[[str], bool],
        known: Mapping[str, Pinyin] | None = None,
    ) -> None:
        """From normalised words in any order; others than ideographs are passed over.

        `terms` may stand there in other characters or in letters, `words` only in letters; a term comes before a word.
        `segmenter` knows the words that mean themselves. `seen` tells whether two ideographs stand together anywhere in
        the library, which then means something as it stands. `known`: pinyin already worked out.
        """
        self._segmenter, self._seen = segmenter, seen
        known = known or {}
        named = {word: known.get(word) or pinyin_of(word) for word in filter(_is_term, {*terms, *words})}
        self.pinyins: Mapping[str, Pinyin] = named
        self._root = _Node()
        for term in filter(_is_term, terms):
            for sounds in sounds_of(term, named[term]):
                self._add(term, sounds)
        self._spelled = {**_spelled(words, named), **_spelled(terms, named)}

    def _add(self, term: str, sounds: tuple[str, ...]) -> None:
        node = self._root
        for sound in map(_blurred, sounds):
            node = node.after.setdefault(sound, _Node())
        node.terms.add((sounds, term))

    def understood(self, text: str) -> tuple[str, Readings]:
        """The normalised `text` with its misspelt terms put right, and pairs (as written, as read)."""
        readings: list[tuple[str, str]] = []
        for _ in range(_ROUNDS):
            found = list(self._readings(text))
            if not found:
                break
            readings += [(text[one.start : one.end], one.term) for one in found]
            for one in reversed(found):
                text = text[: one.start] + one.term + text[one.end :]
        return text, tuple(dict.fromkeys(readings))

    def _readings(self, text: str) -> Iterator[_Found]:
        """What is to be read otherwise, none overlapping another, in order."""
        found = [*self._sounding(text), *self._in_letters(text)]
        if found:
            ends = _ends(self._segmenter.known_words(text))
            found = [one for one in found if self._makes_no_sense(text, one, ends)]
        taken: list[_Found] = []
        for one in sorted(found, key=lambda one: one.order):
            if all(one.end <= other.start or other.end <= one.start for other in taken):
                taken.append(one)
        yield from sorted(taken, key=lambda one: one.start)

    def _sounding(self, text: str) -> Iterator[_Found]:
        """Spans of ideographs, some perhaps in letters, that sound like exactly one term and are not written so."""
        for start in range(len(text)):
            ways: list[tuple[_Node, tuple[str, ...], tuple[str, ...], int]] = [(self._root, (), (), start)]
            while ways:
                node, sounds, units, at = ways.pop()
                for sound, end in _heard(text, at):
                    after = node.after.get(_blurred(sound))
                    if after is None:
                        continue
                    way = after, (*sounds, sound), (*units, text[at:end]), end
                    ways.append(way)
                    if after.terms and (term := _meant(*way[:3])) and not _cuts_letters(text, start, end):
                        yield _Found(start, end, *term)

    def _makes_no_sense(self, text: str, found: _Found, ends: Mapping[int, int]) -> bool:
        """Whether a span is neither known words nor characters that stand together elsewhere.

        `ends`: where each known word and each character that is part of none begins and ends.
        """
        said = text[found.start : found.end]
        if not _HAN.fullmatch(said):
            # Letters make no sense themselves; what stands beside them may.
            opens, closes = found.start in ends or said[0].isascii(), found.end in ends or said[-1].isascii()
            return opens and closes
        # Whoever has nothing of a term right must at least have its very sound, and no known word in it.
        partly = any(a == b for a, b in zip(said, found.term, strict=True))
        if not partly and not (found.exact and len(said) >= _NEAR):
            return False
        at, single = 0, False
        while at < len(said):
            end = ends.get(found.start + at, found.end + 1) - found.start
            if end > len(said):
                return False  # begins or ends within a word
            alone = end == at + 1 and said[at] not in FUNCTION_WORDS
            # A known word is taken for part of another only where the whole has the very sound of a longer term.
            kept = said[at:end] == found.term[at:end]
            if not alone and not kept and not (partly and found.exact and len(said) >= _NEAR):
                return False
            single, at = single or alone, end
        return single and not all(self._seen(pair) for pair in bigrams(said))

    def _in_letters(self, text: str) -> Iterator[_Found]:
        """Runs of letters that spell a term, or several without a gap."""
        for run in _SPELLING.finditer(text):
            whole = self._spelt(run.group())
            if whole:
                yield _Found(*run.span(), whole, True)
                continue
            for word in _LETTERS.finditer(text, *run.span()):
                if term := self._spelt(word.group()):
                    yield _Found(*word.span(), term, True)

    def _spelt(self, run: str) -> str:
        """The terms that letters spell from beginning to end, or nothing."""
        letters = run.replace(" ", "").replace("'", "")
        best: list[str | None] = [""] + [None] * len(letters)
        for end in range(1, len(letters) + 1):
            for start in range(end):
                before = best[start]
                if before is not None and (term := self._spelled.get(letters[start:end])):
                    best[end] = before + term
                    break
        return best[-1] or ""


def _is_term(word: str) -> bool:
    return _EXACT <= len(word) <= _LONGEST and _HAN.fullmatch(word) is not None


def _spelled(words: Iterable[str], pinyins: Mapping[str, Pinyin]) -> dict[str, str]:
    """What each spelling stands for: the one word that has it, or nothing where there are several."""
    found: dict[str, set[str]] = defaultdict(set)
    for word in filter(_is_term, words):
        for sounds in sounds_of(word, pinyins[word]):
            found["".join(sounds)].add(word)
    return {letters: next(iter(same)) if len(same) == 1 else "" for letters, same in found.items()}


def sounds_of(term: str, pinyin: Pinyin) -> tuple[tuple[str, ...], ...]:
    """Toneless syllables of a term of ideographs: as a word, and character by character where that differs."""
    as_word = tuple(map(str.lower, _CAPITAL.findall(pinyin.syllables)))
    by_character = tuple(map(_syllable, term))
    return (as_word,) if as_word == by_character or len(as_word) != len(term) else (as_word, by_character)


_syllable = lru_cache(maxsize=16_384)(syllable_of)
_blurred = lru_cache(maxsize=1024)(blurred)


def _heard(text: str, at: int) -> Iterator[tuple[str, int]]:
    """Syllables that may begin at a place, each with its end: that of an ideograph, or letters."""
    if _HAN.match(text, at, at + 1):
        yield _syllable(text[at]), at + 1
    elif letters := _LETTERS.match(text, at, at + _SYLLABLE[-1]):
        for length in _SYLLABLE:
            if at + length <= letters.end():
                yield text[at : at + length], at + length


def _meant(node: _Node, sounds: tuple[str, ...], units: tuple[str, ...]) -> tuple[str, bool] | None:
    """The one term that these units may stand for, and whether it has their very sound."""
    same = {term for exact, term in node.terms if exact == sounds}
    terms = same or {term for _, term in node.terms}
    if len(terms) > 1:
        return None
    (term,) = terms
    if "".join(units) == term or not (same or len(term) >= _NEAR):
        return None
    if any(unit.isascii() for unit in units):
        # Whoever mixes letters in has chosen the characters beside them.
        mixed = same and any(map(str.isascii, units)) and not all(map(str.isascii, units))
        if not mixed or any(u != c for u, c in zip(units, term, strict=True) if not u.isascii()):
            return None
    return term, bool(same)


def _cuts_letters(text: str, start: int, end: int) -> bool:
    """Whether a span begins or ends between two letters."""
    return any(_LETTERS.fullmatch(text, max(0, at - 1), at + 1) and 0 < at < len(text) for at in (start, end))


def _ends(words: Iterable[str]) -> dict[int, int]:
    """Where each word begins and ends; the end of the last also begins nothing more."""
    ends, at = {}, 0
    for word in words:
        ends[at] = at = at + len(word)
    return ends | {at: at + 1}
