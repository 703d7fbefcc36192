from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.text.normalise import chinese_number, normalise

HARD = st.text(
    alphabet=st.one_of(
        st.characters(),
        st.sampled_from("臺灣國發〔〕[]【】（）()〇○一二十百號号第 \u3000\u200b\ufeff😀～~ＡａİßΣſ㍿①"),
    ),
    max_size=60,
)


@given(HARD)
def test_applying_it_again_changes_nothing(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once


@given(HARD)
def test_nothing_invisible_is_left(text: str) -> None:
    result = normalise(text)
    assert result == result.strip() and "  " not in result
    assert not {unicodedata.category(c) for c in result} & {"Cc", "Cf", "Cs", "Co", "Cn"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("國辦發〔2024〕12號", "国办发〔2024〕12号"),
        ("国办发[二〇二四]十二号", "国办发〔2024〕12号"),
        ("国办发（2024）第 12 号", "国办发〔2024〕12号"),
        ("京政发【二○一九】一百零五号", "京政发〔2019〕105号"),
        ("国办发〔2024〕012号", "国办发〔2024〕12号"),
        ("参加会议(2024)的人", "参加会议(2024)的人"),
        ("ＡＢＣ１２３，您好！", "abc123,您好!"),
        ("臺北市的居住證怎麼辦理", "台北市的居住证怎么办理"),
        ("乾坤与著名", "乾坤与著名"),
        ("社保\u200b卡\ufeff 在\u3000哪\n里😀办👨‍👩‍👧？", "社保卡 在 哪 里办?"),
        ("３０～４０岁", "30～40岁"),
        ("", ""),
        (" \n\t ", ""),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("text", "number"),
    [("十", "10"), ("二十一", "21"), ("一百零五", "105"), ("一百", "100"), ("九百九十九", "999"), ("007", "7"),
     ("一二三", "123"), ("〇", "0"), ("号", "号"), ("十百", "十百")],
)  # fmt: skip
def test_chinese_numbers(text: str, number: str) -> None:
    assert chinese_number(text) == number
