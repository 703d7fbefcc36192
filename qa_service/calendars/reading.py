"""What an administrator hands in as a calendar: a pasted notice, CSV or JSON, told apart by the content itself."""

from __future__ import annotations

from collections.abc import Iterable

from qa_service.errors import Invalid
from qa_service.workdays.calendar import DayStatus, WorkCalendar
from qa_service.workdays.calendar_file import (
    CalendarFileError,
    CalendarProblem,
    CalendarRow,
    decode,
    parse_rows,
)
from qa_service.workdays.calendar_json import parse_json_rows
from qa_service.workdays.notice_text import NoticeError, NoticeProblem, parse_notice

LARGEST = 2_000_000


def text_of(data: bytes) -> str:
    """The text of an uploaded file. Raises Invalid."""
    if len(data) > LARGEST:
        raise Invalid("文件超过 2 MB，不像是一份工作日历。", "请核对选择的文件。")
    try:
        return decode(data)
    except CalendarFileError as error:
        raise _refused(error.problems) from error


def rows_of(content: str, year: int | None, source: str, calendar: WorkCalendar) -> list[CalendarRow]:
    """The days in the content; a notice that arranges only some festivals anew is completed from `calendar`.

    Raises Invalid with `problems`, each a text with its remedy.
    """
    content = content.strip().lstrip("\ufeff")
    if not content:
        raise Invalid("还没有内容。", "请粘贴放假通知全文，或者选择 CSV、JSON 文件。")
    try:
        if content[0] in "[{":
            return parse_json_rows(content.encode(), source)
        if content.split("\n", 1)[0].replace(" ", "").lower().startswith("date,"):
            return parse_rows(content.encode())
        notice = parse_notice(content, year, source, calendar)
    except CalendarFileError as error:
        raise _refused(error.problems) from error
    except NoticeError as error:
        raise _refused(error.problems) from error
    return [CalendarRow(0, entry, DayStatus.OFFICIAL) for entry in notice.days]


def _refused(problems: Iterable[CalendarProblem | NoticeProblem]) -> Invalid:
    said = [str(problem) for problem in problems]
    return Invalid(
        f"内容有{len(said)}处需要核对，没有录入。{said[0]}", "请按下面的提示改正后重新预览。", problems=said
    )
