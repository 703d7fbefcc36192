"""Word documents, built with python-docx and by hand for what it cannot write."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import docx
import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from qa_service.extraction.reader import read_document

from .conftest import Extract

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def save(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def package(body: str, **parts: str) -> bytes:
    """A minimal package around the inside of w:body; `parts` are further word/*.xml files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("word/document.xml", f"<w:document {W}><w:body>{body}</w:body></w:document>")
        for name, content in parts.items():
            z.writestr(f"word/{name}.xml", content)
    return out.getvalue()


def paragraph(text: str, properties: str = "") -> str:
    return f"<w:p><w:pPr>{properties}</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_styles_tables_and_metadata(pairs_of: Extract) -> None:
    document = docx.Document()
    for line in ("标题：失业金解读", "制定单位：甲局", "解读单位：乙局"):
        document.add_paragraph(line)
    document.add_heading("失业金解读", 0)
    document.add_heading("什么人可以领？", 1)
    document.add_paragraph("缴费满一年的人。")
    document.add_heading("各档标准是多少？", 1)
    document.add_paragraph("见下表：")
    table = document.add_table(2, 2)
    for at, text in enumerate(("档次", "金额", "一档", "另行公布")):
        table.cell(at // 2, at % 2).text = text
    document.add_paragraph("以公告为准。")
    data = save(document)
    read = read_document("a.docx", data)
    assert read.meta == {"标题": "失业金解读", "制定单位": "甲局", "解读单位": "乙局"}
    pairs = pairs_of(data, "a.docx")
    assert [(p.heading, p.answer, p.unit) for p in pairs] == [
        ("什么人可以领？", "缴费满一年的人。", "乙局"),
        ("各档标准是多少？", "见下表：\n档次 | 金额\n一档 | 另行公布\n以公告为准。", "乙局"),
    ]


def test_dialogue_in_a_nested_table_with_line_breaks(pairs_of: Extract) -> None:
    document = docx.Document()
    cell = document.add_table(1, 1).cell(0, 0).add_table(1, 2).cell(0, 1)
    run = cell.paragraphs[0].add_run("1、什么人可以办？")
    run.add_break()
    run.add_text("答：本县居民。")
    run.add_break()
    run.add_text("2、去哪里办？")
    run.add_break()
    run.add_text("答：政务大厅。")
    assert [(p.heading, p.answer) for p in pairs_of(save(document), "a.docx")] == [
        ("什么人可以办？", "本县居民。"),
        ("去哪里办？", "政务大厅。"),
    ]


def test_bold_only_headings(pairs_of: Extract) -> None:
    document = docx.Document()
    document.add_paragraph("办理指南")
    for heading, text in (("一、办理对象", "全体居民"), ("二、收费标准", "不收费")):
        document.add_paragraph().add_run(heading).bold = True
        document.add_paragraph(text)
    assert [(p.heading, p.answer) for p in pairs_of(save(document), "a.docx")] == [
        ("办理对象", "全体居民"),
        ("收费标准", "不收费"),
    ]


NUMBERING = f"""<w:numbering {W}><w:abstractNum w:abstractNumId="7">
<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="%1、"/></w:lvl>
<w:lvl w:ilvl="1"><w:start w:val="1"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%2."/></w:lvl>
<w:lvl w:ilvl="2"><w:numFmt w:val="bullet"/><w:lvlText w:val="-"/></w:lvl></w:abstractNum>
<w:num w:numId="3"><w:abstractNumId w:val="7"/></w:num></w:numbering>"""


def test_automatic_numbers_are_written_out(pairs_of: Extract) -> None:
    def numbered(text: str, level: int) -> str:
        return paragraph(text, f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="3"/></w:numPr>')

    body = (
        paragraph("办理指南")
        + numbered("要带什么？", 0)
        + numbered("身份证；", 1)
        + numbered("户口簿。", 1)
        + numbered("去哪里办？", 0)
        + numbered("大厅办理。", 1)
        + numbered("周末不休。", 2)
    )
    pairs = pairs_of(package(body, numbering=NUMBERING), "a.docx")
    assert [(p.heading, p.answer) for p in pairs] == [
        ("要带什么？", "1.身份证；\n2.户口簿。"),
        ("去哪里办？", "1.大厅办理。\n● 周末不休。"),
    ]


def test_outline_level_of_a_derived_style(pairs_of: Extract) -> None:
    styles = (
        f'<w:styles {W}><w:style w:styleId="a1"><w:name w:val="heading 2"/></w:style>'
        f'<w:style w:styleId="a2"><w:name w:val="政务标题"/><w:basedOn w:val="a1"/></w:style>'
        f'<w:style w:styleId="a3"><w:name w:val="环"/><w:basedOn w:val="a3"/></w:style></w:styles>'
    )
    heading = '<w:pStyle w:val="a2"/>'
    body = (
        paragraph("办理对象", heading)
        + paragraph("居民。", '<w:pStyle w:val="a3"/>')
        + paragraph("办理时间", heading)
        + paragraph("周一。")
    )
    pairs = pairs_of(package(body, styles=styles), "a.docx")
    assert [(p.heading, p.answer) for p in pairs] == [("办理对象", "居民。"), ("办理时间", "周一。")]


def test_a_broken_relationship_target_does_not_matter(pairs_of: Extract) -> None:
    document = docx.Document()
    for line in ("问：多久？", "答：五日。", "问：谁办？", "答：窗口。"):
        document.add_paragraph(line)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(save(document))) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name == "word/_rels/document.xml.rels":
                content = re.sub(rb'Target="styles.xml"', b'Target="NULL"', content)
            target.writestr(name, content)
    with pytest.raises(KeyError):
        docx.Document(io.BytesIO(out.getvalue()))
    assert [p.answer for p in pairs_of(out.getvalue(), "a.docx")] == ["五日。", "窗口。"]


def test_deleted_text_is_gone_and_text_boxes_are_read_once(pairs_of: Extract) -> None:
    mc = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    box = f"<w:txbxContent>{paragraph('答：五日。')}</w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>问：多久</w:t></w:r><w:del><w:r><w:delText>旧文</w:delText></w:r></w:del><w:ins><w:r><w:t>？</w:t></w:r></w:ins></w:p>"
        f"<w:p><w:r><mc:AlternateContent {mc}><mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback></mc:AlternateContent></w:r></w:p>"
        + paragraph("问：谁办？")
        + paragraph("答：窗口。")
    )
    assert [(p.heading, p.answer) for p in pairs_of(package(body), "a.docx")] == [
        ("多久？", "五日。"),
        ("谁办？", "窗口。"),
    ]


def test_merged_cells_are_read_once() -> None:
    document = docx.Document()
    table = document.add_table(2, 2)
    table.cell(0, 0).merge(table.cell(1, 0)).text = "城区"
    table.cell(0, 1).text = "甲街"
    table.cell(1, 1).text = "乙街"
    merged = table.cell(0, 0)._tc.find(qn("w:tcPr")).find(qn("w:vMerge"))
    assert merged is not None and OxmlElement("w:vMerge").tag == merged.tag
    blocks = read_document("a.docx", save(document)).blocks
    assert [b.text for b in blocks] == ["城区 | 甲街", "乙街"]
