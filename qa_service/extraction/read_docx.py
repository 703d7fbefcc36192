"""Word documents (.docx) to blocks, read from the parts of the package themselves.

python-docx opens a package by following every relationship and fails on real office files with a
broken target; its `paragraphs` also leaves out text in tables. The three parts needed here
(word/document.xml, styles.xml, numbering.xml) are therefore read directly, which covers both.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa_service.extraction.clean import is_noise, tidy
from qa_service.extraction.types import CELL_MARK, Block, DocumentError
from qa_service.extraction.word_numbering import Numbering

if TYPE_CHECKING:
    from lxml.etree import _Element

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
# A document.xml of a thousand pages has about 30 MB; more is a zip bomb or not for this service.
MAX_PART = 64 * 1024 * 1024
MAX_RATIO = 400
_REMEDY = "请用 Word 或 WPS 打开后另存为 .docx，或者把文字另存为 .txt 再上传"


def read_docx(data: bytes) -> list[Block]:
    """Blocks of a Word document in reading order, table cells included, automatic numbers written out.

    Raises DocumentError for a damaged package, a package without a document, or one that unpacks to
    more than MAX_PART bytes.
    """
    try:
        package = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        hint = (
            "这是旧版 Word（.doc）格式"
            if data.startswith(b"\xd0\xcf\x11\xe0")
            else "文件已损坏或不是 Word 文档"
        )
        raise DocumentError(f"无法打开 Word 文档：{hint}", _REMEDY) from error
    with package:
        document = _parse(_part(package, "word/document.xml", required=True))
        styles = _parse(_part(package, "word/styles.xml"))
        numbering = _parse(_part(package, "word/numbering.xml"))
    if document is None:
        raise DocumentError("Word 文档的正文部分已损坏", _REMEDY)
    body = document.find(f"{W}body")
    if body is None:
        raise DocumentError("Word 文档里没有正文", _REMEDY)
    return _Reader(_Styles(styles), Numbering(numbering)).read(body)


def _part(package: zipfile.ZipFile, name: str, required: bool = False) -> bytes:
    try:
        info = package.getinfo(name)
    except KeyError:
        if required:
            raise DocumentError("文件不是 Word 文档（缺少正文部分）", _REMEDY) from None
        return b""
    if info.file_size > MAX_PART or (
        info.file_size > 1024 * 1024 and info.file_size > MAX_RATIO * info.compress_size
    ):
        raise DocumentError(
            "Word 文档解压后过大，已拒绝读取", "请确认文件来源；确需导入的，请拆分成几个较小的文件"
        )
    with package.open(info) as part:
        content = part.read(MAX_PART + 1)  # the size in the directory may lie
    if len(content) > MAX_PART:
        raise DocumentError(
            "Word 文档解压后过大，已拒绝读取", "请确认文件来源；确需导入的，请拆分成几个较小的文件"
        )
    return content


def _parse(content: bytes) -> _Element | None:
    from lxml import etree

    if not content:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    root = etree.fromstring(content, parser)
    return root if root is not None else None


def _value(element: _Element | None, path: str, default: str = "") -> str:
    found = element.find(path) if element is not None else None
    return (found.get(f"{W}val") or default) if found is not None else default


class _Styles:
    """Heading level, boldness and numbering that a paragraph inherits from its style."""

    def __init__(self, root: _Element | None) -> None:
        self.by_id: dict[str, _Element] = {}
        for style in root.iter(f"{W}style") if root is not None else ():
            self.by_id[style.get(f"{W}styleId") or ""] = style

    def chain(self, style_id: str) -> Iterator[_Element]:
        seen: set[str] = set()
        while style_id and style_id not in seen and style_id in self.by_id:
            seen.add(style_id)
            style = self.by_id[style_id]
            yield style
            style_id = _value(style, f"{W}basedOn")

    def level(self, style_id: str) -> int:
        """1-6 for a heading style (by outline level or by name), 0 for others; the title style is 1."""
        for style in self.chain(style_id):
            outline = _value(style, f"{W}pPr/{W}outlineLvl")
            if outline.isdigit() and int(outline) < 6:
                return int(outline) + 1
            name = _value(style, f"{W}name").lower()
            if found := re.match(r"(?:heading|标题)\s*([1-6])", name):
                return int(found[1])
            if name in ("title", "标题"):
                return 1
        return 0

    def bold(self, style_id: str) -> bool:
        return any(_on(style.find(f"{W}rPr/{W}b")) for style in self.chain(style_id))

    def numbering(self, style_id: str) -> tuple[str, str]:
        for style in self.chain(style_id):
            if number := _value(style, f"{W}pPr/{W}numPr/{W}numId"):
                return number, _value(style, f"{W}pPr/{W}numPr/{W}ilvl", "0")
        return "", "0"


def _on(flag: _Element | None) -> bool:
    return flag is not None and (flag.get(f"{W}val") or "1") not in ("0", "false", "off")


class _Reader:
    def __init__(self, styles: _Styles, numbering: Numbering) -> None:
        self.styles = styles
        self.numbering = numbering
        self.blocks: list[Block] = []
        self.paragraph = 0

    def read(self, body: _Element) -> list[Block]:
        self._container(body)
        return self.blocks

    def _container(self, parent: _Element) -> None:
        for child in parent:
            if child.tag == f"{W}p":
                self._paragraph(child)
            elif child.tag == f"{W}tbl":
                self._table(child)
            elif child.tag in (f"{W}sdt", f"{W}sdtContent", f"{W}ins", f"{W}customXml", f"{W}smartTag"):
                self._container(child)

    def _table(self, table: _Element) -> None:
        rows = list(table.iterchildren(f"{W}tr"))
        cells = [list(row.iter(f"{W}tc")) for row in rows]
        direct = [[c for c in row if _owner(c, f"{W}tr") is tr] for row, tr in zip(cells, rows, strict=True)]
        nested = any(c.find(f".//{W}tbl") is not None for row in direct for c in row)
        longest = max((len("".join(self._texts(c))) for row in direct for c in row), default=0)
        if nested or sum(len(r) >= 2 for r in direct) < 2 or longest > 600:
            for row in direct:  # a table for layout: its cells are ordinary text
                for cell in row:
                    self._container(cell)
            return
        for row in direct:
            self.paragraph += 1
            texts = [self._cell_text(c) for c in row if not self._continued(c)]
            if line := CELL_MARK.join(t for t in texts if t):
                self.blocks.append(Block(line, table=True, line=self.paragraph))

    def _cell_text(self, cell: _Element) -> str:
        return tidy(" ".join("".join(self._texts(p)) for p in cell.iter(f"{W}p")))

    def _continued(self, cell: _Element) -> bool:
        """Whether a cell only continues a vertically merged one above it."""
        merge = cell.find(f"{W}tcPr/{W}vMerge")
        return merge is not None and merge.get(f"{W}val") != "restart"

    def _paragraph(self, paragraph: _Element) -> None:
        self.paragraph += 1
        style = _value(paragraph, f"{W}pPr/{W}pStyle")
        outline = _value(paragraph, f"{W}pPr/{W}outlineLvl")
        level = int(outline) + 1 if outline.isdigit() and int(outline) < 6 else self.styles.level(style)
        bold = self._all_bold(paragraph, self.styles.bold(style))
        number = self._number(paragraph, style)
        lines = [tidy(t) for t in "".join(self._texts(paragraph)).split("\n")]
        for at, line in enumerate(t for t in lines if t):
            text = number + line if at == 0 else line
            if not is_noise(text):
                self.blocks.append(Block(text, level=level, bold=bold and not level, line=self.paragraph))
        for box in paragraph.iter(f"{W}txbxContent"):
            # The same text box is stored twice (drawing and its VML fallback): read the first only.
            if _owner(box, f"{_MC}Fallback") is None:
                self._container(box)

    def _number(self, paragraph: _Element, style: str) -> str:
        direct = paragraph.find(f"{W}pPr/{W}numPr")
        if direct is not None:
            number, level = _value(direct, f"{W}numId"), _value(direct, f"{W}ilvl", "0")
        else:
            number, level = self.styles.numbering(style)
        return self.numbering.next(number, level) if number and number != "0" else ""

    def _all_bold(self, paragraph: _Element, inherited: bool) -> bool:
        runs = [r for r in paragraph.iter(f"{W}r") if any((t.text or "").strip() for t in r.iter(f"{W}t"))]
        return bool(runs) and all(
            _on(b) if (b := r.find(f"{W}rPr/{W}b")) is not None else inherited for r in runs
        )

    def _texts(self, element: _Element) -> Iterator[str]:
        """Text pieces of a paragraph or cell, breaks as line feeds; deleted text and text boxes left out."""
        in_paragraph = element.tag == f"{W}p"
        for node in element.iter(f"{W}t", f"{W}br", f"{W}cr", f"{W}tab", f"{W}noBreakHyphen"):
            if in_paragraph and _owner(node, f"{W}p") is not element:
                continue  # inside a text box of this paragraph, read on its own
            if node.tag == f"{W}t":
                yield node.text or ""
            elif node.tag == f"{W}noBreakHyphen":
                yield "-"
            elif _owner(node, f"{W}r") is not None:  # w:tab is also the name of a tab stop's definition
                yield "\n" if node.tag in (f"{W}br", f"{W}cr") else " "


def _owner(element: _Element, tag: str) -> _Element | None:
    return next(element.iterancestors(tag), None)
