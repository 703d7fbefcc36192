"""Pasted notices: the real ones of three years day for day, and everything that does not fit named with a remedy."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.notices import NOTICE_2025, NOTICE_2026, NOTICE_2027, NOTICES

from qa_service.workdays.calendar import DayKind, DayStatus, WorkCalendar, noticed_days
from qa_service.workdays.calendar_file import CalendarRow
from qa_service.workdays.change import changed_days, with_rows
from qa_service.workdays.due import due_date
from qa_service.workdays.notice_text import FESTIVALS, NoticeError, parse_notice
from qa_service.workdays.statutory import MOVABLE, statutory_days


@pytest.mark.parametrize("year", NOTICES)
def test_real_notices_give_the_days_of_the_calendar(calendar: WorkCalendar, year: int) -> None:
    notice = parse_notice(NOTICES[year])
    held = {day: entry.kind for day, entry in calendar.days.items() if day.year == year}
    assert notice.year == year
    assert {entry.day: entry.kind for entry in notice.days} == held
    for entry in notice.days:
        names = entry.name.split("、")
        assert set(names) <= set(FESTIVALS)
        if entry.kind is DayKind.HOLIDAY and len(names) == 1:
            assert calendar.days[entry.day].name.removesuffix("调休放假") == entry.name


@pytest.mark.parametrize(
    ("text", "source"),
    [
        (NOTICES[2024], "《国务院办公厅关于2024年部分节假日安排的通知》（国办发明电〔2023〕7号）"),
        (NOTICE_2025, "《国务院办公厅关于2025年部分节假日安排的通知》（国办发明电〔2024〕12号）"),
        (NOTICE_2026, "《国务院办公厅关于2026年部分节假日安排的通知》（2025-11-04）"),
    ],
)
def test_cites_the_notice_by_its_number_or_date(text: str, source: str) -> None:
    notice = parse_notice(text)
    assert notice.source == source
    assert {entry.source for entry in notice.days} == {source}
    assert parse_notice(text, source="本县转发").source == "本县转发"


def test_advice_gives_nobody_a_day_off() -> None:
    assert date(2024, 2, 9) not in {entry.day for entry in parse_notice(NOTICES[2024]).days}


def test_a_notice_may_reach_into_the_december_before() -> None:
    days = {entry.day: entry.kind for entry in parse_notice(NOTICE_2027).days}
    assert days[date(2026, 12, 31)] is DayKind.HOLIDAY and days[date(2026, 12, 26)] is DayKind.MAKEUP
    without = NOTICE_2027.replace("2026年12月31日", "12月31日").replace("至2027年1月", "至1月")
    without = without.replace("2026年12月26日", "12月26日")
    assert {entry.day: entry.kind for entry in parse_notice(without).days} == days


def test_days_in_lieu_are_named_so() -> None:
    text = NOTICE_2026.replace(
        "4月4日（周六）至6日（周一）放假，共3天。", "4月4日（周六）放假，4月6日（星期一）补休。"
    )
    names = {entry.day: entry.name for entry in parse_notice(text).days}
    assert names[date(2026, 4, 6)] == "清明节补休"
    assert date(2026, 4, 5) not in names


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("（", "(").replace("）", ")").replace("：", ":"),
        lambda text: text.replace("周", "星期").replace("星期日", "星期天"),
        lambda text: text.replace("\n", ""),
        lambda text: text.replace("\n", "\r\n\r\n　　"),
        lambda text: text.replace("至", "-").replace("放假调休", "放假"),
        lambda text: text.translate(str.maketrans("0123456789", "０１２３４５６７８９")),
    ],
)  # fmt: skip
def test_copied_in_other_ways_it_is_the_same(spoil: object) -> None:
    assert callable(spoil)
    found, plain = parse_notice(spoil(NOTICE_2026), 2026, "通知"), parse_notice(NOTICE_2026, 2026, "通知")
    assert found == plain


@given(st.text(alphabet="0123456789年月日（）周一二六至、，。：共天放假上班调休节\n 元旦", max_size=200))
def test_no_text_breaks_it(text: str) -> None:
    try:
        parse_notice(text, 2026, "通知")
    except NoticeError as error:
        assert error.problems and all(p.reason and p.remedy for p in error.problems)


WRONG = [
    ("10月1日（周四）", "10月1日（周五）", "10月1日", "2026年10月1日是周四，不是周五", "核对年份、日期和星期"),
    ("（周三）放假调休，共7天", "（周三）放假调休，共8天", "共8天", "写的是8天，按起止日期是7天", "起止日期和天数"),
    ("5月9日（周六）上班", "5月8日（周五）上班", "5月8日", "2026-05-08 是周五，本来就上班", "应为周六或周日"),
    ("6月19日（周五）", "6月31日", "6月31日", "没有6月31日这一天", "核对日期"),
    ("10月10日（周六）上班", "10月3日（周六）上班", "10月3日", "2026-10-03 既写放假，又写上班", "只保留一处"),
    ("1月4日（周日）上班", "1月3日（周六）放假", "1月3日", "2026-01-03 出现了两次", "只保留一处"),
    ("6月19日（周五）至21日（周日）放假，共3天", "6月21日至19日放假", "6月21日", "前后颠倒", "起止日期"),
    ("6月19日（周五）至21日（周日）放假，共3天", "6月1日至21日放假", "6月1日", "21天，太长", "起止日期"),
    ("6月19日（周五）至21日（周日）放假，共3天", "6月19日照常", "6月19日", "看不出是放假还是上班", "“…日放假”"),
    ("6月19日（周五）至21日（周日）放假，共3天", "19日放假", "19日", "没有写月份", "补上月份"),
    ("1月4日（周日）上班", "2024年1月6日（周六）上班", "2024年1月6日", "不在2026年通知的范围内", "核对年份"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "sentence", "reason", "remedy"), WRONG)
def test_what_does_not_fit_is_named_with_its_sentence(
    right: str, wrong: str, sentence: str, reason: str, remedy: str
) -> None:
    assert right in NOTICE_2026
    with pytest.raises(NoticeError) as caught:
        parse_notice(NOTICE_2026.replace(right, wrong))
    problem = caught.value.problems[0]
    assert sentence in problem.sentence
    assert reason in problem.reason and remedy in problem.remedy
    assert str(problem) in str(caught.value)


def test_all_that_is_wrong_is_named_at_once() -> None:
    text = NOTICE_2026.replace("1月4日（周日）", "1月4日（周一）").replace("共9天", "共8天")
    with pytest.raises(NoticeError) as caught:
        parse_notice(text)
    assert len(caught.value.problems) == 2


def test_the_sentence_of_the_issue_is_read_and_says_what_is_missing() -> None:
    text = "10月1日至7日放假调休，共7天。9月20日（星期日）、10月10日（星期六）上班"
    with pytest.raises(NoticeError, match="没有读出元旦、春节、清明节、劳动节、端午节、中秋节的放假安排"):
        parse_notice(text, 2026, "通知")
    whole = "\n".join(line for line in NOTICE_2026.splitlines() if not line.startswith("七、")) + "\n" + text
    # Below other headings the sentence needs its own; without any heading the date tells 国庆节.
    assert len(parse_notice(f"{whole.replace(text, '国庆节：' + text)}").days) == 39


def test_a_later_notice_arranges_one_festival_anew(calendar: WorkCalendar) -> None:
    text = "10月1日至7日放假调休，共7天。9月20日（星期日）、10月10日（星期六）上班"
    standing = {entry.day: entry.kind for entry in noticed_days(calendar, 2026)}
    again = parse_notice(text, 2026, "重发的通知", calendar)
    assert {entry.day: entry.kind for entry in again.days} == standing
    assert {entry.source for entry in again.days if entry.day.month == 10} == {"重发的通知"}
    longer = parse_notice(
        "国庆节：10月1日至8日放假调休，共8天。9月20日、10月10日、10月17日上班。", 2026, "通知", calendar
    )
    found = {entry.day: entry.kind for entry in longer.days}
    assert {day for day in found if day not in standing} == {date(2026, 10, 8), date(2026, 10, 17)}
    shorter = parse_notice("国庆节：10月1日至3日放假，共3天。", 2026, "通知", calendar)
    assert standing.keys() - {entry.day for entry in shorter.days} == {
        date(2026, 9, 20), *(date(2026, 10, day) for day in (4, 5, 6, 7, 10))
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "year", "reason"),
    [
        ("国庆节：10月1日至8日放假，共8天。", 2025, "2025-10-06 在2025年通知中已经是中秋节的安排.*把中秋节"),
        ("国庆节：10月1日至7日放假，共7天。", 2027, "没有读出元旦.*全年通知已经录入的"),
        ("元旦：1月2日放假1天。", 2026, "1月1日没有放假"),
        ("没有日期的一句话", 2026, "没有读出元旦"),
    ],
)
def test_an_amendment_that_does_not_fit(calendar: WorkCalendar, text: str, year: int, reason: str) -> None:
    with pytest.raises(NoticeError, match=reason):
        parse_notice(text, year, "通知", calendar)


def test_a_movable_festival_without_its_name_is_asked_for() -> None:
    with pytest.raises(NoticeError, match=r"看不出是哪个节日.*“端午节：”"):
        parse_notice("6月19日至21日放假，共3天。", 2026, "通知")


@pytest.mark.parametrize(
    ("text", "year", "source", "reason"),
    [
        ("一、元旦：1月1日放假。", None, "通知", "看不出是哪一年"),
        (NOTICE_2026, 2027, "", "填写的年份是2027年"),
        ("一、元旦：1月1日放假。", 2026, "", "没有写通知的名称或者文号"),
        ("", 2026, "通知", "没有读出元旦"),
        (NOTICE_2026.replace("五、端午节：6月19日（周五）至21日（周日）放假，共3天。\n", ""), None, "", "没有读出端午节"),
        (NOTICE_2026.replace("1月1日（周四）至3日（周六）放假调休，共3天", "1月2日放假"), None, "", "1月1日没有放假"),
    ],
)  # fmt: skip
def test_a_text_that_is_no_whole_notice(text: str, year: int | None, source: str, reason: str) -> None:
    with pytest.raises(NoticeError, match=reason):
        parse_notice(text, year, source)


def rows(text: str) -> list[CalendarRow]:
    return [CalendarRow(0, entry, DayStatus.OFFICIAL) for entry in parse_notice(text).days]


def test_entered_the_notice_settles_december_and_the_year(calendar: WorkCalendar) -> None:
    after = with_rows(calendar, rows(NOTICE_2027))
    changes = {change.day: change for change in changed_days(calendar, after)}
    assert changes[date(2026, 12, 26)].moves and changes[date(2026, 12, 26)].after == "周六，调休上班"
    assert changes[date(2026, 12, 31)].before == "周四，工作日（暂定）"
    assert (
        not changes[date(2027, 1, 1)].moves and changes[date(2027, 1, 1)].before == "周五，元旦放假（暂定）"
    )
    assert date(2027, 9, 15) in changes and date(2027, 1, 4) not in changes
    assert after.status(date(2026, 12, 31)) is DayStatus.OFFICIAL
    assert after.status(date(2027, 12, 20)) is DayStatus.PROVISIONAL
    assert changed_days(after, with_rows(after, rows(NOTICE_2027))) == []


def test_the_year_after_the_notice_is_inferred_from_the_law(calendar: WorkCalendar) -> None:
    """So that a date across the next new year is provisional, and not a day early, as soon as the notice is in."""
    after = with_rows(calendar, rows(NOTICE_2027))
    assert after.status(date(2028, 1, 3)) is DayStatus.PROVISIONAL and not after.is_workday(date(2028, 1, 3))
    found = due_date(date(2027, 12, 28), 5, after)
    assert (found.due, found.status) == (date(2028, 1, 5), "provisional")
    changes = {change.day: change for change in changed_days(calendar, after)}
    assert changes[date(2028, 1, 3)].after == "周一，元旦补假（暂定）"
    assert after.status(date(2029, 1, 1)) is DayStatus.UNKNOWN


@pytest.mark.parametrize("year", sorted(MOVABLE))
def test_what_the_law_infers_for_a_year_is_a_year_of_it(year: int) -> None:
    dates, days = MOVABLE[year], statutory_days(MOVABLE[year])
    assert {day.day.year for day in days} == {year}
    assert dates.new_year.month in (1, 2) and dates.qingming in (date(year, 4, 4), date(year, 4, 5))
    assert dates.dragon_boat.month in (5, 6) and dates.mid_autumn.month in (9, 10)
    # Of a lunar year's 354 or 384 days, 五月初五 is the 122nd to 153rd and 八月十五 the 220th or 250th.
    assert 120 <= (dates.dragon_boat - dates.new_year).days <= 154
    assert 98 <= (dates.mid_autumn - dates.dragon_boat).days <= 128
    # 13 statutory days (第二条), and a day in lieu for each at a weekend; where two festivals meet, fewer.
    assert 12 <= len([day for day in days if "补假" not in day.name]) <= 13


def test_entering_a_year_again_changes_no_day_that_is_worked(calendar: WorkCalendar) -> None:
    again = with_rows(calendar, rows(NOTICE_2026))
    assert [change for change in changed_days(calendar, again) if change.moves] == []
