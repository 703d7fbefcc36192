"""The calendar as a CSV file that an office can edit in a spreadsheet: date,kind,name,source,status.

Only days that are not ordinary are listed: kind is holiday (放假) or makeup (调休上班), in either
language.
The column `status` may be left out or empty: official (正式); provisional (暂定) marks inferred days.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from qa_service.workdays.calendar import SATURDAY, WEEKDAYS, CalendarDay, DayKind, DayStatus, WorkCalendar

COLUMNS = ("date", "kind", "name", "source")
STATUS_COLUMN = "status"
KINDS = {
    "holiday": DayKind.HOLIDAY,
    "放假": DayKind.HOLIDAY,
    "makeup": DayKind.MAKEUP,
    "调休上班": DayKind.MAKEUP,
    "上班": DayKind.MAKEUP,
}
STATUSES = {
    "": DayStatus.OFFICIAL,
    "official": DayStatus.OFFICIAL,
    "正式": DayStatus.OFFICIAL,
    "provisional": DayStatus.PROVISIONAL,
    "暂定": DayStatus.PROVISIONAL,
}
DATE = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})")


@dataclass(frozen=True, slots=True)
class CalendarProblem:
    """What is wrong with one line (1-based; 0 for the whole file) and what to do, in Chinese."""

    line: int
    reason: str
    remedy: str

    def __str__(self) -> str:
        where = f"第{self.line}行：" if self.line else ""
        return f"{where}{self.reason}。{self.remedy}。"


class CalendarFileError(ValueError):
    """A calendar file that cannot be used; `problems` are all that was found, in line order."""

    def __init__(self, problems: Sequence[CalendarProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """One line of the file as understood."""

    line: int
    entry: CalendarDay
    status: DayStatus


def read_calendar(path: Path) -> WorkCalendar:
    """The calendar in the file. Raises CalendarFileError; OSError when it cannot be opened."""
    return parse_calendar(path.read_bytes())


def write_calendar(calendar: WorkCalendar, path: Path) -> None:
    """Write the calendar so that `read_calendar` gives it back (without local overrides)."""
    path.write_text(format_calendar(calendar), encoding="utf-8", newline="")


def parse_calendar(data: bytes) -> WorkCalendar:
    """The calendar in a whole file: years without a gap, inferred days only after them."""
    return build_calendar(parse_rows(data))


def parse_rows(data: bytes) -> list[CalendarRow]:
    """Rows of a calendar file or of one year's notice, checked one by one and for repeated dates."""
    reader = csv.reader(io.StringIO(decode(data), newline=""))
    header = [cell.strip().lower() for cell in next(reader, [])]
    if tuple(header[:4]) != COLUMNS or header[4:] not in ([], [STATUS_COLUMN]):
        wanted = ",".join(COLUMNS)
        raise CalendarFileError(
            [CalendarProblem(1, "表头不对", f"第一行应为 {wanted}，可以再加一列 {STATUS_COLUMN}")]
        )
    rows: list[CalendarRow] = []
    problems: list[CalendarProblem] = []
    seen: dict[date, int] = {}
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            row = parse_row(reader.line_num, [cell.strip() for cell in cells], len(header))
            if isinstance(row, CalendarProblem):
                problems.append(row)
            elif row.entry.day in seen:
                reason = f"{row.entry.day} 与第{seen[row.entry.day]}行重复"
                problems.append(CalendarProblem(row.line, reason, "同一天只保留一行"))
            else:
                seen[row.entry.day] = row.line
                rows.append(row)
    except csv.Error as error:
        problems.append(
            CalendarProblem(reader.line_num, f"不是有效的 CSV（{error}）", "请另存为 CSV 后重新导入")
        )
    if problems:
        raise CalendarFileError(problems)
    return rows


