"""Which years a text is about."""

from __future__ import annotations

import re
from datetime import date

Years = frozenset[int]

_FOUR = r"(?:19|20)\d\d"
# A year of four digits; without 年 only one of late, and not before what is counted. The year of a document number (〔2024〕5号) is
# that of its issue, and one up to which or from which on something holds does not say which year is meant.
_YEAR = re.compile(
    rf"(?<![\d〔.-])(?:({_FOUR})\s*年|(20[12]\d)(?![\d.年〕元块多余万千人个户亩米平方条号天次名件家岁]))"
    r"(?!度?\s*(?:\d{1,2}月)?(?:\d{1,2}[日号])?\s*(?:\(?含?\)?以|之|起|前|后|至今|开始))"
)
_RANGE = re.compile(rf"(?<![\d〔.])({_FOUR})\s*年?度?\s*[-—–~至到]+\s*({_FOUR})(?=\s*年)")
_LONGEST_RANGE = 10
_HAN_YEAR = re.compile(r"[一二][九〇零○][〇零○一二三四五六七八九]{2}(?=年)")
_DIGITS = str.maketrans("〇零○一二三四五六七八九", "000123456789")
_RELATIVE = {
    re.compile("今年|本年度"): 0,
    re.compile("去年|上年度|上一?年度"): -1,
    re.compile("(?<!以)前年(?![满龄度])"): -2,
    re.compile("明年"): 1,
}


def years_in(text: str, on: date | None = None) -> Years:
    """The years that a normalised text names. `on` is the day from which 今年 and 去年 are counted; without it they say nothing."""
    text = _HAN_YEAR.sub(lambda match: match[0].translate(_DIGITS), text)
    found = {int(year or bare) for year, bare in _YEAR.findall(text)}
    for first, last in ((int(a), int(b)) for a, b in _RANGE.findall(text)):
        if 0 < last - first <= _LONGEST_RANGE:
            found.update(range(first, last + 1))
    if on is not None:
        found |= {on.year + shift for pattern, shift in _RELATIVE.items() if pattern.search(text)}
    return frozenset(found)
