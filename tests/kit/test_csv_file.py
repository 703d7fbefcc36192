"""Tables for spreadsheet programs: text stays text, whatever people have typed."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.kit.csv_file import csv_file, safe_cell


@pytest.mark.parametrize("typed", ["=1+1", "+8613800000000", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "＝1"])
def test_what_begins_like_a_formula_gets_an_apostrophe(typed: str) -> None:
    assert safe_cell(typed) == f"'{typed}"


@pytest.mark.parametrize("typed", ["", "低保咋办", "3-5天", "a=b", 7, -7, 0.5])
def test_everything_else_is_left_alone(typed: str | int | float) -> None:
    assert safe_cell(typed) == typed


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_no_cell_of_a_file_is_a_formula(rows: list[list[str]]) -> None:
    text = csv_file(("问题", "次数"), rows).decode("utf-8-sig")
    read = list(csv.reader(io.StringIO(text, newline="")))
    assert len(read) == len(rows) + 1
    assert not any(cell.lstrip(" ").startswith(("=", "+", "-", "@")) for row in read for cell in row)
