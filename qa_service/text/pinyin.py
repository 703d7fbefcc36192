"""Pinyin of a phrase, for suggestions while typing. pypinyin is imported on first use only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_LETTERS = re.compile(r"[^0-9a-z]")


@dataclass(frozen=True, slots=True)
class Pinyin:
    """`syllables` without tones and separators, each beginning with a capital; `initials` in lower case."""

    syllables: str
    initials: str


def syllable_of(char: str) -> str:
    """The commonest toneless syllable of one character; the character itself where it has none."""
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(char, style=Style.NORMAL)[0]


def pinyin_of(text: str) -> Pinyin:
    """Pinyin of a normalised text; Latin letters and digits stand for themselves, all else is left out."""
    from pypinyin.seg.simpleseg import seg

    kept = [unit for word in seg(text) for unit in _units(word)]
    return Pinyin("".join(unit.capitalize() for unit in kept), "".join(unit[0] for unit in kept))


@lru_cache(maxsize=65_536)
def _units(word: str) -> tuple[str, ...]:
    """Syllables, letters and digits of one of pypinyin's own words. A library has the same words again and again."""
    from pypinyin import Style, lazy_pinyin

    units = "\0".join(lazy_pinyin(word, style=Style.NORMAL, errors="\0".join)).lower().split("\0")
    return tuple(part for part in (_LETTERS.sub("", unit.replace("ü", "v")) for unit in units) if part)
