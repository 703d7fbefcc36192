"""The zone's own words: user dictionary, everyday-to-official synonyms and stop words.

A folder holds `terms.txt` (`word [frequency [tag]]`), `synonyms.tsv` (`said<TAB>official`) and
`stopwords.txt` (one a line); each may be missing. Lines that begin with `#` are comments.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .normalise import normalise

if TYPE_CHECKING:
    from .segment import Segmenter


class LexiconError(ValueError):
    """A lexicon file that cannot be read; the message is Chinese and names file, line and remedy."""


class Lexicon:
    """Immutable. `terms` is word → frequency (None: let the segmenter choose)."""

    __slots__ = ("_lock", "_segmenter", "fingerprint", "stop_words", "synonyms", "terms")

    def __init__(
        self,
        terms: Mapping[str, int | None] | None = None,
        synonyms: Mapping[str, tuple[str, ...]] | None = None,
        stop_words: Iterable[str] = (),
    ) -> None:
        self.terms: Mapping[str, int | None] = dict(terms or {})
        self.synonyms: Mapping[str, tuple[str, ...]] = dict(synonyms or {})
        self.stop_words: frozenset[str] = frozenset(stop_words)
        self.fingerprint: str = self._digest()
        self._segmenter: Segmenter | None = None
        self._lock = threading.Lock()

    @classmethod
    def empty(cls) -> Lexicon:
        return cls()

    @classmethod
    def load(cls, folder: Path) -> Lexicon:
        """Read a folder. Raises LexiconError for a file that is not UTF-8 and a line not of its form."""
        return cls(
            _terms(folder / "terms.txt"),
            _synonyms(folder / "synonyms.tsv"),
            (normalise(word) for _, word in _lines(folder / "stopwords.txt")),
        )

    def extended(
        self, terms: Iterable[str], synonyms: Iterable[tuple[str, str]], stop_words: Iterable[str]
    ) -> Lexicon:
        """This lexicon with more words, all normalised; `synonyms` are pairs (said, official).

        What is there already stays as it is, so a term keeps its frequency. The order of what is added counts
        as little as what it repeats, except among the official terms of one everyday word.
        """
        more = {**dict.fromkeys(sorted(terms)), **self.terms}
        pairs = dict(self.synonyms)
        for said, official in synonyms:
            if official not in pairs.get(said, ()):
                pairs[said] = (*pairs.get(said, ()), official)
        return Lexicon(more, pairs, self.stop_words.union(stop_words))

    def words(self) -> dict[str, int | None]:
        """Every word that stays whole in segmentation, with its frequency."""
        words: dict[str, int | None] = dict(self.terms)
        for said, officials in self.synonyms.items():
            for word in (said, *officials):
                words.setdefault(word, None)
        return words

    @property
    def segmenter(self) -> Segmenter:
        """The segmenter that knows these words; made on first use, then kept."""
        with self._lock:
            if self._segmenter is None:
                from .segment import Segmenter

                self._segmenter = Segmenter(self.words())
            return self._segmenter

    def officials_in(self, text: str) -> tuple[tuple[str, str], ...]:
        """Pairs (said, official) for each everyday word in the normalised `text`, longest first."""
        found = [said for said in self.synonyms if said in text]
        return tuple(
            (said, official)
            for said in sorted(found, key=lambda word: (-len(word), word))
            for official in self.synonyms[said]
            if official not in text
        )

    def _digest(self) -> str:
        """16 hex digits that change with anything that changes segmentation or expansion."""
        digest = hashlib.sha256()
        for part in (sorted(self.terms.items()), sorted(self.synonyms.items()), sorted(self.stop_words)):
            digest.update(repr(part).encode())
        return digest.hexdigest()[:16]


def _lines(path: Path) -> list[tuple[int, str]]:
    if not path.is_file():
        return []
    try:
        text = path.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        raise LexiconError(f"{path.name} 不是 UTF-8 编码，请另存为 UTF-8 后重试") from error
    lines = ((number, line.strip("\r\n ")) for number, line in enumerate(text.split("\n"), 1))
    return [(number, line) for number, line in lines if line and not line.startswith("#")]


def _terms(path: Path) -> dict[str, int | None]:
    terms: dict[str, int | None] = {}
    for number, line in _lines(path):
        word, *rest = line.split()
        if rest and not rest[0].isdigit() and len(rest) > 1:
            raise LexiconError(f"{path.name} 第 {number} 行：词频应为整数，格式为「词 词频 词性」")
        terms[normalise(word)] = int(rest[0]) if rest and rest[0].isdigit() else None
    return terms


def _synonyms(path: Path) -> dict[str, tuple[str, ...]]:
    synonyms: dict[str, tuple[str, ...]] = {}
    for number, line in _lines(path):
        parts = [normalise(part) for part in line.split("\t")]
        if len(parts) < 2 or not parts[0] or not parts[1]:
            raise LexiconError(f"{path.name} 第 {number} 行：应为「口语词<制表符>规范词」")
        said, official = parts[0], parts[1]
        if official != said and official not in synonyms.get(said, ()):
            synonyms[said] = (*synonyms.get(said, ()), official)
    return synonyms
