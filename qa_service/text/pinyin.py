"""Pinyin of phrases and of single characters. pypinyin is imported on first use only.

Its words take 40 MB, and only tell how a phrase is read: characters alone do without, and phrases whose pinyin is kept
(in the index) need not be asked for again.
"""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from functools import lru_cache

os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")

_LETTERS = re.compile(r"[^0-9a-z]")
_loading, _words_loaded = threading.Lock(), threading.Event()


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
    _load_words()
    from pypinyin.seg.simpleseg import seg

    kept = [unit for word in seg(text) for unit in _units(word)]
    return Pinyin("".join(unit.capitalize() for unit in kept), "".join(unit[0] for unit in kept))


def _load_words() -> None:
    with _loading:
        if not _words_loaded.is_set():
            import pypinyin
            from pypinyin.phrases_dict import phrases_dict

            pypinyin.load_phrases_dict(phrases_dict)
            _words_loaded.set()


@lru_cache(maxsize=65_536)
def _units(word: str) -> tuple[str, ...]:
    """Syllables, letters and digits of one of pypinyin's own words. A library has the same words again and again."""
    from pypinyin import Style, lazy_pinyin

    units = "\0".join(lazy_pinyin(word, style=Style.NORMAL, errors="\0".join)).lower().split("\0")
    return tuple(part for part in (_LETTERS.sub("", unit.replace("ü", "v")) for unit in units) if part)
