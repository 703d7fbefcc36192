from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.encoders import CountingEncoder

from qa_service.search.calibration import Calibration
from qa_service.search.decision import Bands, decide, shown_score
from qa_service.search.engine import Engine
from qa_service.search.judge import FEATURES, OFFER_FEATURES, Judge
from qa_service.search.logistic import Logistic, fit
from qa_service.search.pseudo import pseudo_queries
from qa_service.search.types import Decision, Document
from qa_service.text.lexicon import Lexicon


def test_the_fit_recovers_known_odds() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(4000, len(FEATURES)))
    logit = 2.0 * rows[:, 0] - 0.5
    labels = (rng.random(4000) < 1 / (1 + np.exp(-logit))).astype(float)
    fitted = fit(rows, labels, np.ones(4000))
    assert fitted.weights[0] / fitted.scale[0] == pytest.approx(2.0, abs=0.2)
    assert max(abs(w) for w in fitted.weights[1:]) < 0.15


def test_separable_labels_do_not_blow_up() -> None:
    rows = np.tile(np.linspace(-1, 1, 100)[:, None], (1, len(FEATURES)))
    fitted = fit(rows, (rows[:, 0] > 0).astype(float), np.ones(100))
    assert np.isfinite([*fitted.weights, fitted.bias]).all()
    assert fitted.logit(rows[-1]) > fitted.logit(rows[0])


def test_a_library_is_fitted_alike_in_any_order(library: list[Document], lexicon: Lexicon) -> None:
    encoder = CountingEncoder()
    first = Engine.build(library, encoder, lexicon).calibration
    second = Engine.build(library[::-1], encoder, lexicon).calibration
    assert first == second and first is not None
    assert first.samples > 100 and 0 < first.positives < first.samples
    assert first.encoder_fingerprint == encoder.fingerprint
    assert first.first.weights[0] > 0 and first.offer.weights[0] > 0
    assert len(first.offer.weights) == len(OFFER_FEATURES)


def test_what_was_stored_is_read_back_and_nothing_else(library: list[Document], lexicon: Lexicon) -> None:
    fitted = Engine.build(library, CountingEncoder(), lexicon).calibration
    assert fitted is not None
    stored = json.loads(json.dumps(asdict(fitted)))
    assert Calibration.of(stored) == fitted
    for damaged in ({**stored, "offer": stored["first"]}, {k: v for k, v in stored.items() if k != "offer"}):
        with pytest.raises((ValueError, KeyError, TypeError)):
            Calibration.of(damaged)


def test_a_tiny_library_gets_the_usual_fit(library: list[Document], lexicon: Lexicon) -> None:
    engine = Engine.build(library[:2], CountingEncoder(), lexicon)
    assert engine.calibration is not None and engine.calibration.samples == 0
    assert engine.calibration.first == Calibration.default("", "").first


def test_an_encoder_with_a_judge_has_hits_judged_by_it(library: list[Document], lexicon: Lexicon) -> None:
    encoder = CountingEncoder()
    encoder.judge = Judge(_constant(len(FEATURES), -9.0), _constant(len(OFFER_FEATURES), -9.0))
    engine = Engine.build(library, encoder, lexicon)
    fitted = Engine.build(library, CountingEncoder(), lexicon)
    assert engine.calibration is not None and engine.calibration.samples == 0
    # Nothing but the very wording is ever sure for this one, and nothing is worth offering.
    question = library[0].question.replace("怎么", "要怎么")
    assert engine.ask(question).confidence < 0.001 < fitted.ask(question).confidence
    assert engine.ask(question).decision is Decision.REFER
    assert engine.ask(library[0].question).decision is Decision.ANSWER


def test_another_judge_is_in_force_at_once(library: list[Document], lexicon: Lexicon, tmp_path: Path) -> None:
    encoder = CountingEncoder()
    Engine.build(library, encoder, lexicon).save(tmp_path / "index")
    judge = Judge(_constant(len(FEATURES), -3.0), _constant(len(OFFER_FEATURES), 3.0))
    encoder.judge = judge
    loaded = Engine.load(tmp_path / "index", encoder, lexicon).calibration
    assert loaded is not None and loaded == loaded.judged_by(judge)
    assert loaded.first.weights == judge.first.weights


def test_a_judge_of_other_features_is_refused() -> None:
    judge = asdict(Judge(_constant(len(FEATURES), 0.0), _constant(len(OFFER_FEATURES), 0.0)))
    assert Judge.of(judge).first.bias == 0.0
    for damaged in ({**judge, "first": judge["offer"]}, {"first": judge["first"]}, {}):
        with pytest.raises((ValueError, KeyError)):
            Judge.of(damaged)


def _constant(features: int, logit: float) -> Logistic:
    return Logistic((0.0,) * features, (1.0,) * features, (0.0,) * features, logit)


def test_what_is_not_fitted_weighs_nothing() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(500, 4))
    labels = (rows[:, 1] > 0).astype(float)
    fitted = fit(rows, labels, np.ones(500), [0, 1])
    assert fitted.weights[1] > 1 and fitted.weights[2:] == (0.0, 0.0)
    assert fitted.logit(rows[0]) == pytest.approx(fitted.logit(np.array([*rows[0, :2], 99.0, -99.0])))


def test_made_questions_depend_on_the_entry_alone(library: list[Document], lexicon: Lexicon) -> None:
    for document in library[:8]:
        made = pseudo_queries(document, lexicon)
        assert made == pseudo_queries(document, lexicon)
        assert 1 <= len(made) <= 3 and all(len(text) >= 4 for text in made)
    assert pseudo_queries(Document("x", "", ""), lexicon) == []


@pytest.mark.parametrize(
    ("confidence", "offered", "hits", "ambiguous", "expected"),
    [
        (0.8, 0.9, 1, False, Decision.ANSWER), (0.7999, 0.9, 1, False, Decision.CHOOSE),
        (0.99, 0.99, 2, True, Decision.CHOOSE), (0.1, 0.3, 1, False, Decision.CHOOSE),
        (0.29, 0.2999, 1, False, Decision.REFER), (0.99, 0.99, 0, False, Decision.REFER),
    ],
)  # fmt: skip
def test_bands(confidence: float, offered: float, hits: int, ambiguous: bool, expected: Decision) -> None:
    assert decide(confidence, offered, hits, ambiguous, Bands(0.8, 0.3)) is expected


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6))
def test_a_shown_score_keeps_order_and_lies_between_0_and_1(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert 0 <= shown_score(low) <= shown_score(high) <= 1
