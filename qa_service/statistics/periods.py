"""统计期间: a month (2026-11), a quarter (2026-Q4), a year (2026), or any two dates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from qa_service.errors import Invalid
from qa_service.kit.clock import CHINA

FIRST_YEAR, LAST_YEAR = 2000, 2099
MOST_DAYS = 366 * 5
_NAMED = re.compile(r"(\d{4})(?:-(?:Q([1-4])|(0[1-9]|1[0-2])))?")


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `first` to `last`, both included. `name` is how the address names it, empty for any two dates."""

    first: date
    last: date
    name: str = ""

    @property
    def label(self) -> str:
        found = _NAMED.fullmatch(self.name)
        if found is None:
            return f"{self.first:%Y-%m-%d}至{self.last:%Y-%m-%d}"
        year, quarter, month = found.groups()
        part = f"第{'一二三四'[int(quarter) - 1]}季度" if quarter else f"{int(month)}月" if month else ""
        return f"{year}年{part}"

    @property
    def kind(self) -> str:
        return {4: "year", 7: "quarter" if "Q" in self.name else "month"}.get(len(self.name), "custom")

    def months(self) -> Iterator[str]:
        """The months it touches, as 2026-11."""
        day = self.first.replace(day=1)
        while day <= self.last:
            yield f"{day:%Y-%m}"
            day = next_month(day)

    def before(self) -> Period:
        return self._of_same_kind(self.first - timedelta(days=1))

    def after(self) -> Period:
        return self._of_same_kind(self.last + timedelta(days=1))

    def _of_same_kind(self, day: date) -> Period:
        if self.kind == "custom":
            length = self.last - self.first
            return Period(day, day + length) if day > self.last else Period(day - length, day)
        return containing(day, self.kind)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def containing(day: date, kind: str) -> Period:
    """The month, quarter or year in which `day` lies."""
    quarter = (day.month + 2) // 3
    return named({"month": f"{day:%Y-%m}", "quarter": f"{day.year}-Q{quarter}", "year": f"{day.year}"}[kind])


def named(name: str) -> Period:
    found = _NAMED.fullmatch(name)
    if found is None or not FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        raise Invalid(f"看不懂统计期间“{name}”。", "请写成 2026-11、2026-Q4 或者 2026，或者选起止日期。")
    year, quarter, month = int(found[1]), found[2], found[3]
    first_month = int(month) if month else int(quarter) * 3 - 2 if quarter else 1
    count = 1 if month else 3 if quarter else 12
    first = last = date(year, first_month, 1)
    for _ in range(count):
        last = next_month(last)
    return Period(first, last - timedelta(days=1), name)


def between(first: date, last: date) -> Period:
    if first > last:
        raise Invalid("开始日期晚于结束日期。", "请调换起止日期。")
    if not FIRST_YEAR <= first.year <= last.year <= LAST_YEAR or (last - first).days > MOST_DAYS:
        raise Invalid("统计期间太长。", "一次最多统计五年，请缩短期间。")
    return Period(first, last)


def choose(name: str, first: date | None, last: date | None, today: date) -> Period:
    """The period that an address names: two dates win over a name; without either the present month."""
    if first and last:
        return between(first, last)
    return named(name) if name else containing(today, "month")


def midnight(day: date) -> datetime:
    """The moment in China at which `day` begins."""
    return datetime.combine(day, time(), CHINA)
