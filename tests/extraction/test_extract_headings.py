"""Documents whose questions are headings: question headings, topic headings, and their traps."""

from __future__ import annotations

import pytest

from .conftest import Extract

LONG = "符合条件的人员可以向户籍所在地提出申请，由经办机构审核后按月发放，具体标准以当地规定为准。"


@pytest.mark.parametrize(
    ("one", "two", "three"),
    [
        ("一、", "二、", "三、"),
        ("（一）", "（二）", "（三）"),
        ("1.", "2.", "3."),
        ("1、", "2、", "3、"),
        ("01 ", "02 ", "03 "),
        ("第一部分 ", "第二部分 ", "第三部分 "),
        ("## ", "## ", "## "),
        ("## 一、", "## 二、", "## 三、"),
        ("### 1. ", "### 2. ", "### 3. "),
        ("", "", ""),
    ],
)
def test_question_headings(pairs_of: Extract, one: str, two: str, three: str) -> None:
    pairs = pairs_of(
        f"补贴政策解读\n\n{one}什么人可以领？\n{LONG}\n{two}能领多少?\n{LONG}\n{LONG}\n{three}去哪里领？\n{LONG}",
        "解读.md",
    )
    assert [(p.heading, p.answer, p.explicit) for p in pairs] == [
        ("什么人可以领？", LONG, True),
        ("能领多少?", f"{LONG}\n{LONG}", True),
        ("去哪里领？", LONG, True),
    ]


def test_topic_headings_get_a_self_contained_question(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "标题：临时救助政策解读\n\n一、办理对象\n本县居民。\n二、收费标准\n不收费\n三、办理时限\n十个工作日\n四、其他说明\n以公告为准。"
    )
    assert [(p.heading, p.answer) for p in pairs] == [
        ("办理对象", "本县居民。"),
        ("收费标准", "不收费"),
        ("办理时限", "十个工作日"),
        ("其他说明", "以公告为准。"),
    ]
    assert [p.question for p in pairs[:3]] == [
        "临时救助政策的办理对象有哪些？",
        "临时救助政策的收费标准是什么？",
        "临时救助政策的办理时限是多久？",
    ]
    assert all(
        not p.explicit and p.question.startswith("临时救助政策") and p.question.endswith("？") for p in pairs
    )


def test_proposed_questions_stay_within_the_limit(pairs_of: Extract) -> None:
    title = "关于进一步加强和改进" + "城乡居民基本养老保险" * 20 + "工作的解读"
    pairs = pairs_of(f"标题：{title}\n\n一、申请材料\n{LONG}\n二、申请流程\n{LONG}")
    assert all(len(p.question) <= 128 and p.heading in p.question for p in pairs)


def test_lists_in_the_same_glyphs_stay_in_the_answer(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"补贴解读\n\n1.什么人可以领？\n{LONG}\n1.失业人员；\n2.退役军人；\n3.残疾人。\n2.要带什么？\n1.身份证\n2.户口簿\n3.照片\n"
        f"以上均需原件。\n3.去哪里领？\n{LONG}"
    )
    assert [p.heading for p in pairs] == ["什么人可以领？", "要带什么？", "去哪里领？"]
    assert pairs[0].answer.endswith("3.残疾人。")
    assert pairs[1].answer == "1.身份证\n2.户口簿\n3.照片\n以上均需原件。"


def test_questions_and_answers_inside_an_answer_stay_there(pairs_of: Extract) -> None:
    case = "案例1：老王主动辞职，能申请吗？\n答：不能，主动辞职不属于非本人意愿。"
    pairs = pairs_of(
        f"失业解读\n\n一、什么人可以领？\n{LONG}\n{case}\n二、能领多少？\n{LONG}\n三、去哪里领？\n{LONG}"
    )
    assert [p.heading for p in pairs] == ["什么人可以领？", "能领多少？", "去哪里领？"]
    assert pairs[0].answer == f"{LONG}\n{case}"


def test_a_parent_heading_is_not_glued_to_the_answer_before_it(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"入学指引\n\n一、申请资格\n{LONG}\n二、申请方式及流程\n（一）填报志愿\n{LONG}\n（二）录取安排\n{LONG}\n三、其他要求\n{LONG}"
    )
    assert [(p.heading, p.answer, p.path) for p in pairs] == [
        ("申请资格", LONG, ()),
        ("填报志愿", LONG, ("申请方式及流程",)),
        ("录取安排", LONG, ("申请方式及流程",)),
        ("其他要求", LONG, ()),
    ]


def test_parts_of_one_facet_stay_one_answer(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"养老金申领\n\n一、办理流程\n（一）窗口办理\n{LONG}\n（二）网上办理\n{LONG}\n二、所需材料\n（一）必需材料\n1.申请表。\n2.身份证。"
    )
    assert [p.heading for p in pairs] == ["办理流程", "所需材料"]
    assert pairs[0].answer == f"（一）窗口办理\n{LONG}\n（二）网上办理\n{LONG}"


