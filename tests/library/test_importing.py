"""Import: a row for everything, all or nothing, and a second time nothing new."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from openpyxl import Workbook
from sqlalchemy import func, select
from support.cases import API
from support.people import People

from qa_service.accounts.roles import Actor, Role
from qa_service.kit.database import Database
from qa_service.library import importer
from qa_service.library.models import Entry, EntryVersion

OFFICE = Actor(Role.SYSTEM, "测试导入")
DOCUMENT = """标题：高龄津贴常见问题解读
制定单位：青禾县民政局
解读单位：青禾县民政局
发布日期：2026-03-16
复核日期：2099-06-30
主题：养老助残
适用对象：老年人
依据：《老年人权益保障法》（2018-12-29）第三十三条

问：多大年纪可以领高龄津贴？
答：年满八十周岁的老年人可以领取，具体标准请向县民政局询问。

问：高龄津贴在哪里申请？
答：向户籍所在地的乡镇人民政府申请，也可以由村民委员会代办。
"""
SHEET = """entries:
- key: old-age-01
  heading: 多大年纪可以领高龄津贴？
  basis:
  - {law: 老年人权益保障法, article: 第三十三条, phrase: 高龄津贴}
  phrasings: [八十岁老人有补贴吗, 我妈八十二了能领钱不]
- key: old-age-02
  heading: 高龄津贴在哪里申请？
  basis:
  - {law: 老年人权益保障法, article: 第三十三条, phrase: 高龄津贴}
  phrasings: [老人补贴去哪办, 高龄补贴找谁]
