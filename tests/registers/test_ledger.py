"""The ledger as Excel and CSV: the same cases as the page, typed columns, no formulas, no persons unless asked for."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from sqlalchemy import select
from support.cases import Flow
from support.people import People

from qa_service.accounts.models import AuditEvent
from qa_service.kit.database import Database
from qa_service.registers import ledger
from qa_service.registers.columns import COLUMNS, GROUPS, LedgerRow
from qa_service.registers.excel import write_csv, write_workbook

HTML = {"accept": "text/html"}
URL = "/desk/register/export"
PERSON = {"person_name": "欧阳测试", "contact": "13812345678"}
FORMULAS = ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", '=HYPERLINK("http://x")', "  =1"]


def table(data: bytes) -> tuple[Any, list[dict[str, Any]]]:
    sheet = load_workbook(io.BytesIO(data)).active
    rows = list(sheet.iter_rows(min_row=2, values_only=True))
    return sheet, [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]


def csv_table(data: bytes) -> list[dict[str, str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def row(**changed: Any) -> LedgerRow:
    blank: dict[str, Any] = {
        name: 1 if kind == "int" else None if "None" in kind else ""
        for name, kind in LedgerRow.__annotations__.items()
    }
    return LedgerRow(
        **{**blank, "registered_at": datetime.fromisoformat("2026-11-26T02:00:00+00:00"), **changed}
    )


class TestWorkbook:
    def test_is_set_up_to_be_read_and_printed(self, tmp_path: Path) -> None:
        write_workbook(tmp_path / "l.xlsx", [row(), row()], "导出人")
        sheet, _ = table((tmp_path / "l.xlsx").read_bytes())
        assert [(str(r), sheet.cell(1, r.min_col).value) for r in sorted(sheet.merged_cells.ranges, key=lambda r: r.min_col)] == [
            ("A1:M1", "登记"), ("N1:X1", "交办"), ("Y1:AL1", "回复"),
        ]  # fmt: skip
        assert sheet.freeze_panes == "C3" and sheet.auto_filter.ref == "A2:AL4"
        assert sheet.page_setup.orientation == "landscape" and int(sheet.page_setup.paperSize) == 9
        assert sheet.print_title_rows == "$1:$2" and "导出人" in sheet.oddFooter.left.text
        assert all(sheet.column_dimensions[cell.column_letter].width >= 6 for cell in sheet[2])

    def test_dates_numbers_and_texts_have_their_types(self, tmp_path: Path) -> None:
        write_workbook(tmp_path / "l.xlsx", [row(number="00123", due_on=date(2026, 12, 3), returns=2)], "")
        sheet, (line,) = table((tmp_path / "l.xlsx").read_bytes())
        assert line["编号"] == "00123" and line["退回次数"] == 2 and line["截止日"] == datetime(2026, 12, 3)
        assert line["登记时间"] == datetime(2026, 11, 26, 10, 0)
        formats = {cell.value: sheet.cell(3, cell.column).number_format for cell in sheet[2]}
        assert (formats["编号"], formats["截止日"], formats["登记时间"]) == (
            "@",
            "yyyy-mm-dd",
            "yyyy-mm-dd hh:mm",
        )
        assert sheet["I3"].alignment.wrap_text

    @pytest.mark.parametrize("text", FORMULAS)
    def test_nothing_is_run_as_a_formula(self, text: str, tmp_path: Path) -> None:
        write_workbook(tmp_path / "l.xlsx", [row(question=text)], "")
        sheet, _ = table((tmp_path / "l.xlsx").read_bytes())
        assert sheet["I3"].data_type == "s" and not sheet["I3"].value.lstrip().startswith(
            ("=", "+", "-", "@", "＝")
        )
        write_csv(tmp_path / "l.csv", [row(question=text)])
        held = csv_table((tmp_path / "l.csv").read_bytes())[0]["咨询问题"]
        assert held.startswith("'") and held[1:].strip() == text.strip()

    @pytest.mark.parametrize("text", ["<b>&《》😀", "一" * 40_000, "两\n行", "\x00\ud800坏"])
    def test_any_text_can_be_opened_again(self, text: str, tmp_path: Path) -> None:
        write_workbook(tmp_path / "l.xlsx", [row(question=text)], "")
        _, (line,) = table((tmp_path / "l.xlsx").read_bytes())
        wanted = text.replace("\x00", "").replace("\ud800", "")
        assert wanted.startswith(line["咨询问题"]) and len(line["咨询问题"]) == min(len(wanted), 32_766)

    def test_both_formats_have_the_columns_of_the_paper_register(self, tmp_path: Path) -> None:
        write_csv(tmp_path / "l.csv", [row()])
        assert list(csv_table((tmp_path / "l.csv").read_bytes())[0]) == [column.title for column in COLUMNS]
        assert [name for name, _ in GROUPS] == ["登记", "交办", "回复"]


class TestExport:
    def test_one_row_says_the_whole_story(self, flow: Flow, at: Callable[[str], None]) -> None:
        at("2026-11-26 09:30")
        flow.referred(unit="mzj", topic="医疗保障", **PERSON)
        flow.act_and_leave("unit-mzj", "return", reason="不属于本单位")
        flow.act("desk", "assign", unit="rsj", assisting=["mzj"], policy_clue="查异地就医")
        flow.act("unit-rsj", "sign")
        flow.act("unit-rsj", "reply", text="=先备案", basis="《社会保险法》第二十九条")
        flow.act("unit-rsj", "tell", how="phone")
        flow.act("desk", "follow_up", how="phone", satisfaction="satisfied")
        _, (line,) = table(flow.people("desk").get(URL, headers=HTML).content)
        expected = {
            "编号": flow.number, "渠道": "窗口", "咨询人": "欧阳*", "联系方式": "138****5678", "问答库检索": "未命中",
            "首问责任人": "窗口甲", "承办单位": "青禾县人力资源和社会保障局", "协办单位": "青禾县民政局", "政策线索": "查异地就医",
            "截止日": datetime(2026, 12, 3), "截止日性质": "确定", "签收人": "人社承办人甲", "退回次数": 1, "答复内容": "'=先备案",
            "政策依据": "《社会保险法》第二十九条", "告知方式": "电话", "是否按期": "按期", "满意度": "满意", "状态": "已答复",
            "办理结果": "承办单位答复", "归档时间": None, "告知咨询人时间": datetime(2026, 11, 26, 9, 30),
        }  # fmt: skip
        assert {name: line[name] for name in expected} == expected
        assert "不属于本单位" in line["退回和改派"]

    def test_it_has_what_the_page_shows_in_the_same_order(
        self, flow: Flow, people: People, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(ledger, "CHUNK", 2)
        numbers = [
            flow.referred(question=f"第{n}问：医保" if n % 2 else f"第{n}问：低保").number for n in range(5)
        ]
        flow.register("desk-liuwan", question="下级专区的医保")
        below = flow.number
        everything = csv_table(people("desk").get(f"{URL}?file=csv&order=new", headers=HTML).content)
        assert [line["编号"] for line in everything] == [below, *reversed(numbers)]
        assert [line["序号"] for line in everything] == [str(n) for n in range(1, 7)]
        some = csv_table(people("desk").get(f"{URL}?file=csv&q=医保&state=to_assign", headers=HTML).content)
        assert [line["编号"] for line in some] == [numbers[1], numbers[3]]
        assert csv_table(people("desk").get(f"{URL}?file=csv&overdue=1", headers=HTML).content) == []
        theirs = csv_table(people("desk-liuwan").get(f"{URL}?file=csv", headers=HTML).content)
        assert [line["编号"] for line in theirs] == [below]

    @pytest.mark.parametrize("file", ["xlsx", "csv"])
    def test_persons_leave_the_house_only_for_a_reason_on_record(
        self, file: str, flow: Flow, people: People, database: Database
    ) -> None:
        flow.register(question="我的手机13812345678", **PERSON)

        def read(response: Any) -> dict[str, Any]:
            assert response.status_code == 200, response.text
            line: dict[str, Any] = (
                table(response.content)[1] if file == "xlsx" else csv_table(response.content)
            )[0]
            return line

        masked = read(people("desk").get(f"{URL}?file={file}", headers=HTML))
        assert "13812345678" not in str(masked) and "测试" not in str(masked)
        for who, reason, status in (("desk", "  ", 422), ("supervisor", "督查", 403)):
            refused = people(who).post(URL, data={"file": file, "reason": reason}, headers=HTML)
            assert refused.status_code == status and "13812345678" not in refused.text
        whole = read(people("desk").post(URL, data={"file": file, "reason": "按来函调取"}, headers=HTML))
        assert (whole["咨询人"], whole["联系方式"], whole["咨询问题"]) == (
            "欧阳测试",
            "13812345678",
            "我的手机13812345678",
        )
        with database.read() as session:
            rows = session.scalars(
                select(AuditEvent).where(AuditEvent.action == "export-ledger").order_by(AuditEvent.id)
            )
            kept = [
                (row.actor_name, row.data["revealed"], row.data["reason"], row.data["rows"]) for row in rows
            ]
        assert kept == [("窗口甲", False, "", 1), ("窗口甲", True, "按来函调取", 1)]

    def test_no_file_is_left_behind(
        self, people: People, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        assert people("desk").get(URL, headers=HTML).status_code == 200
        assert people("desk").get(f"{URL}?file=pdf", headers=HTML).status_code == 422
        assert list(tmp_path.glob("ledger-*")) == []