def test_series_that_start_again_under_group_headings(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"扶持政策清单\n\n面向单位的政策\n一、社保补贴\n{LONG}\n二、见习补贴\n{LONG}\n面向个人的政策\n一、社保补贴\n{LONG}\n二、求职补贴\n{LONG}"
    )
    assert [(p.path, p.heading, p.answer) for p in pairs] == [
        (("面向单位的政策",), "社保补贴", LONG),
        (("面向单位的政策",), "见习补贴", LONG),
        (("面向个人的政策",), "社保补贴", LONG),
        (("面向个人的政策",), "求职补贴", LONG),
    ]
    assert pairs[0].question != pairs[2].question


def test_heading_and_text_on_one_line(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"参保指南\n\n一、按月参保政策\n（一）参保对象：本县户籍人员。\n（二）缴费基数：按申报工资。\n二、一次性缴费政策\n"
        f"（一）缴费时段：最长十年。\n（二）办理手续：持身份证办理。\n三、其他须知\n{LONG}"
    )
    assert [(p.heading, p.answer, p.path) for p in pairs] == [
        ("参保对象", "本县户籍人员。", ("按月参保政策",)),
        ("缴费基数", "按申报工资。", ("按月参保政策",)),
        ("缴费时段", "最长十年。", ("一次性缴费政策",)),
        ("办理手续", "持身份证办理。", ("一次性缴费政策",)),
        ("其他须知", LONG, ()),
    ]


def test_a_heading_without_text_gives_no_pair_and_ends_the_answer_before_it(pairs_of: Extract) -> None:
    pairs = pairs_of(f"解读\n\n一、什么人可以领？\n{LONG}\n二、能领多少？\n{LONG}\n三、缴费标准一览表\n")
    assert [(p.heading, p.answer) for p in pairs] == [("什么人可以领？", LONG), ("能领多少？", LONG)]


def test_a_numbered_sentence_ends_the_section_before_it(pairs_of: Extract) -> None:
    pairs = pairs_of(f"指引\n\n一、收费标准\n{LONG}\n二、相关责任\n{LONG}\n三、本指引自2026年7月1日起施行。")
    assert [(p.heading, p.answer) for p in pairs] == [("收费标准", LONG), ("相关责任", LONG)]


def test_unnumbered_short_headings(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"医保新措实施\n\n有关部门介绍了新措施。\n家庭共济范围扩大\n{LONG}\n连续参保有激励\n{LONG}\n断保设等待期\n{LONG}"
    )
    assert [(p.heading, p.answer) for p in pairs] == [
        ("家庭共济范围扩大", LONG),
        ("连续参保有激励", LONG),
        ("断保设等待期", LONG),
    ]


def test_unnumbered_headings_on_two_levels(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"医保新措\n\n有关部门介绍了新措施。\n参保变化\n家庭共济范围扩大\n{LONG}\n连续参保有激励\n{LONG}\n药品变化\n新版目录增加品种\n{LONG}\n调出药品有过渡\n{LONG}"
    )
    assert [(p.path, p.heading) for p in pairs] == [
        (("参保变化",), "家庭共济范围扩大"),
        (("参保变化",), "连续参保有激励"),
        (("药品变化",), "新版目录增加品种"),
        (("药品变化",), "调出药品有过渡"),
    ]


def test_recurring_sub_headings_are_parts(pairs_of: Extract) -> None:
    part = f"前置条件\n{LONG}\n所需资料\n{LONG}"
    pairs = pairs_of(
        f"居住证须知\n\n凭就业办理居住证\n{part}\n凭住所办理居住证\n{part}\n凭就读办理居住证\n{part}"
    )
    assert [(p.heading, p.answer) for p in pairs] == [
        ("凭就业办理居住证", part),
        ("凭住所办理居住证", part),
        ("凭就读办理居住证", part),
    ]


def test_label_headings(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"优待卡办理\n\n好消息来了。\n申领对象：\n{LONG}\n线下办理：\n{LONG}\n到哪里续期？\n{LONG}"
    )
    assert [p.heading for p in pairs] == ["申领对象", "线下办理", "到哪里续期？"]


def test_highlight_series(pairs_of: Extract) -> None:
    pairs = pairs_of(f"方案解读\n\n亮点1：保障覆盖面扩大\n{LONG}\n亮点2：补贴标准提高\n{LONG}")
    assert [p.heading for p in pairs] == ["保障覆盖面扩大", "补贴标准提高"]


def test_nested_markdown_headings(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"# 生育政策解读\n\n## 产假部分\n\n### 产假有多少天？\n\n{LONG}\n\n### 谁来发津贴？\n\n{LONG}\n\n## 陪产部分\n\n### 男方能休吗？\n\n{LONG}\n",
        "解读.md",
    )
    assert [(p.path, p.heading, p.answer) for p in pairs] == [
        (("产假部分",), "产假有多少天？", LONG),
        (("产假部分",), "谁来发津贴？", LONG),
        (("陪产部分",), "男方能休吗？", LONG),
    ]


