from __future__ import annotations

import pytest

from qa_service.search.answer_types import TYPES, Said, asked_types, lacking, missing, without_asking
from qa_service.search.pseudo import aspect_queries
from qa_service.search.types import Document
from qa_service.text.lexicon import Lexicon

from .conftest import make_library


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("办护照要多少钱", {"money"}), ("咨询电话是多少", {"phone"}), ("去哪里办居住证", {"place"}),
        ("多久能办好,要带什么材料", {"time", "documents"}), ("早上几点上班", {"hours"}), ("几岁可以申请", {"age"}),
        ("为什么不批准", {"reason"}), ("报销比例", {"share"}), ("一年能申请几次", {"count"}), ("网址是多少", {"website"}),
        ("居住证", set()),
    ],
)  # fmt: skip
def test_what_a_question_asks_for(question: str, names: set[str]) -> None:
    assert {kind.name for kind in asked_types(question)} == names


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("要多少钱", "每本收费120元。", (0.0, 0.0)), ("要多少钱", "不收取任何费用。", (0.0, 0.0)),
        ("要多少钱", "请携带身份证办理。", (1.0, 1.0)), ("电话多少", "请拨打12345。", (0.0, 0.0)),
        ("多久办好", "十五个工作日内办结。", (0.0, 0.0)), ("为什么不行", "请携带身份证。", (1.0, 0.0)),
        ("多少钱,多久办好", "当场办结。", (0.5, 1.0)), ("居住证", "随便什么", (0.0, 0.0)),
    ],
)  # fmt: skip
def test_what_an_answer_lacks(question: str, answer: str, expected: tuple[float, float]) -> None:
    assert missing(asked_types(question), Said("", answer)) == expected


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("房租一个月多少", "money"), ("最多能贷几万", "money"), ("一年利息几个点", "share"), ("要干满多少个钟头", "time"),
        ("最晚啥时候去弄", "time"), ("礼拜六有人办公吗", "hours"), ("卡丢了咋整", "loss"), ("证找不着了", "loss"),
        ("没赶上申报", "lateness"), ("票能退吗", "refund"), ("多交的给我退回来不", "refund"), ("可以帮我妈领吗", "proxy"),
        ("手机上能办吗", "online"), ("对处理不服", "appeal"), ("外地的娃能上学不", "elsewhere"), ("老外能办吗", "foreign"),
    ],
)  # fmt: skip
def test_everyday_ways_of_asking(question: str, name: str) -> None:
    assert name in {kind.name for kind in asked_types(question)}


@pytest.mark.parametrize(
    "question", ["退休金怎么领", "退役军人优待", "现在几点了", "领多少个月", "丢人现眼", "代表大会"]
)
def test_what_only_looks_like_asking(question: str) -> None:
    assert not {"money", "hours", "loss", "refund", "proxy"} & {kind.name for kind in asked_types(question)}


def test_of_a_case_the_entry_may_speak_in_its_heading_too() -> None:
    silent, heading, answer = (
        Said("居住证怎么办", "携带身份证。"),
        Said("居住证遗失", "携带身份证。"),
        Said("居住证", "丢失的可以补领。"),
    )
    assert (
        lacking("居住证丢了", silent) == ["遗失"]
        and not lacking("居住证丢了", heading)
        and not lacking("居住证丢了", answer)
    )
    # A value must stand in the answer.
    assert lacking("要多少钱", Said("收费标准是多少元", "携带身份证。")) == ["金额"]


def test_every_kind_is_asked_for_by_its_own_phrase() -> None:
    for kind in TYPES:
        assert kind in asked_types("居住证" + kind.phrase)
        assert bool(kind.asked.search(without_asking("居住证" + kind.phrase))) is kind.case
    assert len({kind.name for kind in TYPES}) == len(TYPES)


def test_aspect_questions_tell_whether_the_entry_answers_them() -> None:
    lexicon = Lexicon.empty()
    for document in make_library()[:12]:
        queries = aspect_queries(document, lexicon)
        assert queries == aspect_queries(document, lexicon)
        for text, answered in queries:
            assert (
                missing(asked_types(text), Said(document.question, document.answer))[1] == 0.0
            ) is answered
    assert aspect_queries(Document("x", "居住证多少钱", ""), lexicon) == []
