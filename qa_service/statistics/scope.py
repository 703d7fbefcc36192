"""Which cases a page or a figure looks at: the period and the filters, and how an address names them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Query

from qa_service.errors import Invalid
from qa_service.kit import clock
from qa_service.statistics import periods
from qa_service.statistics.periods import Period

NONE = "-"  # in addresses, for cases without a unit or topic
DIMENSIONS = {"unit": "承办单位", "zone": "专区", "topic": "主题", "channel": "渠道", "month": "月份"}


@dataclass(frozen=True, slots=True)
class Scope:
    """Filters by code or name, empty for all. `zone` with everything below it, `at` that zone alone; no period
    for what waits now."""

    period: Period | None = None
    zone: str = ""
    at: str = ""
    unit: str = ""
    topic: str = ""
    channel: str = ""

    def query(self) -> dict[str, str]:
        """As an address has it."""
        filters = {
            "zone": self.zone, "at": self.at, "unit": self.unit, "topic": self.topic, "channel": self.channel,
        }  # fmt: skip
        return self.period_query() | {name: value for name, value in filters.items() if value}

    def period_query(self) -> dict[str, str]:
        if self.period is None:
            return {}
        if self.period.name:
            return {"period": self.period.name}
        return {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}

    @property
    def filtered(self) -> bool:
        return bool(self.zone or self.at or self.unit or self.topic or self.channel)

    def narrowed(self, dimension: str, key: str) -> Scope:
        """Only the cases of one line of the table by `dimension`."""
        if dimension != "month":
            filters: dict[str, Any] = {"at" if dimension == "zone" else dimension: key}
            return replace(self, **filters)
        month = periods.named(key)
        if self.period is None:
            return replace(self, period=month)
        first, last = max(month.first, self.period.first), min(month.last, self.period.last)
        whole = (first, last) == (month.first, month.last)
        return replace(self, period=month if whole else Period(first, last))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise Invalid(f"看不懂日期“{text}”。", "日期请写成 2026-11-22。") from error


Code = Annotated[str, Query(max_length=64)]


def filters_of(
    zone: Code = "", at: Code = "", unit: Code = "", topic: Code = "", channel: Code = ""
) -> Scope:
    return Scope(zone=zone, at=at, unit=unit, topic=topic, channel=channel)


Filters = Annotated[Scope, Depends(filters_of)]


def scope_of(
    filters: Filters,
    period: Annotated[str, Query(max_length=16, description="2026-11、2026-Q4 或 2026；缺省为本月")] = "",
    first: Annotated[str, Query(alias="from", max_length=10)] = "",
    last: Annotated[str, Query(alias="to", max_length=10)] = "",
) -> Scope:
    begins, ends = _day(first), _day(last)
    if (begins is None) != (ends is None):
        raise Invalid("统计期间缺一个日期。", "请同时选开始日期和结束日期。")
    return replace(filters, period=periods.choose(period, begins, ends, clock.today()))


PeriodScope = Annotated[Scope, Depends(scope_of)]
