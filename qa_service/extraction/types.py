"""The plain data of extraction: a document as read, and the question-answer pairs found in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

# Between the cells of a table row in `Block.text`.
CELL_MARK = " | "


class DocumentError(ValueError):
    """A file that cannot be read as a document; `message` and `remedy` are Chinese, for the person."""

    def __init__(self, message: str, remedy: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.line = line


@dataclass(frozen=True, slots=True)
class Block:
    """One paragraph, heading or table row of a document in reading order.

    `level` is 0 for running text, 1–6 for a heading marked as such by the format (h2, Heading 2, `##`);
    a heading that is only recognisable by its wording stays 0 and is left to the parser.
    `line` is the 1-based line or paragraph number in the source.
    """

    text: str
    level: int = 0
    bold: bool = False
    table: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document as read: cleaned of page noise, metadata apart from the body.

    `meta` keys are the Chinese labels (标题, 依据, 制定单位, 解读单位, 发布日期, 有效期至, 复核日期, 主题,
    适用对象, 文号 …) found in a metadata block, in <meta> tags or in labelled lines.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]
    meta: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """One question with its answer, as the document has them.

    `heading` is the question or heading in the document's own words without number or marker;
    `question` equals it when `explicit`, and is a proposal (title + heading) when not.
    `path` are the headings above it; `first_line`/`last_line` bound the pair in the source.
    """

    heading: str
    question: str
    answer: str
    explicit: bool
    path: tuple[str, ...] = ()
    first_line: int = 0
    last_line: int = 0
    doc_no: str = ""
    unit: str = ""
