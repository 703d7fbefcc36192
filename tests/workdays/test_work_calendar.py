"""The bundled calendar against the notices, and what it says about days that no notice covers."""

from datetime import date, timedelta
from pathlib import Path

import chinese_calendar
import pytest

from qa_service.workdays.calendar import (
    CalendarDay,
    DayKind,
    DayStatus,
    WorkCalendar,
    with_notice,
)
from qa_service.workdays.due import due_date
from qa_service.workdays.statutory import MovableDates, statutory_days


def span(first: str, last: str) -> set[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return {start + timedelta(days=i) for i in range((end - start).days + 1)}


def days_of(*texts: str) -> set[date]:
    return set(map(date.fromisoformat, texts))


# Days off, weekend days worked and working days of the year, from the table of the notices in the
# project's domain rules, which does not come from chinesecalendar.
NOTICES = {
    2024: (
        span("2024-01-01", "2024-01-01")
        | span("2024-02-10", "2024-02-17")
        | span("2024-04-04", "2024-04-06")
        | span("2024-05-01", "2024-05-05")
        | span("2024-06-10", "2024-06-10")
        | span("2024-09-15", "2024-09-17")
        | span("2024-10-01", "2024-10-07"),
        days_of(
            "2024-02-04", "2024-02-18", "2024-04-07", "2024-04-28",
            "2024-05-11", "2024-09-14", "2024-09-29", "2024-10-12",
        ),
        251,
    ),
    2025: (
        span("2025-01-01", "2025-01-01")
        | span("2025-01-28", "2025-02-04")
        | span("2025-04-04", "2025-04-06")
        | span("2025-05-01", "2025-05-05")
        | span("2025-05-31", "2025-06-02")
        | span("2025-10-01", "2025-10-08"),
        days_of("2025-01-26", "2025-02-08", "2025-04-27", "2025-09-28", "2025-10-11"),
        248,
    ),
    2026: (
        span("2026-01-01", "2026-01-03")
        | span("2026-02-15", "2026-02-23")
        | span("2026-04-04", "2026-04-06")
        | span("2026-05-01", "2026-05-05")
        | span("2026-06-19", "2026-06-21")
        | span("2026-09-25", "2026-09-27")
        | span("2026-10-01", "2026-10-07"),
        days_of("2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"),
        248,
    ),
}  # fmt: skip


@pytest.mark.parametrize("year", NOTICES)
def test_years_agree_with_the_table_of_the_notices(calendar: WorkCalendar, year: int) -> None:
    off, worked, count = NOTICES[year]
    entries = [entry for day, entry in calendar.days.items() if day.year == year]
    assert {e.day for e in entries if e.kind is DayKind.HOLIDAY} == off
    assert {e.day for e in entries if e.kind is DayKind.MAKEUP} == worked
    assert calendar.count_workdays(date(year - 1, 12, 31), date(year, 12, 31)) == count
    assert all("国务院办公厅关于" in e.source for e in entries)


# 31 December 2005, a Saturday, was worked by the notice for 2006 (国办发明电〔2005〕35号); chinesecalendar has not got it.
LACKING_IN_CHINESECALENDAR = [date(2005, 12, 31)]


def test_every_day_2004_to_2026_agrees_with_chinesecalendar(calendar: WorkCalendar) -> None:
    days = span("2004-01-01", "2026-12-31")
    differing = [d for d in days if calendar.is_workday(d) != chinese_calendar.is_workday(d)]
    assert differing == LACKING_IN_CHINESECALENDAR
    assert len(days) == 8401


def test_every_day_2004_to_2026_agrees_with_a_table_of_another_origin(calendar: WorkCalendar) -> None:
    """chinesecalendar, from which the calendar was made, cannot show that the calendar is right; this table can."""
    special: dict[date, bool] = {}
    for line in (Path(__file__).parent / "exceptional_days.txt").read_text(encoding="utf-8").splitlines():
        month, *days = line.split()
        if month != "#" and "-" in month:
            special |= {date.fromisoformat(f"{month}-{day[1:]}"): day[0] == "+" for day in days}
    assert all((day.weekday() >= 5) is worked for day, worked in special.items())
    days = sorted(span("2004-01-01", "2026-12-31"))
    assert [d for d in days if calendar.is_workday(d) != special.get(d, d.weekday() < 5)] == []


def test_exchanged_days_are_named_apart_from_statutory_ones(calendar: WorkCalendar) -> None:
    assert calendar.entry(date(2026, 10, 1)).name == "国庆节"
    assert calendar.entry(date(2026, 10, 7)).name == "国庆节调休放假"


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2026-10-03", "周六，国庆节放假"),
        ("2026-10-07", "周三，国庆节调休放假"),
        ("2026-09-20", "周日，调休上班"),
        ("2026-11-22", "周日，休息日"),
        ("2024-02-09", "周五，工作日"),  # New Year's Eve was no holiday before 2025
        ("2026-05-04", "周一，劳动节放假"),
        ("2024-03-08", "周五，工作日"),  # half-day for women only
        ("2026-12-25", "周五，工作日（2027年放假通知录入前暂定）"),
        ("2027-02-09", "周二，春节补假（暂按法定节假日推定）"),
        ("2028-05-01", "周一，工作日（2028年放假通知未录入，暂按周一至周五推算）"),
        ("2003-05-01", "周四，工作日（日历自2004年起，此前暂按周一至周五推算）"),
    ],
)
def test_describe(calendar: WorkCalendar, day: str, said: str) -> None:
    assert calendar.describe(date.fromisoformat(day)) == said


