"""Sidecars: reading with line numbers in errors, and matching them to pairs."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa_service.extraction.annotations import Annotation, BasisRef, match_annotations, read_annotations
from qa_service.extraction.types import DocumentError, Pair

GOOD = """entries:
- key: a-01
  heading: 多久能领？
  question: 失业保险金多久能领到？
  basis:
  - {law: 失业保险条例, article: 第十六条, phrase: 七日内}
  audience: [失业人员]
  topics: [社会保险]
  phrasings:
  - 失业金几天到账
  - "问: 啥时候发钱"
- key: a-02
  heading: 能领多少？
"""


def annotation(key: str, heading: str) -> Annotation:
    return Annotation(key, heading, None, (), None, None, ())


def pair(heading: str) -> Pair:
    return Pair(heading, heading, "答复。", True)


def refuse(text: str | bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read_annotations("a.entries.yaml", text.encode() if isinstance(text, str) else text)
    assert caught.value.message.startswith("a.entries.yaml")
    assert re.search(r"[一-鿿]", caught.value.remedy)
    return caught.value


def test_entries_as_written() -> None:
    first, second = read_annotations("a.entries.yaml", GOOD.encode())
    assert first == Annotation(
        "a-01",
        "多久能领？",
        "失业保险金多久能领到？",
        (BasisRef("失业保险条例", "第十六条", "七日内"),),
        ("失业人员",),
        ("社会保险",),
        ("失业金几天到账", "问: 啥时候发钱"),
    )
    assert second == Annotation("a-02", "能领多少？", None, (), None, None, ())


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("entries:", "items:", 1, "entries"),
        ("- key: a-01", "- key: A_01", 2, "A_01"),
        ("- key: a-02", "- key: a-01", 12, "重复"),
        ("- key: a-02\n", "-\n", 13, "key"),
        ("  heading: 能领多少？", "  headnig: 能领多少？", 13, "headnig"),
        ("- key: a-02", "  key: a-02", 12, "两次"),
        ("  heading: 能领多少？", "", 12, "heading"),
        ("  heading: 能领多少？", "  heading: 2026", 13, "文字"),
        ("失业保险金多久能领到？", "长" * 129, 4, "128"),
        ("第十六条", "16条", 6, "16条"),
        ("七日内", "七" * 16, 6, "15"),
        ("law: 失业保险条例, ", "", 6, "law"),
        ("phrase: 七日内}", "phrase: 七日内, page: 3}", 6, "page"),
        ("audience: [失业人员]", "audience: 失业人员", 7, "列表"),
        ("  - 失业金几天到账", "  - 20260101", 9, "20260101"),
        ("  - 失业金几天到账", "  - 啥时候发钱？\n  - 啥时候 发钱", 9, "重复"),
        ("  - 失业金几天到账", "  - a: b", 9, "phrasings"),
        ("  - {law: 失业保险条例, article: 第十六条, phrase: 七日内}", "  - 失业保险条例第十六条", 6, "依据"),
        ('"问: 啥时候发钱"', '"问: 啥时候发钱', 14, "YAML"),
        ("  heading: 能领多少？", "\theading: 能领多少？", 13, "YAML"),
        ("  heading: 能领多少？", "  heading: 问: 能领多少？", 13, "YAML"),
    ],
)
def test_errors_name_the_line_and_the_reason(old: str, new: str, line: int, reason: str) -> None:
    assert old in GOOD
    error = refuse(GOOD.replace(old, new))
    assert reason in error.message
    assert error.line == line and f"第 {line} 行" in error.message


@pytest.mark.parametrize(
    "text", ["", "[]", "entries: 3", "entries: {a: 1}", "entries:\n- 甲", "x: 2026-13-45", "[" * 3000]
)
def test_other_contents_are_refused(text: str) -> None:
    refuse(text)


def test_binary_and_oversized_sidecars_are_refused() -> None:
    refuse(bytes(range(256)) * 9)
    refuse(b"#" * (2 * 1024 * 1024 + 1))


@given(st.one_of(st.text(max_size=120).map(str.encode), st.binary(max_size=80)))
def test_arbitrary_sidecars_raise_nothing_else(tail: bytes) -> None:
    for data in (tail, GOOD.encode() + tail):
        try:
            read_annotations("a.entries.yaml", data)
        except DocumentError as error:
            assert error.message and error.remedy


def test_headings_match_without_punctuation_width_blanks_and_numbers() -> None:
    pairs = [pair("ＡPP上怎么办（线上）？"), pair("去哪里办?"), pair("要多久？")]
    entries = [
        annotation("k-3", "三、要多久"),
        annotation("k-1", "app 上怎么办(线上)?"),
        annotation("k-2", "问：去哪里办？"),
    ]
    matched, problems = match_annotations(pairs, entries)
    assert [(p.heading, a and a.key) for p, a in matched] == [
        ("ＡPP上怎么办（线上）？", "k-1"),
        ("去哪里办?", "k-2"),
        ("要多久？", "k-3"),
    ]
    assert problems == []


def test_pairs_without_annotation_and_annotations_without_pair() -> None:
    matched, problems = match_annotations([pair("要带什么材料？")], [annotation("k-9", "要带哪些材料？")])
    assert matched == [(pair("要带什么材料？"), None)]
    assert len(problems) == 1
    assert "k-9" in problems[0] and "要带什么材料？" in problems[0]


def test_equal_headings_are_taken_in_order_and_a_surplus_is_reported() -> None:
    entries = [annotation(f"k-{n}", "办理时限") for n in (1, 2, 3)]
    matched, problems = match_annotations([pair("办理时限"), pair("办理时限")], entries)
    assert [a.key for _, a in matched if a] == ["k-1", "k-2"]
    assert len(problems) == 1 and "k-3" in problems[0] and "多次" in problems[0]
