"""Typed metadata of interpretations and the command line records."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from qa_service.extraction.document_meta import DocumentMeta, parse_laws, parse_meta
from qa_service.extraction.files import extract_files
from qa_service.extraction.types import Block, DocumentError, SourceDocument

META = {
    "标题": "失业金解读",
    "制定单位": "甲局",
    "解读单位": "乙局",
    "发布日期": "2026-03-16",
    "有效期至": "2028年12月31日",
    "复核日期": "2027/6/30",
    "主题": "社会保险",
    "适用对象": "失业人员、企业职工，退役军人",
    "依据": "《失业保险条例》（1999-01-22）第十四条、第十六条；《社会保险法》(2018-12-29)第四十五条。",
}


def document(**changes: str) -> SourceDocument:
    meta = {**META, **changes}
    return SourceDocument("a.txt", "标题行", (Block("正文"),), {k: v for k, v in meta.items() if v})


def refuse(**changes: str) -> str:
    with pytest.raises(DocumentError) as caught:
        parse_meta(document(**changes))
    assert caught.value.message.startswith("a.txt") and caught.value.remedy
    return caught.value.message


def test_metadata_is_typed() -> None:
    assert parse_meta(document()) == DocumentMeta(
        title="失业金解读",
        issuing_unit="甲局",
        interpreting_unit="乙局",
        published_on=date(2026, 3, 16),
        effective_to=date(2028, 12, 31),
        review_due=date(2027, 6, 30),
        topic="社会保险",
        audience=("失业人员", "企业职工", "退役军人"),
        laws={"失业保险条例": "1999-01-22", "社会保险法": "2018-12-29"},
    )


def test_one_of_the_two_dates_is_enough_and_the_title_may_come_from_the_text() -> None:
    assert parse_meta(document(有效期至="")).effective_to is None
    assert parse_meta(document(复核日期="")).review_due is None
    assert parse_meta(document(标题="")).title == "标题行"


@pytest.mark.parametrize("key", ["制定单位", "解读单位", "发布日期", "主题", "适用对象", "依据"])
def test_what_is_missing_is_named(key: str) -> None:
    assert key in refuse(**{key: ""})


def test_everything_missing_is_named_at_once() -> None:
    message = refuse(制定单位="", 主题="", 有效期至="", 复核日期="")
    assert all(word in message for word in ("制定单位", "主题", "有效期至", "复核日期"))


@pytest.mark.parametrize("text", ["2026-02-30", "2026-3", "明年", "20260316"])
def test_impossible_dates_are_refused(text: str) -> None:
    assert text in refuse(发布日期=text)


def test_validity_before_publication_is_refused() -> None:
    assert "早于" in refuse(有效期至="2026-03-15")
    assert parse_meta(document(有效期至="2026-03-16")).effective_to == date(2026, 3, 16)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("失业保险条例第十四条", "没有找到"),
        ("《失业保险条例》第十四条", "版本日期"),
        ("《失业保险条例》（修订）第十四条", "修订"),
        ("《条例》（2019-04-03）第一条；《条例》（2007-04-05）第二条", "两个版本"),
    ],
)
def test_laws_that_cannot_be_pinned_down(text: str, reason: str) -> None:
    with pytest.raises(DocumentError) as caught:
        parse_laws("a.txt", text)
    assert reason in caught.value.message


def test_law_names_may_hold_titles_and_repeat_in_one_version() -> None:
    text = "《关于执行〈条例〉的办法》（2020-01-01）第一条；《《条例》说明》(2021-02-03)第二条；《关于执行〈条例〉的办法》（2020-01-01）第三条"
    assert parse_laws("a.txt", text) == {"关于执行〈条例〉的办法": "2020-01-01", "《条例》说明": "2021-02-03"}


def test_records_for_the_command_line(tmp_path: Path) -> None:
    one, two = tmp_path / "a.txt", tmp_path / "b.md"
    one.write_text(
        "标题：甲解读\n解读单位：乙局\n\n问：多久？\n答：五日，见某府办〔2026〕1号。\n问：谁？\n答：窗口。",
        encoding="utf-8",
    )
    two.write_text("# 乙解读\n\n## 办理对象\n\n居民。\n\n## 收费标准\n\n不收费\n", encoding="utf-8")
    records = list(extract_files([one, str(two)]))
    assert records[0] == {
        "file": str(one),
        "question": "多久？",
        "answer": "五日，见某府办〔2026〕1号。",
        "explicit": True,
        "doc_no": "某府办〔2026〕1号",
        "unit": "乙局",
    }
    assert [(r["file"], r["explicit"]) for r in records[2:]] == [(str(two), False)] * 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        list(extract_files([tmp_path / "fehlt.txt"]))
    assert "fehlt.txt" in caught.value.message and caught.value.remedy
