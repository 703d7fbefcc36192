"""The zone's own words: user dictionary, everyday-to-official synonyms, stop words and names of regions.

A folder holds `terms.txt` (`word [frequency [tag]]`), `synonyms.tsv` (`said<TAB>official`), `stopwords.txt` (one a line) and
`regions.tsv` (`code<TAB>name<TAB>short name or nothing`); each may be missing. Lines that begin with `#` are comments.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from .normalise import normalise
from .regions import Gazetteer

if TYPE_CHECKING:
    from .segment import Segmenter


class LexiconError(ValueError):
    """A lexicon file that cannot be read; the message is Chinese and names file, line and remedy."""


class Lexicon:
    """Immutable. `terms` is word → frequency (None: let the segmenter choose)."""

    __slots__ = ("_lock", "_segmenter", "fingerprint", "regions", "stop_words", "synonyms", "terms")

    def __init__(
        self,
        terms: Mapping[str, int | None] | None = None,
        synonyms: Mapping[str, tuple[str, ...]] | None = None,
        stop_words: Iterable[str] = (),
        regions: Gazetteer = Gazetteer(),  # noqa: B008 - immutable
    ) -> None:
        self.terms: Mapping[str, int | None] = dict(terms or {})
        self.synonyms: Mapping[str, tuple[str, ...]] = dict(synonyms or {})
        self.stop_words: frozenset[str] = frozenset(stop_words)
        self.regions = regions
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
            Gazetteer(_regions(folder / "regions.tsv")),
        )

    def extended(
        self,
        terms: Iterable[str],
        synonyms: Iterable[tuple[str, str]],
        stop_words: Iterable[str],
        regions: Iterable[tuple[str, str, bool]] = (),
    ) -> Lexicon:
        """This lexicon with more words, all normalised; `synonyms` are pairs (said, official), `regions` as in Gazetteer.

        What is there already stays as it is, so a term keeps its frequency. The order of what is added counts
        as little as what it repeats, except among the official terms of one everyday word.
        """
        more = {**dict.fromkeys(sorted(terms)), **self.terms}
        pairs = dict(self.synonyms)
        for said, official in synonyms:
            if official not in pairs.get(said, ()):
                pairs[said] = (*pairs.get(said, ()), official)
        places = [place for place in regions if place not in self.regions.names]
        gazetteer = Gazetteer((*self.regions.names, *places)) if places else self.regions
        return Lexicon(more, pairs, self.stop_words.union(stop_words), gazetteer)

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
        """16 hex digits that change with anything that changes what is made of a text."""
        digest = hashlib.sha256()
        words = (sorted(self.terms.items()), sorted(self.synonyms.items()), sorted(self.stop_words))
        for part in (*words, self.regions.names):
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


def _regions(path: Path) -> list[tuple[str, str, bool]]:
    """(name, code, whether it is the short one)."""
    names: list[tuple[str, str, bool]] = []
    for number, line in _lines(path):
        code, name, short = (*(part.strip() for part in line.split("\t")), "", "")[:3]
        if not (len(code) == 6 and code.isascii() and code.isdigit() and len(name) >= 2):
            raise LexiconError(
                f"{path.name} 第 {number} 行：应为「六位区划代码<制表符>名称<制表符>简称」，简称可以不填"
            )
        names.append((name, code, False))
        if len(short) >= 2:
            names.append((short, code, True))
    return names