"""
PAIR = {"old-age.md": DOCUMENT.encode(), "old-age.entries.yaml": SHEET.encode()}
ROW: dict[str, str] = {
    "编号": "tab-01", "标准问": "老年人乘公交车免费吗？", "答复": "六十五周岁以上免费。", "群众问法": "老人坐车要钱吗\n老年卡坐公交",
    "依据": "《青禾县优待老年人办法》第五条", "政策制定单位": "青禾县民政局", "主题": "养老助残", "适用对象": "老年人",
    "复核日期": "2099-12-31",
}  # fmt: skip


def as_xlsx(rows: list[dict[str, str]]) -> bytes:
    book, out = Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    names = list(dict.fromkeys(name for row in rows for name in row))
    sheet.append(names)
    for row in rows:
        sheet.append([row.get(name) for name in names])
    book.save(out)
    return out.getvalue()


def as_csv(rows: list[dict[str, str]], encoding: str = "utf-8-sig") -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def as_jsonl(rows: list[dict[str, str]]) -> bytes:
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


FORMATS: dict[str, Any] = {"t.xlsx": as_xlsx, "t.csv": as_csv, "t.jsonl": as_jsonl}


def run(database: Database, files: dict[str, bytes], actor: Actor = OFFICE, **how: bool) -> importer.Report:
    with database.write() as session:
        return importer.import_files(session, actor, files, **{"dry_run": False, "publish": True, **how})


def entries(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count(Entry.id))) or 0


def statuses(report: importer.Report) -> list[str]:
    return [row.status for row in report.rows]


class TestDocumentWithSheet:
    def test_becomes_published_entries_with_everything_from_both(self, database: Database) -> None:
        report = run(database, PAIR)
        assert (report.counts, report.imported) == ({"新增": 2}, True)
        with database.read() as session:
            version = session.scalars(
                select(EntryVersion)
                .join(Entry, Entry.published_version_id == EntryVersion.id)
                .where(Entry.key == "old-age-01")
            ).one()
        assert version.question == "多大年纪可以领高龄津贴？"
        assert "八十周岁" in version.answer
        assert version.basis == [
            {
                "law": "老年人权益保障法",
                "version": "2018-12-29",
                "article": "第三十三条",
                "phrase": "高龄津贴",
            }
        ]
        assert [p["text"] for p in version.phrasings] == ["八十岁老人有补贴吗", "我妈八十二了能领钱不"]
        assert (version.topic, version.audience, str(version.review_due)) == (
            "养老助残",
            ["老年人"],
            "2099-06-30",
        )

    def test_a_second_import_changes_nothing(self, database: Database) -> None:
        run(database, PAIR)
        again = run(database, PAIR)
        assert again.counts == {"未变": 2}
        with database.read() as session:
            assert session.scalar(select(func.count(EntryVersion.id))) == 14

    def test_a_changed_answer_is_an_update_with_a_new_version(self, database: Database) -> None:
        run(database, PAIR)
        changed = {**PAIR, "old-age.md": DOCUMENT.replace("八十周岁", "七十九周岁").encode()}
        assert sorted(statuses(run(database, changed))) == ["更新", "未变"]
        with database.read() as session:
            states = session.execute(
                select(EntryVersion.number, EntryVersion.state).join(Entry, Entry.id == EntryVersion.entry_id)
                .where(Entry.key == "old-age-01").order_by(EntryVersion.number)
            ).all()  # fmt: skip
        assert [tuple(row) for row in states] == [(1, "superseded"), (2, "published")]

    def test_what_was_edited_here_since_is_a_conflict_and_nothing_is_imported(
        self, people: People, database: Database
    ) -> None:
        run(database, PAIR)
        people.revise("old-age-01", answer="县里自己改过的答复。")
        changed = DOCUMENT.replace("八十周岁", "七十九周岁").replace("代办", "代为办理")
        report = run(database, {**PAIR, "old-age.md": changed.encode()})
        assert sorted(statuses(report)) == ["冲突", "更新"]
        assert not report.imported
        conflict = next(row for row in report.rows if row.status == "冲突")
        assert "本单位修改" in conflict.reason
        assert conflict.remedy
        assert "代为办理" not in people("desk").get(f"{API}/library/entries/old-age-02").text

    def test_a_withdrawn_entry_is_not_brought_back_silently(self, people: People, database: Database) -> None:
        run(database, PAIR)
        version = people("desk").get(f"{API}/library/entries/old-age-01").json()["version"]
        people("desk").post(
            f"{API}/library/entries/old-age-01/acts/withdraw",
            json={"reason": "停发"},
            headers={"If-Match": f'"{version}"'},
        )
        assert "冲突" in statuses(run(database, PAIR))

    @pytest.mark.parametrize(
        ("document", "sheet", "said"),
        [
            (DOCUMENT.replace("制定单位：青禾县民政局", "制定单位：没有这个局"), SHEET, "没有这个局"),
            (DOCUMENT.replace("主题：养老助残", "主题：没有这个主题"), SHEET, "没有这个主题"),
            (DOCUMENT, SHEET.replace("多大年纪可以领", "多大年龄能领"), "多大年龄能领"),
            (DOCUMENT, SHEET.replace("law: 老年人权益保障法", "law: 慈善法"), "慈善法"),
            (DOCUMENT, SHEET.replace("key: old-age-02", "key: old-age-01"), "old-age-01"),
            (DOCUMENT, "entries: [", "old-age.entries.yaml"), ("", SHEET, ""), (DOCUMENT.replace("复核日期：2099-06-30\n", ""), SHEET, "复核"),
        ],
    )  # fmt: skip
    def test_an_error_anywhere_names_file_reason_and_remedy_and_imports_nothing(
        self, database: Database, document: str, sheet: str, said: str
    ) -> None:
        before = entries(database)
        good = as_jsonl([ROW])
        report = run(
            database,
            {"old-age.md": document.encode(), "old-age.entries.yaml": sheet.encode(), "good.jsonl": good},
        )
        wrong = [row for row in report.rows if row.status == "错误"]
        assert wrong
        assert all(row.file.startswith("old-age") and row.reason and row.remedy for row in wrong), wrong
        assert any(said in row.reason + row.key + row.question + row.file for row in wrong), wrong
        assert not report.imported
        assert entries(database) == before

    def test_a_sheet_without_its_document_is_an_error(self, database: Database) -> None:
        report = run(database, {"alone.entries.yaml": SHEET.encode()})
        assert statuses(report) == ["错误"]

    def test_a_document_alone_becomes_drafts_for_editing(self, database: Database) -> None:
        report = run(database, {"old-age.md": DOCUMENT.encode()})
        assert report.counts == {"新增": 2}
        with database.read() as session:
            assert (
                session.scalar(select(func.count(EntryVersion.id)).where(EntryVersion.state == "draft")) == 2
            )


class TestTables:
    @pytest.mark.parametrize("name", sorted(FORMATS))
    def test_each_format_is_read_to_the_same_entry(self, database: Database, name: str) -> None:
        report = run(database, {name: FORMATS[name]([ROW])})
        assert (report.counts, report.imported) == ({"新增": 1}, True), report.rows
        with database.read() as session:
            version = session.scalars(
                select(EntryVersion).where(EntryVersion.question == ROW["标准问"])
            ).one()
        assert [p["text"] for p in version.phrasings] == ["老人坐车要钱吗", "老年卡坐公交"]
        assert version.basis == [{"law": "《青禾县优待老年人办法》第五条"}]
        assert str(version.review_due) == "2099-12-31"
        assert run(database, {name: FORMATS[name]([ROW])}).counts == {"未变": 1}

    def test_a_csv_saved_by_a_chinese_excel_is_read(self, database: Database) -> None:
        report = run(database, {"t.csv": as_csv([ROW], "gb18030")})
        assert report.counts == {"新增": 1}, report.rows

    @pytest.mark.parametrize("name", sorted(FORMATS))
    @pytest.mark.parametrize(
        ("change", "line", "said"),
        [
            ({"答复": ""}, 3, "答复"), ({"复核日期": "明年"}, 3, "复核日期"), ({"政策制定单位": "没有的局"}, 3, "没有的局"),
            ({"主题": "没有的主题"}, 3, "没有的主题"), ({"编号": "tab-01"}, 3, "重复"), ({"标准问": ROW["标准问"]}, 3, "重复"),
            ({"标准问": "问" * 129}, 3, "128"),
        ],
    )  # fmt: skip
    def test_a_bad_row_is_named_by_its_line_and_nothing_is_imported(
        self, sqlite_database: Database, name: str, change: dict[str, str], line: int, said: str
    ) -> None:
        bad = {**ROW, "编号": "tab-02", "标准问": "残疾人乘车免费吗？", **change}
        report = run(sqlite_database, {name: FORMATS[name]([ROW, bad])})
        wrong = [row for row in report.rows if row.status == "错误"]
        assert len(wrong) == 1, report.rows
        assert said in wrong[0].reason
        assert wrong[0].remedy
        assert wrong[0].line == (line - 1 if name.endswith("jsonl") else line)
        assert not report.imported
        assert entries(sqlite_database) == 12

    @pytest.mark.parametrize(
        ("name", "data"),
        [
            ("t.xlsx", b"not a workbook"), ("t.xlsx", b""), ("t.csv", b""), ("t.csv", "标准问,答复\n问,答".encode()),
            ("t.csv", '"没有合上的引号'.encode()), ("t.jsonl", b"{"), ("t.jsonl", b"[1]"), ("t.jsonl", b"\xff\xfe"),
            ("t.csv", ("标准问,答复,政策制定单位,别的列\n" + "问,答,局,x").encode()), ("t.jsonl", b"\n\n"),
        ],
    )  # fmt: skip
    def test_a_file_that_is_none_is_one_error_in_chinese(
        self, sqlite_database: Database, name: str, data: bytes
    ) -> None:
        report = run(sqlite_database, {name: data})
        assert set(statuses(report)) == {"错误"}
        assert all(row.reason and row.remedy for row in report.rows)


class TestDryRun:
    def test_reports_the_same_rows_and_writes_nothing(self, database: Database) -> None:
        files = {**PAIR, "t.jsonl": as_jsonl([ROW])}
        tried = run(database, files, dry_run=True)
        assert (tried.counts, tried.imported) == ({"新增": 3}, False)
        assert entries(database) == 12
        assert run(database, files).rows == tried.rows


class TestUpload:
    def upload(self, people: People, who: str, dry_run: bool, files: dict[str, bytes] = PAIR) -> Any:
        return people(who).post(
            f"{API}/library/import?dry_run={str(dry_run).lower()}",
            files=[("files", (name, data)) for name, data in files.items()],
        )

    def test_becomes_drafts_that_somebody_else_publishes(self, people: People, database: Database) -> None:
        assert self.upload(people, "desk", dry_run=True).json()["imported"] is False
        assert entries(database) == 12
        done = self.upload(people, "desk", dry_run=False).json()
        assert (done["imported"], done["counts"]) == (True, {"新增": 2})
        entry = people("desk").get(f"{API}/library/entries/old-age-01").json()
        assert entry["published"] is None
        assert entry["working"]["author"] == "窗口甲"

    def test_a_unit_imports_its_own_only(self, people: People) -> None:
        assert self.upload(people, "unit-rsj", dry_run=False).json()["counts"] == {"错误": 2}
        assert self.upload(people, "unit-mzj", dry_run=False).json()["imported"] is True

    def test_too_much_at_once_is_refused(self, people: People) -> None:
        assert (
            self.upload(people, "desk", dry_run=True, files={"t.csv": b"x" * (21 * 1024 * 1024)}).status_code
            == 413
        )
