"""Line beginnings: outline numbers, question and answer marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.extraction.markers import (
    Style,
    chinese_value,
    is_question,
    parse_number,
    split_inline,
    strip_answer_mark,
    strip_question_mark,
)
from qa_service.extraction.word_numbering import chinese_number


@pytest.mark.parametrize(
    ("line", "style", "value", "rest"),
    [
        ("一、申请条件", Style.HAN, 1, "申请条件"),
        ("十二、办理时限", Style.HAN, 12, "办理时限"),
        ("二十.收费标准", Style.HAN, 20, "收费标准"),
        ("（三）所需材料", Style.HAN_PAREN, 3, "所需材料"),
        ("(四) 咨询电话", Style.HAN_PAREN, 4, "咨询电话"),
        ("5.怎么办理？", Style.ARABIC, 5, "怎么办理？"),
        ("6、怎么办理？", Style.ARABIC, 6, "怎么办理？"),
        ("7．怎么办理？", Style.ARABIC, 7, "怎么办理？"),
        ("08 什么是电子证照？", Style.ARABIC, 8, "什么是电子证照？"),
        ("（9）身份证", Style.ARABIC_PAREN, 9, "身份证"),
        ("10）户口簿", Style.ARABIC_PAREN, 10, "户口簿"),
        ("③营业执照", Style.CIRCLED, 3, "营业执照"),
        ("第二部分 申请程序", Style.PART, 2, "申请程序"),
        ("亮点1：补贴提高", Style.LABEL, 1, "补贴提高"),
    ],
)
def test_outline_numbers(line: str, style: Style, value: int, rest: str) -> None:
    number, plain = parse_number(line)
    assert number is not None
    assert (number.style, number.value, plain) == (style, value, rest)


def test_a_year_after_the_dot_belongs_to_the_text() -> None:
    number, rest = parse_number("1.2025年度缴费什么时候开始？")
    assert number is not None and number.value == 1
    assert rest == "2025年度缴费什么时候开始？"


def test_a_digit_after_the_enumeration_comma_belongs_to_the_text() -> None:
    number, rest = parse_number("35、0-6岁儿童怎么建档？")
    assert number is not None and number.value == 35
    assert rest == "0-6岁儿童怎么建档？"


@pytest.mark.parametrize(
    "line",
    [
        "1.5倍以上的部分不予补贴",
        "一是加强宣传",
        "2026年起实行",
        "12 月底前完成",
        "三年以上工龄",
        "二〇二六年一月",
    ],
)
def test_text_that_only_looks_numbered(line: str) -> None:
    assert parse_number(line) == (None, line)


@pytest.mark.parametrize(
    "line",
    [
        "问：办证要多久？",
        "问:办证要多久？",
        "问 ： 办证要多久？",
        "Q：办证要多久？",
        "q:办证要多久？",
        "Q1：办证要多久？",
        "Q2. 办证要多久？",
        "1.问：办证要多久？",
        "3. 问:办证要多久？",
        "一、问：办证要多久？",
        "（二）问：办证要多久？",
        "【问】办证要多久？",
        "[问] 办证要多久？",
        "【问题】办证要多久？",
        "问题三：办证要多久？",
        "问题1、办证要多久？",
        "问题：办证要多久？",
        "2.记者：办证要多久？",
        "记者问：办证要多久？",
        "网友：办证要多久？",
        "群众问：办证要多久？",
    ],
)
def test_question_marks(line: str) -> None:
    assert strip_question_mark(line) == "办证要多久？"


@pytest.mark.parametrize(
    "line",
    [
        "答：七个工作日。",
        "答:七个工作日。",
        "答 ：七个工作日。",
        "A：七个工作日。",
        "A: 七个工作日。",
        "A1：七个工作日。",
        "【答】七个工作日。",
        "【答复】七个工作日。",
        "答复：七个工作日。",
        "回答：七个工作日。",
        "[答] 七个工作日。",
    ],
)
def test_answer_marks(line: str) -> None:
    assert strip_answer_mark(line) == "七个工作日。"


@pytest.mark.parametrize(
    "line",
    [
        "问题的关键在于落实",
        "答复期限为二十个工作日",
        "A类企业可以申请",
        "企业：指依法登记的法人",
        "问卷调查",
        "Q345钢",
    ],
)
def test_words_that_only_begin_like_marks(line: str) -> None:
    assert strip_question_mark(line) is None
    assert strip_answer_mark(line) is None


@pytest.mark.parametrize("line", ["能办吗？", "能办吗?", "什么是“跨省通办”？”", "（能不能代办？）"])
def test_questions_by_their_end(line: str) -> None:
    assert is_question(line)


def test_dialogue_without_line_breaks_is_cut() -> None:
    text = "日前，有关负责人回答了提问。问：为什么修订？答：原办法已不适应。一是面窄。问：何时施行？答：自发布之日起。"
    assert split_inline(text) == [
        "日前，有关负责人回答了提问。",
        "问：为什么修订？",
        "答：原办法已不适应。一是面窄。",
        "问：何时施行？",
        "答：自发布之日起。",
    ]


def test_numbered_dialogue_without_line_breaks_is_cut_before_the_number() -> None:
    text = "记者采访了负责人。1. 问：为什么修订？答：面窄。2. 问:何时施行？答：即日。"
    assert split_inline(text)[1:] == ["1. 问：为什么修订？", "答：面窄。", "2. 问:何时施行？", "答：即日。"]


def test_quoted_words_do_not_cut_a_paragraph() -> None:
    text = "工作人员会回答：可以。请问：一词多义怎么办，也可以当面问。"
    assert split_inline(text) == [text]


@given(st.integers(min_value=1, max_value=99))
def test_chinese_numerals_round_trip(value: int) -> None:
    assert chinese_value(chinese_number(value)) == value
    number, rest = parse_number(f"{chinese_number(value)}、标题")
    assert number is not None and (number.value, rest) == (value, "标题")


@given(st.text(max_size=60))
def test_marks_only_ever_take_from_the_front(text: str) -> None:
    _, rest = parse_number(text)
    assert text.endswith(rest)
    for stripped in (strip_question_mark(text), strip_answer_mark(text)):
        assert stripped is None or stripped in text