def test_questions_below_topic_headings(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"解读\n\n一、申请\n（一）谁能申请？\n{LONG}\n（二）去哪申请？\n{LONG}\n二、发放\n（一）何时发？\n{LONG}\n（二）怎么发？\n{LONG}"
    )
    assert [(p.path, p.heading) for p in pairs] == [
        (("申请",), "谁能申请？"),
        (("申请",), "去哪申请？"),
        (("发放",), "何时发？"),
        (("发放",), "怎么发？"),
    ]


def test_tables_stay_in_the_answer(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"## 去哪里办？\n\n{LONG}\n\n| 街道 | 电话 |\n|---|---|\n| 甲街 | 0999-1 |\n\n## 要多久？\n\n{LONG}\n",
        "解读.md",
    )
    assert pairs[0].answer == f"{LONG}\n街道 | 电话\n甲街 | 0999-1"


def test_a_regulation_gives_no_pairs(pairs_of: Extract) -> None:
    articles = "\n".join(f"第{n}条 申请人应当如实提供材料，不得弄虚作假。" for n in "一二三四五六七八")
    assert pairs_of(f"某某管理办法解读\n\n第一章 总则\n{articles}") == []


def test_a_list_of_links_gives_no_pairs(pairs_of: Extract) -> None:
    page = "".join(f"<h4><a href='#'>某公告之{n}</a></h4>" for n in "甲乙丙丁戊己")
    assert pairs_of(f"<html><body><div>{page}</div></body></html>", "list.html") == []


def test_running_text_gives_no_pairs(pairs_of: Extract) -> None:
    assert pairs_of(f"通讯\n\n{LONG}\n{LONG}\n{LONG}") == []


def test_questions_inside_one_of_several_topic_sections(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"解读\n\n一、出台背景\n{LONG}\n二、主要内容\n{LONG}\n三、常见问题\n1.谁能申请？\n{LONG}\n2.去哪申请？\n{LONG}\n四、咨询电话\n{LONG}"
    )
    assert [(p.path, p.heading, p.answer) for p in pairs] == [
        ((), "出台背景", LONG),
        ((), "主要内容", LONG),
        (("常见问题",), "谁能申请？", LONG),
        (("常见问题",), "去哪申请？", LONG),
        ((), "咨询电话", LONG),
    ]


def test_parts_over_chapters(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"解读\n\n第一部分 参保\n一、参保对象\n{LONG}\n二、缴费办法\n{LONG}\n第二部分 待遇\n一、待遇项目\n{LONG}\n二、领取办法\n{LONG}"
    )
    assert [(p.path, p.heading) for p in pairs] == [
        (("参保",), "参保对象"),
        (("参保",), "缴费办法"),
        (("待遇",), "待遇项目"),
        (("待遇",), "领取办法"),
    ]


def test_questions_numbered_on_through_chapters(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "医保问答\n\n一、参保篇\n1.谁参保？\n答：居民。\n2.怎么缴？\n答：网上。\n二、待遇篇\n3.报多少？\n答：按规定。\n4.异地呢？\n答：备案。"
    )
    assert [(p.path, p.heading, p.answer) for p in pairs] == [
        (("参保篇",), "谁参保？", "居民。"),
        (("参保篇",), "怎么缴？", "网上。"),
        (("待遇篇",), "报多少？", "按规定。"),
        (("待遇篇",), "异地呢？", "备案。"),
    ]


@pytest.mark.parametrize(
    "text", ["一、办理地点：大厅\n二、收费标准：不收费", "【办理地点】大厅\n【收费标准】\n不收费"]
)
def test_guides_of_one_line_a_topic(pairs_of: Extract, text: str) -> None:
    pairs = pairs_of(f"办理指南\n\n请按以下要求办理。\n{text}")
    assert [(p.heading, p.answer) for p in pairs] == [("办理地点", "大厅"), ("收费标准", "不收费")]


def test_a_section_about_contacts_keeps_its_lines_before_the_signature(pairs_of: Extract) -> None:
    contact = "联系人：某某\n联系电话：0999-5550123"
    pairs = pairs_of(f"解读\n\n一、出台背景\n{LONG}\n二、联系方式\n{contact}\n\n青禾县民政局\n2026年3月1日")
    assert pairs[-1].answer == contact


def test_contacts_above_the_attachments_are_cut_from_other_sections(pairs_of: Extract) -> None:
    pairs = pairs_of(
        f"解读\n\n一、出台背景\n{LONG}\n二、其他要求\n{LONG}\n咨询电话：0999-5550123\n附件：1.申请表"
    )
    assert pairs[-1].answer == LONG


def test_symbols_before_headings_are_no_part_of_them(pairs_of: Extract) -> None:
    assert [p.heading for p in pairs_of(f"解读\n\n★ 谁能申请？\n{LONG}\n★ 去哪申请？\n{LONG}")] == [
        "谁能申请？",
        "去哪申请？",
    ]
