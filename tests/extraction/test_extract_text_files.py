"""Plain text, Markdown and web pages as files: charsets, metadata, page furniture."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.extraction.clean import fold, is_noise, is_tail, tidy
from qa_service.extraction.reader import read_document

from .conftest import Extract

TEXT = "失业保险问答\n\n问：多久能领？\n答：七个工作日。\n问：能领多少？\n答：以当地规定为准。"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_charsets_of_text_files(pairs_of: Extract, encoding: str) -> None:
    pairs = pairs_of(TEXT.encode(encoding))
    assert [p.answer for p in pairs] == ["七个工作日。", "以当地规定为准。"]


def test_a_few_broken_bytes_do_not_lose_the_text(pairs_of: Extract) -> None:
    data = (TEXT + "申请人应当如实填写。" * 60).encode()[:-1]
    assert len(pairs_of(data)) == 2


def test_invisible_characters_and_wide_blanks(pairs_of: Extract) -> None:
    pairs = pairs_of(
        "\ufeff问答\n\n\u3000\u3000问：多\u200b久？\u00a0\n\u3000答：七\u3000个工作日。\n问：谁？\n答：我。"
    )
    assert [(p.heading, p.answer) for p in pairs] == [("多久？", "七 个工作日。"), ("谁？", "我。")]


def test_radicals_of_printed_pages_become_characters() -> None:
    assert (
        tidy("⻘⽲县⼈⺠政府，⼾⼝⻚，⻓期⻅证，⺟⼦，\uf92c来\u2fd5")
        == "青禾县人民政府，户口页，长期见证，母子，郎来龠"
    )


def test_metadata_block() -> None:
    document = read_document(
        "a.txt", "标题：失业金解读\n制定单位：甲局\n自定项：乙\n\n一、条件\n满一年。".encode()
    )
    assert document.title == "失业金解读"
    assert document.meta == {"标题": "失业金解读", "制定单位": "甲局", "自定项": "乙"}
    assert [b.text for b in document.blocks] == ["一、条件", "满一年。"]


def test_metadata_block_below_the_title() -> None:
    text = "# 失业金解读\n\n制定单位：甲局\n发布日期：2026-01-05\n\n## 条件\n满一年。"
    document = read_document("a.md", text.encode())
    assert document.title == "失业金解读"
    assert document.meta == {"制定单位": "甲局", "发布日期": "2026-01-05"}
    assert [b.text for b in document.blocks] == ["条件", "满一年。"]


def test_metadata_in_front_matter_and_bold() -> None:
    document = read_document(
        "a.md", "---\n标题：失业金解读\n**制定单位**：甲局\n---\n\n## 条件\n满一年。".encode()
    )
    assert document.meta == {"标题": "失业金解读", "制定单位": "甲局"}
    assert document.blocks[0].level == 2


def test_a_text_that_starts_with_questions_has_no_metadata(pairs_of: Extract) -> None:
    assert len(pairs_of("问：多久？\n答：五日。\n\n问：谁？\n答：窗口。")) == 2


def test_source_line_under_the_title() -> None:
    document = read_document(
        "a.txt", "申领详解\n来源：甲局 社保中心　发布时间：2026-01-05 10:00:00\n\n一、对象\n全体。".encode()
    )
    assert document.title == "申领详解"
    assert document.meta["来源"] == "甲局 社保中心"
    assert document.meta["发布时间"] == "2026-01-05 10:00:00"


def test_labels_inside_the_first_section_are_text(pairs_of: Extract) -> None:
    text = "补贴清单\n来源：甲局\n网址：https://a.cn/\n\n一、社保补贴\n按月发放。\n网址：https://b.cn/\n二、见习补贴\n按季发放。"
    assert [p.answer for p in pairs_of(text)] == ["按月发放。\n网址：https://b.cn/", "按季发放。"]


PAGE = """<!DOCTYPE html><html><head><meta charset="{charset}"><title>失业金解读_某县人民政府</title>
<meta name="标题" content="失业金解读"><meta name="制定单位" content="甲局">
<meta name="ContentSource" content="乙局"><style>p{{color:red}}</style></head><body>
<div class="nav">首页 &gt; 政务公开 &gt; 政策解读</div><div class="header"><a href="/">某县人民政府</a></div>
<h1>失业金解读</h1><div class="info">来源：丙局 浏览次数：35</div><div>【字体：大 中 小】【打印】</div>
<div id="zoom"><script>var t = "问：脚本？答：脚本。";</script><!-- 问：注释？ 答：注释。 -->
<p style="display:none">隐藏文字</p>
<h3>一、<span>多</span><span>久</span>能领？</h3><p>七个<b>工作日</b>内<br>办结。</p>
<table><tr><th>档次</th><th>金额</th></tr><tr><td>一档</td><td>另行<br>公布</td></tr></table>
<h3>二、去哪里领？</h3><ul><li>窗口</li><li>网上</li></ul>
<p>扫一扫在手机打开当前页</p><p>附件：1.申请表.doc</p></div>
<div class="share">分享到：微信</div><div class="related"><p>相关新闻</p><a href="x">某新闻</a></div>
<div class="footer">主办单位：某县人民政府办公室　网站标识码：1234567890</div></body></html>"""


@pytest.mark.parametrize("charset", ["utf-8", "gb2312"])
def test_a_page_of_an_office(pairs_of: Extract, charset: str) -> None:
    data = PAGE.format(charset=charset).encode("gb18030" if charset == "gb2312" else charset)
    document = read_document("page.html", data)
    assert document.title == "失业金解读"
    assert document.meta["制定单位"] == "甲局"
    assert document.meta["来源"] == "乙局"
    pairs = pairs_of(data, "page.html")
    assert [(p.heading, p.answer) for p in pairs] == [
        ("多久能领？", "七个工作日内\n办结。\n档次 | 金额\n一档 | 另行公布"),
        ("去哪里领？", "窗口\n网上"),
    ]


def test_a_page_without_known_container(pairs_of: Extract) -> None:
    paragraphs = "".join(f"<p>{t}</p>" for t in TEXT.split("\n") if t)
    links = "".join(f"<a href='#'>栏目{n}</a>" for n in range(30))
    page = f"<html><body><div>{links}</div><div class='x1'>{paragraphs}</div><div>{links}</div></body></html>"
    assert [p.answer for p in pairs_of(page, "p.htm")] == ["七个工作日。", "以当地规定为准。"]


def test_a_page_laid_out_by_tables_and_breaks(pairs_of: Extract) -> None:
    lines = "<br/>&nbsp;&nbsp;".join(t for t in TEXT.split("\n") if t)
    page = f"<table><tr><td>首页</td></tr><tr><td><table><tr><td>{lines}</td></tr></table></td></tr></table>"
    assert [p.answer for p in pairs_of(page, "p.html")] == ["七个工作日。", "以当地规定为准。"]


def test_metadata_as_paragraphs_of_a_page() -> None:
    page = (
        "<div id='zoom'><p>标题：甲解读</p><p>制定单位：甲局</p><p>一、条件是什么？</p><p>满一年。</p></div>"
    )
    document = read_document("p.html", page.encode())
    assert (document.title, document.meta["制定单位"], document.blocks[0].text) == (
        "甲解读",
        "甲局",
        "一、条件是什么？",
    )


@pytest.mark.parametrize(
    "line",
    [
        "【字体：大 中 小】",
        "浏览次数：1024次",
        "当前位置：首页 > 政策解读",
        "首页>政务公开>政策",
        "【打印】【关闭】",
        "分享到：微信 微博",
        "扫一扫在手机打开当前页",
        "- 3 -",
        "第 3 页 共 9 页",
        "--------",
        "上一篇：某通知",
    ],
)
def test_page_furniture(line: str) -> None:
    assert is_noise(line)


@pytest.mark.parametrize(
    "line",
    [
        "打印申请表后签字。",
        "首页点击“我要办”",
        "分享收益按比例分配",
        "第3页的内容以原件为准",
        "关闭企业职工安置",
    ],
)
def test_sentences_that_are_no_furniture(line: str) -> None:
    assert not is_noise(line)
    assert not is_tail(line)


@pytest.mark.parametrize(
    "line",
    [
        "附件：1.申请表.doc",
        "附件1 申请表",
        "责任编辑：甲",
        "版权所有：某县政府",
        "某ICP备12345号",
        "相关链接：某通知",
        "抄送：市局",
    ],
)
def test_tail_lines(line: str) -> None:
    assert is_tail(line)


@given(st.text(max_size=80))
def test_tidy_and_fold_are_idempotent(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert fold(fold(text)) == fold(text)
