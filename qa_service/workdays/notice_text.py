"""A holiday notice of the State Council as pasted text: its year, its days off and its make-up days.

Form of the notices (国务院办公厅关于…年部分节假日安排的通知): one item a festival, "10月1日（周四）至7日（周三）放假调休，
共7天。9月20日（周日）、10月10日（周六）上班。" What the text says twice, it must say alike: the day of the week
beside a date, and the number of days beside a span. All that does not fit is reported, not guessed.

A later notice may arrange some festivals of a year anew (国办发明电〔2020〕1号 prolonged that year's 春节): the others
stay as the year's notice has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from qa_service.workdays.calendar import (
    LATE_DECEMBER,
    SATURDAY,
    WEEKDAYS,
    CalendarDay,
    DayKind,
    WorkCalendar,
    noticed_days,
)

# The festivals with days off for everybody (《全国年节及纪念日放假办法》 art. 2): a notice arranges each of them.
FESTIVALS = ("元旦", "春节", "清明节", "劳动节", "端午节", "中秋节", "国庆节")
_KNOWN = {"元旦": "元旦", "春节": "春节", "清明": "清明节", "劳动": "劳动节", "五一": "劳动节",
          "端午": "端午节", "中秋": "中秋节", "国庆": "国庆节", "十一": "国庆节"}  # fmt: skip
# Festivals of the solar calendar, by which an item without a heading can still be told.
_FIXED = {(1, 1): "元旦", (4, 4): "清明节", (4, 5): "清明节", (5, 1): "劳动节", (10, 1): "国庆节"}
LONGEST_SPAN = 15

_DATE = r"(?:(\d{4})年)?(?:(\d{1,2})月)?(\d{1,2})日(?:\(([^()]*)\))?"
_ONE = r"(?:\d{4}年)?(?:\d{1,2}月)?\d{1,2}日(?:\([^()]*\))?"
_RANGE = re.compile(rf"{_DATE}(?:(?:至|到|-){_DATE})?")
_CLAUSE = re.compile(
    rf"(?P<dates>{_ONE}(?:(?:至|到|-|、|和|及|与){_ONE})*)[^\d]{{0,6}}?(?P<verb>放假|补休|上班)"
    rf"(?P<after>(?:(?!{_ONE})[^。])*)"
)
_COUNT = re.compile(r"(?:共|放假)(\d{1,2})天")
_HEADING = re.compile(
    r"^(?:[一二三四五六七八九十]+、|\d{1,2}[.、]|\([一二三四五六七八九十\d]+\))?([^:\d。]{2,30}):(.*)$"
)
_ITEM = re.compile(r"(?<=.)(?=[一二三四五六七八九十]+、[^:\d。、]{2,12}(?:、[^:\d。、]{2,12})?:)")
_YEAR = re.compile(r"(\d{4})年(?:部分)?(?:节假日|[^。\d]{0,30}?放假)")
_NUMBER = re.compile(r"国办发(?:明电|电)?[〔\[(]\d{4}[〕\])]\d+号")
_SIGNED = re.compile(r"^(?:国务院办公厅)?(\d{4})年(\d{1,2})月(\d{1,2})日$")
_WEEKDAY = re.compile(r"(?:周|星期|礼拜)([一二三四五六日天])")
_ADVICE = ("鼓励", "提倡", "结合带薪")
_PLAIN = {
    **str.maketrans("０１２３４５６７８９（）：；．號", "0123456789():;.日"),
    **dict.fromkeys(map(ord, "－—–─～~﹣"), "-"),
    **dict.fromkeys(map(ord, " \t\r\u3000\u00a0\ufeff\u200b"), None),
}
_CHINESE_DAYS = "一二三四五六日"


@dataclass(frozen=True, slots=True)
class NoticeProblem:
    """What does not fit: the sentence as pasted, why, and what to do, in Chinese."""

    sentence: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        where = f"“{self.sentence}”：" if self.sentence else ""
        return f"{where}{self.reason}。{self.remedy}。"


class NoticeError(ValueError):
    """A text that cannot be used as a notice; `problems` are all that was found, in order of the text."""

    def __init__(self, problems: Sequence[NoticeProblem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Notice:
    """One year's notice as understood; `days` in order."""

    year: int
    source: str
    days: tuple[CalendarDay, ...]


@dataclass
class _Reading:
    year: int
    source: str
    festival: str = ""
    headed: bool = False  # the festival comes from a heading, not from a date
    days: dict[date, CalendarDay] = field(default_factory=dict)
    problems: list[NoticeProblem] = field(default_factory=list)

    def wrong(self, sentence: str, reason: str, remedy: str) -> None:
        self.problems.append(NoticeProblem(sentence, reason, remedy))


