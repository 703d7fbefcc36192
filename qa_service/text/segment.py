"""Chinese word segmentation: jieba in search mode with the zone's dictionary, silent."""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Mapping
from pathlib import Path

import jieba

from .lexicon import Lexicon

jieba.setLogLevel(logging.ERROR)

_WORD = re.compile(r"[0-9a-z\u3400-\u9fff\U00020000-\U000323af]")
_HAN_RUN = re.compile(r"[\u3400-\u9fff\U00020000-\U000323af]+")
_cache_folder: list[Path] = []
_general: list[jieba.Tokenizer] = []
_general_lock = threading.Lock()


def set_cache_folder(folder: Path) -> None:
    """Where jieba keeps its parsed dictionary; otherwise the system's temporary folder. Call it at start."""
    folder.mkdir(parents=True, exist_ok=True)
    if _cache_folder != [folder]:
        _general.clear()
    _cache_folder[:] = [folder]


class Segmenter:
    """A jieba tokenizer with extra words; loads the dictionary on first use; safe for many threads."""

    def __init__(self, words: Mapping[str, int | None]) -> None:
        self._words = dict(words)
        self._lock = threading.Lock()
        self._tokenizer: jieba.Tokenizer | None = None

    def cut(self, text: str) -> list[str]:
        """Words of `text` in search mode (long words also as their shorter parts), as jieba gives them."""
        return list(self._ready().cut_for_search(text))

    def plain(self, text: str) -> list[str]:
        """Words of `text` one after another, nothing twice and nothing left out."""
        return list(self._ready().cut(text))

    def known_words(self, text: str) -> list[str]:
        """`text` cut into words of the dictionary; whatever is part of none stands by itself, character by character."""
        return list(self._ready().cut(text, HMM=False))

    def knows(self, word: str) -> bool:
        """Whether a word is in the dictionary."""
        return bool(self._ready().FREQ.get(word))

    def _ready(self) -> jieba.Tokenizer:
        with self._lock:
            if self._tokenizer is None:
                tokenizer = _general_tokenizer()
                for word, frequency in self._words.items():
                    tokenizer.add_word(word, frequency)
                self._tokenizer = tokenizer
            return self._tokenizer


def _general_tokenizer() -> jieba.Tokenizer:
    """A tokenizer with jieba's own dictionary, to be added to.

    The dictionary is read once and then copied, which takes a hundredth of a second instead of half a second:
    words are added while the service answers, and tried before.
    """
    with _general_lock:
        if not _general:
            read = jieba.Tokenizer()
            if _cache_folder:
                read.tmp_dir = str(_cache_folder[0])
            read.initialize()
            _general.append(read)
        general = _general[0]
    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total, tokenizer.initialized = dict(general.FREQ), general.total, True
    return tokenizer


def segment(text: str, lexicon: Lexicon) -> list[str]:
    """Words of a normalised text, punctuation and spaces left out; long words come with their parts."""
    return [word for word in lexicon.segmenter.cut(text) if _WORD.search(word)]


def bigrams(text: str) -> list[str]:
    """Overlapping character pairs of each run of ideographs; a run of one gives that character."""
    found: list[str] = []
    for run in _HAN_RUN.findall(text):
        found.extend(run[i : i + 2] for i in range(max(1, len(run) - 1)))
    return found
