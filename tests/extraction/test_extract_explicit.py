"""Explicit question-answer documents: marker variants and what ends an answer."""

from __future__ import annotations

import pytest

from .conftest import Extract

ONE = "办理条件是什么？"
TWO = "多久能办好？"


@pytest.mark.parametrize(
    "text",
    [
        f"问：{ONE}\n答：年满十六周岁。\n\n问：{TWO}\n答：七个工作日。",
        f"问：{ONE}\n\n\n答：年满十六周岁。\n问：{TWO}\n\n答：七个工作日。",
        f"问：{ONE}答：年满十六周岁。问：{TWO}答：七个工作日。",
        f"1.问：{ONE}\n答：年满十六周岁。\n2.问:{TWO}\n答:七个工作日。",
        f"Q：{ONE}\nA：年满十六周岁。\n-----\nQ：{TWO}\nA：七个工作日。",
        f"Q1: {ONE}\nA1: 年满十六周岁。\nQ2: {TWO}\nA2: 七个工作日。",
        f"【问】{ONE}\n【答】年满十六周岁。\n【问】{TWO}\n【答】七个工作日。",
        f"问题一：{ONE}\n答：年满十六周岁。\n问题二：{TWO}\n答：七个工作日。",
        f"一、{ONE}\n答：年满十六周岁。\n二、{TWO}\n答：七个工作日。",
        f"1、{ONE}\n　　答：年满十六周岁。\n2、{TWO}\n　　答：七个工作日。",
        f"1.{ONE}答：年满十六周岁。\n2.{TWO}答：七个工作日。",
        f"{ONE}\n答：年满十六周岁。\n{TWO}\n答：七个工作日。",
        f"1.记者：{ONE}\n答：年满十六周岁。\n2.记者：{TWO}\n答：七个工作日。",
        f"Q1 {ONE}\nA1 年满十六周岁。\nQ2 {TWO}\nA2 七个工作日。",
        f"Q. {ONE}\nA. 年满十六周岁。\nQ. {TWO}\nA. 七个工作日。",
        f"（问）{ONE}\n（答）年满十六周岁。\n（问）{TWO}\n（答）七个工作日。",
        f"问　{ONE}\n答　年满十六周岁。\n问　{TWO}\n答　七个工作日。",
        f"一问：{ONE}\n一答：年满十六周岁。\n二问：{TWO}\n二答：七个工作日。",
        f"第1问 {ONE}\n答：年满十六周岁。\n第2问 {TWO}\n答：七个工作日。",
        f"● 问：{ONE}\n● 答：年满十六周岁。\n● 问：{TWO}\n● 答：七个工作日。",
        f"1.{ONE}\n【解读】年满十六周岁。\n2.{TWO}\n【政策解读】七个工作日。",
        f"问：\n{ONE}\n答：\n年满十六周岁。\n问：\n{TWO}\n答：\n七个工作日。",
    ],
)
def test_marker_variants(pairs_of: Extract, text: str) -> None:
    pairs = pairs_of("居住证办理问答\n\n" + text)
    assert [(p.heading, p.question, p.answer, p.explicit) for p in pairs] == [
        (ONE, ONE, "年满十六周岁。", True),
        (TWO, TWO, "七个工作日。", True),
    ]


def test_lettered_options_stay_in_the_answer(pairs_of: Extract) -> None:
    pairs = pairs_of("问答\n\n问：有几种方式？\n答：两种：\nA. 窗口\nB. 网上\n问：多久？\n答：五日。")
    assert pairs[0].answer == "两种：\nA. 窗口\nB. 网上"


@pytest.mark.parametrize("head", [("序号", "问题", "答复"), ("类别", "常见问题", "解答口径")])
def test_tables_of_questions_and_answers(pairs_of: Extract, head: tuple[str, ...]) -> None:
    rows = [head, ("1", ONE, "年满十六周岁。"), ("2", TWO, "七个工作日。")]
    table = "".join("<tr>" + "".join(f"<td><p>{c}</p></td>" for c in row) + "</tr>" for row in rows)
    pairs = pairs_of(f"<html><body><div id='zoom'><table>{table}</table></div></body></html>", "a.html")
    assert [(p.heading, p.answer, p.explicit) for p in pairs] == [
        (ONE, "年满十六周岁。", True),
        (TWO, "七个工作日。", True),
    ]


def test_folding_questions_of_a_page(pairs_of: Extract) -> None:
    page = "".join(
        f"<h3><button>{q}</button></h3><div><p>{a}</p></div>"
        for q, a in ((ONE, "年满十六。"), (TWO, "七日。"))
    )
    assert [(p.heading, p.answer) for p in pairs_of(f"<main>{page}</main>", "a.html")] == [
        (ONE, "年满十六。"),
        (TWO, "七日。"),
    ]
    page = "".join(
        f"<details><summary>{q}</summary><p>{a}</p></details>"
        for q, a in ((ONE, "年满十六周岁。"), (TWO, "七个工作日内办结。"))
    )
    assert [p.heading for p in pairs_of(f"<main>{page}</main>", "a.html")] == [ONE, TWO]


def test_answers_keep_their_lists_and_paragraphs(pairs_of: Extract) -> None:
    answer = "需要下列材料：\n（一）身份证；\n1.原件；\n2.复印件。\n①正面②反面\n一、户口簿；\n二、照片。\n一是齐全，二是清晰。"
    pairs = pairs_of(f"材料问答\n\n问：要带什么？\n答：{answer}\n问：在哪里办？\n答：大厅一楼。")
    assert [p.answer for p in pairs] == [answer, "大厅一楼。"]


