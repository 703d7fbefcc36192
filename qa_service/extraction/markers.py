"""What the beginning of a line says: outline numbers, question and answer marks, list signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN = "[〇零一二三四五六七八九十百]"


class Style(IntEnum):
    """Number styles from outer to inner, as official documents nest them (GB/T 9704)."""

    PART = 0  # 第一部分 第二章
    HAN = 1  # 一、
    HAN_PAREN = 2  # （一）
    ARABIC = 3  # 1. 1、 01
    ARABIC_PAREN = 4  # （1） 1）
    CIRCLED = 5  # ①
    LABEL = 6  # 亮点1： 问题二：


@dataclass(frozen=True, slots=True)
class Number:
    """An outline number at the beginning of a line; `mark` is its text."""

    style: Style
    value: int
    mark: str


_PATTERNS: tuple[tuple[Style, re.Pattern[str]], ...] = (
    (Style.PART, re.compile(rf"第\s*(\d{{1,2}}|{_HAN}{{1,3}})\s*(?:部分|章|节|篇|讲)\s*[：:、.．]?\s*")),
    (Style.HAN, re.compile(rf"({_HAN}{{1,4}})\s*(?:[、．.]|[，,](?=\S{{1,30}}$))\s*")),
    (Style.HAN_PAREN, re.compile(rf"[（(〔]\s*({_HAN}{{1,4}})\s*[）)〕]\s*[、.．]?\s*")),
    (Style.ARABIC_PAREN, re.compile(r"(?:[（(]\s*(\d{1,3})\s*[）)]|(\d{1,2})[）)])\s*[、.．]?\s*")),
    # After a dot a digit means a decimal (1.5倍) unless a year follows (1.2025年度…);
    # after 、 it is free (35、0-6岁).
    (Style.ARABIC, re.compile(r"(\d{1,3})\s*(?:、|[.．](?!\d)|[.．](?=(?:19|20)\d\d\s*年))\s*")),
    (Style.ARABIC, re.compile(r"(\d{1,2})(?=\s+[一-鿿《“\"])\s+(?!年|月|日|个|元|人|周岁|岁)")),
    (
        Style.LABEL,
        re.compile(
            rf"(?:亮点|看点|要点|变化|举措|重点|关键词|热点|焦点|话题)\s*(\d{{1,2}}|{_HAN}{{1,3}})\s*[：:、.．]?\s*"
        ),
    ),
)
_CIRCLED = re.compile(r"[①-⑳㈠-㈩❶-❿]\s*")

_Q_WORD = r"(?:问题|提问|问|Q(?:uestion)?)"
_A_WORD = r"(?:答案|答复|回答|解答|答|A(?:nswer)?)"
_ORD = rf"(?:\s*(?:\d{{1,3}}|{_HAN}{{1,4}}))?"
_BULLET = r"(?:[●•·◆■▶►]\s*)?"
_QUESTION = re.compile(
    rf"^{_BULLET}(?:[【\[［（(]\s*{_Q_WORD}{_ORD}\s*[】\]］）)]\s*[：:]?"
    rf"|{_Q_WORD}{_ORD}\s*[：:]"
    rf"|(?:问题|Q)\s*(?:\d{{1,3}}|{_HAN}{{1,4}})\s*[.．、]?\s*(?=\S{{4}})"
    rf"|(?:第\s*)?(?:\d{{1,3}}|{_HAN}{{1,3}})\s*问\s*(?:[：:、]|\s(?=\S{{4}}))"
    r"|Q\s*[.．]\s*(?=\S{4})"
    r"|(?:[一-鿿]{0,10}(?:记者|网友)(?:问|提问)?|(?:群众|市民|居民|企业)(?:问|提问))\s*[：:](?=.{6}))\s*",
    re.IGNORECASE,
)
_ANSWER = re.compile(
    rf"^{_BULLET}(?:[【\[［（(]\s*(?:{_A_WORD}|(?:政策)?(?:解读|解析|答疑)){_ORD}\s*[】\]］）)]\s*[：:]?"
    rf"|(?:\d{{1,3}}|{_HAN}{{1,3}})?\s*{_A_WORD}{_ORD}\s*[：:]|A\d{{1,3}}\s*[.．、]\s*)\s*",
    re.IGNORECASE,
)
# Marks too weak to stand alone (A. also lists options): only where a question waits for its answer.
_WEAK_ANSWER = re.compile(r"^(?:A\s*[.．]|A\d{1,3}\s|答\s)\s*(?=\S{2})")
_WEAK_QUESTION = re.compile(r"^问\s+(?=\S{4})")
# In a crawl without line breaks: a mark after the end of a sentence, not the tail of 请问：/回答：.
_INLINE_QUESTION = re.compile(
    rf"(?<=[。？！；”》）)\s.…])(?:(?:\d{{1,2}}\s*[.．、]|{_HAN}{{1,3}}\s*、|[（(]{_HAN}{{1,3}}[）)])\s*)?"
    r"(?:问|Q)\s*\d{0,3}\s*[：:]"
)
_INLINE_ANSWER = re.compile(r"(?<![回应解作])\s*(?=(?:(?<![A-Za-z])A|答)\s*\d{0,3}\s*[：:])")
_INLINE_HEADING = re.compile(
    rf"(?<=[。；！”）])\s*(?={_HAN}{{1,3}}、[^。？?；]{{4,60}}[？?])|(?<=[。；！”）])\s*(?=[（(]{_HAN}{{1,3}}[）)][^。？?；]{{4,60}}[？?])"
)


def chinese_value(text: str) -> int:
    """Value of a Chinese or Arabic numeral (十二, 二十, 12); 0 when it is none."""
    if text.isdecimal():
        return int(text)
    total, unit = 0, 0
    for char in text:
        if char in "十百":
            total += (unit or 1) * (10 if char == "十" else 100)
            unit = 0
        elif char in _DIGITS:
            unit = unit * 10 + _DIGITS[char]
        else:
            return 0
    return total + unit


def parse_number(text: str) -> tuple[Number | None, str]:
    """The outline number a line starts with, and the line without it."""
    for style, pattern in _PATTERNS:
        if found := pattern.match(text):
            digits = next(g for g in found.groups() if g)
            return Number(style, chinese_value(digits), found[0]), text[found.end() :]
    if found := _CIRCLED.match(text):
        code = ord(found[0][0])
        value = code - (0x2460 if code < 0x2474 else 0x3220 if code < 0x3300 else 0x2776) + 1
        return Number(Style.CIRCLED, value, found[0]), text[found.end() :]
    return None, text


def strip_question_mark(text: str) -> str | None:
    """The line without its question mark (问：, Q1., 【问】, 1.问：, 3.记者：), or None when it has none."""
    if found := _QUESTION.match(text):
        return text[found.end() :].strip()
    number, rest = parse_number(text)
    if number and (found := _QUESTION.match(rest)):
        return rest[found.end() :].strip()
    return None


def strip_answer_mark(text: str) -> str | None:
    """The line without its answer mark (答：, A：, 【答】), or None when it has none."""
    if found := _ANSWER.match(text):
        return text[found.end() :].strip()
    number, rest = parse_number(text)
    if number and (found := _ANSWER.match(rest)):
        return rest[found.end() :].strip()
    return None


def strip_weak_question_mark(text: str) -> str | None:
    """The line without a question mark that lacks its colon (问 何时施行？), or None."""
    found = _WEAK_QUESTION.match(text)
    return text[found.end() :].strip() if found else None


def strip_weak_answer_mark(text: str) -> str | None:
    """The line without an answer mark that only counts right after a question (A. …, 答 …), or None."""
    found = _WEAK_ANSWER.match(text)
    return text[found.end() :].strip() if found else None


def is_question(text: str) -> bool:
    """Whether a line ends as a question (full- or half-width mark, closing quotes allowed)."""
    return bool(re.search(r"[？?][”’\"』」）)]?$", text))


def starts_item(text: str) -> bool:
    """Whether a printed line looks like the beginning of an item: number, bullet, question or answer mark."""
    if strip_question_mark(text) is not None or strip_answer_mark(text) is not None:
        return True
    if re.match(
        r"[●○■□◆◇★☆▲△►▶•·※✓✔➤]|[-–—]\s|案例\s*\d|步骤\s*\d|方法\s*\d|第[一二三四五六七八九十]步", text
    ):
        return True
    number, rest = parse_number(text)
    return number is not None and bool(rest)


def split_inline(text: str) -> list[str]:
    """Pieces of a paragraph that holds whole dialogues or questions without line breaks (flattened crawls).

    A short paragraph that merely quotes 问： is left alone: at least one answer mark must follow a question
    mark, or a very long line must hold two numbered questions.
    """
    pieces = [text]
    if strip_question_mark(text) is not None or _INLINE_QUESTION.search(text):
        if _INLINE_ANSWER.search(text[1:]):
            cuts = [0, *(m.start() for m in _INLINE_QUESTION.finditer(text)), len(text)]
            pieces = [a for start, end in pairwise(cuts) for a in _split_answer(text[start:end])]
    elif re.search(r"[？?]\s*答\s*[：:]", text):
        pieces = _split_answer(text)
    if len(pieces) == 1 and len(text) > 600 and len(_INLINE_HEADING.findall(text)) >= 2:
        cut = _INLINE_HEADING.split(text)
        pieces = [p for c in cut for p in _after_question(c)]
    return [p.strip() for p in pieces if p and p.strip()]


def _split_answer(text: str) -> list[str]:
    found = _INLINE_ANSWER.search(text, 1)
    return [text[: found.start()], text[found.start() :]] if found else [text]


def _after_question(text: str) -> list[str]:
    number, _ = parse_number(text)
    end = re.search(r"[？?]", text)
    return [text[: end.end()], text[end.end() :]] if number and end and end.end() < 90 else [text]
