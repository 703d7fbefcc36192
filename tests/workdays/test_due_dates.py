"""Due dates: worked examples, the rules as properties, and what is said about them."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.workdays.calendar import CalendarDay, DayKind, DayStatus, WorkCalendar
from qa_service.workdays.calendar_file import read_calendar
from qa_service.workdays.change import with_overrides
from qa_service.workdays.due import (
    LimitUnit,
    TimeLimit,
    due_date,
    explain,
    is_overdue,
    working_days_left,
)

CALENDAR = read_calendar(Path(__file__).resolve().parents[2] / "corpus" / "zone" / "calendar.csv")
STARTS = st.dates(date(2004, 1, 1), date(2027, 6, 30))
COUNTS = st.integers(1, 60)

# Received, due after 5 and after 20 working days. From the project's domain rules, which give them as
# computed with chinesecalendar and again with a table copied from the notices; only the very last date,
# which waits for the notice of 2027, was counted for this test.
EXAMPLE_TABLE = """
2024-01-31 2024-02-06 2024-03-04
2024-02-02 2024-02-08 2024-03-06
2024-02-03 2024-02-08 2024-03-06
2024-02-04 2024-02-09 2024-03-07
2024-02-09 2024-02-22 2024-03-14
2024-02-12 2024-02-22 2024-03-14
2024-04-03 2024-04-11 2024-05-06
2024-09-13 2024-09-23 2024-10-17
2024-09-14 2024-09-24 2024-10-18
2024-09-29 2024-10-11 2024-10-31
2024-12-27 2025-01-06 2025-01-26
2025-01-20 2025-01-26 2025-02-21
2025-01-25 2025-02-07 2025-02-27
2025-01-26 2025-02-08 2025-02-28
2025-01-27 2025-02-10 2025-03-03
2025-02-05 2025-02-11 2025-03-04
2025-04-26 2025-05-06 2025-05-27
2025-09-26 2025-10-10 2025-10-30
2025-09-28 2025-10-11 2025-10-31
2025-10-01 2025-10-14 2025-11-04
2025-12-31 2026-01-08 2026-01-29
2026-01-04 2026-01-09 2026-01-30
2026-02-13 2026-02-27 2026-03-19
2026-02-14 2026-02-28 2026-03-20
2026-02-20 2026-02-28 2026-03-20
2026-04-30 2026-05-11 2026-06-01
2026-09-18 2026-09-24 2026-10-22
2026-09-30 2026-10-13 2026-11-03
2026-12-03 2026-12-10 2026-12-31
2026-12-24 2026-12-31 2027-01-22
"""
EXAMPLES = EXAMPLE_TABLE.split()
OFFICIAL_EXAMPLES = [
    (received, n, due)
    for received, five, twenty in zip(*[iter(EXAMPLES)] * 3, strict=True)
    for n, due in ((5, five), (20, twenty))
    if due < "2026-12-20"
]
MORE = [
    ("2026-02-12", 7, "2026-02-28"),
    ("2026-03-05", 20, "2026-04-02"),
    ("2026-01-30", 20, "2026-03-05"),
    ("2026-03-05", 20, "2026-04-02"),
    ("2025-09-10", 20, "2025-10-14"),
    ("2025-10-14", 20, "2025-11-11"),
    ("2026-03-10", 15, "2026-03-31"),
    ("2026-02-09", 5, "2026-02-14"),
]
PROVISIONAL = [
    ("2026-12-03", 20, "2026-12-31"),
    ("2026-12-24", 5, "2026-12-31"),
    ("2026-12-24", 20, "2027-01-22"),
    ("2026-12-25", 5, "2027-01-04"),
    ("2026-12-04", 20, "2027-01-04"),
    ("2027-02-04", 5, "2027-02-17"),
]


def add(start: date, n: int) -> date:
    return due_date(start, n, CALENDAR).due


@pytest.mark.parametrize(("received", "n", "due"), OFFICIAL_EXAMPLES + MORE)
def test_worked_examples(calendar: WorkCalendar, received: str, n: int, due: str) -> None:
    found = due_date(date.fromisoformat(received), n, calendar)
    assert (found.due.isoformat(), found.status) == (due, "official")


def test_all_thirty_examples_are_covered() -> None:
    assert len(EXAMPLES) == 90
    assert len(OFFICIAL_EXAMPLES) == 57  # three cross into days that wait for the 2027 notice


# What the day of receipt itself is, in the order of the table (its column 当日).
RECEIVED_ON = "工工休补工休工工补补工工休补工工休工补休工补工补休工工工工工"


def test_what_the_day_of_receipt_is_in_each_example(calendar: WorkCalendar) -> None:
    names = {"workday": "工", "makeup": "补", "weekend": "休", "holiday": "休"}
    found = "".join(names[calendar.entry(date.fromisoformat(day)).kind] for day in EXAMPLES[::3])
    assert found == RECEIVED_ON


@pytest.mark.parametrize(
    ("received", "counted"),
    [
        ("2026-02-13", ["2026-02-14", "2026-02-24", "2026-02-25", "2026-02-26", "2026-02-27"]),
        ("2024-12-27", ["2024-12-30", "2024-12-31", "2025-01-02", "2025-01-03", "2025-01-06"]),
    ],
)
def test_the_days_counted_by_hand(calendar: WorkCalendar, received: str, counted: list[str]) -> None:
    """DOMAIN §3.5, 手工核例 #23 and #11."""
    steps = due_date(date.fromisoformat(received), 5, calendar).steps
    assert [step.day.isoformat() for step in steps if step.counted] == counted


