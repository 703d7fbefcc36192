"""The calendar as JSON: a list of days, or an object whose `days` is that list.

A day is {"date", "kind", "name", "source"} as in the CSV file, or {"date", "is_workday", "name", "source_doc"}, or
{"date", "isOffDay", "name"} with `papers` beside `days`, as public collections of the notices publish it. Days
that are as their day of the week says may be listed and are passed over.
"""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from qa_service.workdays.calendar import SATURDAY, WEEKDAYS, CalendarDay, DayKind, DayStatus
from qa_service.workdays.calendar_file import (
    KINDS,
    STATUSES,
    CalendarFileError,
    CalendarProblem,
    CalendarRow,
    decode,
    parse_day,
)


def parse_json_rows(data: bytes, source: str = "") -> list[CalendarRow]:
    """Rows in the order of the list; `source` stands in where a day names none. Raises CalendarFileError."""
    try:
        loaded = json.loads(decode(data))
    except json.JSONDecodeError as error:
        reason = f"不是有效的 JSON（第{error.lineno}行第{error.colno}列）"
        raise CalendarFileError([CalendarProblem(0, reason, "请核对括号、引号和逗号")]) from error
    except RecursionError as error:
        raise CalendarFileError([CalendarProblem(0, "JSON 嵌套太深", "请改成一层的列表")]) from error
    items = loaded.get("days") if isinstance(loaded, dict) else loaded
    if not isinstance(items, list) or not items:
        remedy = '请写成 [{"date": "2026-10-01", "kind": "holiday", "name": "国庆节", "source": "…"}]'
        raise CalendarFileError([CalendarProblem(0, "没有找到日期的列表", remedy)])
    papers = loaded.get("papers") if isinstance(loaded, dict) else None
    paper = source.strip() or (str(papers[0]) if isinstance(papers, list) and papers else "")
    rows: dict[date, CalendarRow] = {}
    problems: list[CalendarProblem] = []
    for number, item in enumerate(items, start=1):
        row = _row(number, item, paper)
        if isinstance(row, CalendarProblem):
            problems.append(row)
        elif row is not None and row.entry.day in rows:
            problems.append(_problem(number, f"{row.entry.day} 与前面重复", "同一天只保留一项"))
        elif row is not None:
            rows[row.entry.day] = row
    if problems:
        raise CalendarFileError(problems)
    return list(rows.values())


def _row(number: int, item: Any, paper: str) -> CalendarRow | CalendarProblem | None:
    """One item as a row, the first thing wrong with it, or None for an ordinary day."""
    if not isinstance(item, dict):
        return _problem(number, "不是一个日期对象", "请写成 {…}")
    day = parse_day(str(item.get("date", "")))
    if day is None:
        return _problem(
            number, f"日期“{item.get('date', '')}”不存在或者格式不对", "请写成 2026-10-01 这样的日期"
        )
    status = STATUSES.get(str(item.get("status", "")).lower())
    if status is None:
        return _problem(
            number, f"状态“{item['status']}”不认识", "请填 official 或 provisional（暂定），或者不填"
        )
    name, source = (
        str(item.get("name") or "").strip(),
        str(item.get("source") or item.get("source_doc") or paper).strip(),
    )
    kind = _kind(day, item, name)
    if kind is not None and not isinstance(kind, DayKind):
        return _problem(
            number, kind, "请填 kind 为 holiday（放假）或 makeup（上班），或者 is_workday 为 true 或 false"
        )
    if kind is None:
        return None
    if kind is DayKind.MAKEUP and day.weekday() < SATURDAY:
        reason = f"{day} 是{WEEKDAYS[day.weekday()]}，本来就上班，不能是调休上班日"
        return _problem(number, reason, "请对照放假通知核对日期或者类型")
    if not name:
        return _problem(number, f"{day} 没有写节日名称", "请填写 name，如 国庆节")
    if not source:
        return _problem(number, f"{day} 没有写来源", "请填写 source（放假通知的名称或者文号）")
    return CalendarRow(0, CalendarDay(day, kind, name, source), status or DayStatus.OFFICIAL)


def _kind(day: date, item: dict[str, Any], name: str) -> DayKind | str | None:
    """The kind of day, None for an ordinary one, or what is wrong."""
    if "kind" in item:
        return KINDS.get(str(item["kind"]).lower()) or f"类型“{item['kind']}”不认识"
    works = item.get("is_workday")
    if works is None and isinstance(item.get("isOffDay"), bool):
        works = not item["isOffDay"]
    if not isinstance(works, bool):
        return f"{day} 没有写是放假还是上班"
    weekend = day.weekday() >= SATURDAY
    if works:
        return DayKind.MAKEUP if weekend or name else None
    return DayKind.HOLIDAY if name or not weekend else None


def _problem(number: int, reason: str, remedy: str) -> CalendarProblem:
    return CalendarProblem(0, f"第{number}项：{reason}", remedy)