@pytest.mark.parametrize(
    ("day", "status"),
    [
        ("2003-12-31", DayStatus.UNKNOWN),
        ("2004-01-01", DayStatus.OFFICIAL),
        ("2025-12-31", DayStatus.OFFICIAL),  # the 2026 notice is in
        ("2026-12-19", DayStatus.OFFICIAL),
        ("2026-12-20", DayStatus.PROVISIONAL),
        ("2027-12-31", DayStatus.PROVISIONAL),
        ("2028-01-01", DayStatus.UNKNOWN),
    ],
)
def test_status(calendar: WorkCalendar, day: str, status: DayStatus) -> None:
    assert calendar.status(date.fromisoformat(day)) is status


def test_2027_is_inferred_from_the_law_without_exchanged_days(calendar: WorkCalendar) -> None:
    off = {day for day in calendar.days if day.year == 2027}
    assert off == (
        days_of("2027-01-01", "2027-04-05", "2027-06-09", "2027-09-15")
        | span("2027-02-05", "2027-02-10")  # 02-06 and 02-07 are a weekend: two days in lieu
        | span("2027-05-01", "2027-05-04")
        | span("2027-10-01", "2027-10-05")
    )
    assert all(calendar.days[day].source == "《全国年节及纪念日放假办法》推定" for day in off)


def test_statutory_days_that_coincide_are_one_day_off_with_both_names() -> None:
    # 1 October 2020 was 国庆节 and 中秋节.
    dates = MovableDates(date(2020, 1, 25), date(2020, 4, 4), date(2020, 6, 25), date(2020, 10, 1))
    found = {entry.day: entry.name for entry in statutory_days(dates)}
    assert found[date(2020, 10, 1)] == "中秋节、国庆节"
    assert found[date(2020, 10, 5)] == "国庆节补假"  # for Saturday 3 October
    assert found[date(2020, 4, 6)] == "清明节补假"
    assert date(2020, 10, 2) in found and date(2020, 10, 6) not in found


NOTICE_2027 = [
    CalendarDay(date(2026, 12, 31), DayKind.HOLIDAY, "元旦调休放假", "通知"),
    CalendarDay(date(2026, 12, 26), DayKind.MAKEUP, "元旦", "通知"),
    CalendarDay(date(2027, 1, 1), DayKind.HOLIDAY, "元旦", "通知"),
]