def parse_notice(
    text: str, year: int | None = None, source: str = "", calendar: WorkCalendar | None = None
) -> Notice:
    """The notice in `text`. `year` and `source` are needed where the text itself does not name them.

    Festivals that it leaves out are taken from the year's notice in `calendar`. Raises NoticeError with everything
    that is wrong.
    """
    plain = re.sub(r"(?<=月)(\d{1,2})号", r"\1日", text.translate(_PLAIN))
    said = _YEAR.search(plain.replace("\n", ""))
    named = int(said.group(1)) if said else None
    known = named or year
    if known is None:
        raise NoticeError([NoticeProblem("", "看不出是哪一年的通知", "请连同标题一起粘贴，或者填写年份")])
    reading = _Reading(known, source.strip() or _source_of(plain, known))
    if named and year and named != year:
        reading.wrong(
            f"{named}年", f"通知是{named}年的，填写的年份是{year}年", "请核对年份，或者把年份留空按通知标题"
        )
    if not reading.source:
        reading.wrong("", "没有写通知的名称或者文号", "请连同标题、文号一起粘贴，或者填写来源")
    for sentence in _sentences(plain):
        _read_sentence(reading, sentence)
    if not reading.problems and _missing(reading):
        _complete(reading, noticed_days(calendar, known) if calendar else ())
    _check_whole(reading)
    if reading.problems:
        raise NoticeError(reading.problems)
    return Notice(reading.year, reading.source, tuple(reading.days[day] for day in sorted(reading.days)))


def _source_of(plain: str, year: int) -> str:
    """The notice as cited: title with number, or with the date under it; empty when neither is there."""
    number = _NUMBER.search(plain)
    signed = next((found for line in plain.split("\n") if (found := _SIGNED.match(line))), None)
    if number:
        return f"《国务院办公厅关于{year}年部分节假日安排的通知》（{number.group()}）"
    if signed:
        y, m, d = map(int, signed.groups())
        return f"《国务院办公厅关于{year}年部分节假日安排的通知》（{y}-{m:02d}-{d:02d}）"
    return f"《国务院办公厅关于{year}年部分节假日安排的通知》" if "节假日安排的通知" in plain else ""


def _sentences(plain: str) -> Iterator[str]:
    """Sentences without their full stop; a line or a numbered item ends one, too."""
    for line in plain.split("\n"):
        for item in _ITEM.split(line):
            yield from (part for part in re.split(r"[。;]", item) if part)


def _read_sentence(reading: _Reading, sentence: str) -> None:
    if heading := _HEADING.match(sentence):
        reading.festival, reading.headed = _festival(heading.group(1)), True
        body = heading.group(2)
    else:
        body = sentence
        if "放假" in body and not reading.headed:
            reading.festival = ""
    if not re.search(_ONE, body) or _SIGNED.match(body):
        return
    if any(word in body for word in _ADVICE):
        return  # "鼓励…安排职工在除夕（2月9日）休息" gives nobody a day off.
    clauses = list(_CLAUSE.finditer(body))
    rest = body
    for clause in reversed(clauses):
        rest = rest[: clause.start()] + rest[clause.end() :]
    for clause in clauses:
        _read_clause(reading, sentence, clause["dates"], clause["verb"], clause["after"])
    if re.search(_ONE, rest):
        reading.wrong(
            sentence, "写有日期，但看不出是放假还是上班", "请改成“…日放假”“…日上班”，与安排无关的句子请删去"
        )


def _festival(text: str) -> str:
    """The festivals named, joined: 国庆节、中秋节 as the notice has them, in the calendar's names."""
    found = sorted({(text.index(short), name) for short, name in _KNOWN.items() if short in text})
    names = list(dict.fromkeys(name for _, name in found))
    return "、".join(names) or text.strip("“”\"'")


def _read_clause(reading: _Reading, sentence: str, dates: str, verb: str, after: str) -> None:
    month: int | None = None
    count = 0
    named: list[date] = []
    for found in _RANGE.finditer(dates):
        parts = found.groups()
        first, month = _day_of(reading, sentence, parts[:4], month, None)
        last = first
        if parts[6] is not None:
            last, month = _day_of(reading, sentence, parts[4:], month, first)
        if first is None or last is None:
            return
        length = (last - first).days + 1
        if not 1 <= length <= LONGEST_SPAN:
            reason = f"{first}至{last}，前后颠倒" if length < 1 else f"{first}至{last}有{length}天，太长"
            reading.wrong(sentence, reason, "请核对起止日期")
            return
        count += length
        named += [first + timedelta(days=i) for i in range(length)]
    stated = _COUNT.search(verb + after)
    if stated and verb != "上班" and int(stated.group(1)) != count:
        reading.wrong(sentence, f"写的是{stated.group(1)}天，按起止日期是{count}天", "请核对起止日期和天数")
    for day in named:
        _enter(reading, sentence, day, DayKind.MAKEUP if verb == "上班" else DayKind.HOLIDAY, verb)


