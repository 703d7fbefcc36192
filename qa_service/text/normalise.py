"""One spelling for what people and documents write in many: the text that search compares.

NFKC (the full-width tilde excepted, as the encoder's own normaliser has it), traditional to simplified,
lower case, document numbers (文号) in one form, no control characters or emoji, white space collapsed.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Callable
from functools import lru_cache

_DROPPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn"}
_EMOJI = re.compile(
    "[\u20e3\u2600-\u27bf\u2b00-\u2bff\ufe00-\ufe0f\U0001f000-\U0001faff\U000e0000-\U000e0fff]"
)
_SPACE = re.compile(r"\s+")
_FULL_WIDTH_TILDE = "～"
# NFKC, case folding and simplification can each enable another; two or three rounds settle all known text.
_ROUNDS = 8

_DIGITS = {c: str(n) for n, c in enumerate("零一二三四五六七八九")} | {"〇": "0", "○": "0", "o": "0"}
_DIGIT_CLASS = "〇○零一二三四五六七八九o"
_ONE_TO_NINE = "([一二三四五六七八九])"
_BELOW_THOUSAND = re.compile(rf"(?:{_ONE_TO_NINE}百)?[零〇]?(?:{_ONE_TO_NINE}?(十))?{_ONE_TO_NINE}?")
_DOCUMENT_NUMBER = re.compile(
    rf"\s?[〔\[【(〈［（]\s?(?P<year>\d{{4}}|[{_DIGIT_CLASS}]{{4}})\s?[〕\]】)〉］）]\s?第?\s?"
    rf"(?P<number>\d{{1,5}}|[{_DIGIT_CLASS}十百]{{1,7}})\s?号"
)


def normalise(text: str) -> str:
    """The normal form of `text`; applying it again changes nothing."""
    for _ in range(_ROUNDS):
        result = _round(text)
        if result == text:
            break
        text = result
    return text


def _round(text: str) -> str:
    if not text.isascii():
        text = _EMOJI.sub("", text)
        text = _FULL_WIDTH_TILDE.join(_nfkc(part) for part in text.split(_FULL_WIDTH_TILDE))
    if not text.isprintable():
        kept = (c for c in text if c.isspace() or unicodedata.category(c) not in _DROPPED_CATEGORIES)
        text = "".join(kept)
    if _may_be_traditional(text):
        text = _converter()(text)
    text = _SPACE.sub(" ", text.lower()).strip()
    return _DOCUMENT_NUMBER.sub(_document_number, text)


def _nfkc(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _may_be_traditional(text: str) -> bool:
    """Whether some ideograph lies outside GB 2312, which holds the simplified characters in use."""
    try:
        text.encode("gb2312")
    except UnicodeEncodeError:
        return any(_is_uncommon_ideograph(c) for c in text)
    return False


@lru_cache(maxsize=8192)
def _is_uncommon_ideograph(char: str) -> bool:
    if not ("\u3400" <= char <= "\u9fff" or char >= "\U00020000"):
        return False
    try:
        char.encode("gb2312")
    except UnicodeEncodeError:
        return True
    return False


_lock = threading.Lock()
_loaded: list[Callable[[str], str]] = []


def _converter() -> Callable[[str], str]:
    """OpenCC's traditional-to-simplified conversion, read when first needed."""
    with _lock:
        if not _loaded:
            from opencc import OpenCC

            convert = OpenCC("t2s").convert
            convert("簡")
            _loaded.append(convert)
        return _loaded[0]


def _document_number(match: re.Match[str]) -> str:
    year = "".join(_DIGITS.get(c, c) for c in match["year"])
    number = chinese_number(match["number"])
    return f"〔{year}〕{number}号"


def chinese_number(text: str) -> str:
    """A whole number below 1000 in Chinese or Arabic digits, in Arabic digits without leading zeros.

    Text that is no number comes back as it is.
    """
    if not set(text) & set("十百"):
        digits = "".join(_DIGITS.get(c, c) for c in text)
        return str(int(digits)) if digits.isdigit() else text
    match = _BELOW_THOUSAND.fullmatch(text)
    if not match:
        return text
    hundreds, tens, ten, ones = match.groups()
    value = 100 * int(_DIGITS[hundreds]) if hundreds else 0
    if ten:
        value += 10 * (int(_DIGITS[tens]) if tens else 1)
    return str(value + (int(_DIGITS[ones]) if ones else 0))
