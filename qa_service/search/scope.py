"""What questions and entries are limited to: one that names Suzhou is not answered from Quanzhou, nor one on 2024 from 2022."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ..text.lexicon import Lexicon
from ..text.normalise import normalise
from ..text.regions import Bearing, Mentions, bearing, home_of, without_home
from ..text.years import Years, years_in
from .types import Document, Longs


class Scope(NamedTuple):
    """The regions and the years that a text names."""

    regions: Mentions = ()
    years: Years = frozenset()

    @property
    def names(self) -> tuple[str, ...]:
        """Of its regions, each once."""
        return tuple(dict.fromkeys(mention.name for mention in self.regions))


@dataclass(frozen=True, slots=True)
class ScopeIndex:
    """`said`: of each entry the years named by its standard question, and the regions named there or else by its issuer; answers
    name too many in passing. `home`: the regions that the library as a whole is about."""

    said: tuple[Scope, ...]
    home: frozenset[str]

    @classmethod
    def build(cls, documents: Iterable[Document], lexicon: Lexicon) -> ScopeIndex:
        return cls._of(tuple(_said(document, lexicon) for document in documents))

    def updated(self, kept: Sequence[int], added: Iterable[Document], lexicon: Lexicon) -> ScopeIndex:
        """Of the entries `kept`, in this order, and after them `added`."""
        return self._of((*(self.said[n] for n in kept), *(_said(document, lexicon) for document in added)))

    @classmethod
    def _of(cls, said: tuple[Scope, ...]) -> ScopeIndex:
        return cls(said, home_of(scope.regions for scope in said))

    def names(self, number: int) -> tuple[str, ...]:
        """The names of regions that this entry goes by, each once."""
        return self.said[number].names

    def bearings(self, asked: Scope, entries: Longs) -> list[Bearing]:
        """Of each of these entries on a question of this scope."""
        return [self._bearing(asked, self.said[number]) for number in entries.tolist()]

    def searched(self, text: str, scope: Scope) -> str:
        """What is searched for of a normalised text that names this: nobody needs to name the library's own region."""
        return without_home(text, scope.regions, self.home)

    def _bearing(self, asked: Scope, said: Scope) -> Bearing:
        found = bearing(asked.regions, said.regions, self.home)
        if found is not Bearing.ELSEWHERE and asked.years and said.years and not asked.years & said.years:
            return Bearing.OTHER_YEAR
        return found


def scope_of(text: str, lexicon: Lexicon, on: date | None = None) -> Scope:
    """What a normalised text names; `on` is the day from which it counts this year and last."""
    return Scope(lexicon.regions.mentions(text, lexicon.segmenter.plain), years_in(text, on))


def _said(document: Document, lexicon: Lexicon) -> Scope:
    scope = scope_of(normalise(document.question), lexicon)
    return (
        scope
        if scope.regions
        else scope._replace(regions=scope_of(normalise(document.issuer), lexicon).regions)
    )
