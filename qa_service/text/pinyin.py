"""Pinyin of a phrase, for suggestions while typing. pypinyin is imported on first use only."""

from __future__ import annotations

import re
from dataclasses import dataclass

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
    from pypinyin import Style, lazy_pinyin

    units = "\0".join(lazy_pinyin(text, style=Style.NORMAL, errors="\0".join)).lower().split("\0")
    kept = [part for part in (_LETTERS.sub("", unit.replace("ü", "v")) for unit in units) if part]
    return Pinyin("".join(p.capitalize() for p in kept), "".join(p[0] for p in kept))
