"""The calendar file: what is read comes back when written, and what is wrong is named with a remedy."""

from pathlib import Path

import pytest

from qa_service.workdays.calendar import DayStatus, WorkCalendar
from qa_service.workdays.calendar_file import (
    CalendarFileError,
    parse_calendar,
    parse_rows,
    read_calendar,
    write_calendar,
)

CALENDAR_FILE = Path(__file__).resolve().parents[2] / "corpus" / "zone" / "calendar.csv"
HEADER = "date,kind,name,source\n"
NEW_YEAR = "2026-01-01,holiday,元旦,通知\n"


def test_written_and_read_again_is_the_same(calendar: WorkCalendar, tmp_path: Path) -> None:
    path = tmp_path / "calendar.csv"
    write_calendar(calendar, path)
    assert read_calendar(path) == calendar
    assert path.read_bytes() == CALENDAR_FILE.read_bytes()


def test_a_spreadsheet_in_chinese_is_understood() -> None:
    text = (
        "date,kind,name,source,status\r\n"
        "2026/1/1,放假,元旦,通知,正式\r\n"
        "2026/1/4,上班,元旦,通知,\r\n"
        "2027/1/1,放假,元旦,推定,暂定\r\n"
    )
    plain = HEADER.replace("\n", ",status\n") + (
        "2026-01-01,holiday,元旦,通知,official\n"
        "2026-01-04,makeup,元旦,通知,official\n"
        "2027-01-01,holiday,元旦,推定,provisional\n"
    )
    expected = parse_calendar(plain.encode())
    assert parse_calendar(text.encode("gb18030")) == expected
    assert parse_calendar(text.encode("utf-8-sig")) == expected


def test_rows_of_one_notice_can_be_read_alone() -> None:
    rows = parse_rows(
        (HEADER + "2026-12-31,holiday,元旦调休放假,通知\n\n2027-01-01,放假,元旦,通知\n").encode()
    )
    assert [(row.line, row.entry.day.isoformat()) for row in rows] == [(2, "2026-12-31"), (4, "2027-01-01")]
    assert {row.status for row in rows} == {DayStatus.OFFICIAL}


@pytest.mark.parametrize(
    ("body", "line", "reason", "remedy"),
    [
        ("2026-13-01,holiday,元旦,通知\n", 3, "2026-13-01", "2026-10-01 这样"),
        ("2026-02-30,holiday,春节,通知\n", 3, "不存在", "2026-10-01 这样"),
        ("2026-02-16,vacation,春节,通知\n", 3, "vacation", "holiday"),
        ("2026-02-16,makeup,春节,通知\n", 3, "周一", "核对"),
        ("2026-02-16,holiday,,通知\n", 3, "节日名称", "国庆节"),
        ("2026-02-16,holiday,春节,\n", 3, "来源", "文号"),
        ("2026-02-16,holiday,春节\n", 3, "3 列", "补齐"),
        ("2026-01-01,holiday,元旦,通知\n", 3, "与第2行重复", "只保留一行"),
        ("2027-02-05,holiday,春节,通知\n", 3, "没有元旦放假", "完整的通知"),
        ("2028-01-01,holiday,元旦,通知\n", 0, "缺少2027年", "补录2027年"),
    ],
)
def test_a_bad_line_is_named_with_reason_and_remedy(body: str, line: int, reason: str, remedy: str) -> None:
    with pytest.raises(CalendarFileError) as caught:
        parse_calendar((HEADER + NEW_YEAR + body).encode())
    problem = caught.value.problems[0]
    assert problem.line == line
    assert reason in problem.reason and remedy in problem.remedy
    assert str(problem) in str(caught.value)


def test_all_bad_lines_are_named_at_once() -> None:
    with pytest.raises(CalendarFileError) as caught:
        parse_calendar((HEADER + "x,holiday,a,b\n" + NEW_YEAR + "2026-02-16,?,a,b\n").encode())
    assert [problem.line for problem in caught.value.problems] == [2, 4]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "表头"),
        (b"day,type\n", "表头"),
        (HEADER.encode(), "没有任何一年"),
        ((HEADER.replace("\n", ",status\n") + "2026-01-01,holiday,a,b,maybe\n").encode(), "maybe"),
        (b"\xff\xfe\x00\x81\xff", "不是文本"),
        ((HEADER + '2026-01-01,holiday,"' + "长" * 140000 + '",b\n').encode(), "CSV"),
    ],
)
def test_a_file_that_is_no_calendar(data: bytes, reason: str) -> None:
    with pytest.raises(CalendarFileError, match=reason):
        parse_calendar(data)


def test_an_inferred_day_in_a_noticed_year_is_refused() -> None:
    text = (
        HEADER.replace("\n", ",status\n")
        + "2026-01-01,holiday,元旦,通知,\n2026-05-01,holiday,劳动节,推定,暂定\n"
    )
    with pytest.raises(CalendarFileError, match="第3行：2026年已有正式通知"):
        parse_calendar(text.encode())
