"""Word templates: placeholders however Word cuts them, lists, and what makes a template unusable."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from docx import Document
from docx.oxml import OxmlElement
from hypothesis import given, settings
from hypothesis import strategies as st
from support.papers import docx, texts, with_runs

from qa_service.registers.fill import Template, TemplateError
from qa_service.registers.papers import LISTS, PAPERS, VALUES

FORMS = Path(__file__).resolve().parents[2] / "corpus" / "forms"


def filled(data: bytes, values: dict[str, str], lists: dict[str, list[dict[str, str]]] | None = None) -> str:
    return texts(Template("试样", data).fill(values, lists or {}))


class TestPlaceholders:
    @pytest.mark.parametrize(
        "runs",
        [
            ("编号：{{编号}}。",), ("编号：{{", "编号", "}}。"), ("编号：{", "{编", "号}", "}。"), ("编号：", "{{编号}}", "。"),
            ("编号：{{ 编号 }}。",), ("编号：｛｛编号｝｝。",),
        ],
    )  # fmt: skip
    def test_is_found_however_it_is_cut_into_runs(self, runs: tuple[str, ...]) -> None:
        assert filled(with_runs(*runs), {"编号": "QH01-1"}) == "编号：QH01-1。\n"

    def test_several_in_one_run_are_each_replaced_once(self) -> None:
        data = with_runs("{{甲}}和{{乙", "}}和{{甲}}")
        assert filled(data, {"甲": "1", "乙": "二"}).strip() == "1和二和1"

    @pytest.mark.parametrize(
        "value", ["{{乙}}", "a & b < c > d", "《办法》“引号”😀𠮷", "", "第一行\n第二行\r\n第三行", "一" * 5000, "\x00\x0b好\ud800\uffff"]
    )  # fmt: skip
    def test_any_value_arrives_and_is_never_read_as_a_placeholder(self, value: str) -> None:
        said = filled(with_runs("[{{甲}}]"), {"甲": value, "乙": "不该出现"})
        wanted = value.replace("\r\n", "\n")
        for unseen in "\x00\x0b\ud800\uffff":
            wanted = wanted.replace(unseen, "")
        assert said.strip() == f"[{wanted}]"

    @settings(max_examples=20, deadline=None)
    @given(
        st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=40),
        st.integers(1, 9),
        st.integers(1, 9),
    )
    def test_the_text_around_is_left_alone(self, value: str, first: int, second: int) -> None:
        whole = "前文{{编号}}后文{{编号}}尾"
        cuts = sorted({first, first + second})
        runs = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        kept = value.replace("\ufffe", "").replace("\uffff", "")
        assert filled(with_runs(*runs), {"编号": value}) == f"前文{kept}后文{kept}尾\n"

    def test_is_found_in_text_boxes_and_nested_tables_and_footers(self) -> None:
        def build(document) -> None:  # type: ignore[no-untyped-def]
            outer = document.add_table(1, 1).cell(0, 0)
            outer.add_table(1, 1).cell(0, 0).text = "内表{{甲}}"
            document.sections[0].footer.paragraphs[0].text = "页脚{{甲}}"
            paragraph = document.add_paragraph("段{{甲}}")
            box, inner = OxmlElement("w:pict"), OxmlElement("w:p")
            text = OxmlElement("w:t")
            text.text = "框{{甲}}"
            inner.append(text)
            box.append(inner)
            paragraph.runs[0]._r.append(box)

        said = filled(docx(build), {"甲": "1"})
        assert {"内表1", "页脚1", "框1"} <= set(said.split("\n")) and "段1" in said and "{{" not in said


class TestLists:
    def table(self, *cells: str) -> bytes:
        def build(document) -> None:  # type: ignore[no-untyped-def]
            table = document.add_table(2, len(cells))
            for index, text in enumerate(cells):
                table.cell(0, index).text, table.cell(1, index).text = f"头{index}", text

        return docx(build)

    def test_a_row_is_repeated_for_every_line_in_order(self) -> None:
        data = self.table("{{依据.序号}}", "{{依据.内容}}（{{编号}}）")
        lines = [{"序号": str(n), "内容": f"第{n}条{{{{编号}}}}"} for n in (1, 2, 3)]
        made = Document(io.BytesIO(Template("试样", data).fill({"编号": "N"}, {"依据": lines})))
        rows = [[cell.text for cell in row.cells] for row in made.tables[0].rows]
        assert rows == [["头0", "头1"], *[[str(n), f"第{n}条{{{{编号}}}}（N）"] for n in (1, 2, 3)]]

    def test_an_empty_list_leaves_one_blank_row_to_write_in(self) -> None:
        made = Document(io.BytesIO(Template("试样", self.table("{{依据.序号}}", "")).fill({}, {"依据": []})))
        assert [cell.text for cell in made.tables[0].rows[1].cells] == ["", ""]

    def test_outside_tables_the_paragraph_is_repeated(self) -> None:
        said = filled(with_runs("依据：{{依据.", "内容}}"), {}, {"依据": [{"内容": "甲"}, {"内容": "乙"}]})
        assert said.split("\n")[:2] == ["依据：甲", "依据：乙"]

    def test_two_lists_in_one_row_are_refused_by_name(self) -> None:
        with pytest.raises(TemplateError, match=r"同一行里有几个清单：依据、告知"):
            Template("试样", self.table("{{依据.序号}}", "{{告知.序号}}")).check(VALUES, LISTS)


class TestUnusable:
    @pytest.mark.parametrize("name", ["编好", "办理过程.时长", "没有.序号", "办理过程", ""])
    def test_an_unknown_placeholder_is_named_with_its_template(self, name: str) -> None:
        with pytest.raises(TemplateError) as caught:
            Template("交办单", with_runs(f"{{{{{name}}}}}")).check(VALUES, LISTS)
        assert "交办单" in caught.value.message and f"{{{{{name}}}}}" in caught.value.message
        assert caught.value.remedy

    @pytest.mark.parametrize("text", ["{{编号", "编号}}", "{{编号}", "{{编{号}}"])
    def test_a_placeholder_that_is_not_finished_is_shown(self, text: str) -> None:
        with pytest.raises(TemplateError, match=r"交办单.*没写完整"):
            Template("交办单", with_runs(text)).check(VALUES, LISTS)

    @pytest.mark.parametrize("data", [b"", b"PK\x03\x04broken", b"%PDF-1.7", "编号".encode()])
    def test_what_is_no_word_file_is_refused(self, data: bytes) -> None:
        with pytest.raises(TemplateError, match=r"交办单.*打不开"):
            Template("交办单", data)

    def changed(self, changes: dict[str, bytes]) -> bytes:
        held = io.BytesIO()
        with (
            zipfile.ZipFile(io.BytesIO(with_runs("{{编号}}"))) as old,
            zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new,
        ):
            for name in old.namelist():
                new.writestr(name, changes.pop(name, old.read(name)))
            for name, data in changes.items():
                new.writestr(name, data)
        return held.getvalue()

    def test_a_damaged_body_is_refused(self) -> None:
        with pytest.raises(TemplateError, match="打不开"):
            Template("交办单", self.changed({"word/document.xml": b"<w:document"}))

    def test_macros_outside_content_and_bombs_are_refused(self) -> None:
        rels = (
            b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" '
            b'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate" '
            b'Target="http://elsewhere/x.dotm" TargetMode="External"/></Relationships>'
        )
        for changes, said in (
            ({"word/vbaProject.bin": b"x"}, "宏"),
            ({"word/_rels/settings.xml.rels": rels}, "文件以外"),
            ({"word/media/big.bin": b"\0" * 31 * 1024 * 1024}, "太大"),
        ):
            with pytest.raises(TemplateError, match=said):
                Template("交办单", self.changed(changes))

    @pytest.mark.parametrize(
        "code", ['DDEAUTO c:\\\\cmd "/k calc"', 'INCLUDEPICTURE "http://elsewhere/x.png"']
    )
    def test_fields_that_fetch_or_run_are_refused(self, code: str) -> None:
        def build(document) -> None:  # type: ignore[no-untyped-def]
            paragraph = document.add_paragraph("{{编号}}")
            for part in (code[:5], code[5:]):
                field = OxmlElement("w:instrText")
                field.text = part
                paragraph.add_run()._r.append(field)

        with pytest.raises(TemplateError, match="文件以外"):
            Template("交办单", docx(build))


class TestBundled:
    @pytest.mark.parametrize("paper", PAPERS.values(), ids=lambda paper: paper.code)
    def test_every_template_is_there_and_leaves_no_placeholder(self, paper) -> None:  # type: ignore[no-untyped-def]
        template = Template(paper.name, (FORMS / f"{paper.name}.docx").read_bytes())
        template.check(VALUES, LISTS)
        used = template.placeholders()
        assert "编号" in used
        values = {name: f"〔{name}〕" for name in VALUES}
        lists = {
            name: [{f: f"〔{name}.{f}{n}〕" for f in fields} for n in (1, 2)]
            for name, fields in LISTS.items()
        }
        said = texts(template.fill(values, lists))
        assert "{{" not in said and "}}" not in said
        for name in used:
            assert all(f"〔{name}{n}〕" in said for n in (1, 2)) if "." in name else f"〔{name}〕" in said
