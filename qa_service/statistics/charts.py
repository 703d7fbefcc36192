"""Geometry of the charts: numbers in, coordinates out. The page draws them as SVG; the table beside has the numbers.

Units are those of the SVG's view box.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, LEFT, ROW, BAR = 720, 150, 34, 20
LINE_HEIGHT, TOP, BOTTOM, MARGIN = 260, 24, 34, 48


@dataclass(frozen=True, slots=True)
class Bar:
    """One part of a stacked bar; `series` is the number of its colour."""

    x: float
    width: float
    series: int
    count: int


@dataclass(frozen=True, slots=True)
class BarRow:
    label: str
    y: int
    total: int
    end: float
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class BarChart:
    height: int
    rows: tuple[BarRow, ...]


@dataclass(frozen=True, slots=True)
class Series:
    label: str
    number: int
    points: tuple[tuple[float, float], ...]
    counts: tuple[int, ...]

    @property
    def path(self) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in self.points)


@dataclass(frozen=True, slots=True)
class LineChart:
    """`ticks` are (label, x) below, `grid` (number, y) beside."""

    ticks: tuple[tuple[str, float], ...]
    grid: tuple[tuple[int, float], ...]
    series: tuple[Series, ...]


def bar_chart(rows: Sequence[tuple[str, Sequence[int]]]) -> BarChart:
    """Stacked horizontal bars, one a row, all to one scale."""
    most = max((sum(counts) for _, counts in rows), default=0) or 1
    room = WIDTH - LEFT - 60
    made = []
    for number, (label, counts) in enumerate(rows):
        bars, x = [], float(LEFT)
        for series, count in enumerate(counts):
            width = room * count / most
            if count:
                bars.append(Bar(round(x, 1), round(width, 1), series, count))
            x += width
        made.append(BarRow(label, number * ROW, sum(counts), round(x, 1), tuple(bars)))
    return BarChart(max(1, len(made)) * ROW, tuple(made))


def line_chart(ticks: Sequence[str], series: Sequence[tuple[str, Sequence[int]]]) -> LineChart:
    """Lines over equally spaced ticks, from zero, with about four round grid lines."""
    most = max((count for _, counts in series for count in counts), default=0)
    step = _round_step(most)
    top = step * max(1, -(-most // step))
    room, height = WIDTH - 2 * MARGIN, LINE_HEIGHT - TOP - BOTTOM

    def x(number: int) -> float:
        return round(MARGIN + (room * number / (len(ticks) - 1) if len(ticks) > 1 else room / 2), 1)

    def y(count: int) -> float:
        return round(TOP + height * (1 - count / top), 1)

    return LineChart(
        tuple((tick, x(number)) for number, tick in enumerate(ticks)),
        tuple((count, y(count)) for count in range(0, top + 1, step)),
        tuple(
            Series(label, number, tuple((x(n), y(count)) for n, count in enumerate(counts)), tuple(counts))
            for number, (label, counts) in enumerate(series)
        ),
    )


def _round_step(most: int) -> int:
    """1, 2 or 5 times a power of ten, so that four steps or fewer reach `most`."""
    scale = 1
    while scale * 5 * 4 < most:
        scale *= 10
    return next(scale * factor for factor in (1, 2, 5) if scale * factor * 4 >= most)
