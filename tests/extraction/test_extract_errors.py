"""What cannot be read: always a DocumentError that says in Chinese what happened and what to do."""

from __future__ import annotations

import io
import re
import zipfile

import docx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reportlab.pdfgen import canvas

from qa_service.extraction import read_docx, reader
from qa_service.extraction.pairs import extract_pairs
from qa_service.extraction.reader import SUFFIXES, read_document
from qa_service.extraction.types import DocumentError

LINES = (
    "标题：解读",
    "",
    "一、条件？",
    "答：满一年。",
    "问：多久？答：五日。",
    "二、时限",
    "（一）甲",
    "| a | b |",
    "附件：1",
)


def refuse(name: str, data: bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read_document(name, data)
    error = caught.value
    assert re.search(r"[一-鿿]", error.message) and error.message.startswith(name)
    assert re.search(r"[一-鿿]", error.remedy)
    return error


def word() -> bytes:
    document = docx.Document()
    for line in LINES:
        document.add_paragraph(line)
    document.add_table(2, 2).cell(0, 0).text = "格"
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def portable() -> bytes:
    out = io.BytesIO()
    page = canvas.Canvas(out, pageCompression=0)
    for n, text in enumerate(("1. Question one?", "Answer one.", "2. Question two?", "Answer two.")):
        page.drawString(80, 700 - 20 * n, text)
    page.save()
    return out.getvalue()


WORD, PORTABLE = word(), portable()
PAGE = (
    "<html><head><meta charset=utf-8></head><body><div id=zoom>" + "<p>".join(LINES) + "</div></body></html>"
).encode()
TEXT = "\n".join(LINES).encode()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_empty_files(suffix: str) -> None:
    assert "空" in refuse(f"a{suffix}", b"").message
    refuse(f"a{suffix}", b" \n\t ")


def test_unsupported_formats_are_named() -> None:
    assert ".exe" in refuse("a.exe", b"MZ").message
    assert ".docx" in refuse("a.doc", b"\xd0\xcf\x11\xe0").remedy
    refuse("no-suffix", b"text")


def test_an_old_word_file_under_a_new_name() -> None:
    assert ".doc" in refuse("a.docx", b"\xd0\xcf\x11\xe0" + b"\0" * 600).message


def test_size_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 100)
    assert "上限" in refuse("a.txt", b"x" * 101).message


def test_zip_bombs_are_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        z.writestr("word/document.xml", b"<w/>" + b" " * (8 * 1024 * 1024))
    assert "过大" in refuse("a.docx", out.getvalue()).message


def test_parts_that_lie_about_their_size_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_docx, "MAX_PART", 1000)
    assert "过大" in refuse("a.docx", WORD).message


def test_a_package_that_is_no_word_document() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        z.writestr("xl/workbook.xml", "<x/>")
    assert "Word" in refuse("a.docx", out.getvalue()).message


def test_entities_are_not_expanded() -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    w = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        text = f'{bomb}<w:document xmlns:w="{w}"><w:body><w:p><w:r><w:t>一、文字&b;</w:t></w:r></w:p></w:body></w:document>'
        z.writestr("word/document.xml", text)
    assert [b.text for b in read_document("a.docx", out.getvalue()).blocks] == ["一、文字"]


def test_binary_data_under_a_text_name() -> None:
    refuse("a.txt", bytes(range(256)) * 20)


def test_deeply_nested_pages() -> None:
    page = "<div>" * 30000 + "问：多久？答：五日。" + "</div>" * 30000
    assert "嵌套" in refuse("a.html", page.encode()).message
    shallow = page.replace("<div>", "", 29900).replace("</div>", "", 29900)
    assert [p.answer for p in extract_pairs(read_document("a.html", shallow.encode()))] == ["五日。"]


def mutate(data: bytes, edits: list[tuple[float, int]], cut: float) -> bytes:
    changed = bytearray(data)
    for place, value in edits:
        changed[int(place * (len(changed) - 1))] = value
    return bytes(changed[: int(len(changed) * cut)])


fraction = st.floats(min_value=0, max_value=1)
damage = st.lists(st.tuples(fraction, st.integers(0, 255)), max_size=12)


@pytest.mark.parametrize(
    ("name", "original"),
    [("a.docx", WORD), ("a.pdf", PORTABLE), ("a.html", PAGE), ("a.md", TEXT), ("a.txt", TEXT)],
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=damage, cut=st.one_of(st.just(1.0), fraction))
def test_damaged_files_raise_nothing_else(
    name: str, original: bytes, edits: list[tuple[float, int]], cut: float
) -> None:
    try:
        pairs = extract_pairs(read_document(name, mutate(original, edits, cut)))
    except DocumentError as error:
        assert error.message and error.remedy
    else:
        assert all(p.heading and p.answer and p.question for p in pairs)


@settings(max_examples=60, deadline=None)
@given(
    part=st.sampled_from(["word/document.xml", "word/styles.xml", "word/numbering.xml"]),
    edits=damage,
    cut=fraction,
)
def test_damaged_parts_of_a_package_raise_nothing_else(
    part: str, edits: list[tuple[float, int]], cut: float
) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(WORD)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, mutate(content, edits, 0.5 + cut / 2) if name == part else content)
    try:
        extract_pairs(read_document("a.docx", out.getvalue()))
    except DocumentError as error:
        assert error.message and error.remedy


@settings(max_examples=150, deadline=None)
@given(
    suffix=st.sampled_from(SUFFIXES),
    data=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)),
)
def test_arbitrary_bytes_raise_nothing_else(suffix: str, data: bytes) -> None:
    try:
        extract_pairs(read_document(f"a{suffix}", data))
    except DocumentError as error:
        assert error.message and error.remedy


pieces = st.sampled_from(
    [
        "一、",
        "二、",
        "（一）",
        "1.",
        "2.",
        "问：",
        "答：",
        "Q1：",
        "A：",
        "## ",
        "# ",
        "标题：",
        "附件：",
        "| ",
        "记者：",
        "甲报记者：\n",
    ]
)
words = st.sampled_from(
    ["申请条件", "怎么办？", "不收费。", "材料如下：", "2026年1月1日", "某某局", "谢谢。", "", "有效期至"]
)


@settings(max_examples=250, deadline=None)
@given(
    suffix=st.sampled_from([".txt", ".md", ".html"]),
    lines=st.lists(st.tuples(pieces, words, words), min_size=1, max_size=25),
)
def test_arbitrary_structures_give_whole_pairs(suffix: str, lines: list[tuple[str, str, str]]) -> None:
    text = "\n".join("".join(line) for line in lines)
    if suffix == ".html":
        text = "<p>" + text.replace("\n", "</p><p>") + "</p>"
    try:
        document = read_document(f"a{suffix}", text.encode())
    except DocumentError:
        return
    for pair in extract_pairs(document):
        assert pair.heading and pair.answer and pair.question
        assert pair.explicit or len(pair.question) <= 128
        assert pair.first_line <= pair.last_line
