"""Plain text and Markdown to blocks."""

from __future__ import annotations

import re

from qa_service.extraction.clean import is_noise, tidy
from qa_service.extraction.types import CELL_MARK, Block

_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*$")
_BOLD_LINE = re.compile(r"^(\*\*|__)(?!\s)(.+?)(?<!\s)\1$")
_BOLD = re.compile(r"(\*\*|__)(?!\s)(.+?)(?<!\s)\1")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()]*\))+\)")
_RULE = re.compile(r"^\s*(?:[-*_=]\s*){3,}$")
_LONGEST_LINE = 20_000
_TABLE_RULE = re.compile(r"^\|?\s*:?-{2,}:?\s*(?:\|\s*:?-{2,}:?\s*)*\|?$")


def read_plain(text: str) -> tuple[list[Block], frozenset[int]]:
    """Blocks of a plain text, and the numbers of lines that follow an empty line."""
    blocks, gaps, empty = [], set(), False
    for number, raw in enumerate(text.splitlines(), 1):
        line = tidy(raw)
        if not line:
            empty = True
            continue
        if empty:
            gaps.add(number)
        empty = False
        if not is_noise(line):
            blocks.append(Block(line, line=number))
    return blocks, frozenset(gaps)


def read_markdown(text: str) -> tuple[list[Block], frozenset[int]]:
    """Blocks of a Markdown text: ATX headings, tables, bold lines; quote and list signs taken off.

    Each source line is a paragraph, as offices write them; a front matter fence (---) is passed over.
    """
    blocks, gaps, empty = [], set(), False
    for number, raw in enumerate(text.splitlines(), 1):
        line = tidy(raw)
        if not line or _RULE.match(line):
            # A fence in the first line opens front matter and must not end the metadata block.
            empty = number > 1
            continue
        if empty:
            gaps.add(number)
        empty = False
        if _TABLE_RULE.match(line) or is_noise(line):
            continue
        blocks.append(_markdown_block(line, number))
    return [b for b in blocks if b.text], frozenset(gaps)


def _markdown_block(line: str, number: int) -> Block:
    if found := _HEADING.match(line):
        return Block(_inline(found[2]), level=len(found[1]), line=number)
    if line.startswith("|") and line.endswith("|") and len(line) > 2:
        cells = [_inline(c) for c in re.split(r"(?<!\\)\|", line[1:-1])]
        return Block(CELL_MARK.join(c.replace("\\|", "|") for c in cells), table=True, line=number)
    line = re.sub(r"^(?:>\s*)+", "", line)
    line = re.sub(r"^[-*+]\s+", "● ", line)
    bold = _BOLD_LINE.match(line)
    return Block(_inline(line), bold=bold is not None, line=number)


def _inline(text: str) -> str:
    if len(text) > _LONGEST_LINE:  # no written paragraph: the patterns below cost the square of its length
        return text
    text = _LINK.sub(r"\1", text)
    text = _BOLD.sub(r"\2", text)
    return tidy(re.sub(r"\\([\\`*_{}\[\]()#+.!|-])", r"\1", text))
