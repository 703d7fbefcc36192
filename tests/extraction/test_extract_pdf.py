"""PDF documents, set with reportlab in its built-in Chinese font."""

from __future__ import annotations

import io

import pytest
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfgen import canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Frame,
    PageBreak,
    PageTemplate,
    Paragraph,
    Table,
    TableStyle,
)

from qa_service.extraction.reader import read_document
from qa_service.extraction.types import DocumentError

from .conftest import Extract

FONT = "STSong-Light"
pdfmetrics.registerFont(UnicodeCIDFont(FONT))
BODY = ParagraphStyle("body", fontName=FONT, fontSize=12, leading=20, wordWrap="CJK", firstLineIndent=24)
PLAIN = ParagraphStyle("plain", parent=BODY, firstLineIndent=0, spaceAfter=6)
HEADING = ParagraphStyle("heading", parent=BODY, fontSize=15, leading=24, firstLineIndent=0)
TITLE = ParagraphStyle("title", parent=BODY, fontSize=20, leading=30, firstLineIndent=0, alignment=1)
ONE = (
    "年满十六周岁、在本县常住并且按照规定办理了居住登记的人员可以提出申请，由居住地的派出所受理，不收取任何费用。"
    * 2
)
TWO = (
    "受理之后应当在十五个工作日之内办结；情况复杂的，经负责人批准可以延长，并且把延长的理由书面告知申请人。"
    * 2
)


def decorate(page: canvas.Canvas, _: object) -> None:
    page.setFont(FONT, 9)
    page.drawString(72, 810, "青禾县政策解读汇编")
    page.drawCentredString(297, 30, f"第 {page.getPageNumber()} 页")


def build(story: list[object], columns: int = 1, furniture: bool = True) -> bytes:
    out = io.BytesIO()
    document = BaseDocTemplate(out, pagesize=A4)
    width = (451 - 24 * (columns - 1)) / columns
    frames = [Frame(72 + n * (width + 24), 72, width, 690, 0, 0, 0, 0) for n in range(columns)]
    document.addPageTemplates(PageTemplate("page", frames, onPage=decorate if furniture else lambda *_: None))
    document.build(list(story))  # build empties the list it is given
    return out.getvalue()


@pytest.mark.parametrize("style", [BODY, PLAIN], ids=["indented", "blocks"])
def test_wrapped_lines_are_joined_and_furniture_is_gone(pairs_of: Extract, style: ParagraphStyle) -> None:
    story: list[object] = [Paragraph("居住证办理常见问题解读", TITLE)]
    for n in range(1, 9):
        story += [
            Paragraph(f"{n}.第{n}类人员可以申请吗？", HEADING),
            Paragraph(ONE, style),
            Paragraph(TWO, style),
        ]
    data = build(story)
    assert read_document("a.pdf", data).title == "居住证办理常见问题解读"
    pairs = pairs_of(data, "a.pdf")
    assert [p.heading for p in pairs] == [f"第{n}类人员可以申请吗？" for n in range(1, 9)]
    assert {p.answer for p in pairs} == {f"{ONE}\n{TWO}"}


def test_metadata_lines_and_explicit_marks(pairs_of: Extract) -> None:
    basis = "依据：《居住证暂行条例》（2015-11-26）第九条、第十条；《中华人民共和国户口登记条例》（1958-01-09）第十五条、第十六条"
    lines = ("标题：居住证解读", "制定单位：青禾县公安局", basis, "主题：户籍")
    story: list[object] = [Paragraph(t, PLAIN) for t in lines]
    story += [
        Paragraph(t, PLAIN) for t in (f"问：{'谁能申请' * 12}？", f"答：{ONE}", "问：多久？", "答：十五日。")
    ]
    document = read_document("a.pdf", build(story))
    assert document.title == "居住证解读"
    assert document.meta["依据"] == basis.removeprefix("依据：")
    assert document.meta["主题"] == "户籍"
    assert [(p.heading, p.answer) for p in pairs_of(build(story), "a.pdf")] == [
        ("谁能申请" * 12 + "？", ONE),
        ("多久？", "十五日。"),
    ]


def test_two_columns_are_read_one_after_the_other(pairs_of: Extract) -> None:
    story: list[object] = []
    for n in range(1, 13):
        story += [
            Paragraph(f"{n}.第{n}类人员可以申请吗？", PLAIN),
            Paragraph(ONE, BODY),
            Paragraph(TWO, BODY),
        ]
    pairs = pairs_of(build(story, columns=2), "a.pdf")
    assert [p.heading for p in pairs] == [f"第{n}类人员可以申请吗？" for n in range(1, 13)]
    assert {p.answer for p in pairs} == {f"{ONE}\n{TWO}"}


def test_tables_keep_their_rows(pairs_of: Extract) -> None:
    cells = [
        ["街道", "电话"],
        [Paragraph("甲街道便民服务中心二楼综合窗口" * 2, PLAIN), "0999-5550101"],
        ["乙街道", "0999-5550102"],
    ]
    table = Table(cells, colWidths=[160, 200])
    table.setStyle(
        TableStyle([("GRID", (0, 0), (-1, -1), 0.5, "black"), ("FONT", (0, 0), (-1, -1), FONT, 12)])
    )
    story: list[object] = [Paragraph("一、去哪里办？", HEADING), Paragraph(ONE, BODY), table]
    story += [Paragraph(TWO, BODY), Paragraph("二、要多久？", HEADING), Paragraph(TWO, BODY)]
    pairs = pairs_of(build(story, furniture=False), "a.pdf")
    rows = f"街道 | 电话\n{'甲街道便民服务中心二楼综合窗口' * 2} | 0999-5550101\n乙街道 | 0999-5550102"
    assert [p.answer for p in pairs] == [f"{ONE}\n{rows}\n{TWO}", TWO]


def test_an_answer_over_a_page_break_is_one_answer(pairs_of: Extract) -> None:
    story: list[object] = [Paragraph("一、谁能申请？", HEADING), Paragraph(ONE, BODY), PageBreak()]
    story += [Paragraph(TWO, BODY), Paragraph("二、要多久？", HEADING), Paragraph(TWO, BODY)]
    assert [p.answer for p in pairs_of(build(story), "a.pdf")] == [f"{ONE}\n{TWO}", TWO]


def test_a_pdf_without_text_names_the_remedy() -> None:
    out = io.BytesIO()
    page = canvas.Canvas(out)
    page.rect(100, 100, 200, 200)
    page.save()
    with pytest.raises(DocumentError) as caught:
        read_document("scan.pdf", out.getvalue())
    assert "扫描件" in caught.value.message and "OCR" in caught.value.remedy


def test_a_locked_pdf_names_the_remedy() -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    out = io.BytesIO()
    page = canvas.Canvas(out, encrypt=StandardEncryption("secret"))
    page.drawString(100, 100, "text")
    page.save()
    with pytest.raises(DocumentError) as caught:
        read_document("locked.pdf", out.getvalue())
    assert "密码" in caught.value.message
