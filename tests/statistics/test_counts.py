"""Every number equals the list behind it, for any ledger and any reader; and is what the rules say it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session
from support.ledger import LedgerCase, replace_ledger
from support.people import Actors

from qa_service.accounts.models import Unit
from qa_service.cases.models import Case
from qa_service.cases.service import is_overdue, is_running
from qa_service.consultations.lifecycle import LIFECYCLE, OUTCOMES, STATES
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.statistics import figures, lanes, periods, repository, service
from qa_service.statistics.durations import days_taken, percentile
from qa_service.statistics.scope import NONE, Scope
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.calendar_file import read_calendar
from qa_service.zones.calendar import load_calendar, load_calendars

CALENDAR = read_calendar(Path(__file__).resolve().parents[2] / "corpus" / "zone" / "calendar.csv")
TODAY = date(2026, 11, 26)
NOW = datetime(2026, 11, 26, 10, 0, tzinfo=clock.CHINA)
READERS = ("admin", "supervisor", "desk-liuwan", "unit-rsj", "unit-mzj", "kiosk")
# What the lifecycle can bring about: state → outcomes.
OUTCOMES_OF = {
    "registered": ("",), "answered_on_spot": ("answered_on_spot",), "guided": ("guided",),
    "channelled": ("channelled_disclosure", "channelled_complaint"), "answered": ("answered_by_unit",),
    "closed": ("answered_by_unit",), "archived": tuple(code for code in OUTCOMES if code != "void"), "void": ("void",),
}  # fmt: skip
TIMED = [state.code for state in STATES.values() if state.timed]


@st.composite
def ledger_cases(draw: st.DrawFn) -> LedgerCase:
    state = draw(st.sampled_from(sorted(STATES)))
    # A case answered on the spot and referred afterwards keeps that outcome on its way.
    outcome = draw(st.sampled_from(OUTCOMES_OF.get(state, ("", "answered_on_spot"))))
    registered = NOW - timedelta(minutes=draw(st.integers(0, 200 * 24 * 60)))
    day = clock.local(registered).date()
    answered = outcome == "answered_by_unit"
    again = state in TIMED and draw(st.booleans()) and draw(st.booleans())
    timed = state in TIMED or answered
    started = day if timed and (answered or again or draw(st.integers(0, 4))) else None
    due = started + timedelta(days=draw(st.integers(1, 12))) if started else None
    met = started + timedelta(days=draw(st.integers(0, 20))) if started and (answered or again) else None
    held = state not in ("registered", "to_assign", "answered_on_spot", "guided", "channelled", "void")
    unit = draw(st.sampled_from(("rsj", "mzj"))) if held else ""
    return LedgerCase(
        registered, state, "answered_by_unit" if again else outcome, draw(st.sampled_from(("QH01", "QH02", "QH03", "QH04"))),
        unit, unit if met else "", draw(st.sampled_from(("", "社会保障", "民政救助"))), draw(st.sampled_from(("window", "kiosk", "phone"))),
        2 if again else 1, started, due, met, redo_due_on=met + timedelta(days=draw(st.integers(1, 12))) if again and met else None,
        returned_by=draw(st.sampled_from(((), (), ("rsj",), ("rsj", "mzj"), ("mzj", "mzj")))),
        follows_first=state != "registered" and draw(st.booleans()) and draw(st.booleans()),
        ratings=draw(st.sampled_from(((), (), ("unreached",), ("dissatisfied", "fair"), ("satisfied", "very_dissatisfied", "unreached")))),
    )  # fmt: skip


@pytest.fixture
def stopped() -> Iterator[None]:
    with clock.stopped_at(NOW):
        yield


def scopes() -> st.SearchStrategy[Scope]:
    return st.builds(
        Scope, st.sampled_from([periods.named(name) for name in ("2026", "2026-Q4", "2026-11", "2026-09")]),
        zone=st.sampled_from(("", "", "QH02", "nowhere")), unit=st.sampled_from(("", "", "rsj", NONE)),
        topic=st.sampled_from(("", "", "社会保障", NONE)), channel=st.sampled_from(("", "", "kiosk")),
    )  # fmt: skip


@given(
    cases=st.lists(ledger_cases(), max_size=15), scope=scopes(), who=st.sampled_from(READERS), data=st.data()
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_number_is_the_length_of_its_list(
    sqlite_database: Database, stopped: None, cases: list[LedgerCase], scope: Scope, who: str, data: st.DataObject
) -> None:  # fmt: skip
    _check_numbers(
        sqlite_database,
        cases,
        scope,
        who,
        data.draw(st.sampled_from(("unit", "zone", "topic", "channel", "month"))),
    )


def _check_numbers(database: Database, cases: list[LedgerCase], scope: Scope, who: str, by: str) -> None:
    actor = Actors(database)[who]
    with database.write() as session:
        replace_ledger(session, cases)
    with database.read() as session:
        made, readable = service.report(session, actor, scope, by), _readable_ids(session, who)
        for figure in figures.FIGURES:
            condition = figure.predicate(TODAY)
            returner = figure.of_returner
            found = repository.list_cases(session, actor, scope, condition, limit=1000, of_returner=returner)
            listed = {case.case_id for case in found}
            assert len(listed) == made.total.counts[figure.code], figure.code
            assert listed <= readable
            for line in made.lines:
                behind = repository.count_cases(
                    session, actor, scope.narrowed(by, line.key), condition, of_returner=returner
                )
                assert behind == line.counts[figure.code], (figure.code, line)
        for line in (made.total, *made.lines):
            counts = line.counts
            assert counts["received"] == sum(counts[code] for code in figures.PARTS_OF_RECEIVED)
            assert counts["referred"] == sum(counts[code] for code in figures.PARTS_OF_REFERRED)
            assert counts["overdue"] == counts["late"] + counts["overdue_open"]
            narrowed = scope.narrowed(by, line.key) if line.key else scope
            answered = figures.BY_CODE["answered"].predicate(TODAY)
            found = repository.list_cases(session, actor, narrowed, answered, limit=1000)
            _check_days(line, [item.case for item in found], load_calendar(session))
            assert counts["satisfied"] <= counts["rated"] <= counts["received"]


def _check_days(line: service.Line, answered: list[Case], calendar: WorkCalendar) -> None:
    taken = sorted(
        calendar.count_workdays(c.clock_started_on, c.met_on)
        for c in answered
        if c.clock_started_on and c.met_on
    )
    for duration in figures.DURATIONS:
        rank = -(-len(taken) * duration.percent // 100)
        assert line.days[duration.code] == (taken[rank - 1] if taken else None)


def _readable_ids(session: Session, who: str) -> set[int]:
    """By a rule written down a second time."""
    rows = session.execute(
        select(Case.id, Case.number, Unit.code).outerjoin(Unit, Unit.id == Case.holder_unit_id)
    ).all()
    match who:
        case "admin" | "supervisor":
            return {row.id for row in rows}
        case "desk-liuwan":
            return {row.id for row in rows if row.number.startswith(("QH02", "QH04"))}
        case "unit-rsj" | "unit-mzj":
            return {row.id for row in rows if row.code == who.removeprefix("unit-")}
        case _:
            return set()


@given(
    cases=st.lists(ledger_cases(), max_size=15),
    who=st.sampled_from(READERS),
    by=st.sampled_from(("unit", "zone", "topic")),
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_waiting_case_is_in_exactly_one_lane(
    sqlite_database: Database, stopped: None, cases: list[LedgerCase], who: str, by: str
) -> None:
    actor = Actors(sqlite_database)[who]
    with sqlite_database.write() as session:
        replace_ledger(session, cases)
    with sqlite_database.read() as session:
        days = lanes.board_days(TODAY, load_calendars(session))
        lines = service.lanes_by(session, actor, Scope(), by)
        seen: dict[int, str] = {}
        for lane in lanes.LANES:
            listed = repository.list_cases(session, actor, Scope(), lanes.condition(lane, days), limit=1000)
            assert len(listed) == service.totals(lines)[lane.code]
            for item in listed:
                assert seen.setdefault(item.case_id, lane.code) == lane.code, "in two lanes"
                if lane.code == "overdue":
                    assert is_running(LIFECYCLE, item.case) and is_overdue(LIFECYCLE, item.case, TODAY)
            for line in lines:
                behind = repository.count_cases(
                    session, actor, Scope().narrowed(by, line.key), lanes.condition(lane, days)
                )
                assert behind == line.counts.get(lane.code, 0)
        waiting = repository.list_cases(
            session, actor, Scope(), Case.state.in_(("registered", *TIMED, "answered")), limit=1000
        )
        assert {item.case_id for item in waiting} == set(seen), "nothing that waits is unseen"


def test_numbers_are_the_same_on_every_database(database: Database, stopped: None) -> None:
    cases = [
        LedgerCase(NOW - timedelta(days=40), "closed", "answered_by_unit", "QH02", "rsj", "rsj", "社会保障", "kiosk",
                   clock_started_on=date(2026, 10, 17), due_on=date(2026, 10, 23), met_on=date(2026, 10, 26)),
        LedgerCase(NOW - timedelta(days=20), "in_progress", "", "QH01", "mzj", due_on=date(2026, 11, 13),
                   clock_started_on=date(2026, 11, 6)),
        LedgerCase(NOW, "void", "void"), LedgerCase(NOW, "guided", "guided", "QH03"), LedgerCase(NOW, "registered"),
    ]  # fmt: skip
    for by in ("unit", "zone", "topic", "channel", "month"):
        for who in ("supervisor", "unit-rsj"):
            _check_numbers(database, cases, Scope(periods.named("2026")), who, by)
    actor = Actors(database)["supervisor"]
    with database.read() as session:
        total = service.report(session, actor, Scope(periods.named("2026")), "month").total
        assert dict(total.counts) | {
            "received": 5,
            "late": 1,
            "overdue_open": 1,
            "overdue": 2,
            "guided": 1,
            "void": 1,
        } == dict(total.counts)
        assert total.days == {"median": 6, "p90": 6}, "19–23 and 26 October are worked"
        assert total.rates["in_time_rate"] == 0.0 and total.rates["on_spot_rate"] == 0.0
        lines = service.lanes_by(session, actor, Scope(), "unit")
        assert {key: count for key, count in service.totals(lines).items() if count} == {
            "overdue": 1,
            "untimed": 1,
        }


def test_returns_ratings_and_merged_cases_are_counted_where_they_belong(
    database: Database, stopped: None
) -> None:
    day = NOW - timedelta(days=3)
    late = {
        "clock_started_on": date(2026, 10, 17),
        "due_on": date(2026, 10, 23),
        "met_on": date(2026, 10, 26),
    }
    cases = [
        LedgerCase(day, "in_progress", unit="mzj", returned_by=("rsj", "rsj")),
        LedgerCase(day, "to_assign", returned_by=("rsj", "mzj"), follows_first=True),
        LedgerCase(day, "closed", "answered_by_unit", unit="rsj", ratings=("dissatisfied", "fair", "unreached"), **late),
        LedgerCase(day, "closed", "answered_by_unit", unit="mzj", ratings=("satisfied", "dissatisfied"), **late),
        LedgerCase(day, "closed", "answered_by_unit", unit="mzj", ratings=("unreached",), **late),
        LedgerCase(day, "in_progress", "answered_by_unit", unit="rsj", round=2, redo_due_on=date(2026, 11, 25), **late),
        LedgerCase(day, "in_progress", "answered_by_unit", unit="rsj", round=2, redo_due_on=TODAY, **late),
    ]  # fmt: skip
    with database.write() as session:
        replace_ledger(session, cases)
    actor = Actors(database)["supervisor"]
    with database.read() as session:
        made = service.report(session, actor, Scope(periods.named("2026")), "unit")
        lines = {line.key: line for line in made.lines}
        returned = {key: line.counts["returned"] for key, line in lines.items()}
        assert returned == {"rsj": 2, "mzj": 1, NONE: 0}, "by the units that returned, not by those that hold"
        assert made.total.counts["returned"] == 2, "each case once"
        assert made.total.counts["merged"] == 1 and made.total.counts["received"] == 7
        assert made.total.rates["satisfaction"] == 0.5, "the last rating of each of the two reached"
        assert lines["rsj"].rates["satisfaction"] == 1.0 and lines["mzj"].rates["satisfaction"] == 0.0
        waiting = service.totals(service.lanes_by(session, actor, Scope(), "unit"))
        assert (waiting["overdue"], waiting["today"]) == (1, 1), "redone cases by the limit of their round"


def test_a_case_of_late_evening_belongs_to_the_chinese_day(database: Database, stopped: None) -> None:
    last_minute = datetime(2026, 10, 31, 23, 59, tzinfo=clock.CHINA)
    with database.write() as session:
        replace_ledger(session, [LedgerCase(last_minute), LedgerCase(last_minute + timedelta(minutes=1))])
    actor = Actors(database)["admin"]
    with database.read() as session:
        lines = {
            line.key: line.counts["received"]
            for line in service.report(session, actor, Scope(periods.named("2026-Q4")), "month").lines
        }
        assert lines == {"2026-10": 1, "2026-11": 1}


def test_percentiles_are_nearest_ranks() -> None:
    assert percentile({}, 50) is None
    assert percentile({3: 1}, 90) == 3
    assert percentile({1: 1, 2: 1}, 50) == 1
    assert percentile({1: 8, 5: 1, 9: 1}, 90) == 5


@given(
    st.lists(
        st.tuples(st.dates(date(2026, 1, 1), date(2026, 12, 19)), st.integers(0, 60)), min_size=1, max_size=20
    )
)
@settings(max_examples=30, deadline=None)
def test_days_are_counted_as_the_calendar_counts_them(spans: list[tuple[date, int]]) -> None:
    pairs = [(start, start + timedelta(days=length)) for start, length in spans]
    taken = days_taken(
        lambda _: CALENDAR, [("x", 1, start.isoformat(), met.isoformat()) for start, met in pairs]
    )
    assert taken["x"] == Counter(CALENDAR.count_workdays(start, met) for start, met in pairs)


def test_lane_days_skip_what_is_not_worked() -> None:
    days = lanes.days_after(date(2026, 11, 27), CALENDAR)
    assert (days.next, days.third) == (date(2026, 11, 30), date(2026, 12, 2))