def test_a_question_need_not_end_with_a_question_mark(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "答记者问\n\n问：请您介绍一下《办法》出台的背景。\n答：原办法已十年。\n问：有何新意\n答：三个方面。"
    )
    assert [p.heading for p in pairs] == ["请您介绍一下《办法》出台的背景。", "有何新意"]


def test_several_question_marks_are_one_question(pairs_of: Extract) -> None:
    question = "途径有哪些？安排原则是什么？如何有序入读？"
    pairs = pairs_of(f"入学问答\n\n一、{question}\n答：六种情况。\n二、何时报名?\n答：五月。")
    assert [p.heading for p in pairs] == [question, "何时报名?"]


def test_a_question_over_several_lines_is_joined(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "问答\n\n问：有群众反映，窗口排队久。\n请问有什么措施？\n答：增设窗口。\n问：何时？\n答：下月。"
    )
    assert pairs[0].heading == "有群众反映，窗口排队久。请问有什么措施？"
    assert pairs[0].answer == "增设窗口。"


def test_section_headings_between_pairs_become_the_path(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "社会保险问答\n\n一、参保登记\n问：怎么参保？\n答：到窗口登记。\n问：能网上办吗？\n答：可以。\n"
        "二、待遇领取\n问：何时发放？\n答：每月十日。"
    )
    assert [(p.heading, p.answer, p.path) for p in pairs] == [
        ("怎么参保？", "到窗口登记。", ("参保登记",)),
        ("能网上办吗？", "可以。", ("参保登记",)),
        ("何时发放？", "每月十日。", ("待遇领取",)),
    ]


def test_topic_sections_beside_questions_are_kept(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "租赁备案指南\n\n一、办理对象\n租赁双方均可办理。\n二、常见问答\n问：要房产证吗？\n答：要。\n问：收费吗？\n答：不收费。\n"
        "三、咨询电话\n县住建局：0999-5550145。"
    )
    assert [(p.heading, p.answer, p.explicit) for p in pairs] == [
        ("办理对象", "租赁双方均可办理。", False),
        ("要房产证吗？", "要。", True),
        ("收费吗？", "不收费。", True),
        ("咨询电话", "县住建局：0999-5550145。", False),
    ]


def test_topic_and_question_headings_in_one_number_series(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "政策解读\n\n一、出台背景\n为规范管理。\n二、哪些人可以申请？\n答：本县居民。\n三、去哪里申请？\n答：政务大厅。"
    )
    assert [(p.heading, p.answer, p.explicit) for p in pairs] == [
        ("出台背景", "为规范管理。", False),
        ("哪些人可以申请？", "本县居民。", True),
        ("去哪里申请？", "政务大厅。", True),
    ]


def test_press_conference_turns(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "新闻发布会实录\n\n县政府办公室副主任、主持人王某：\n大家好。\n县民政局局长李某：\n先介绍情况。\n王某：\n下面请提问。\n"
        "青禾日报记者：\n养老服务有什么新举措？\n县民政局局长李某：\n感谢提问。主要有三项。\n一是增加床位。\n谢谢。\n"
        "青禾电视台记者：\n何时落实？\n李某：\n年底前。\n王某：\n发布会到此结束。"
    )
    assert [(p.heading, p.answer) for p in pairs] == [
        ("养老服务有什么新举措？", "感谢提问。主要有三项。\n一是增加床位。"),
        ("何时落实？", "年底前。"),
    ]


def test_preamble_questions_without_answer_are_no_pairs(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "答记者问\n\n总体思路是什么？如何理解重点？带着这些问题，记者采访了负责人。\n问：何时施行？\n答：七月一日。"
    )
    assert [p.heading for p in pairs] == ["何时施行？"]


def test_a_question_without_answer_gives_no_pair(pairs_of: Extract) -> None:
    pairs = pairs_of("问答\n\n问：缴费档次一览\n问：何时缴费？\n答：每年年底前。")
    assert [p.heading for p in pairs] == ["何时缴费？"]


def test_the_tail_of_a_page_is_cut(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "问答\n\n问：何时缴费？\n答：年底前。\n问：在哪缴？\n答：手机上。\n附件：1.缴费标准表.xls\n青禾县税务局\n2026年3月1日\n"
        "（责任编辑：某某）\n网站地图"
    )
    assert pairs[-1].answer == "手机上。"


def test_document_numbers_in_answers(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "问答\n\n问：依据是什么？\n答：根据《通知》（某府办[2026] 8号）和国办发〔2019〕54号执行。\n问：多久？\n答：五日。"
    )
    assert pairs[0].doc_no == "某府办〔2026〕8号；国办发〔2019〕54号"
    assert pairs[1].doc_no == ""


def test_stated_number_and_unit_go_to_every_pair(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "标题：某办法解读\n制定单位：甲局\n解读单位：乙局\n文号：某府规〔2026〕3号\n\n问：多久？\n答：五日。\n问：谁办？\n答：窗口。"
    )
    assert {(p.doc_no, p.unit) for p in pairs} == {("某府规〔2026〕3号", "乙局")}


def test_lines_of_a_pair_are_those_of_the_source(pairs_of: Extract) -> None:
    pairs = pairs_of("问答\n\n问：多久？\n\n答：五日。\n延长五日。\n问：谁办？\n答：窗口。")
    assert [(p.first_line, p.last_line) for p in pairs] == [(3, 6), (7, 8)]
