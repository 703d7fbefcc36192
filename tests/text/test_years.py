"""Years that a text is about."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.text.normalise import normalise
from qa_service.text.years import years_in

TODAY = date(2026, 11, 27)


@pytest.mark.parametrize(
    ("text", "years"),
    [
        ("2024年高龄津贴发多少", {2024}),
        ("2024年度社保缴费基数", {2024}),
        ("二〇二四年小学招生", {2024}),
        ("２０２４ 年的补贴", {2024}),
        ("2024社保基数", {2024}),
        ("2022年至2024年的补贴", {2022, 2023, 2024}),
        ("2022—2024年实施方案", {2022, 2023, 2024}),
        ("2022年和2024年", {2022, 2024}),
        ("今年的高龄津贴", {2026}),
        ("去年没领的还能补吗", {2025}),
        ("明年几月报名", {2027}),
        # Not which year is meant:
        ("2018年以前买的房", set()),
        ("2021年1月1日起执行", set()),
        ("自2021年1月1日之后", set()),
        ("国办发〔2020〕5号", set()),
        ("补贴2000元", set()),
        ("补贴2024元", set()),
        ("面积2025平方", set()),
        ("交满15年的社保", set()),
        ("入学前年满六周岁", set()),
        ("以前年度的发票", set()),
        ("电话020-2024", set()),
        ("", set()),
    ],
)
def test_years(text: str, years: set[int]) -> None:
    assert years_in(normalise(text), TODAY) == years


def test_without_a_day_this_year_is_no_year() -> None:
    assert years_in("今年和2024年") == {2024}


@given(st.text(max_size=80), st.dates(min_value=date(2000, 1, 1)))
def test_any_text_may_be_read(text: str, on: date) -> None:
    named = years_in(normalise(text))
    assert all(1900 <= year <= 2099 for year in named)
    assert named <= years_in(normalise(text), on)
