"""接着问: what leans on the answer above it, what stands alone, and what it is taken for."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qa_service.library.follow_up import in_light_of
from qa_service.text.lexicon import Lexicon

BEFORE = "失业保险金最长可以领取多少个月？"


@pytest.mark.parametrize(
    "typed",
    [
        "那要多少钱？", "需要带什么", "在哪办", "老人也可以吗", "那么多久能办好", "它的电话是多少", "还要交钱吗", "这个要本人去吗",
        "材料呢", "也能代办吗", "网上能办吗", "几点下班", "怎么办理", "为什么", "去哪", "丢了怎么办", "那户口本要带吗", "那老人要带什么",
        "超过30天了还能办吗", "還要交錢嗎",
    ],
)  # fmt: skip
def test_leans_on_the_answer_above(typed: str, lexicon: Lexicon) -> None:
    found = in_light_of(typed, BEFORE, lexicon)
    assert found is not None and found.startswith("失业保险金") and found.endswith(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "身份证丢了怎么补", "低保怎么申请", "公积金怎么取", "办护照要多少钱", "养狗要办证吗", "那低保怎么申请", "那身份证丢了怎么办",
        "还款晚了怎么办", "也门签证怎么办", "你好", "谢谢", "我要投诉", "那我要投诉", "有人晕倒了", "", "？！", "   ",
    ],
)  # fmt: skip
def test_stands_alone(typed: str, lexicon: Lexicon) -> None:
    assert in_light_of(typed, BEFORE, lexicon) is None


@pytest.mark.parametrize(
    ("before", "matter"),
    [
        ("怎样申请最低生活保障？", "申请最低生活保障"),
        ("租房可以提取住房公积金吗？", "租房可以提取住房公积金"),
        ("失业保险金最长可以领取多少个月？", "失业保险金最长可以领取"),
        ("乙肝携带者、残疾人应聘，被拒录怎么办？", "乙肝携带者、残疾人应聘，拒录"),
        ("怎么办？", "怎么办"),
    ],
)
def test_the_matter_is_the_question_less_its_asking_words(before: str, matter: str, lexicon: Lexicon) -> None:
    assert in_light_of("在哪办", before, lexicon) == f"{matter}，在哪办"


def test_without_a_question_before_there_is_nothing_to_lean_on(lexicon: Lexicon) -> None:
    assert in_light_of("那要多少钱", "", lexicon) is None
    assert in_light_of("那要多少钱", "？？", lexicon) is None


PIECES = (
    "那", "那么", "它", "这个", "还", "也", "要", "多少钱", "怎么", "办", "材料", "老人", "低保", "身份证", "呢", "吗", "？", "，", "\u3000",
)  # fmt: skip
typed_texts = st.text() | st.lists(st.sampled_from(PIECES), max_size=8).map("".join)


@given(typed=typed_texts, before=st.text() | st.sampled_from([BEFORE, "怎么办？", "怎样申请最低生活保障？"]))
@example(typed="那\x00要多少钱", before=BEFORE)
@example(typed="那要\ud800", before=BEFORE)
def test_never_raises_and_keeps_what_was_typed(typed: str, before: str, lexicon: Lexicon) -> None:
    found = in_light_of(typed, before, lexicon)
    assert found is None or (found.endswith(typed.strip()) and len(found) > len(typed.strip()))