@pytest.mark.parametrize(("received", "n", "due"), PROVISIONAL)
def test_dates_that_wait_for_the_next_notice(calendar: WorkCalendar, received: str, n: int, due: str) -> None:
    found = due_date(date.fromisoformat(received), n, calendar)
    assert (found.due.isoformat(), found.status, found.awaited_notice) == (due, "provisional", 2027)
    assert any("2027年放假通知尚未录入" in line for line in explain(found))


@given(STARTS, COUNTS, st.integers(0, 60))
def test_a_limit_may_be_counted_in_two_parts(start: date, a: int, b: int) -> None:
    assert add(start, a + b) == add(add(start, a), b)


@given(STARTS, COUNTS)
def test_the_due_date_is_a_working_day_after_the_start(start: date, n: int) -> None:
    due = add(start, n)
    assert due > start
    assert CALENDAR.is_workday(due)


@given(STARTS, COUNTS)
def test_from_a_rest_day_is_as_from_the_working_day_before(start: date, n: int) -> None:
    before = start
    while not CALENDAR.is_workday(before) and before > CALENDAR.official_from:
        before -= timedelta(days=1)
    assert add(start, n) == add(before, n)


@given(STARTS, st.integers(0, 60), COUNTS)
def test_later_start_is_never_due_earlier(start: date, later: int, n: int) -> None:
    assert add(start, n) <= add(start + timedelta(days=later), n)


@given(STARTS, COUNTS, st.sampled_from([LimitUnit.WORKDAY, LimitUnit.DAY]))
def test_steps_account_for_every_day(start: date, n: int, unit: LimitUnit) -> None:
    found = due_date(start, n, CALENDAR, unit)
    days = [step.day for step in found.steps]
    assert days == [start + timedelta(days=i) for i in range((found.due - start).days + 1)]
    assert [step.counted for step in found.steps if step.counted] == list(range(1, n + 1))
    assert all(step.reason for step in found.steps)
    if unit is LimitUnit.WORKDAY:
        assert all(bool(s.counted) == CALENDAR.is_workday(s.day) for s in found.steps[1:])
    doubtful = any(s.status is not DayStatus.OFFICIAL for s in found.steps[1:])
    assert found.status == ("provisional" if doubtful else "official")


@given(STARTS, COUNTS)
def test_calendar_days_end_on_the_first_working_day_from_the_last_one(start: date, n: int) -> None:
    last = start + timedelta(days=n)
    found = due_date(start, n, CALENDAR, LimitUnit.DAY)
    expected = last if CALENDAR.is_workday(last) else add(last, 1)
    assert found.due == expected


@given(st.dates(date(2024, 1, 1), date(2027, 6, 30)), COUNTS, st.integers(0, 30), st.data())
def test_the_invariants_hold_whatever_is_decided_locally(
    start: date, n: int, more: int, data: st.DataObject
) -> None:
    """DOMAIN §3.1, rules 2, 3 and 6, with days off and days worked that a region has decided on."""
    offsets = data.draw(st.dictionaries(st.integers(-3, 90), st.booleans(), max_size=12))
    decided = {}
    for offset, works in offsets.items():
        day = start + timedelta(days=offset)
        worked = DayKind.MAKEUP if day.weekday() >= 5 else DayKind.WORKDAY
        decided[day] = CalendarDay(day, worked if works else DayKind.HOLIDAY, "县庆", "青政发〔2026〕3号")
    local = with_overrides(CALENDAR, decided)
    due = due_date(start, n, local).due
    assert local.is_workday(due) and local.count_workdays(start, due) == n
    assert due_date(start, n + more, local).due == due_date(due, more, local).due
    assert due <= due_date(start + timedelta(days=more), n, local).due
    assert all(
        local.is_workday(day) is works for day, works in ((d, offsets[(d - start).days]) for d in decided)
    )


