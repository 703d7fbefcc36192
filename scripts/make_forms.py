#!/usr/bin/env python3
"""Make the templates of the papers that come with the software: corpus/forms/*.docx.

    .venv/bin/python scripts/make_forms.py [FOLDER]

The files are committed; an office edits copies of them in Word or WPS. Fonts are named as offices have them, with the
common ones as alternatives for machines that lack them.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt

FORMS = Path(__file__).resolve().parent.parent / "corpus" / "forms"
TITLE, BODY, LABEL = "方正小标宋简体", "仿宋_GB2312", "黑体"
# What Word takes where a font is missing (w:altName).
ALTERNATIVES = {TITLE: "宋体", BODY: "仿宋", LABEL: "SimHei"}
WIDTH = 16.4  # cm between the margins of A4


@dataclass(frozen=True)
class Row:
    """Cells as (text, width in twelfths of the page); every second one, from the first, is a label.

    `head`: all cells are labels (the head of a list). `height` in cm is the least height. `top`: text begins at the top.
    """

    cells: tuple[tuple[str, int], ...]
    height: float = 0.95
    head: bool = False
    top: bool = False
    plain: bool = False


def one(label: str, value: str, height: float = 0.95, *, top: bool = False) -> Row:
    return Row(((label, 2), (value, 10)), height, top=top)


def two(first: str, value: str, second: str, other: str) -> Row:
    return Row(((first, 2), (value, 4), (second, 2), (other, 4)))


def listed(name: str, *columns: tuple[str, str, int]) -> tuple[Row, Row]:
    """The head of a list and the row that is repeated for its lines; columns are (head, field, width)."""
    return (
        Row(tuple((head, width) for head, _, width in columns), head=True),
        Row(tuple((f"{{{{{name}.{field}}}}}", width) for _, field, width in columns), plain=True),
    )


def noticed(act: str) -> tuple[Row, ...]:
    """What a 催办单 or 督办单 says of the case on the day it was issued, and of its issue."""
    return (
        two("答复期限", f"{{{{{act}时截止日}}}}", "期限情况", f"{{{{{act}时期限情况}}}}"),
        two("发单时状态", f"{{{{{act}时状态}}}}", "反馈期限", f"{{{{{act}反馈期限}}}}"),
        one("期限依据", "{{期限依据}}", 1.4),
        two("发 单 人", f"{{{{{act}人}}}}", "发单时间", f"{{{{{act}时间}}}}"),
    )


NUMBER = ("序号", "序号", 1)
PROGRESS = listed("办理过程", NUMBER, ("时间", "时间", 3), ("办理过程", "内容", 6), ("经办人", "经办人", 2))
CALLS = (("经办人", "经办人", 2), ("结果", "结果", 2), ("说明", "说明", 2))


PERSON = (two("咨 询 人", "{{咨询人}}", "联系方式", "{{联系方式}}"),)
SEAL = "（盖章）\n　　　　年　　月　　日"
# What a paper is numbered by where that is not the case.
NUMBERED = {"催办单": "{{催办单编号}}", "督办单": "{{督办单编号}}"}

PAPERS: dict[str, tuple[str, str, tuple[Row, ...], str]] = {
    "登记表": ("政策咨询登记表", "", (
        two("登记时间", "{{登记时间}}", "渠　　道", "{{渠道}}"),
        *PERSON,
        two("人　　群", "{{人群}}", "主　　题", "{{主题}}"),
        one("咨询问题", "{{问题}}", 4.2, top=True),
        two("首问责任", "{{首问责任人}}", "紧急程度", "{{紧急程度}}"),
        two("承办单位", "{{承办单位}}", "协办单位", "{{协办单位}}"),
        two("状　　态", "{{状态}}", "结　　果", "{{结果}}"),
        two("截 止 日", "{{截止日}}", "期限情况", "{{期限情况}}"),
        *PROGRESS,
        one("备　　注", "", 2.0),
    ), "登记人（签名）：　　　　　　　　　　{{今天}}打印"),
    "交办单": ("政策咨询交办单", "{{承办单位}}：\n现将下列政策咨询交你单位办理。请按期签收，在答复期限内主动答复咨询人，"
        "并将答复内容和告知情况录入台账。不属于本单位职责的，请在退回期限内写明理由退回。", (
        two("登记时间", "{{登记时间}}", "渠　　道", "{{渠道}}"),
        *PERSON,
        one("咨询问题", "{{问题}}", 4.2, top=True),
        one("政策线索", "{{政策线索}}", 1.4),
        two("交办时间", "{{交办时间}}", "交 办 人", "{{交办人}}"),
        two("交办方式", "{{交办方式}}", "紧急程度", "{{紧急程度}}"),
        one("协办单位", "{{协办单位}}"),
        two("签收期限", "{{签收期限}}", "退回期限", "{{退回期限}}"),
        two("答复期限", "{{截止日}}", "起 算 日", "{{起算日}}"),
        one("期限依据", "{{期限依据}}", 1.4),
        two("签 收 人", "{{签收人}}", "签收时间", "{{签收时间}}"),
        one("承办意见", "", 2.6),
    ), f"{{{{专区}}}}{SEAL}"),
    "催办单": ("政策咨询催办单", "{{催办单位}}：\n你单位承办的下列政策咨询，现予催办。"
        "请抓紧办理，主动答复咨询人，并于{{催办反馈期限}}前反馈办理情况。", (
        two("咨 询 件", "{{编号}}", "登记日期", "{{登记日期}}"),
        one("咨询问题", "{{问题}}", 4.2, top=True),
        *noticed("催办"),
        one("催办要求", "{{催办要求}}", 2.4, top=True),
        one("承办单位\n反馈意见", "{{催办反馈}}\n\n反馈人：{{催办反馈人}}　　　　{{催办反馈时间}}", 3.4),
    ), "{{专区}}（盖章）\n{{催办日期}}"),
    "督办单": ("政策咨询督办单", "{{督办单位}}：\n你单位承办的下列政策咨询，现予督办。"
        "请查明原因，立即办理，并于{{督办反馈期限}}前书面反馈办理结果和整改情况。", (
        two("咨 询 件", "{{编号}}", "登记日期", "{{登记日期}}"),
        one("咨询问题", "{{问题}}", 3.6, top=True),
        *noticed("督办"),
        one("督办事由", "{{督办事由}}"),
        one("督办要求", "{{督办要求}}", 2.4, top=True),
        *PROGRESS,
        one("承办单位\n办理结果", "{{督办反馈}}\n反馈人：{{督办反馈人}}　　　　{{督办反馈时间}}\n"
            "　　　　　　　　负责人签名：　　　　　　年　　月　　日", 3.2),
    ), "督办机关（盖章）\n{{督办日期}}"),
    "答复单": ("政策咨询答复单", "{{咨询人}}：\n您于{{登记日期}}咨询的问题，现答复如下。", (
        one("咨询问题", "{{问题}}", 2.4, top=True),
        one("答复内容", "{{答复内容}}", 7.0, top=True),
        *listed("依据", ("序号", "序号", 2), ("答复依据", "内容", 10)),
        two("答复单位", "{{答复单位}}", "承办电话", "{{承办单位电话}}"),
        two("答复时间", "{{答复时间}}", "专区电话", "{{专区电话}}"),
    ), f"{{{{答复单位}}}}{SEAL}"),
    "告知记录": ("政策咨询告知记录", "", (
        *PERSON,
        one("咨询问题", "{{问题}}", 2.4, top=True),
        one("答复内容", "{{答复内容}}", 3.2, top=True),
        two("答复单位", "{{答复单位}}", "答 复 人", "{{答复人}}"),
        two("答复期限", "{{截止日}}", "是否按期", "{{是否按期}}"),
        *listed("告知", NUMBER, ("告知时间", "时间", 3), ("告知方式", "方式", 2), *CALLS),
        *listed("回访", NUMBER, ("回访时间", "时间", 3), ("回访方式", "方式", 2), *CALLS),
        one("咨询人\n签　收", "\n　　　　　　　　　　　　签名：　　　　　　年　　月　　日", 1.8),
    ), "记录人（签名）：　　　　　　　　　　{{今天}}打印"),
    "一次性告知书": ("一次性告知书", "{{咨询人}}：\n您于{{登记日期}}提出的下列事项，现一次性告知如下。", (
        one("事　　项", "{{问题}}", 3.4, top=True),
        one("能否办理", "{{告知结论}}"),
        *listed("补正", ("序号", "序号", 2), ("需要补齐的内容", "内容", 10)),
        one("理　　由", "{{告知理由}}", 2.4, top=True),
        two("告知时间", "{{一次性告知时间}}", "告 知 人", "{{一次性告知人}}"),
        two("咨询电话", "{{专区电话}}", "地　　址", "{{专区地址}}"),
        one("咨询人\n签　收", "\n　　　　　　　　　　　　签名：　　　　　　年　　月　　日", 1.8),
    ), f"{{{{专区}}}}{SEAL}"),
}  # fmt: skip


def make(name: str, title: str, opening: str, rows: tuple[Row, ...], closing: str) -> Any:
    document, number = Document(), NUMBERED.get(name, "{{编号}}")
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = Cm(2.3)
    section.top_margin, section.bottom_margin = Cm(2.2), Cm(2.0)
    section.footer_distance = Cm(1.0)
    normal = document.styles["Normal"]
    set_font(normal, BODY, 12)
    normal.paragraph_format.space_after = Pt(0)
    write(document.add_paragraph(), title, TITLE, 22, WD_ALIGN_PARAGRAPH.CENTER, after=8)
    write(document.add_paragraph(), f"编号：{number}", BODY, 12, WD_ALIGN_PARAGRAPH.RIGHT, after=4)
    for index, line in enumerate(opening.split("\n") if opening else ()):
        paragraph = write(document.add_paragraph(), line, BODY, 14, WD_ALIGN_PARAGRAPH.JUSTIFY, after=4)
        if index:
            paragraph.paragraph_format.first_line_indent = Pt(28)
    add_table(document, rows)
    lines = closing.split("\n")
    for index, line in enumerate(lines):
        paragraph = write(
            document.add_paragraph(),
            line,
            BODY,
            12,
            WD_ALIGN_PARAGRAPH.RIGHT,
            before=0 if index else 14,
            after=6,
        )
        paragraph.paragraph_format.keep_with_next = index < len(lines) - 1
    add_footer(section, name, number)
    core = document.core_properties
    core.author = core.last_modified_by = core.comments = ""
    core.title = title
    # The same files every time.
    core.created = core.modified = datetime(2026, 1, 1)
    name_alternatives(document)
    return document


def add_table(document: Any, rows: tuple[Row, ...]) -> None:
    """One table on a grid of twelfths: cells of a row are merged to their width."""
    table = document.add_table(rows=0, cols=12)
    table.style = "Table Grid"
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for row in rows:
        cells = table.add_row()
        cells.height, cells.height_rule = Cm(row.height), WD_ROW_HEIGHT_RULE.AT_LEAST
        if row.height < 4:
            no_break = OxmlElement("w:cantSplit")
            cells._tr.get_or_add_trPr().append(no_break)
        at = 0
        for index, (text, width) in enumerate(row.cells):
            cell = cells.cells[at]
            if width > 1:
                cell = cell.merge(cells.cells[at + width - 1])
            cell.width = Cm(WIDTH * width / 12)
            label = row.head or (not row.plain and index % 2 == 0)
            alignment = (
                WD_ALIGN_PARAGRAPH.CENTER if label or text.endswith(".序号}}") else WD_ALIGN_PARAGRAPH.LEFT
            )
            lines = text.split("\n")
            for number, line in enumerate(lines):
                paragraph = cell.paragraphs[0] if number == 0 else cell.add_paragraph()
                write(
                    paragraph,
                    line,
                    LABEL if label else BODY,
                    11 if label else 12,
                    alignment,
                    before=2,
                    after=2,
                )
                # The signature and the seal never stand alone on a page.
                paragraph.paragraph_format.keep_with_next = row is rows[-1]
            cell.vertical_alignment = 0 if row.top and not label else 1
            at += width


def write(
    paragraph: Any, text: str, font: str, size: float, alignment: Any, *, before: float = 0, after: float = 0
) -> Any:
    paragraph.alignment = alignment
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    set_font(paragraph.add_run(text), font, size)
    return paragraph


def set_font(holder: Any, font: str, size: float) -> None:
    """Latin letters and digits in Times New Roman, Chinese in `font`."""
    holder.font.name, holder.font.size = "Times New Roman", Pt(size)
    fonts = holder.element.get_or_add_rPr().get_or_add_rFonts()
    fonts.set(qn("w:eastAsia"), font)
    fonts.set(qn("w:hint"), "eastAsia")


def add_footer(section: Any, name: str, number: str) -> None:
    paragraph = section.footer.paragraphs[0]
    write(paragraph, f"{name}　{number}　第", BODY, 9, WD_ALIGN_PARAGRAPH.CENTER)
    for code, after in (("PAGE", "页，共"), ("NUMPAGES", "页")):
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), code)
        paragraph._p.append(field)
        run = paragraph.add_run("1")
        set_font(run, BODY, 9)
        field.append(run._r)
        set_font(paragraph.add_run(after), BODY, 9)


def name_alternatives(document: Any) -> None:
    table = next(
        part for part in document.part.package.iter_parts() if part.partname == "/word/fontTable.xml"
    )
    known = "".join(
        f'<w:font w:name="{name}"><w:altName w:val="{other}"/><w:charset w:val="86"/><w:family w:val="auto"/></w:font>'
        for name, other in ALTERNATIVES.items()
    )
    table._blob = table.blob.replace(b"</w:fonts>", f"{known}</w:fonts>".encode())


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FORMS
    folder.mkdir(parents=True, exist_ok=True)
    for name, (title, opening, rows, closing) in PAPERS.items():
        make(name, title, opening, rows, closing).save(folder / f"{name}.docx")
        print(folder / f"{name}.docx")


if __name__ == "__main__":
    main()
