"""Two answers side by side: the figures that differ, and how alike the texts are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.entries import SAMPLE

from qa_service.consultations.rules import NEAR_DUPLICATE, repeats_or_contradicts
from qa_service.text.comparison import differing, facts, similarity, value

ANSWERS = [row[3] for row in SAMPLE.values()]


@pytest.mark.parametrize(
    ("numeral", "number"),
    [
        ("5", 5), ("1,200.5", 1200.5), ("十", 10), ("十二", 12), ("二十四", 24), ("一百零五", 105), ("两百", 200), ("三万", 30_000),
        ("二〇二六", 2026), ("一千二百三十", 1230), ("十五万", 150_000),
    ],
)  # fmt: skip
def test_numerals_are_read(numeral: str, number: float) -> None:
    assert value(numeral) == number


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("自受理之日起5个工作日内", ["5工作日"]), ("自受理之日起五个工作日内", ["5工作日"]), ("补贴2万元", ["20000元"]),
        ("补贴20000元", ["20000元"]), ("百分之三十", ["30%"]), ("30％", ["30%"]), ("2026年3月1日", ["2026年", "3月", "1日"]),
        ("第十四条规定", []), ("到一楼大厅", ["1楼"]), ("没有数字", []),
    ],
)  # fmt: skip
def test_facts_have_one_spelling(text: str, found: list[str]) -> None:
    assert [fact for fact, _ in facts(text)] == found


def test_what_differs_is_marked_on_both_sides_and_nothing_else() -> None:
    reply, entry = "缴费满一年的，最长12个月，补贴2万元。", "缴费满1年的，最长二十四个月，补贴20000元。"
    here, there = differing(reply, entry)
    assert [reply[a:b] for a, b in here] == ["12个月"]
    assert [entry[a:b] for a, b in there] == ["二十四个月"]


@given(st.text(), st.text())
def test_spans_lie_in_their_texts_and_the_comparison_is_symmetric(text: str, other: str) -> None:
    here, there = differing(text, other)
    assert (there, here) == differing(other, text)
    for spans, whole in ((here, text), (there, other)):
        assert all(0 <= start < end <= len(whole) for start, end in spans)
    assert differing(text, text) == ([], [])


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_changed_figure_or_an_added_sentence_stays_alike_and_other_answers_do_not(answer: str) -> None:
    assert similarity(answer, answer.replace("三十", "六十").replace("十五", "二十")) >= NEAR_DUPLICATE
    assert similarity(answer, answer + "请带身份证。") >= NEAR_DUPLICATE
    assert all(similarity(answer, other) < NEAR_DUPLICATE for other in ANSWERS if other != answer)


def test_the_same_words_with_another_figure_contradict() -> None:
    assert repeats_or_contradicts(0.95, facts_differ=True) == "contradict"
    assert repeats_or_contradicts(0.95, facts_differ=False) == "repeat"
    assert repeats_or_contradicts(0.3, facts_differ=False) == "contradict"
