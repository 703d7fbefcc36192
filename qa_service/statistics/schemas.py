"""What the API says of boards and statistics."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, Field

from qa_service.statistics.service import LaneLine, Line


class Definition(BaseModel):
    code: str
    label: str
    definition: str


class StatisticsLine(BaseModel):
    """`counts` 件数，`rates` 0—1，`days` 工作日；没有可计的为 null。"""

    key: str
    label: str
    counts: dict[str, int]
    rates: dict[str, float | None]
    days: dict[str, int | None]

    @staticmethod
    def of(line: Line) -> StatisticsLine:
        return StatisticsLine(
            key=line.key, label=line.label, counts=dict(line.counts), rates=dict(line.rates), days=dict(line.days),
        )  # fmt: skip


class Statistics(BaseModel):
    first: date = Field(description="按登记日期归入期间，含首尾两日")
    last: date
    by: str
    total: StatisticsLine
    lines: list[StatisticsLine]
    definitions: list[Definition]


class BoardLine(BaseModel):
    key: str
    label: str
    counts: dict[str, int]

    @staticmethod
    def of(line: LaneLine) -> BoardLine:
        return BoardLine(key=line.key, label=line.label, counts=dict(line.counts))


class Board(BaseModel):
    lanes: list[Definition]
    counts: dict[str, int]
    by: str
    lines: list[BoardLine]