@given(STARTS, STARTS)
def test_days_left_is_negative_exactly_when_overdue(today: date, due: date) -> None:
    left = working_days_left(today, due, CALENDAR)
    assert (left < 0) == is_overdue(today, due) == (today > due)


@given(STARTS, COUNTS)
def test_days_left_on_the_first_day_is_the_limit(start: date, n: int) -> None:
    assert working_days_left(start, add(start, n), CALENDAR) == n


def test_days_left_around_a_due_date(calendar: WorkCalendar) -> None:
    friday = date(2026, 9, 18)  # Sunday 20 September is worked
    left = [working_days_left(friday + timedelta(days=i), friday, calendar) for i in range(-1, 5)]
    assert left == [1, 0, -1, -1, -2, -3]
    assert [is_overdue(friday + timedelta(days=i), friday) for i in (-1, 0, 1)] == [False, False, True]


def test_explain_prints_the_calculation(calendar: WorkCalendar) -> None:
    assert explain(due_date(date(2026, 9, 18), 5, calendar)) == [
        "起算日：2026-09-18（周五），当日不计入，次日起算",
        "期限：5个工作日",
        "2026-09-19 周六，休息日，不计",
        "2026-09-20 周日，调休上班，第1个工作日",
        "2026-09-21 周一，第2个工作日",
        "2026-09-22 周二，第3个工作日",
        "2026-09-23 周三，第4个工作日",
        "2026-09-24 周四，第5个工作日",
        "到期日：2026-09-24（周四）",
        "依据：起算当日不计入，《民法典》第二百零一条",
        "依据：《国务院办公厅关于2026年部分节假日安排的通知》（2025-11-04）",
    ]


def test_calendar_days_say_why_they_end_later(calendar: WorkCalendar) -> None:
    found = due_date(
        date(2026, 9, 26), 7, calendar, LimitUnit.DAY
    )  # the 7th day is in the National Day break
    assert found.due == date(2026, 10, 8)
    assert found.steps[7].reason == "周六，国庆节放假，第7日"
    assert found.steps[8].reason == "周日，国庆节放假，顺延"
    assert found.steps[-1].reason == "周四，届满日遇休息日，顺延至本日"
    assert "期限：7日" in explain(found)


def test_beyond_the_inferred_year_it_says_monday_to_friday(calendar: WorkCalendar) -> None:
    found = due_date(date(2028, 4, 28), 3, calendar)
    assert (found.due, found.status) == (date(2028, 5, 3), "provisional")
    assert "暂按周一至周五推算" in found.steps[-1].reason
    assert any("超出日历范围" in line for line in explain(found))


@pytest.mark.parametrize("unit", list(LimitUnit))
def test_zero_means_the_same_day_even_a_rest_day(calendar: WorkCalendar, unit: LimitUnit) -> None:
    found = due_date(date(2026, 10, 4), 0, calendar, unit)
    assert (found.due, found.status) == (date(2026, 10, 4), "official")
    assert explain(found) == ["起算日：2026-10-04（周日）", "期限：当日", "到期日：2026-10-04（周日）"]


@pytest.mark.parametrize(
    ("start", "n", "unit", "message"),
    [
        (date(2026, 1, 5), -1, LimitUnit.WORKDAY, "0—366"),
        (date(2026, 1, 5), 367, LimitUnit.WORKDAY, "0—366"),
        (date(2026, 1, 5), True, LimitUnit.WORKDAY, "整数"),
        (date(2026, 1, 5), 1, LimitUnit.SAME_DAY, "当日"),
        (date(2003, 12, 31), 5, LimitUnit.WORKDAY, "早于日历起始日"),
        (date(2100, 1, 1), 5, LimitUnit.WORKDAY, "晚于"),
    ],
)
def test_limits_on_arguments(
    calendar: WorkCalendar, start: date, n: int, unit: LimitUnit, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        due_date(start, n, calendar, unit)


def test_the_longest_limit(calendar: WorkCalendar) -> None:
    found = due_date(date(2025, 1, 1), 366, calendar)
    assert calendar.count_workdays(date(2025, 1, 1), found.due) == 366


def test_a_time_limit_of_no_days_is_same_day() -> None:
    with pytest.raises(ValueError, match="same_day"):
        TimeLimit("x", "x", 0, LimitUnit.WORKDAY, "收到之日", "依据")
