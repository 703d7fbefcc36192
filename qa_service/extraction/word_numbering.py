"""Automatic paragraph numbers of Word, which are not in the text: counted from numbering.xml."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lxml.etree import _Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HAN = "零一二三四五六七八九"
_CIRCLED_LAST = 20


def chinese_number(value: int) -> str:
    """1-99 in Chinese numerals as used for outline numbers (十一, 二十); larger values digit by digit."""
    if not 0 < value < 100:
        return "".join(_HAN[int(d)] for d in str(max(value, 0)))
    tens, units = divmod(value, 10)
    return ("" if tens == 0 else "十" if tens == 1 else _HAN[tens] + "十") + (_HAN[units] if units else "")


def format_number(value: int, kind: str) -> str:
    """A counter value in one of Word's number formats; unknown formats come out as decimal digits."""
    if kind in (
        "chineseCounting",
        "chineseCountingThousand",
        "japaneseCounting",
        "taiwaneseCountingThousand",
        "ideographDigital",
        "chineseLegalSimplified",
    ):
        return chinese_number(value)
    if kind in ("decimalEnclosedCircle", "decimalEnclosedCircleChinese") and 1 <= value <= _CIRCLED_LAST:
        return chr(0x2460 + value - 1)
    if kind in ("lowerLetter", "upperLetter"):
        letter = chr(ord("a") + (value - 1) % 26)
        return letter.upper() if kind == "upperLetter" else letter
    return f"{value:02d}" if kind == "decimalZero" else str(value)


class Numbering:
    """Counts automatic numbers in document order; `next` gives the number text to put before a paragraph."""

    def __init__(self, root: _Element | None) -> None:
        self.levels: dict[tuple[str, int], tuple[int, str, str]] = {}
        self.abstract: dict[str, str] = {}
        self.counts: dict[str, dict[int, int]] = {}
        if root is None:
            return
        for abstract in root.iter(f"{_W}abstractNum"):
            name = abstract.get(f"{_W}abstractNumId") or ""
            for level in abstract.iter(f"{_W}lvl"):
                self.levels[(name, _number(level.get(f"{_W}ilvl")))] = (
                    _number(_val(level, "start"), 1),
                    _val(level, "numFmt") or "decimal",
                    _val(level, "lvlText"),
                )
        for num in root.iter(f"{_W}num"):
            self.abstract[num.get(f"{_W}numId") or ""] = _val(num, "abstractNumId")

    def next(self, num_id: str, level_text: str) -> str:
        """Number of the next paragraph of list `num_id` at this level; "" for unknown lists."""
        level = _number(level_text)
        abstract = self.abstract.get(num_id, "")
        if (abstract, level) not in self.levels:
            return ""
        start, kind, pattern = self.levels[(abstract, level)]
        if kind in ("bullet", "none"):
            return "● " if kind == "bullet" else ""
        # Lists that share one definition count on together, as Word shows them.
        counts = self.counts.setdefault(abstract, {})
        counts[level] = counts.get(level, start - 1) + 1
        for deeper in [n for n in counts if n > level]:
            del counts[deeper]
        text = pattern
        for n in range(level + 1):
            first, shape, _ = self.levels.get((abstract, n), (1, "decimal", ""))
            text = text.replace(f"%{n + 1}", format_number(counts.get(n, first), shape))
        return text + ("" if text.endswith(("、", "）", ")", ".", "．", "：")) or not text else " ")


def _val(element: _Element, tag: str) -> str:
    found = element.find(f"{_W}{tag}")
    return (found.get(f"{_W}val") or "") if found is not None else ""


def _number(text: str | None, default: int = 0) -> int:
    return int(text) if text and text.isdigit() and len(text) < 6 else default
