"""Pauses: what is not counted while a third party is asked, and how it is said."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.calendar_file import read_calendar
from qa_service.workdays.due import LimitUnit, Pause, due_date, explain
from qa_service.workdays.due_command import find_due
from qa_service.workdays.explanation import Run, read_pauses, store_pause, stored_steps, summarise

CALENDAR = read_calendar(Path(__file__).resolve().parents[2] / "corpus" / "zone" / "calendar.csv")
STARTS = st.dates(date(2010, 1, 1), date(2026, 3, 1))
PAUSES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=3)


def test_asking_a_third_party_for_ten_working_days_moves_the_date_by_ten(calendar: WorkCalendar) -> None:
    # DOMAIN §2.5: received 2026-03-02, due 03-30; asked 03-10, answered 03-24.
    asked = Pause(date(2026, 3, 10), date(2026, 3, 24), "征求第三方意见")
    assert due_date(date(2026, 3, 2), 20, calendar).due == date(2026, 3, 30)
    found = due_date(date(2026, 3, 2), 20, calendar, pauses=[asked])
    assert found.due == date(2026, 4, 14)
    paused = [step for step in found.steps if step.pause]
    assert len(paused) == 10
    assert paused[0].day == date(2026, 3, 11) and paused[-1].day == date(2026, 3, 24)
    assert paused[0].reason == "周三，征求第三方意见，暂停不计"
    assert "暂停：2026-03-10次日至2026-03-24，征求第三方意见" in explain(found)


@given(STARTS, st.integers(1, 30), PAUSES)
def test_the_date_is_that_of_so_many_more_working_days(
    start: date, n: int, spans: list[tuple[int, int]]
) -> None:
    """add_wd(received, n + working days inside the union of the pauses), for pauses that begin while it runs."""
    pauses = [
        Pause(start + timedelta(days=a), start + timedelta(days=a + length), "征求意见")
        for a, length in spans
    ]
    found = due_date(start, n, CALENDAR, pauses=pauses)
    left_out = [
        day
        for i in range(1, (found.due - start).days + 1)
        if CALENDAR.is_workday(day := start + timedelta(days=i)) and any(p.covers(day) for p in pauses)
    ]
    assert due_date(start, n + len(left_out), CALENDAR).due == found.due
    assert CALENDAR.is_workday(found.due) and not any(p.covers(found.due) for p in pauses)
    assert [step.counted for step in found.steps if step.counted] == list(range(1, n + 1))


@given(STARTS, st.integers(1, 30), PAUSES)
def test_pausing_twice_over_the_same_days_is_pausing_once(
    start: date, n: int, spans: list[tuple[int, int]]
) -> None:
    pauses = [
        Pause(start + timedelta(days=a), start + timedelta(days=a + length), "征求意见")
        for a, length in spans
    ]
    once, twice = (due_date(start, n, CALENDAR, pauses=p).due for p in (pauses, [*pauses, *pauses]))
    assert once == twice >= due_date(start, n, CALENDAR).due


def test_a_pause_after_the_due_date_changes_nothing(calendar: WorkCalendar) -> None:
    late = Pause(date(2026, 3, 9), date(2026, 3, 20), "征求意见")
    assert due_date(date(2026, 3, 2), 5, calendar, pauses=[late]).due == date(2026, 3, 9)


def test_calendar_days_are_paused_too(calendar: WorkCalendar) -> None:
    pause = Pause(date(2026, 3, 3), date(2026, 3, 6), "听证")
    assert due_date(date(2026, 3, 2), 7, calendar, LimitUnit.DAY).due == date(2026, 3, 9)
    assert due_date(date(2026, 3, 2), 7, calendar, LimitUnit.DAY, [pause]).due == date(2026, 3, 12)


@pytest.mark.parametrize(
    ("after", "through", "reason", "said"),
    [("2026-03-10", "2026-03-09", "x", "早于开始日"), ("2026-03-10", "2026-03-11", "", "没有写事由")],
)
def test_pauses_that_cannot_be(after: str, through: str, reason: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Pause(date.fromisoformat(after), date.fromisoformat(through), reason)


def test_a_pause_of_decades_is_refused_instead_of_counted(calendar: WorkCalendar) -> None:
    with pytest.raises(ValueError, match="暂停共"):
        due_date(
            date(2026, 3, 2), 5, calendar, pauses=[Pause(date(2026, 3, 2), date(2090, 1, 1), "忘记结束")]
        )


def test_typed_on_the_command_line(calendar: WorkCalendar) -> None:
    found = find_due("2026-03-02", 20, "workday", calendar, ["2026-03-10/2026-03-24/征求第三方意见"])
    assert (found.due, found.pauses[0].reason) == (date(2026, 4, 14), "征求第三方意见")
    assert find_due("2026-03-02", 20, "workday", calendar, ["2026-03-10/2026-03-24"]).due == found.due
    with pytest.raises(ValueError, match="发出日/收到日/事由"):
        find_due("2026-03-02", 20, "workday", calendar, ["2026-03-10"])


def test_kept_and_read_again_is_the_same() -> None:
    pause = Pause(date(2026, 3, 10), date(2026, 3, 24), "征求第三方意见")
    assert read_pauses([store_pause(pause)]) == [pause]


def test_the_summary_names_what_was_skipped_made_up_for_and_paused(calendar: WorkCalendar) -> None:
    spring = summarise(stored_steps(due_date(date(2026, 2, 13), 5, calendar)))
    assert [(run.name, run.first.day, run.last.day) for run in spring.holidays] == [
        ("春节", 15, 19), ("春节调休放假", 20, 20), ("春节", 21, 22), ("春节调休放假", 23, 23),
    ]  # fmt: skip
    assert spring.makeups == (Run(date(2026, 2, 14), date(2026, 2, 14), "调休上班"),)
    assert (spring.weekends, spring.paused) == (0, ())
    asked = Pause(date(2026, 3, 10), date(2026, 3, 12), "征求意见")
    found = summarise(stored_steps(due_date(date(2026, 3, 9), 5, calendar, pauses=[asked])))
    assert found.paused == (Run(date(2026, 3, 11), date(2026, 3, 12), "征求意见"),)
    assert (found.weekends, found.holidays) == (2, ())
