"""The contract of `qa-service due`: object, lines, batch."""

import json
from datetime import date

import pytest

from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.due_command import as_object, as_text, find_due, parse_received, run_batch


def test_the_json_object(calendar: WorkCalendar) -> None:
    found = as_object(find_due("2026-02-13", 2, "workday", calendar))
    assert json.loads(json.dumps(found)) == found
    assert found["due"] == "2026-02-24" and found["status"] == "official"
    assert found["steps"][0] == {
        "date": "2026-02-13",
        "counted": None,
        "reason": "周五，工作日，起算日不计入",
    }
    assert found["steps"][1] == {"date": "2026-02-14", "counted": 1, "reason": "周六，调休上班，第1个工作日"}
    assert found["steps"][2] == {"date": "2026-02-15", "counted": None, "reason": "周日，春节放假，不计"}
    assert found["steps"][-1]["counted"] == 2


def test_the_text_starts_with_the_date(calendar: WorkCalendar) -> None:
    assert as_text(find_due("2026-12-25", 5, "workday", calendar)).startswith("2027-01-04 暂定\n起算日：")
    assert as_text(find_due("2026-03-02", 60, "day", calendar)).startswith("2026-05-06 正式\n")


def test_a_batch_gives_one_object_a_line_and_goes_on_after_a_bad_one(calendar: WorkCalendar) -> None:
    lines = [
        "\ufeff2026-02-13\t5\n",
        "\n",
        "2026-02-30\t5\r\n",
        "2026-02-13 5\n",
        "2026-02-13\t999\n",
        "2026-02-14\t20",
    ]
    found = json.loads(json.dumps(list(run_batch(lines, "workday", calendar))))
    assert [item.get("due") for item in found] == ["2026-02-27", None, None, None, "2026-03-20"]
    errors = [(item["line"], item["error"]) for item in found if "error" in item]
    assert [line for line, _ in errors] == [3, 4, 5]
    assert all(error.startswith(f"第{line}行：") for line, error in errors)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-09-30", date(2026, 9, 30)),
        (" 2026/9/30 ", date(2026, 9, 30)),
        ("2026-09-30 23:50", date(2026, 9, 30)),
        ("2026-09-30T23:50:00+08:00", date(2026, 9, 30)),
        ("2026-09-30T16:30:00Z", date(2026, 10, 1)),
    ],
)
def test_received_is_the_day_in_beijing(text: str, day: date) -> None:
    assert parse_received(text) == day


@pytest.mark.parametrize("text", ["", "昨天", "2026-02-29", "30/9/2026", "9999-12-31T23:00:00-10:00"])
def test_received_that_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match="请写成"):
        parse_received(text)


def test_an_unknown_unit_is_refused(calendar: WorkCalendar) -> None:
    with pytest.raises(ValueError, match="workday"):
        find_due("2026-02-13", 5, "week", calendar)