def _day_of(
    reading: _Reading,
    sentence: str,
    parts: Sequence[str | None],
    month: int | None,
    after: date | None,
) -> tuple[date | None, int | None]:
    """(the date written as year, month, day, bracket; its month). Month and year may be taken from before."""
    written_year, written_month, day, bracket = parts
    month = int(written_month) if written_month else month
    if month is None:
        reading.wrong(sentence, f"“{day}日”没有写月份", "请补上月份")
        return None, None
    year = int(written_year) if written_year else _year_of(reading, month, after)
    try:
        found = date(year, month, int(day or 0))
    except ValueError:
        reading.wrong(sentence, f"{year}年没有{month}月{day}日这一天", "请核对日期")
        return None, month
    weekday = _WEEKDAY.search(bracket or "")
    if weekday and _CHINESE_DAYS.index(weekday.group(1).replace("天", "日")) != found.weekday():
        reason = f"{year}年{month}月{day}日是{WEEKDAYS[found.weekday()]}，不是周{weekday.group(1)}"
        reading.wrong(sentence, reason, "请核对年份、日期和星期")
    return found, month


def _year_of(reading: _Reading, month: int, after: date | None) -> int:
    """Without a year written it is the notice's; December before 元旦 is of the year before."""
    if after is not None:
        return after.year + (month < after.month)
    return reading.year - (month == 12 and "元旦" in reading.festival)


def _enter(reading: _Reading, sentence: str, day: date, kind: DayKind, verb: str) -> None:
    if not date(reading.year - 1, 12, LATE_DECEMBER) <= day <= date(reading.year, 12, 31):
        reading.wrong(sentence, f"{day} 不在{reading.year}年通知的范围内", "请核对年份")
        return
    if kind is DayKind.MAKEUP and day.weekday() < SATURDAY:
        reason = f"{day} 是{WEEKDAYS[day.weekday()]}，本来就上班，不能是调休上班日"
        reading.wrong(sentence, reason, "请核对日期，调休上班日应为周六或周日")
        return
    held = reading.days.get(day)
    if held is not None:
        same = held.kind is kind
        reason = f"{day} 出现了两次" if same else f"{day} 既写放假，又写上班"
        reading.wrong(sentence, reason, "请核对，同一天只保留一处")
        return
    if not reading.festival:
        reading.festival = _FIXED.get((day.month, day.day), "")
    if not reading.festival:
        reading.wrong(sentence, "看不出是哪个节日", "请在这一句前面写上节日名称，如“端午节：”")
        reading.festival = "放假"  # one report for the sentence is enough
    name = f"{reading.festival}补休" if verb == "补休" else reading.festival
    reading.days[day] = CalendarDay(day, kind, name, reading.source)


def _missing(reading: _Reading) -> list[str]:
    """The festivals that have no day off; what is missing would be worked."""
    off = [entry.name for entry in reading.days.values() if entry.kind is DayKind.HOLIDAY]
    return [festival for festival in FESTIVALS if not any(festival in name for name in off)]


def _complete(reading: _Reading, standing: Sequence[CalendarDay]) -> None:
    """Add the days of the festivals that the text does not arrange, as they stand."""
    arranged = [name for name in FESTIVALS if any(name in entry.name for entry in reading.days.values())]
    if not arranged:
        return
    for entry in standing:
        if any(name in entry.name for name in arranged):
            continue
        if entry.day in reading.days:
            reason = f"{entry.day} 在{reading.year}年通知中已经是{entry.name}的安排"
            reading.wrong("", reason, f"请把{entry.name}的安排也一并粘贴")
        else:
            reading.days[entry.day] = entry


def _check_whole(reading: _Reading) -> None:
    if reading.problems:
        return
    if missing := _missing(reading):
        reading.wrong(
            "", f"没有读出{'、'.join(missing)}的放假安排",
            "请粘贴通知全文，各节日一项；全年通知已经录入的，可以只粘贴有变动的节日，合在一起放的节日一并粘贴",
        )  # fmt: skip
        return
    first = reading.days.get(date(reading.year, 1, 1))
    if first is None or first.kind is not DayKind.HOLIDAY:
        reading.wrong("", f"{reading.year}年1月1日没有放假", "请核对年份和元旦的放假安排")
