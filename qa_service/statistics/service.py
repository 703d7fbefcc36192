"""Boards and statistics as a reader sees them: lines with names, totals, rates and days taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor
from qa_service.consultations.lifecycle import CHANNELS
from qa_service.kit import clock
from qa_service.statistics import repository
from qa_service.statistics.durations import days_taken, percentile
from qa_service.statistics.figures import DURATIONS, FIGURES, RATES
from qa_service.statistics.lanes import LANES, board_days
from qa_service.statistics.repository import Key
from qa_service.statistics.scope import NONE, Scope
from qa_service.zones.calendar import load_calendars
from qa_service.zones.models import Zone


@dataclass(frozen=True, slots=True)
class Line:
    """`key` narrows a scope to this line. `rates` are 0–1, `days` working days; None where nothing is counted."""

    key: str
    label: str
    counts: Mapping[str, int]
    rates: Mapping[str, float | None]
    days: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Report:
    total: Line
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class LaneLine:
    """What waits at one unit or in one zone, by lane."""

    key: str
    label: str
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Name:
    """How a line is addressed, how it reads, and where it stands among the others."""

    key: str
    label: str
    position: int


def report(session: Session, actor: Actor, scope: Scope, dimension: str) -> Report:
    """All figures of the period, by the lines of `dimension` and in total."""
    counted = repository.count_figures(session, actor, scope, dimension, clock.today())
    by_line = days_taken(
        load_calendars(session).of, repository.answered_days(session, actor, scope, dimension)
    )
    by_returner = dimension == "unit" or bool(scope.unit)
    all_returned = 0
    if by_returner:
        returned, all_returned = repository.count_returned(session, actor, scope, dimension)
        # A unit that returned all it was given has a line of its own.
        for key in counted.keys() | returned.keys():
            line = counted.setdefault(key, dict.fromkeys((f.code for f in FIGURES), 0))
            line["returned"] = returned.get(key, 0)
    names = _names(session, dimension, scope, counted)
    lines = [
        _line(names[key], counted.get(key) or dict.fromkeys((f.code for f in FIGURES), 0), by_line.get(key, Counter()))
        for key in _ordered(names, dimension, {key: counts["received"] for key, counts in counted.items()})
    ]  # fmt: skip
    all_days: Counter[int] = Counter()
    for counter in by_line.values():
        all_days.update(counter)
    sums = {figure.code: sum(line.counts[figure.code] for line in lines) for figure in FIGURES}
    if by_returner:
        sums["returned"] = all_returned
    return Report(_line(Name("", "合计", 0), sums, all_days), tuple(lines))


def lanes_by(session: Session, actor: Actor, scope: Scope, dimension: str) -> list[LaneLine]:
    """What waits now, by the lines of `dimension`: those with late cases first, then by how much waits."""
    days = board_days(clock.today(), load_calendars(session))
    rows = repository.count_lanes(session, actor, scope, dimension, days)
    names = _names(session, dimension, scope, [key for key, _, _ in rows])
    counts: dict[Key, Counter[str]] = {}
    for key, lane, count in rows:
        counts.setdefault(key, Counter())[lane] += count
    lines = [LaneLine(names[key].key, names[key].label, counted) for key, counted in counts.items()]
    return sorted(lines, key=lambda line: (-line.counts.get("overdue", 0), -line.total, line.label))


def totals(lines: Iterable[LaneLine]) -> dict[str, int]:
    """Cases by lane, every lane named."""
    summed: Counter[str] = Counter()
    for line in lines:
        summed.update(line.counts)
    return {lane.code: summed[lane.code] for lane in LANES}


def _line(name: Name, counts: Mapping[str, int], days: Mapping[int, int]) -> Line:
    rates: dict[str, float | None] = {}
    for rate in RATES:
        whole = sum(counts[code] for code in rate.whole)
        rates[rate.code] = counts[rate.part] / whole if whole else None
    return Line(name.key, name.label, counts, rates, {d.code: percentile(days, d.percent) for d in DURATIONS})


def _ordered(names: Mapping[Key, Name], dimension: str, received: Mapping[Key, int]) -> list[Key]:
    """Zones and months in their own order, the rest by what was received; lines without a name last."""
    if dimension in ("zone", "month"):
        return sorted(names, key=lambda key: names[key].position)
    return sorted(names, key=lambda key: (names[key].key == NONE, -received.get(key, 0), names[key].position))


def _names(session: Session, dimension: str, scope: Scope, keys: Iterable[Key]) -> dict[Key, Name]:
    """The lines of a table: those that have cases, and every month of the period up to now."""
    present = set(keys)
    match dimension:
        case "zone":
            zones = session.execute(select(Zone.id, Zone.code, Zone.name).order_by(Zone.path)).all()
            known: dict[Key, Name] = {id_: Name(code, name, n) for n, (id_, code, name) in enumerate(zones)}
        case "unit":
            units = session.execute(
                select(Unit.id, Unit.code, Unit.short_name, Unit.name).order_by(Unit.id)
            ).all()
            known = {id_: Name(code, short or name, n) for n, (id_, code, short, name) in enumerate(units)}
            known[None] = Name(NONE, "未交单位", len(known))
        case "channel":
            known = {code: Name(code, label, n) for n, (code, label) in enumerate(CHANNELS.items())}
        case "month":
            this_month = f"{clock.today():%Y-%m}"
            months = list(scope.period.months()) if scope.period else []
            present |= {month for month in months if month <= this_month}
            known = {
                month: Name(month, f"{month[:4]}年{int(month[5:])}月", n) for n, month in enumerate(months)
            }
        case _:
            known = {"": Name(NONE, "未填主题", len(present))}
    return {
        key: known.get(key) or Name(str(key), str(key), n) for n, key in enumerate(sorted(present, key=str))
    }
