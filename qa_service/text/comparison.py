"""Two answers side by side: how alike they are, and which of their numbers, dates and amounts differ. Pure."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from qa_service.text.normalise import normalise

Span = tuple[int, int]
COMPARED = 2000  # characters of each text whose likeness is worked out: the work grows with their product

_NUMERAL = "零〇一二两三四五六七八九十百千万亿"
_COUNT = rf"(?:\d+(?:[,，]\d{{3}})*(?:\.\d+)?|[{_NUMERAL}]+)"
# 第十四条 is the name of an article, the same wherever it is cited, and no figure.
_NUMBER = rf"(?<![第\d.{_NUMERAL}]){_COUNT}"
_UNITS = (
    "个工作日|工作日|个自然日|自然日|个月|周岁|小时|分钟|星期|公里|平方米|万元|亿元|元|%|％|年|月|日|号|天|周|岁|次|倍|折|"
    "份|件|条|人|户|级|档|个|名|张|套|寸|米|楼|层|室"
)
# A number with its unit, or a bare Arabic number.
_FACT = re.compile(
    rf"百分之(?P<of>{_COUNT})|(?P<number>{_NUMBER})\s*(?P<unit>{_UNITS})|(?P<bare>(?<![第\d.])\d+(?:[,，]\d{{3}})*(?:\.\d+)?)"
)
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_SAME_UNIT = {
    "个工作日": "工作日", "个自然日": "日", "自然日": "日", "天": "日", "号": "日", "星期": "周", "％": "%",
}  # fmt: skip
_IDLE = frozenset({"个"})  # 一个窗口, 两个: how much is said only where the unit says what of


def similarity(text: str, other: str) -> float:
    """0–1, 1 for texts that differ in spelling only."""
    a, b = _plain(text)[:COMPARED], _plain(other)[:COMPARED]
    if not a or not b:
        return 1.0 if a == b else 0.0
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def facts(text: str) -> list[tuple[str, Span]]:
    """The numbers, dates and amounts of `text` in one spelling ("5日", "30%"), each with where it stands."""
    found = []
    for match in _FACT.finditer(text):
        unit = match["unit"] or ("%" if match["of"] else "")
        number = value(match["of"] or match["number"] or match["bare"])
        if number is None or unit in _IDLE:
            continue
        if unit in ("万元", "亿元"):
            number, unit = number * _SCALES[unit[0]], "元"
        found.append((f"{number:g}{_SAME_UNIT.get(unit, unit)}", match.span()))
    return found


def differing(text: str, other: str) -> tuple[list[Span], list[Span]]:
    """Where each of the two texts names a number, date or amount that the other does not."""
    mine, theirs = facts(text), facts(other)
    known, others = {fact for fact, _ in mine}, {fact for fact, _ in theirs}
    return (
        [span for fact, span in mine if fact not in others],
        [span for fact, span in theirs if fact not in known],
    )


def value(numeral: str) -> float | None:
    """5, 1,200.5, 十二, 二十四, 一百零五, 三万 as a number; None for what is none."""
    plain = numeral.replace(",", "").replace("，", "")
    if plain[:1].isascii():
        return float(plain)
    total = section = 0
    digit: int | None = None
    if len(plain) > 1 and all(c in _DIGITS for c in plain):
        return float("".join(str(_DIGITS[c]) for c in plain))  # 二〇二六
    for char in plain:
        if char in _DIGITS:
            digit = _DIGITS[char]
            continue
        scale = _SCALES[char]
        if scale >= 10_000:
            total, section, digit = (total + section + (digit or 0) or 1) * scale, 0, None
        else:
            section, digit = section + (1 if digit is None else digit) * scale, None
    return float(total + section + (digit or 0))


def _plain(text: str) -> str:
    return re.sub(r"[\s\W]+", "", normalise(text))
