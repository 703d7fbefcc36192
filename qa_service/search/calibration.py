"""The probability that the first hit answers the question, and that one of the first three does.

The bundled encoder brings what it takes to judge both (`Encoder.judge`): fitted on questions written by hand that it has
never seen. For another encoder they are fitted from the library itself.
Positives are then phrasings held out of the index and questions made from an entry's text; negatives are the same
questions with their entry and its near-duplicates hidden: questions on this very topic that nothing
answers. Made questions share more words with their entry than citizens' do, so they cannot teach what nearness means; they
are easier to tell apart from their negatives, and negatives far more frequent than in use, so the fitted logit is shifted by
two constants found on separate queries. A library with phrasings enough is fitted from these alone.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from ..text.lexicon import Lexicon
from ..text.normalise import normalise
from ..text.regions import Bearing
from ..text.segment import segment
from .answer_types import Kinds, Said, asked_types, missing
from .dense import WEIGHT_SUM, DenseIndex, wordings
from .fusion import Asked, Ranked, Ranker
from .judge import FEATURES, OFFER_FEATURES, Judge
from .lexical import document_terms, query_terms, score_counts
from .logistic import Floats, Logistic, fit
from .pseudo import aspect_queries, pseudo_queries
from .reading import QueryReader
from .scope import scope_of
from .types import Document, Mask, Vectors
from .vectors import Report

_MADE, _OFFER_MADE = range(6), range(3)  # of FEATURES and OFFER_FEATURES, what is learned from made questions
OFFERED = 3  # how many are offered for a choice
# Entries whose question-and-answer vectors are nearer than this say the same thing.
NEAR_DUPLICATE = 0.97
_MARGIN_LIMIT, _LEAD_LIMIT, _TOKENS_LIMIT = 4.0, 6.0, 30
_SAMPLE, _HELD_OUT_PER_ENTRY = 500, 2
_FEWEST = 40
# From so many phrasings an entry on, questions made from its text are no longer needed.
_BY_HAND = 3
_ASPECT_WEIGHT = 3.0
_SHIFT_SLOPE, _SHIFT_BIAS = 0.75, 2.16
_HAND_SLOPE, _HAND_BIAS = 1.12, 1.47
# For what an encoder brings: between what fits the queries of two other libraries and those of the bundled one.
_JUDGE_SLOPE, _JUDGE_BIAS = 1.4, 1.4
_OFFER_SLOPE, _OFFER_BIAS = 1.6, 0.9
# What the logit loses where the entry's region or year is not plainly the question's. Not fitted: made questions drop a region's
# name as they drop any word, citizens do not (docs/search.md).
_DOUBT = {
    Bearing.SAME: 0.0, Bearing.UNASKED: 1.5, Bearing.UNSAID: 1.0, Bearing.ELSEWHERE: 3.0, Bearing.OTHER_YEAR: 3.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Calibration:
    """`first` over FEATURES: the first hit answers; `offer` over OFFER_FEATURES: one of the first OFFERED does."""

    encoder_fingerprint: str
    library_fingerprint: str
    first: Logistic
    offer: Logistic
    samples: int = 0
    positives: int = 0

    @classmethod
    def default(cls, encoder_fingerprint: str, library_fingerprint: str) -> Calibration:
        """For a library too small to fit from: the usual fit of larger ones."""
        first = Logistic(
            (1.8, 0.45, 0.69, 0.49, 0.15, 0.14, 0, 0, 0), (1.5, 0.11, 0.12, 0.19, 0.36, 0.35, 1, 1, 1),
            (1.4, 0.3, 0.2, 0.6, -0.4, -0.7, 0, 0, 0), -1.3,
        )  # fmt: skip
        offer = Logistic(
            (3.0, 0.46, 0.49, 0, 0, 0), (1.9, 0.09, 0.18, 1, 1, 1), (1.0, 0.5, 0.8, 0, 0, 0), -1.0
        )  # fmt: skip
        shift = (_SHIFT_SLOPE, _SHIFT_BIAS)
        return cls(encoder_fingerprint, library_fingerprint, first.shifted(*shift), offer.shifted(*shift))

    def judged_by(self, judge: Judge | None) -> Calibration:
        """With what an encoder brings, if it does, in place of what was fitted from the library."""
        if judge is None:
            return self
        first, offer = (
            judge.first.shifted(_JUDGE_SLOPE, _JUDGE_BIAS),
            judge.offer.shifted(_OFFER_SLOPE, _OFFER_BIAS),
        )
        return replace(self, first=first, offer=offer)

    def probability(self, features: Floats, bearing: Bearing = Bearing.SAME) -> float:
        """That the first hit answers: 0-1 for features [len(FEATURES)] and how its region bears on the question."""
        return _probability(self.first.logit(features) - _DOUBT[bearing])

    def offered(self, features: Floats, bearings: Sequence[Bearing] = (Bearing.SAME,)) -> float:
        """That one of the first three answers: 0-1 for features [len(OFFER_FEATURES)] and how their regions bear on the
        question."""
        return _probability(self.offer.logit(features) - min(_DOUBT[bearing] for bearing in bearings))

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Calibration:
        """From its fields as read from JSON. Raises ValueError, KeyError or TypeError when they are not."""
        fits = {
            "first": Logistic.of(data["first"], FEATURES), "offer": Logistic.of(data["offer"], OFFER_FEATURES)
        }  # fmt: skip
        return cls(**{**data, **fits})


def _probability(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))))


def features_of(
    ranked: Ranked,
    dense: DenseIndex,
    asked: Asked,
    kinds: Kinds,
    said_of: Callable[[int], Said],
    attainable: float,
) -> Floats:
    """FEATURES of a ranking that has at least one candidate.

    margin: joint score of the first over the next that says something else; passage: cosine of the query
    with the first's question and answer; level and weakest: the first's token scores (0 without token states);
    missing and strictly_missing: of the `kinds` of thing asked for, those that the first does not hold (`said_of` gives
    what it says by its number); wording: cosine of the query with the first by its nearest wording; tokens: how many
    of the query are compared; words: how far the first is behind the best by BM25, as a share of what is `attainable`
    (0: it is the best).
    """
    number = int(ranked.entries[0])
    first = dense.both[number]
    others = dense.both[ranked.entries[1:8]]
    different = np.flatnonzero(others @ first <= NEAR_DUPLICATE)
    margin = _MARGIN_LIMIT
    if len(different):
        margin = min(margin, float(ranked.fused[0] - ranked.fused[1 + int(different[0])]))
    behind = float(ranked.lexical[0] - ranked.lexical.max()) / (attainable or 1.0)
    # Most questions ask for none of the kinds: then there is no need to look at what the entry says.
    lacks = missing(kinds, said_of(number)) if kinds else (0.0, 0.0)
    return np.array([
        margin, float(first @ asked.vector), float(ranked.level[0]), float(ranked.weakest[0]), *lacks,
        float(ranked.dense[0]) / WEIGHT_SUM, _compared(asked), behind,
    ])  # fmt: skip


def offer_features_of(ranked: Ranked, dense: DenseIndex, asked: Asked) -> Floats:
    """OFFER_FEATURES of a ranking that has at least one candidate.

    lead: joint score of the first over the first that is not offered; passage, weakest, wording and level: as in FEATURES,
    the best of those offered; tokens: how many of the query are compared.
    What the answers lack was of no use here (docs/search.md).
    """
    offered = ranked.entries[:OFFERED]
    lead = _LEAD_LIMIT
    if len(ranked.entries) > OFFERED:
        lead = min(lead, float(ranked.fused[0] - ranked.fused[OFFERED]))
    best = (part[:OFFERED].max() for part in (ranked.weakest, ranked.dense / WEIGHT_SUM, ranked.level))
    return np.array(
        [lead, (dense.both[offered] @ asked.vector).max(), *best, _compared(asked)], dtype=np.float64
    )


def _compared(asked: Asked) -> int:
    """How many tokens of a query are compared."""
    return min(_TOKENS_LIMIT, len(asked.tokens.weights)) if asked.tokens is not None else 0


@dataclass(frozen=True, slots=True)
class _Probe:
    """A question whose answer is known: entry number, text, the wording to hide (-1: none).

    `answered`: the entry answers it; then it is also asked with the entry hidden. `weight` in the fit.
    """

    entry: int
    text: str
    wording: int
    answered: bool = True
    weight: float = 1.0


def calibrate(
    ranker: Ranker,
    documents: Sequence[Document],
    lexicon: Lexicon,
    reader: QueryReader,
    library_fingerprint: str,
    report: Report = lambda done, total: None,
) -> Calibration:
    """What the encoder brings, or else a fit from `documents`, which are the entries of `ranker` in order.

    Deterministic for one library.
    """
    dense = ranker.dense
    if dense is None:
        raise ValueError("calibrate needs vectors")
    usual = Calibration.default(reader.fingerprint, library_fingerprint)
    if reader.judge is not None:
        return usual.judged_by(reader.judge)
    probes = _probes(documents, lexicon)
    rows: list[Floats] = []
    offers: list[Floats] = []
    found: list[Mask] = []  # which of the first OFFERED answer
    weights: list[float] = []

    @cache
    def said_of(number: int) -> Said:
        return Said(normalise(documents[number].question), normalise(documents[number].answer))

    for number, probe in enumerate(probes):
        asked = ranker.near(reader.read(probe.text))
        twins = dense.both @ dense.both[probe.entry] > NEAR_DUPLICATE
        words = _words(ranker, documents[probe.entry], probe, lexicon)
        hidden = [int(dense.start[probe.entry]) + probe.wording] if probe.wording >= 0 else []
        kinds, scope = asked_types(probe.text), scope_of(probe.text, lexicon)
        for allowed in (None, ~twins) if probe.answered else (None,):
            ranked = ranker.rank(asked, words, allowed, hidden)
            ranked = ranker.preferring(ranked, kinds, scope, said_of)
            if len(ranked.entries):
                rows.append(features_of(ranked, dense, asked, kinds, said_of, 0.0))
                offers.append(offer_features_of(ranked, dense, asked))
                answered = probe.answered and allowed is None
                found.append(twins[ranked.entries[:OFFERED]] & answered)
                weights.append(probe.weight)
        report(number + 1, len(probes))
    right = np.array([bool(row[0]) for row in found])
    if len(rows) < _FEWEST or not 0 < right.sum() < len(right):
        return usual
    shift = (_HAND_SLOPE, _HAND_BIAS) if _is_by_hand(documents) else (_SHIFT_SLOPE, _SHIFT_BIAS)
    judged = fit(np.array(rows), right.astype(float), np.array(weights), _MADE)
    offer = fit(
        np.array(offers), np.array([float(row.any()) for row in found]), np.array(weights), _OFFER_MADE
    )
    return replace(
        usual, first=judged.shifted(*shift), offer=offer.shifted(*shift), samples=len(rows), positives=int(right.sum())
    )  # fmt: skip


def _is_by_hand(documents: Sequence[Document]) -> bool:
    """Whether people have written enough phrasings to fit from them alone, without made questions."""
    return sum(len(document.phrasings) for document in documents) >= _BY_HAND * len(documents)


def _probes(documents: Sequence[Document], lexicon: Lexicon) -> list[_Probe]:
    numbers = sorted(range(len(documents)), key=lambda n: documents[n].id)
    if len(numbers) > _SAMPLE:
        numbers = sorted(random.Random(0).sample(numbers, _SAMPLE))
    probes: list[_Probe] = []
    by_hand = _is_by_hand(documents)
    for number in numbers:
        texts = [wording.normal for wording in wordings(documents[number])]
        held = list(enumerate(texts))[1:]
        random.Random(documents[number].id).shuffle(held)
        probes += [_Probe(number, text, place) for place, text in held[:_HELD_OUT_PER_ENTRY]]
        made = [] if by_hand else pseudo_queries(documents[number], lexicon)
        probes += [_Probe(number, text, -1) for text in made if text not in texts]
        aspects = aspect_queries(documents[number], lexicon)
        probes += [
            _Probe(number, text, -1, yes, _ASPECT_WEIGHT) for text, yes in aspects if text not in texts
        ]
    return probes


def _words(ranker: Ranker, document: Document, probe: _Probe, lexicon: Lexicon) -> Vectors:
    """BM25 of the probe; the own entry is scored without the wording that is the probe itself."""
    terms = query_terms(probe.text, segment(probe.text, lexicon), lexicon)
    words = ranker.lexical.scores_of(terms)
    if probe.wording >= 0:
        rest = tuple(p for p in document.phrasings if normalise(p) != probe.text)
        reduced = Document(document.id, document.question, document.answer, rest)
        words[probe.entry] = score_counts(ranker.lexical, document_terms(reduced, lexicon), terms)
    return words
