"""Made errors sound alike, stay few, and never break a text."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from qa_service.text.noise import Noise, blurred

CORPUS = "社会保障卡设备保险工资公积金身份证明生分正证" * 6
NOISE = Noise(CORPUS)


def test_syllables_that_people_mix_up_are_one() -> None:
    assert (
        blurred("zhang") == blurred("zan")
        and blurred("lin") == blurred("ning")
        and blurred("fu") == blurred("hu")
    )
    assert blurred("ma") != blurred("ba")


def test_homophones_stand_in() -> None:
    found = {NOISE.applied("社保", random.Random(seed)) for seed in range(60)}
    assert "设保" in found and all(found)


@given(st.text(max_size=60), st.integers(0, 50))
def test_few_characters_change(text: str, seed: int) -> None:
    noisy = NOISE.applied(text, random.Random(seed))
    ideographs = sum("\u4e00" <= char <= "\u9fff" for char in text)
    assert abs(len(noisy) - len(text)) <= max(1, ideographs // 10)
    if not ideographs:
        assert noisy == text
