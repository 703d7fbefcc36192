"""The rules beside the lifecycle table: signing and return limits, review, punctuality."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.consultations import rules
from qa_service.consultations.lifecycle import SATISFACTION
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.calendar_file import build_calendar, parse_rows
from qa_service.workdays.due import LimitUnit, TimeLimit

CALENDAR: WorkCalendar = build_calendar(
    parse_rows((Path(__file__).resolve().parents[2] / "corpus" / "zone" / "calendar.csv").read_bytes())
)
SIGN = TimeLimit("consultation_sign", "承办单位签收", 1, LimitUnit.WORKDAY, "交办之日", "规范第十五条")
DAYS = st.dates(date(2025, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("assigned", "last"),
    [
        ("2026-02-13", "2026-02-14"),  # a Friday before a Saturday that is worked
        ("2026-02-14", "2026-02-24"),  # over the Spring Festival
        ("2026-09-30", "2026-10-08"), ("2026-12-31", "2027-01-04"), ("2026-03-06", "2026-03-09"),
    ],
)  # fmt: skip
def test_signing_is_due_on_the_next_working_day(assigned: str, last: str) -> None:
    assert str(rules.last_day(date.fromisoformat(assigned), SIGN, CALENDAR)) == last


def test_the_last_day_itself_is_in_time_and_the_next_is_not() -> None:
    last = date(2026, 3, 9)
    assert not rules.is_sign_overdue(last, None, last)
    assert rules.is_sign_overdue(last, None, last + timedelta(days=1))
    assert not rules.is_sign_overdue(last, last, date(2027, 1, 1))
    assert rules.is_sign_overdue(last, last + timedelta(days=1), date(2027, 1, 1))
    assert not rules.is_sign_overdue(None, None, date(2027, 1, 1))


def test_a_designated_case_is_not_returned_even_within_the_limit() -> None:
    assert "指定交办" in rules.why_no_return(True, date(2026, 3, 9), date(2026, 3, 1))


def test_a_return_after_the_limit_is_refused_with_the_day() -> None:
    last = date(2026, 3, 9)
    assert rules.why_no_return(False, last, last) == ""
    assert "2026年3月9日" in rules.why_no_return(False, last, last + timedelta(days=1))
    assert rules.why_no_return(False, None, date(2030, 1, 1)) == ""


@pytest.mark.parametrize(("switched_on", "leads", "needed"), [
    (True, False, True), (True, True, False), (False, False, False), (False, True, False),
])  # fmt: skip
def test_what_staff_draft_is_reviewed_where_the_unit_wants_it(
    switched_on: bool, leads: bool, needed: bool
) -> None:
    assert rules.needs_review(switched_on, leads) is needed


def test_only_the_two_lowest_grades_call_for_a_redo() -> None:
    assert [code for code in SATISFACTION if rules.calls_for_redo(code)] == [
        "dissatisfied",
        "very_dissatisfied",
    ]


@given(DAYS, DAYS)
def test_in_time_is_exactly_not_later_than_due(due: date, met: date) -> None:
    assert rules.in_time(due, met) is (met <= due)
    assert rules.in_time(due, None) is rules.in_time(None, met) is None