def parse_row(line: int, cells: list[str], width: int) -> CalendarRow | CalendarProblem:
    """One row of `width` columns, or the first thing wrong with it."""
    if len(cells) != width:
        return CalendarProblem(
            line, f"应有 {width} 列，实有 {len(cells)} 列", "请补齐各列，内容有逗号的加引号"
        )
    day_text, kind_text, name, source = cells[:4]
    status_text = cells[4] if width > len(COLUMNS) else ""
    day = parse_day(day_text)
    kind = KINDS.get(kind_text.lower())
    status = STATUSES.get(status_text.lower())
    if day is None:
        return CalendarProblem(line, f"日期“{day_text}”不存在或者格式不对", "请写成 2026-10-01 这样的日期")
    if kind is None:
        return CalendarProblem(line, f"类型“{kind_text}”不认识", "请填 holiday（放假）或 makeup（上班）")
    if status is None:
        return CalendarProblem(line, f"状态“{status_text}”不认识", "请填 official 或 provisional（暂定）")
    if kind is DayKind.MAKEUP and day.weekday() < SATURDAY:
        reason = f"{day} 是{WEEKDAYS[day.weekday()]}，本来就上班，不能是调休上班日"
        return CalendarProblem(line, reason, "请对照放假通知核对日期或者类型")
    if not name:
        return CalendarProblem(line, "没有写节日名称", "请填写节日，如 国庆节")
    if not source:
        return CalendarProblem(line, "没有写来源", "请填写放假通知的名称或者文号")
    return CalendarRow(line, CalendarDay(day, kind, name, source), status)


def build_calendar(rows: Sequence[CalendarRow]) -> WorkCalendar:
    """A calendar from rows. A year counts as official when its 1 January is an official holiday."""
    official = sorted(r.entry.day for r in rows if r.status is DayStatus.OFFICIAL)
    years = sorted({d.year for d in official if (d.month, d.day) == (1, 1)})
    if not years:
        raise CalendarFileError(
            [CalendarProblem(0, "没有任何一年的正式放假安排", "请至少录入一年的放假通知，含1月1日元旦放假")]
        )
    first, last = date(years[0], 1, 1), date(years[-1], 12, 31)
    problems = [
        CalendarProblem(0, f"缺少{year}年的放假安排", f"请补录{year}年的放假通知，含1月1日元旦放假")
        for year in range(years[0], years[-1])
        if year not in years
    ]
    for row in rows:
        day = row.entry.day
        if row.status is DayStatus.PROVISIONAL and day <= last:
            problems.append(CalendarProblem(row.line, f"{day.year}年已有正式通知，不能有暂定日", "请删除"))
        elif row.status is DayStatus.OFFICIAL and not first <= day <= last:
            reason = f"{day} 标为正式，但{day.year}年没有元旦放假的正式记录"
            problems.append(CalendarProblem(row.line, reason, "请录入该年完整的通知，或者标为 provisional"))
    if problems:
        raise CalendarFileError(sorted(problems, key=lambda problem: problem.line))
    inferred = [r.entry.day.year for r in rows if r.status is DayStatus.PROVISIONAL]
    return WorkCalendar(
        days={r.entry.day: r.entry for r in rows},
        official_from=first,
        official_through=last,
        provisional_through=date(max(inferred), 12, 31) if inferred else None,
    )


def format_calendar(calendar: WorkCalendar) -> str:
    """The file's text, one line a day in order."""
    return format_rows(
        (entry, DayStatus.PROVISIONAL if day > calendar.official_through else DayStatus.OFFICIAL)
        for day, entry in sorted(calendar.days.items())
    )


def format_rows(rows: Iterable[tuple[CalendarDay, DayStatus]]) -> str:
    """CSV text with header for rows in the order given."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*COLUMNS, STATUS_COLUMN])
    for entry, status in rows:
        writer.writerow([entry.day.isoformat(), entry.kind.value, entry.name, entry.source, status.value])
    return out.getvalue()


def parse_day(text: str) -> date | None:
    """A date written 2026-10-01, 2026-10-1 or (as spreadsheets do) 2026/10/1; None when it is none."""
    found = DATE.fullmatch(text)
    if not found:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None


def decode(data: bytes) -> str:
    """Text in UTF-8 (with or without mark) or in GB 18030, which Chinese spreadsheets still save."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise CalendarFileError([CalendarProblem(0, "文件不是文本文件", "请另存为 UTF-8 编码的 CSV")])
