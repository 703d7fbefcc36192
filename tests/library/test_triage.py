"""分流: what is no policy question is recognised and told where to turn; what is one is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.library.triage import Kind, triage


@pytest.mark.parametrize(
    ("question", "kinds"),
    [
        ("家里着火了", [Kind.EMERGENCY]),
        ("有人晕倒了怎么办", [Kind.EMERGENCY]),
        ("隔壁天然气泄漏了", [Kind.EMERGENCY]),
        ("我要投诉窗口态度恶劣", [Kind.COMPLAINT]),
        ("我被打了，要举报", [Kind.EMERGENCY, Kind.COMPLAINT]),
        ("我想要一份征地的批复文件", [Kind.DISCLOSURE]),
        ("去年常务会议的会议纪要能看吗", [Kind.DISCLOSURE]),
        ("你好", [Kind.GREETING]),
        ("您好，在吗？", [Kind.GREETING]),
        ("哈哈哈", [Kind.GREETING]),
        ("测试一下", [Kind.GREETING]),
        ("公积金怎么取", []),
        ("你好，社保卡丢了怎么办", []),
        ("婚检要空腹吗", []),
    ],
)
def test_kinds(question: str, kinds: list[Kind]) -> None:
    assert list(triage(question).kinds) == kinds


def test_an_emergency_names_the_numbers_first() -> None:
    words = triage("被打了，要举报").words
    assert "110" in words[0] and "12345" in words[1]


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("居住证怎么办？孩子上学要什么手续？", ["居住证怎么办？", "孩子上学要什么手续？"]),
        ("身份证丢了咋补，另外护照要带什么", ["身份证丢了咋补", "护照要带什么"]),
        ("我上个月被辞退了；失业金能领几个月", []),
        ("我妈七十了，还有退休金没领，能补吗", []),
        ("公积金能取吗", []),
    ],
)
def test_several_questions_are_told_apart(question: str, parts: list[str]) -> None:
    assert list(triage(question).parts) == parts


@given(st.text(max_size=200))
def test_any_text_is_sorted(text: str) -> None:
    found = triage(text)
    assert len(found.kinds) == len(found.words)
    assert len(found.parts) != 1
    assert all(part.strip() for part in found.parts)
