"""The regions that entries speak of: a question that names Suzhou is not answered from Quanzhou."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..text.lexicon import Lexicon
from ..text.normalise import normalise
from ..text.regions import Bearing, Mentions, bearing, home_of
from .types import Document, Longs


@dataclass(frozen=True, slots=True)
class RegionIndex:
    """`said`: of each entry the regions named by its standard question, or else by its issuer; answers name too many in
    passing. `home`: what the library as a whole is about."""

    said: tuple[Mentions, ...]
    home: frozenset[str]

    @classmethod
    def build(cls, documents: Iterable[Document], lexicon: Lexicon) -> RegionIndex:
        return cls._of(tuple(_said(document, lexicon) for document in documents))

    def updated(self, kept: Sequence[int], added: Iterable[Document], lexicon: Lexicon) -> RegionIndex:
        """Of the entries `kept`, in this order, and after them `added`."""
        return self._of((*(self.said[n] for n in kept), *(_said(document, lexicon) for document in added)))

    @classmethod
    def _of(cls, said: tuple[Mentions, ...]) -> RegionIndex:
        return cls(said, home_of(said))

    def names(self, number: int) -> tuple[str, ...]:
        """The names of regions that this entry goes by, each once."""
        return names_of(self.said[number])

    def bearings(self, asked: Mentions, entries: Longs) -> list[Bearing]:
        """Of each of these entries on a question that names `asked`."""
        return [bearing(asked, self.said[number], self.home) for number in entries.tolist()]


def regions_of(text: str, lexicon: Lexicon) -> Mentions:
    """The regions that a normalised text names."""
    return lexicon.regions.mentions(text, lexicon.segmenter.plain)


def names_of(mentions: Mentions) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mention.name for mention in mentions))


def _said(document: Document, lexicon: Lexicon) -> Mentions:
    return regions_of(normalise(document.question), lexicon) or regions_of(
        normalise(document.issuer), lexicon
    )