def test_the_next_notice_settles_late_december_and_replaces_what_was_inferred(calendar: WorkCalendar) -> None:
    before = due_date(date(2026, 12, 24), 5, calendar)
    settled = with_notice(calendar, 2027, NOTICE_2027)
    after = due_date(date(2026, 12, 24), 5, settled)
    assert (before.due, before.status, before.awaited_notice) == (date(2026, 12, 31), "provisional", 2027)
    # 12-25, 12-26 (make-up), 12-28, 12-29, 12-30
    assert (after.due, after.status, after.awaited_notice) == (date(2026, 12, 30), "official", None)
    assert settled.status(date(2027, 12, 19)) is DayStatus.OFFICIAL
    assert settled.status(date(2027, 12, 20)) is DayStatus.PROVISIONAL
    assert settled.is_workday(date(2027, 5, 3))  # inferred before, not in this notice
    assert calendar.status(date(2026, 12, 31)) is DayStatus.PROVISIONAL  # the old one is unchanged


def test_a_notice_entered_again_keeps_what_the_next_one_said_about_december(calendar: WorkCalendar) -> None:
    settled = with_notice(calendar, 2027, NOTICE_2027)
    corrected = [
        entry for day, entry in settled.days.items() if day.year == 2026 and day < date(2026, 12, 20)
    ]
    assert with_notice(settled, 2026, corrected) == settled


@pytest.mark.parametrize(
    ("year", "days", "message"),
    [
        (2028, [CalendarDay(date(2028, 1, 1), DayKind.HOLIDAY, "元旦", "通知")], "请先录入2027年"),
        (2027, NOTICE_2027[:2], "没有2027年1月1日"),
        (
            2027,
            [*NOTICE_2027, CalendarDay(date(2026, 12, 18), DayKind.HOLIDAY, "元旦", "通知")],
            "不在2027年",
        ),
    ],
)
def test_a_notice_out_of_turn_or_range_is_refused(
    calendar: WorkCalendar, year: int, days: list[CalendarDay], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        with_notice(calendar, year, days)


def test_local_decisions_win_and_are_official(calendar: WorkCalendar) -> None:
    festival, kept_open = date(2027, 3, 3), date(2026, 10, 6)
    local = WorkCalendar(
        calendar.days,
        calendar.official_from,
        calendar.official_through,
        calendar.provisional_through,
        {
            festival: CalendarDay(festival, DayKind.HOLIDAY, "地方节日", "本县通知"),
            kept_open: CalendarDay(kept_open, DayKind.WORKDAY, "", "本县通知"),
        },
    )
    assert not local.is_workday(festival) and local.is_workday(kept_open)
    assert local.status(festival) is DayStatus.OFFICIAL
    assert local.describe(festival) == "周三，地方节日放假"


@pytest.mark.parametrize(
    "entry",
    [
        CalendarDay(date(2026, 10, 9), DayKind.MAKEUP, "国庆节", "通知"),  # a Friday
        CalendarDay(date(2026, 10, 9), DayKind.HOLIDAY, "", "通知"),
        CalendarDay(date(2026, 10, 10), DayKind.WEEKEND, "国庆节", "通知"),
    ],
)
def test_days_that_cannot_be_are_refused(entry: CalendarDay) -> None:
    with pytest.raises(ValueError, match=str(entry.day)):
        WorkCalendar({entry.day: entry}, date(2026, 1, 1), date(2026, 12, 31))


def test_a_calendar_cannot_be_changed(calendar: WorkCalendar) -> None:
    with pytest.raises(TypeError):
        calendar.days[date(2026, 1, 5)] = CalendarDay(date(2026, 1, 5), DayKind.HOLIDAY, "x", "y")  # type: ignore[index]
