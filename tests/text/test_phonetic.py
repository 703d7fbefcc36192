"""Words written by their sound, over a handful of terms and a library that holds next to nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.text.phonetic import Phonetics, sounds_of
from qa_service.text.pinyin import pinyin_of
from qa_service.text.segment import Segmenter

TERMS = (
    "社保卡", "公积金", "低保", "生育津贴", "不动产证", "营业执照", "医保", "失业保险", "补缴", "居住证", "银行卡", "退伍军人",
    "养老保险",
)  # fmt: skip
WORDS = ("提取", "报销", "公示", "公式", "办理", "怎么", "材料")
SEEN = frozenset({"不缴", "底薪"})
# What questions are made of: the terms, their sounds in other characters, known words, letters and marks.
PARTS = (
    *TERMS, *WORDS, "设保卡", "设", "保", "卡", "工积金", "积金", "底保", "金贴", "正", "职照", "我", "的", "不", "缴", "yi", "shebaoka",
    "gongjijin", "wifi", "公鸡", "事业", "施工", " ", "，", "2024", "去银行", "办",
)  # fmt: skip


def phonetics(terms: tuple[str, ...] = TERMS, words: tuple[str, ...] = WORDS) -> Phonetics:
    return Phonetics(terms, words, Segmenter(dict.fromkeys(terms)), SEEN.__contains__)


HEARD = phonetics()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("设保卡怎么办", "社保卡怎么办"),
        ("工积金提取", "公积金提取"),
        ("申请底保", "申请低保"),
        ("生育金贴", "生育津贴"),
        ("不动产正丢了", "不动产证丢了"),
        ("营业职照", "营业执照"),
        ("失业保现", "失业保险"),
        ("退五军人", "退伍军人"),
        ("因行卡", "银行卡"),
        ("银航卡", "银行卡"),
    ],
)
def test_a_term_in_other_characters_of_its_sound_is_read_as_it(written: str, meant: str) -> None:
    assert HEARD.understood(written)[0] == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("设保卡", "社保卡"), ("公积京", "公积金"), ("森育津贴", "生育津贴"), ("居住赠", "居住证")],
)
def test_near_sounds_count_for_terms_of_three_characters(written: str, meant: str) -> None:
    assert HEARD.understood(written) == (meant, ((written, meant),))


def test_near_sounds_do_not_count_for_two() -> None:
    assert HEARD.understood("领保") == ("领保", ())
    assert HEARD.understood("滴保")[0] == "低保"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("gongjijin 提取", "公积金 提取"),
        ("gong ji jin", "公积金"),
        ("gongjijintiqu", "公积金提取"),
        ("yi保报销", "医保报销"),
        ("社bao卡", "社保卡"),
        ("yibaobaoxiao", "医保报销"),
        ("shebaoka zenme x", "社保卡 怎么 x"),
    ],
)
def test_letters_that_spell_a_term_are_read_as_it(written: str, meant: str) -> None:
    assert HEARD.understood(written)[0] == meant


@pytest.mark.parametrize("text", ["wifi", "app", "gongjijinx", "yib", "e保", "一yi保障", "gongshi", "保yi"])
def test_other_letters_stay(text: str) -> None:
    assert HEARD.understood(text) == (text, ())


@pytest.mark.parametrize(
    "text", ["公鸡", "事业", "施工", "事业单位", "不动产正常办理", "声誉津贴", "公园里养公鸡", "设备保养卡"]
)
def test_known_words_stay(text: str) -> None:
    assert HEARD.understood(text) == (text, ())


def test_what_stands_together_in_the_library_stays() -> None:
    assert HEARD.understood("不缴") == ("不缴", ())
    unseen = Phonetics(TERMS, WORDS, Segmenter(dict.fromkeys(TERMS)), lambda pair: False)
    assert unseen.understood("布缴")[0] == "补缴"
    seen = Phonetics(TERMS, WORDS, Segmenter(dict.fromkeys(TERMS)), lambda pair: True)
    assert seen.understood("设保卡") == ("设保卡", ())


def test_function_words_are_no_part_of_a_short_term() -> None:
    assert HEARD.understood("他不缴")[0] == "他不缴"
    assert phonetics(("得知",)).understood("的知")[0] == "的知"


def test_without_a_right_character_every_sound_must_be_right_and_none_be_in_a_word() -> None:
    assert HEARD.understood("射暴喀")[0] == "社保卡"
    assert HEARD.understood("色暴喀")[0] == "色暴喀"
    assert HEARD.understood("抵抱")[0] == "抵抱"
    assert HEARD.understood("公鸡斤")[0] == "公积金"
    assert HEARD.understood("攻击斤")[0] == "攻击斤"


def test_a_sound_that_several_terms_share_stands_for_none() -> None:
    shared = phonetics(("公式栏", "公示栏"))
    assert shared.understood("工示栏") == ("工示栏", ())
    assert shared.understood("gongshilan") == ("gongshilan", ())
    assert phonetics(("公示栏",)).understood("工示栏")[0] == "公示栏"


def test_a_term_comes_before_a_word_that_is_spelt_alike() -> None:
    assert phonetics(("公式",), ("公示",)).understood("gongshi")[0] == "公式"


def test_readings_are_told_once_and_in_order() -> None:
    text, readings = HEARD.understood("设保卡和工积金，设保卡")
    assert text == "社保卡和公积金，社保卡"
    assert readings == (("设保卡", "社保卡"), ("工积金", "公积金"))


def test_a_term_sounds_as_a_word_and_by_its_characters() -> None:
    assert sounds_of("银行卡", pinyin_of("银行卡"))[0] == ("yin", "hang", "ka")
    assert ("yin", "xing", "ka") in sounds_of("银行卡", pinyin_of("银行卡"))


questions = st.lists(st.sampled_from(PARTS), max_size=8).map("".join)


@given(questions)
def test_reading_again_changes_nothing(text: str) -> None:
    meant, _ = HEARD.understood(text)
    assert HEARD.understood(meant) == (meant, ())


@given(questions, st.text(max_size=6))
def test_any_text_may_be_read(text: str, more: str) -> None:
    meant, readings = HEARD.understood(text + more)
    assert bool(readings) or meant == text + more
    assert all(said != term for said, term in readings)


@given(st.lists(st.sampled_from((*TERMS, *WORDS, "公鸡", "事业", "施工", "银行", "老人")), max_size=8))
def test_known_words_one_after_another_stay(words: list[str]) -> None:
    text = "，".join(words)
    assert HEARD.understood(text) == (text, ())


@given(st.randoms(use_true_random=False), questions)
def test_the_order_of_the_terms_does_not_matter(rng: random.Random, text: str) -> None:
    assert SHUFFLED.understood(text) == HEARD.understood(text)
    shuffled = phonetics(tuple(rng.sample(TERMS, len(TERMS))), tuple(rng.sample(WORDS, len(WORDS))))
    assert shuffled.understood(text) == HEARD.understood(text)


SHUFFLED = phonetics(TERMS[::-1], WORDS[::-1])
