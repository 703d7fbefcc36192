"""知识缺口: which askings count, what is brought together, and that the order of the log does not matter."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.encoders import CountingEncoder

from qa_service.library.gap_report import QuestionVectors
from qa_service.library.gaps import (
    Asking,
    Likeness,
    by_letters,
    by_meaning,
    clusters_of,
    grouped,
    without_repeats,
)
from qa_service.text.lexicon import Lexicon

START = datetime(2026, 3, 2, 1, 0, tzinfo=timezone.utc)  # noqa: UP017


@dataclass(frozen=True)
class Known:
    unit_id: int
    topic: str


ENTRIES = {"a": Known(1, "社会保险"), "b": Known(1, "社会保险"), "c": Known(2, "社会救助")}


def asking(
    question: str,
    seconds: float = 0,
    channel: str = "window",
    zone: int | None = 1,
    near: tuple[tuple[str, float], ...] = (),
) -> Asking:
    return Asking(
        f"{question}{seconds}{channel}{zone}",
        START + timedelta(seconds=seconds),
        channel,
        zone,
        question,
        near,
    )


def alone(texts: Sequence[str]) -> Likeness:
    return Likeness(np.eye(len(texts), dtype=np.float32), 0.5)


def questions_of(clusters: Sequence[object]) -> list[str]:
    return [cluster.question for cluster in clusters]  # type: ignore[attr-defined]


def test_a_person_pressing_twice_counts_once() -> None:
    counted = without_repeats(
        [asking("低保咋办", 0), asking("低保咋办？", 60), asking("低保咋办", 61), asking("低保 咋办", 100)]
    )
    assert [len(pressed) for pressed in counted] == [2, 2]


def test_other_channels_and_other_zones_are_other_people() -> None:
    asked = [asking("低保咋办"), asking("低保咋办", 5, channel="kiosk"), asking("低保咋办", 5, zone=2)]
    assert len(without_repeats(asked)) == 3


def test_what_has_no_word_was_not_asked() -> None:
    assert without_repeats([asking("？！"), asking("   ")]) == []


def test_the_second_press_may_be_the_one_that_became_a_case() -> None:
    first, second = asking("低保咋办", 0), asking("低保咋办", 3)
    (cluster,) = clusters_of([first, second], alone, ENTRIES)
    assert cluster.count == 1 and cluster.traces == (first.id, second.id)


def test_a_question_joins_the_nearest_leader_not_the_first_near_enough() -> None:
    matrix = np.array([[1, 0.1, 0.7], [0.1, 1, 0.9], [0.7, 0.9, 1]], dtype=np.float32)
    assert grouped(Likeness(matrix, 0.6)) == [[0], [1, 2]]


def test_likeness_is_to_the_leader_and_does_not_go_on_from_one_to_the_next() -> None:
    matrix = np.array([[1, 0.7, 0.1], [0.7, 1, 0.7], [0.1, 0.7, 1]], dtype=np.float32)
    assert grouped(Likeness(matrix, 0.6)) == [[0, 1], [2]]


def test_just_at_the_threshold_belongs_together() -> None:
    assert grouped(Likeness(np.array([[1, 0.5], [0.5, 1]], dtype=np.float32), 0.5)) == [[0, 1]]


def test_the_facts_of_a_cluster(lexicon: Lexicon) -> None:
    asked = [
        asking("公租房怎么申请", 0, near=(("a", 0.2), ("c", 0.5))),
        asking("公租房怎么申请", 300, channel="kiosk", near=(("a", 0.2), ("b", 0.1))),
        asking("申请公租房", 900, near=(("c", 0.6), ("gone", 0.9))),
        asking("养狗要办证吗", 400),
    ]
    first, second = clusters_of(asked, lambda texts: by_letters(texts, lexicon), ENTRIES)
    assert first.question == "公租房怎么申请" and first.count == 3
    assert first.wordings == (("公租房怎么申请", 2), ("申请公租房", 1))
    assert first.channels == (("window", 2), ("kiosk", 1))
    assert (first.first, first.last) == (START, START + timedelta(seconds=900))
    assert (first.unit_id, first.topic) == (2, "社会救助")
    assert (first.nearest, first.score) == ("c", 0.6), "entries that are gone are not named"
    assert (second.unit_id, second.topic, second.nearest, second.score) == (None, "", "", 0.0)


def test_by_letters_looks_at_the_words_that_say_something(lexicon: Lexicon) -> None:
    matrix = by_letters(["公租房怎么办", "狗证怎么办", "怎么办"], lexicon).matrix
    assert matrix[0, 1] == 0 and np.allclose(np.diag(matrix), 1)


def test_vectors_are_made_once(lexicon: Lexicon) -> None:
    encoder = CountingEncoder()
    vectors = QuestionVectors(encoder)
    once, again = vectors.of(["甲", "乙", "甲"]), vectors.of(["乙", "丙"])
    assert encoder.seen == ["甲", "乙", "丙"]
    assert once is not None and again is not None and np.array_equal(once[1], again[0])
    assert QuestionVectors(None).of(["甲"]) is None


def test_a_vector_does_not_depend_on_what_else_is_asked(bundled_vectors: QuestionVectors) -> None:
    texts = [text for pair in PARAPHRASES for text in pair]
    together = QuestionVectors(bundled_vectors.encoder).of([*texts, "养狗要办证吗" * 20])
    alone = [QuestionVectors(bundled_vectors.encoder).of([text]) for text in texts]
    assert together is not None
    assert all(one is not None and np.array_equal(one[0], together[n]) for n, one in enumerate(alone))


WORDS = ("公租房", "居住证", "养狗", "补贴", "怎么申请", "在哪办", "多少钱")
asked_things = st.lists(
    st.builds(
        asking,
        st.lists(st.sampled_from(WORDS), min_size=1, max_size=3).map("".join),
        st.integers(0, 500),
        st.sampled_from(("window", "kiosk")),
        st.sampled_from((1, 2, None)),
        st.lists(st.tuples(st.sampled_from(("a", "b", "c", "gone")), st.sampled_from((0.0, 0.3, 0.9))), max_size=2).map(tuple),
    ),
    max_size=25,
    unique_by=lambda made: made.id,
)  # fmt: skip


@pytest.mark.parametrize("with_encoder", [True, False])
@given(asked=asked_things, seed=st.integers(0, 10))
def test_the_order_of_the_log_does_not_matter_and_nothing_is_lost(
    asked: list[Asking], seed: int, with_encoder: bool, lexicon: Lexicon
) -> None:
    def likeness(texts: Sequence[str]) -> Likeness:
        return (
            by_meaning(CountingEncoder().encode_queries(texts))
            if with_encoder
            else by_letters(texts, lexicon)
        )

    shuffled = list(asked)
    random.Random(seed).shuffle(shuffled)
    clusters = clusters_of(asked, likeness, ENTRIES)
    assert clusters == clusters_of(shuffled, likeness, ENTRIES)
    assert sorted(trace for cluster in clusters for trace in cluster.traces) == sorted(a.id for a in asked)
    assert sum(cluster.count for cluster in clusters) == len(without_repeats(asked))
    assert [c.count for c in clusters] == sorted((c.count for c in clusters), reverse=True)
    texts = [text for cluster in clusters for text, _ in cluster.wordings]
    assert len(texts) == len(set(texts))
    assert questions_of(clusters) == [cluster.wordings[0][0] for cluster in clusters]


PARAPHRASES = [
    ("公积金能贷多少", "住房公积金贷款最高多少钱"),
    ("残疾证丢了怎么补办", "残疾证遗失怎么补"),
    ("公积金能不能取出来交房租", "租房提取公积金怎么办"),
]


def test_paraphrases_come_together_with_the_real_encoder(bundled_vectors: QuestionVectors) -> None:
    asked = [asking(text, 100 * n) for n, text in enumerate(text for pair in PARAPHRASES for text in pair)]

    def likeness(texts: Sequence[str]) -> Likeness:
        encoded = bundled_vectors.of(texts)
        assert encoded is not None
        return by_meaning(encoded)

    found = {frozenset(text for text, _ in cluster.wordings) for cluster in clusters_of(asked, likeness, {})}
    assert found == {frozenset(pair) for pair in PARAPHRASES}


@pytest.fixture(scope="module")
def bundled_vectors(request: pytest.FixtureRequest) -> QuestionVectors:
    from qa_service.search.encoder import open_encoder

    return QuestionVectors(open_encoder(request.getfixturevalue("encoder_dir")))
