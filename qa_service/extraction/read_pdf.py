"""PDF to blocks: page headers and footers removed, columns and tables kept apart, wrapped lines re-joined."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from qa_service.extraction.clean import is_noise, tidy
from qa_service.extraction.markers import starts_item
from qa_service.extraction.types import CELL_MARK, Block, DocumentError

if TYPE_CHECKING:
    from pdfplumber.page import Page

MAX_PAGES = 300
_BAND = 0.12  # share of the page height at top and bottom where headers and footers stand
_EDGE = 0.07
_PAGE_NUMBER = re.compile(
    r"^[-—–·\s]*(?:第\s*)?[\dⅠ-Ⅻivx]{1,4}\s*(?:页)?(?:\s*[/／,，共of]+\s*(?:共\s*)?\d{1,4}\s*(?:页)?)?[-—–·\s]*$"
)
_REMEDY = "请确认文件能正常打开，或者用 Word、.txt 格式重新上传"


@dataclass(frozen=True, slots=True)
class Line:
    """One printed line, or a table row (`table`), with its place on the page in points."""

    text: str
    page: int
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    bold: bool = False
    table: bool = False
    height: float = 842.0


def read_pdf(data: bytes) -> list[Block]:
    """Blocks of a PDF in reading order.

    Raises DocumentError for damaged, locked, very long and image-only files.
    """
    import pdfplumber
    from pdfplumber.utils.exceptions import PdfminerException

    # Its notes on odd fonts and colours mean nothing to the person who uploads the file.
    logging.getLogger("pdfminer").setLevel(logging.ERROR)
    try:
        document = pdfplumber.open(io.BytesIO(data))
    except PdfminerException as error:
        if "PDFPasswordIncorrect" in repr(error):
            raise DocumentError("PDF 设有打开密码", "请去除密码后重新上传") from error
        raise DocumentError("无法打开 PDF：文件已损坏或不是 PDF", _REMEDY) from error
    with document:
        if len(document.pages) > MAX_PAGES:
            raise DocumentError(f"PDF 超过 {MAX_PAGES} 页", "请拆分后上传，每份只含一个政策解读")
        pages = []
        for number, page in enumerate(document.pages):
            pages.append(_read_page(page, number))
            page.close()
    lines = _without_furniture(pages)
    if not lines:
        raise DocumentError(
            "PDF 中没有可提取的文字，可能是扫描件或图片",
            "请上传由 Word 直接导出的 PDF，或者先做文字识别（OCR）",
        )
    return _join(lines)


def _read_page(page: Page, number: int) -> list[Line]:
    """Lines of one page in reading order: column by column, table rows at their place."""
    page = page.dedupe_chars()
    tables = [t for t in page.find_tables() if _is_table(t)]
    boxes = [t.bbox for t in tables]

    def outside(char: dict[str, Any]) -> bool:
        x, y = (char["x0"] + char["x1"]) / 2, (char["top"] + char["bottom"]) / 2
        return not any(b[0] <= x <= b[2] and b[1] <= y <= b[3] for b in boxes)

    chars = [c for c in page.chars if c.get("upright", True) and outside(c)]
    lines = _columns(_segments(chars, number, float(page.height)), float(page.width))
    for table in tables:
        rows = _rows(table, number, float(page.height))
        at = next((i for i, line in enumerate(lines) if line.top >= table.bbox[1]), len(lines))
        lines[at:at] = rows
    return lines


def _is_table(table: Any) -> bool:
    rows = table.rows
    return len(rows) >= 2 and max(sum(c is not None for c in row.cells) for row in rows) >= 2


def _rows(table: Any, page: int, height: float) -> list[Line]:
    x0, top, x1, bottom = table.bbox
    rows = []
    for cells in table.extract():
        texts = [tidy(re.sub(r"(?<=[^\x00-\xff])\n|\n(?=[^\x00-\xff])", "", c or "")) for c in cells]
        if text := CELL_MARK.join(t for t in texts if t):
            rows.append(Line(text, page, x0, x1, top, bottom, 0.0, table=True, height=height))
    return rows


def _segments(chars: Sequence[dict[str, Any]], page: int, height: float) -> list[Line]:
    """Characters grouped to printed lines, cut where a gap of more than two characters opens."""
    rows: list[list[dict[str, Any]]] = []
    for char in sorted(chars, key=lambda c: ((c["top"] + c["bottom"]) / 2, c["x0"])):
        middle = (char["top"] + char["bottom"]) / 2
        for row in rows[-3:]:
            last = row[0]
            if abs((last["top"] + last["bottom"]) / 2 - middle) < 0.45 * max(last["size"], char["size"]):
                row.append(char)
                break
        else:
            rows.append([char])
    lines = []
    for row in rows:
        row.sort(key=lambda c: c["x0"])
        part: list[dict[str, Any]] = []
        for char in row:
            if part and char["x0"] - part[-1]["x1"] > 2.2 * max(char["size"], 1.0) and char["text"].strip():
                lines.append(_line(part, page, height))
                part = []
            if part or char["text"].strip():
                part.append(char)
        if part:
            lines.append(_line(part, page, height))
    return [line for line in lines if line.text]


def _line(chars: Sequence[dict[str, Any]], page: int, height: float) -> Line:
    pieces: list[str] = []
    for at, char in enumerate(chars):
        gap = char["x0"] - chars[at - 1]["x1"] if at else 0.0
        latin = char["text"].isascii() and at > 0 and chars[at - 1]["text"].isascii()
        if gap > (0.2 if latin else 0.8) * char["size"]:
            pieces.append(" ")
        pieces.append(char["text"])
    solid = [c for c in chars if c["text"].strip()] or list(chars)
    size = Counter(round(float(c["size"]), 1) for c in solid).most_common(1)[0][0]
    bold = sum("bold" in str(c.get("fontname", "")).lower() for c in solid) > 0.8 * len(solid)
    return Line(
        tidy("".join(pieces)),
        page,
        float(solid[0]["x0"]),
        float(solid[-1]["x1"]),
        min(float(c["top"]) for c in solid),
        max(float(c["bottom"]) for c in solid),
        size,
        bold,
        height=height,
    )


def _columns(lines: list[Line], width: float) -> list[Line]:
    """Lines in reading order: where a gutter divides the page, the left column before the right one.

    Lines that cross the gutter (titles, full-width paragraphs) end the columns above them.
    """
    ordered = sorted(lines, key=lambda n: (round(n.top), n.x0))
    gutter = _gutter(ordered, width)
    if gutter is None:
        return ordered
    out: list[Line] = []
    left: list[Line] = []
    right: list[Line] = []
    for line in ordered:
        if line.x1 <= gutter:
            left.append(line)
        elif line.x0 >= gutter:
            right.append(line)
        else:
            out += [*left, *right, line]
            left, right = [], []
    return [*out, *left, *right]


def _gutter(lines: Sequence[Line], width: float) -> float | None:
    if len(lines) < 8:
        return None
    best: tuple[int, float] | None = None
    for step in range(35, 66):
        x = width * step / 100
        left = sum(n.x1 <= x for n in lines)
        right = sum(n.x0 >= x for n in lines)
        crossing = len(lines) - left - right
        # Both sides need text of column width, else this is the ragged end of one column.
        wide = sum(n.x1 - n.x0 > width * 0.25 for n in lines if n.x0 >= x)
        enough = min(left, right) >= 0.25 * len(lines) and wide >= 0.5 * right
        if enough and crossing <= 0.15 * len(lines) and (best is None or crossing < best[0]):
            best = (crossing, x)
    return best[1] if best else None


def _without_furniture(pages: Sequence[Sequence[Line]]) -> list[Line]:
    """All lines but running headers, footers and page numbers."""
    sizes = Counter[float]()
    for page in pages:
        for line in page:
            sizes[line.size] += 0 if line.table else len(line.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    seen: dict[str, set[int]] = {}
    for page in pages:
        for line in page:
            if _in_band(line, _BAND):
                seen.setdefault(_shape(line.text), set()).add(line.page)
    need = max(2, (len(pages) + 1) // 2)

    def furniture(line: Line) -> bool:
        if line.table or not _in_band(line, _BAND):
            return False
        if _PAGE_NUMBER.match(line.text) or len(seen[_shape(line.text)]) >= need:
            return True
        return _in_band(line, _EDGE) and line.size < 0.95 * body

    return [line for page in pages for line in page if not furniture(line) and not is_noise(line.text)]


def _in_band(line: Line, share: float) -> bool:
    return line.bottom < share * line.height or line.top > (1 - share) * line.height


def _shape(text: str) -> str:
    return re.sub(r"\d+", "0", re.sub(r"\s", "", text))


def _join(lines: Sequence[Line]) -> list[Block]:
    """Printed lines to paragraphs; `line` of a block is the number of its first printed line."""
    running = [n for n in lines if not n.table]
    sizes = Counter[float]()
    for n in running:
        sizes[n.size] += len(n.text)
    body = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted({n.size for n in running if n.size > 1.12 * body}, reverse=True)
    leading = _leading(running)
    blocks: list[Block] = []
    current: list[Line] = []
    start = 0

    def close() -> None:
        if current:
            text = current[0].text
            for line in current[1:]:
                text = _glue(text, line.text)
            first = current[0]
            level = larger.index(first.size) + 1 if first.size in larger and len(text) <= 100 else 0
            bold = first.bold and not level and all(n.bold for n in current)
            blocks.append(Block(text, min(level, 6), bold, first.table, start))

    edges = _edges(running)
    for at, line in enumerate(lines, 1):
        if not current or not _continues(current[-1], line, current[0], edges, leading, body):
            close()
            current, start = [], at
        current.append(line)
    close()
    return blocks


def _leading(lines: Sequence[Line]) -> float:
    gaps = [b.top - a.top for a, b in pairwise(lines) if a.page == b.page and b.top > a.top]
    return Counter(round(g) for g in gaps).most_common(1)[0][0] if gaps else 0.0


def _edges(lines: Sequence[Line]) -> list[tuple[float, float]]:
    """(left, right) of each text column of the document, from the starts and ends that recur."""
    starts = Counter(round(n.x0) for n in lines)
    common = sorted(x for x, n in starts.items() if n >= max(2, 0.04 * len(lines)))
    edges: list[tuple[float, float]] = []
    for left in common:
        if edges and left < edges[-1][1] - 20:
            continue
        ends = [n.x1 for n in lines if left - 3 <= n.x0 <= left + 60]
        ends.sort()
        edges.append((float(left), ends[int(0.97 * (len(ends) - 1))]))
    return edges or [(min((n.x0 for n in lines), default=0.0), max((n.x1 for n in lines), default=0.0))]


def _continues(
    last: Line, line: Line, first: Line, edges: Sequence[tuple[float, float]], leading: float, body: float
) -> bool:
    """Whether `line` carries on the paragraph that starts with `first` and so far ends with `last`."""
    if last.table or line.table or abs(last.size - line.size) > 0.12 * last.size:
        return False
    if starts_item(line.text):
        return False
    left_of = {id(n): max((e for e in edges if e[0] <= n.x0 + 3), default=edges[0]) for n in (last, line)}
    full = last.x1 > left_of[id(last)][1] - 1.6 * last.size
    same_place = last.page == line.page and line.top > last.top
    if last.size > 1.12 * body:  # a title wraps before the margin, and is set centred
        wide = last.x1 - last.x0 > 0.6 * (left_of[id(last)][1] - left_of[id(last)][0])
        return same_place and wide and line.top - last.top < 2.2 * last.size
    if not full:
        return False
    if same_place and leading and line.top - last.top > 1.45 * leading:
        return False
    left = left_of[id(line)][0]
    indented = line.x0 > left + 0.8 * line.size
    if indented:
        # At the same indent the line carries on a block set in as a whole, or starts the next paragraph:
        # then the line before it ends a sentence.
        ended = last is first and bool(re.search(r"[。！？；：!?;:]$", last.text))
        return abs(line.x0 - last.x0) < 2 and not ended
    return True


def _glue(text: str, more: str) -> str:
    if text[-1:].isascii() and more[:1].isascii() and text[-1:].isalpha() and more[:1].isalpha():
        tail = re.search(r"\S*$", text)
        inside_url = bool(tail and re.search(r"[/.@:]", tail[0])) or bool(re.match(r"\S*[/@]", more))
        return text + ("" if inside_url else " ") + more
    return text + more
