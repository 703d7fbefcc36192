#!/usr/bin/env python3
"""Make corpus/zone/calendar.csv: notices from chinesecalendar, the year after from the law alone.

    scripts/make_calendar.py [OUT]

chinesecalendar (PyPI) holds the State Council's holiday notices since 2004; the following year has no notice yet.
Enter the notice itself through the administration page when it is out; this script is for a new release of the
bundled file.
"""

from __future__ import annotations

import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

from chinese_calendar import constants

from qa_service.workdays.calendar import CalendarDay, DayKind, DayStatus
from qa_service.workdays.calendar_file import format_rows
from qa_service.workdays.statutory import MOVABLE, statutory_days

TARGET = Path(__file__).resolve().parent.parent / "corpus" / "zone" / "calendar.csv"
NAMES = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利70周年纪念日",
}
NOTICES = {
    2024: "《国务院办公厅关于2024年部分节假日安排的通知》（国办发明电〔2023〕7号）",
    2025: "《国务院办公厅关于2025年部分节假日安排的通知》（国办发明电〔2024〕12号）",
    2026: "《国务院办公厅关于2026年部分节假日安排的通知》（2025-11-04）",
}
# What chinesecalendar does not have: "将12月31日（星期六）、1月1日（星期日）两个公休日调至1月2日、3日，12月31日上班".
LACKING = [
    CalendarDay(
        date(2005, 12, 31), DayKind.MAKEUP, "元旦",
        "《国务院办公厅关于2006年部分节假日安排的通知》（国办发明电〔2005〕35号）",
    )
]  # fmt: skip
NEXT_YEAR = 2027


def noticed_days() -> list[CalendarDay]:
    """Every holiday and make-up day of the notices, in order, with its source."""
    seed = f"chinesecalendar {version('chinesecalendar')} (国务院办公厅历年通知)"
    days = [*LACKING]
    for day, name in constants.holidays.items():
        suffix = "调休放假" if day in constants.in_lieu_days else ""
        days.append(CalendarDay(day, DayKind.HOLIDAY, NAMES[name] + suffix, NOTICES.get(day.year, seed)))
    for day, name in constants.workdays.items():
        days.append(CalendarDay(day, DayKind.MAKEUP, NAMES[name], NOTICES.get(day.year, seed)))
    return sorted(days, key=lambda entry: entry.day)


def main() -> int:
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    official = [(entry, DayStatus.OFFICIAL) for entry in noticed_days()]
    inferred = [(entry, DayStatus.PROVISIONAL) for entry in statutory_days(MOVABLE[NEXT_YEAR])]
    target.write_text(format_rows(official + inferred), encoding="utf-8", newline="")
    print(f"{target}：正式 {len(official)} 天，暂定 {len(inferred)} 天")
    return 0


if __name__ == "__main__":
    sys.exit(main())
