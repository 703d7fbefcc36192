"""The calendar as JSON, in the three ways in which it is found."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from qa_service.workdays.calendar import DayKind, DayStatus, WorkCalendar
from qa_service.workdays.calendar_file import CalendarFileError, CalendarRow, build_calendar
from qa_service.workdays.calendar_json import parse_json_rows


def parse(value: Any, source: str = "") -> list[CalendarRow]:
    return parse_json_rows(json.dumps(value, ensure_ascii=False).encode(), source)


def test_the_whole_calendar_comes_back(calendar: WorkCalendar) -> None:
    through = calendar.official_through
    days = [
        {
            "date": str(d.day), "kind": d.kind, "name": d.name, "source": d.source,
            "status": "official" if d.day <= through else "provisional",
        }
        for d in calendar.days.values()
    ]  # fmt: skip
    assert build_calendar(parse(days)) == calendar


def test_days_told_by_whether_they_are_worked() -> None:
    found = parse(
        [
            {"date": "2026-10-01", "is_workday": False, "name": "国庆节", "source_doc": "通知"},
            {"date": "2026-10-03", "is_workday": False, "name": "国庆节", "source_doc": "通知"},
            {"date": "2026-10-10", "is_workday": True, "name": "国庆节", "source_doc": "通知"},
            {"date": "2026-10-11", "is_workday": False},
            {"date": "2026-10-12", "is_workday": True},
        ]
    )
    assert [(row.entry.day.day, row.entry.kind) for row in found] == [
        (1, DayKind.HOLIDAY), (3, DayKind.HOLIDAY), (10, DayKind.MAKEUP),
    ]  # fmt: skip
    assert {row.entry.source for row in found} == {"通知"} and found[0].status is DayStatus.OFFICIAL


def test_a_public_collection_with_its_papers() -> None:
    value = {
        "year": 2026, "papers": ["https://example.test/notice"],
        "days": [
            {"name": "元旦", "date": "2026-01-01", "isOffDay": True},
            {"name": "元旦", "date": "2026-01-04", "isOffDay": False},
        ],
    }  # fmt: skip
    found = parse(value)
    assert [(row.entry.day, row.entry.kind) for row in found] == [
        (date(2026, 1, 1), DayKind.HOLIDAY), (date(2026, 1, 4), DayKind.MAKEUP),
    ]  # fmt: skip
    assert found[0].entry.source == "https://example.test/notice"
    assert parse(value, "国办发明电〔2025〕7号")[0].entry.source == "国办发明电〔2025〕7号"


DAY = {"date": "2026-10-01", "kind": "holiday", "name": "国庆节", "source": "通知"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"date": "2026-02-30"}, "第1项：日期“2026-02-30”不存在"),
        ({"kind": "vacation"}, "类型“vacation”不认识"),
        ({"kind": "makeup"}, "本来就上班"),
        ({"name": ""}, "没有写节日名称"),
        ({"source": ""}, "没有写来源"),
        ({"status": "maybe"}, "状态“maybe”不认识"),
    ],
)
def test_a_bad_day_is_named(change: dict[str, str], reason: str) -> None:
    with pytest.raises(CalendarFileError, match=reason):
        parse([{**DAY, **change}])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[", "不是有效的 JSON"), ("{}", "没有找到日期的列表"), ("[]", "没有找到日期的列表"), ("[1]", "不是一个日期对象"),
        ('[{"date": "2026-10-01", "name": "国庆节", "source": "x"}]', "没有写是放假还是上班"),
        (json.dumps([DAY, DAY]), "与前面重复"), ("[" * 100_000, "JSON"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_calendar(text: str, reason: str) -> None:
    with pytest.raises(CalendarFileError, match=reason):
        parse_json_rows(text.encode())
