"""How dates, deadlines, codes and validity read; where a redirect may lead; what counts as an emergency."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.errors import Invalid
from qa_service.web import filters
from qa_service.web.entry_form import EntryForm
from qa_service.web.paging import Pages
from qa_service.web.render import local_path


def test_dates_read_as_office_dates() -> None:
    assert filters.cn_date(date(2026, 11, 22)) == "2026年11月22日（周日）"
    assert filters.cn_datetime(datetime(2026, 11, 21, 16, 5, tzinfo=UTC)) == "2026年11月22日（周日）00:05"
    assert filters.cn_date(None) == ""


@pytest.mark.parametrize(
    ("left", "overdue", "words", "tone"),
    [(5, False, "剩5个工作日", "fine"), (1, False, "剩1个工作日", "soon"), (0, False, "今天到期", "soon"),
     (-2, True, "已超期2个工作日", "over"), (None, False, "", "done"), (None, True, "", "over")],
)  # fmt: skip
def test_deadline_words_and_tone(left: int | None, overdue: bool, words: str, tone: str) -> None:
    assert filters.days_left(left) == words
    assert filters.due_tone(left, overdue) == tone


@given(st.text(alphabet="ab<&低保", max_size=20), st.data())
def test_marks_change_nothing_but_what_is_marked(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    marked = filters.marked(text, [(start, end)])
    assert marked.striptags() == " ".join(text.split()) or "<" in text or "&" in text
    assert marked.unescape().replace("<mark>", "", 1).replace("</mark>", "", 1) == text


def test_validity_says_how_long() -> None:
    day = date(2027, 1, 4)
    assert filters.validity(None, day, None) == "有效期至2027年1月4日（周一）"
    assert filters.validity(None, None, day) == "2027年1月4日（周一）复核，此前有效"
    assert filters.validity(None, None, None) == "长期有效"


def test_code_is_shown_in_groups() -> None:
    assert filters.code_groups("ACDEF34679") == "ACDEF-34679"


@given(st.text(max_size=30))
def test_redirects_stay_here(target: str) -> None:
    path = local_path(target, "/home")
    assert path.startswith("/") and not path.startswith(("//", "/\\")) and "\\" not in path


def test_pages_count_from_one() -> None:
    pages = Pages(number=2, size=50, total=101, base="/x?q=1")
    assert (pages.first_row, pages.last_row, pages.last, pages.address(3)) == (51, 100, 3, "/x?q=1&page=3")
    assert Pages(number=1, size=50, total=0, base="").last == 1


def test_entry_form_names_the_row_that_is_wrong() -> None:
    form = EntryForm(
        "问", "答", "rsj", "", ({"law": "条例", "version": "去年", "article": "", "phrase": ""},), "一\n\n二", "甲、乙 丙",
        "", "2026-02-30", "", "",
    )  # fmt: skip
    with pytest.raises(Invalid) as caught:
        form.checked()
    assert "版本日期" in caught.value.message and "失效日期" in caught.value.message


def test_a_word_taken_by_its_sound_is_told() -> None:
    assert filters.how_heard([("设保卡", "社保卡")]) == ["“设保卡”按读音理解为“社保卡”"]
    assert filters.how_heard(()) == []
