"""Dates as official Chinese writes them, for pages and for papers; and text that any file format can hold."""

from __future__ import annotations

import re
from datetime import date, datetime

from qa_service.kit import clock
from qa_service.kit.schemas import without_control_characters

WEEKDAYS = "一二三四五六日"
# XML holds neither lone surrogates nor these two; what is pasted from broken programs has them.
_UNWRITABLE = re.compile("[\ud800-\udfff\ufffe\uffff]")


def cn_date(day: date | None) -> str:
    """2026年11月22日（周日）; nothing for no date."""
    if day is None:
        return ""
    if isinstance(day, datetime):
        day = clock.local(day).date()
    return f"{day.year}年{day.month}月{day.day}日（周{WEEKDAYS[day.weekday()]}）"


def cn_datetime(moment: datetime | None) -> str:
    """2026年11月22日（周日）14:05, China time."""
    if moment is None:
        return ""
    local = clock.local(moment)
    return f"{cn_date(local.date())}{local:%H:%M}"


def writable(text: str) -> str:
    """`text` less what cannot stand in a Word or Excel file and nobody can see."""
    return _UNWRITABLE.sub("", without_control_characters(text))
