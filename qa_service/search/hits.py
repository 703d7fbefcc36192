"""What is shown of a ranking: the wording that matched, its words, scores, and which hits repeat another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..text.highlight import highlight, highlight_terms
from ..text.lexicon import Lexicon
from .answer_types import Kinds
from .calibration import NEAR_DUPLICATE
from .decision import shown_score
from .dense import WEIGHT_SUM, DenseIndex, Wording
from .exact import exact_key
from .fusion import Asked, Ranked
from .scope import Scope, ScopeIndex
from .types import Document, Hit, Longs, Span, Vectors

# Joint scores at which an entry is as likely meant as not, by words and with token scores, and how fast that changes
# with the latter: fitted to which of the first ten hits answer the questions in corpus/evaluation.
_LEXICAL_MIDDLE, _TOKEN_MIDDLE, _TOKEN_SLOPE = 6.0, 12.8, 0.87


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready: normal form, its words, its BM25 terms with the scores they give each entry and
    the score they could give at most, what it is limited to, the kinds of thing it asks for, and what the encoder
    made of it if there is one."""

    text: str
    cut: list[str]
    terms: list[str]
    words: Vectors
    attainable: float
    scope: Scope
    kinds: Kinds
    asked: Asked | None


@dataclass(frozen=True, slots=True)
class Shown:
    """Makes hits of rankings over the same documents. `by_token`: joint scores hold token scores."""

    documents: Sequence[Document]
    wordings: Sequence[Sequence[Wording]]
    dense: DenseIndex | None
    by_token: bool
    lexicon: Lexicon
    scopes: ScopeIndex

    def hits(self, query: Query, ranked: Ranked, exact: Sequence[int], limit: int) -> tuple[Hit, ...]:
        terms = highlight_terms(query.text, query.cut, self.lexicon)
        hits: list[Hit] = []
        count = min(max(limit, 0), len(ranked.entries))
        same = self._repeats(ranked.entries[:count])
        bearings = self.scopes.bearings(query.scope, ranked.entries[:count])
        for place in range(count):
            number = int(ranked.entries[place])
            document = self.documents[number]
            shown = self._matched(query, number, int(ranked.rows[place]))
            ranges, matched = highlight(shown, terms)
            parts = {
                "dense": _unit(float(ranked.dense[place]) / WEIGHT_SUM),
                "lexical": _unit(share_of(query, ranked, place)),
            }
            if number in exact:
                parts["exact"] = 1.0
            hits.append(Hit(
                document.id, self.score(ranked, place, number in exact, query), parts, shown,
                tuple(Span(start, end) for start, end in ranges), matched, same[place], bearings[place],
                self.scopes.names(number),
            ))  # fmt: skip
        return tuple(hits)

    def _repeats(self, entries: Longs) -> list[str]:
        """For each of these entries the id of the first before it that says the same, or nothing."""
        if self.dense is None:
            return [""] * len(entries)
        both = self.dense.both[entries]
        near = np.tril(both @ both.T > NEAR_DUPLICATE, -1)
        return [self.documents[int(entries[row.argmax()])].id if row.any() else "" for row in near]

    def score(self, ranked: Ranked, place: int, exact: bool, query: Query) -> float:
        if exact:
            return 1.0
        if query.asked is None:
            return shown_score(float(ranked.fused[place]), _LEXICAL_MIDDLE)
        if self.by_token:
            return shown_score(float(ranked.fused[place]), _TOKEN_MIDDLE, _TOKEN_SLOPE)
        return shown_score(float(ranked.fused[place]))

    def _matched(self, query: Query, number: int, row: int) -> str:
        """The entry's wording, as written, that is nearest to the query."""
        texts = self.wordings[number]
        if not texts:
            return self.documents[number].question
        key = exact_key(query.text)
        same = next((text for text in texts if exact_key(text.normal) == key), None)
        if same is not None:
            return same.written
        if row >= 0 and self.dense is not None:
            return texts[row - int(self.dense.start[number])].written
        wanted = set(query.terms)
        return max(texts, key=lambda text: sum(term in text.normal for term in wanted)).written


def share_of(query: Query, ranked: Ranked, place: int) -> float:
    """BM25 of one candidate over what the query's terms could give at most."""
    return float(ranked.lexical[place]) / query.attainable if query.attainable else 0.0


def _unit(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)
