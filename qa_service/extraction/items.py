"""Blocks to items: the marked-up lines on which the outline of a document is found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from qa_service.extraction.markers import (
    Number,
    is_question,
    parse_number,
    split_inline,
    strip_answer_mark,
    strip_question_mark,
    strip_weak_answer_mark,
    strip_weak_question_mark,
)
from qa_service.extraction.types import CELL_MARK, Block

# A reporter's turn in the record of a press conference, alone on its line: 海南日报记者：
_REPORTER = re.compile(r"^[^，。；？！：:]{1,30}(?:记者|主播|编辑)\s*[：:]$")
# A speaker's turn: office and name, or the name only: 省卫生健康委员会副主任张某某：
_SPEAKER = re.compile(r"^[^。；？！：:]{2,60}[：:]$")
_BRACKETED = re.compile(r"^【([^】]{2,30})】\s*(.*)$")
_QUESTION_HEAD = re.compile(r"^(?:常见|咨询|热点)?(?:问题|提问|问|事项)(?:内容|描述)?$")
_ANSWER_HEAD = re.compile(r"^(?:答案|答复|解答|回答|回复|答)(?:内容|意见|口径)?$")


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a document as the parser sees it.

    `text` is the whole line, `plain` the line without outline number and question mark. `asked` and
    `answered` tell whether it carries a question mark (问：) or an answer mark (答：); for the latter
    `plain` is the line without it.
    """

    text: str
    plain: str
    line: int
    number: Number | None = None
    level: int = 0
    bold: bool = False
    table: bool = False
    asked: bool = False
    answered: bool = False

    @property
    def question(self) -> bool:
        return is_question(self.plain)


def make_items(blocks: Iterable[Block]) -> list[Item]:
    """Items in reading order; flattened dialogues are cut apart, tables of questions and press conference
    turns become 问/答."""
    items: list[Item] = []
    columns: _Columns | None = None
    for block in blocks:
        if block.table:
            cells = block.text.split(CELL_MARK)
            if header := _question_columns(cells):
                columns = header
                continue
            if columns and len(cells) == columns.width:
                items += _row_items(block, cells, columns)
            else:
                items.append(_make_item(block, block.text))
            continue
        columns = None
        items += [_make_item(block, piece) for piece in split_inline(block.text)]
    return _join_asked(_mark_turns(_mark_weak(_mark_brackets([i for i in items if i.text]))))


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where a table of questions and answers has them."""

    question: int
    answer: int
    width: int


def _question_columns(cells: Sequence[str]) -> _Columns | None:
    """The columns of a table whose head row names a question and an answer column, else None."""
    questions = [n for n, cell in enumerate(cells) if _QUESTION_HEAD.match(cell)]
    answers = [n for n, cell in enumerate(cells) if _ANSWER_HEAD.match(cell)]
    return _Columns(questions[0], answers[0], len(cells)) if questions and answers else None


def _row_items(block: Block, cells: Sequence[str], columns: _Columns) -> list[Item]:
    question, answer = cells[columns.question], cells[columns.answer]
    return [
        Item(question, strip_question_mark(question) or question, block.line, asked=True),
        Item(answer, strip_answer_mark(answer) or answer, block.line, answered=True),
    ]


def _mark_brackets(items: Sequence[Item]) -> list[Item]:
    """【办理对象】 at the beginning of lines as headings, where a text has no other numbers, marks or headings."""
    found = [_BRACKETED.match(i.text) for i in items]
    if sum(m is not None for m in found) < 2 or any(
        i.number or i.level or i.asked or i.answered for i in items
    ):
        return list(items)
    out: list[Item] = []
    for item, match in zip(items, found, strict=True):
        if match is None or item.table:
            out.append(item)
            continue
        out.append(replace(item, text=match[1], plain=match[1], level=6))
        if match[2]:
            out.append(replace(item, text=match[2], plain=match[2], bold=False))
    return out


def _mark_weak(items: Sequence[Item]) -> list[Item]:
    """Marks without colon: 问 … where the text uses it more than once, A. … and 答 … right after a question."""
    weak = [strip_weak_question_mark(i.text) for i in items]
    dialogue = sum(q is not None for q in weak) >= 2 and not any(i.asked for i in items)
    out: list[Item] = []
    for item, question in zip(items, weak, strict=True):
        if dialogue and question is not None and not item.table:
            item = replace(item, plain=question, asked=True)
        elif out and out[-1].asked and not item.answered:
            answer = strip_weak_answer_mark(item.text)
            if answer is not None and not item.table:
                item = replace(item, plain=answer, answered=True, asked=False, level=0)
        out.append(item)
    return out


def _make_item(block: Block, text: str) -> Item:
    base = Item(text, text, block.line, level=block.level, bold=block.bold, table=block.table)
    if block.table:
        return base
    number, rest = parse_number(text)
    asked = strip_question_mark(text)
    if asked is not None:
        return replace(base, plain=asked, number=number, asked=True)
    answer = strip_answer_mark(text)
    if answer is not None:
        return replace(base, plain=answer, answered=True, level=0)
    return replace(base, plain=rest, number=number)


def _join_asked(items: Sequence[Item]) -> list[Item]:
    """Put together questions whose mark (问：) stands alone, or that run over several lines before 答：."""
    out: list[Item] = []
    at = 0
    while at < len(items):
        item = items[at]
        at += 1
        if item.asked:
            parts = [item.plain] if item.plain else []
            ahead = next(
                (n for n in range(at, min(at + 4, len(items))) if items[n].answered or items[n].asked), at
            )
            if ahead < len(items) and items[ahead].answered and not any(i.level for i in items[at:ahead]):
                parts += [i.text for i in items[at:ahead]]
                at = ahead
            elif not parts and at < len(items) and not items[at].answered:
                parts = [items[at].text]
                at += 1
            item = replace(item, plain="".join(parts))
            if not item.plain:
                continue
        out.append(item)
    return out


def _mark_turns(items: Sequence[Item]) -> list[Item]:
    """Press conference records: reporters' turns become questions, officials' turns answers.

    The host is whoever speaks first; what the host says between the turns answers nothing and is left out.
    """
    reporters = [at for at, i in enumerate(items) if _REPORTER.match(i.text)]
    if len(reporters) < 2 or any(i.asked for i in items):
        return list(items)
    host = next((i.text for i in items[: reporters[0]] if _SPEAKER.match(i.text)), "")
    out: list[Item] = list(items[: reporters[0]])
    turn = ""
    for item in items[reporters[0] :]:
        if _REPORTER.match(item.text):
            turn = "reporter"
        elif _SPEAKER.match(item.text) and turn:
            if host and _same_person(item.text, host):
                turn = "host"
            elif turn in ("reporter", "host"):
                turn = "official"
                out.append(replace(item, plain="", answered=True, asked=False))
        elif turn == "reporter":
            first = not out or not out[-1].asked
            if first:
                out.append(replace(item, plain=item.text, asked=True, number=None))
            else:
                out[-1] = replace(out[-1], plain=out[-1].plain + item.text)
        elif turn == "official":
            out.append(item)
    return out


def _same_person(one: str, other: str) -> bool:
    """Whether two turns name the same speaker, the later one often by name only."""
    short, long = sorted((one.rstrip("：:").strip(), other.rstrip("：:").strip()), key=len)
    return long.endswith(short)
