"""The command line, as operators and benchmarks call it."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from support.notices import NOTICE_2027
from typer.testing import CliRunner, Result

from qa_service import cli
from qa_service.errors import Invalid
from qa_service.kit.database import Database
from qa_service.library.models import Entry

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
DOCUMENT = """问：社保卡丢了怎么办？
答：拨打12333挂失后补办。

问：补办要钱吗？
答：不要钱。
"""
LIBRARY = [
    {
        "id": "a",
        "question": "失业保险金最长可以领取多少个月？",
        "answer": "最长二十四个月。",
        "phrasings": ["失业金能拿多久"],
    },
    {"id": "b", "question": "怎样申请最低生活保障？", "answer": "向乡镇人民政府提出书面申请。"},
    {"id": "c", "question": "租房可以提取住房公积金吗？", "answer": "房租超出规定比例的可以提取。"},
]
QUERIES = [
    {"query": "失业金能拿多久", "library": "tiny", "relevant": ["WRONG"]},
    {"query": "公积金能不能交房租", "library": "tiny"},
    {"query": "火星怎么去", "library": "tiny"},
]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    monkeypatch.setenv("QA_LEXICAL_ONLY", "true")
    monkeypatch.setenv("QA_DATA_DIR", str(tmp_path / "var"))

    def invoke(*arguments: object, code: int = 0) -> Result:
        result = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
        assert result.exit_code == code, (result.exit_code, result.output, result.exception)
        return result

    return invoke


def write_lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class TestDue:
    def test_prints_date_status_and_each_day(self, run: Any) -> None:
        out = run("due", "2026-02-13", "--days", 5).stdout
        assert out.splitlines()[0] == "2026-02-27 正式"
        assert "春节" in out

    def test_as_json_prints_one_object(self, run: Any) -> None:
        found = json.loads(run("due", "2026-12-25", "--days", 5, "--json").stdout)
        assert (found["due"], found["status"]) == ("2027-01-04", "provisional")
        assert [step["counted"] for step in found["steps"] if step["counted"]] == [1, 2, 3, 4, 5]
        assert set(found) == {"due", "status", "steps"}

    def test_a_batch_prints_an_object_a_line_and_names_bad_ones(self, run: Any, tmp_path: Path) -> None:
        file = tmp_path / "batch.tsv"
        file.write_text("2026-02-13\t5\n\n2026-02-14\t20\n昨天\t5\n2026-02-13\n", encoding="utf-8")
        found = [json.loads(line) for line in run("due", "--batch", file, "--json").stdout.splitlines()]
        assert [item.get("due") for item in found] == ["2026-02-27", "2026-03-20", None, None]
        assert [item.get("line") for item in found[2:]] == [4, 5]

    def test_calendar_days_end_on_a_working_day(self, run: Any) -> None:
        assert run("due", "2026-03-02", "--days", 5, "--unit", "day").stdout.startswith("2026-03-09")

    @pytest.mark.parametrize(
        "arguments",
        [
            ["昨天", "--days", "5"], ["2026-02-30", "--days", "5"], ["2026-02-13"],
            ["2026-02-13", "--days", "5", "--unit", "month"],
        ],
    )  # fmt: skip
    def test_what_cannot_be_read_is_said_and_is_an_error(self, run: Any, arguments: list[str]) -> None:
        assert re.search(r"[\u4e00-\u9fff]", run("due", *arguments, code=2).output)


class TestExtract:
    def test_writes_a_line_for_each_pair(self, run: Any, tmp_path: Path) -> None:
        file, out = tmp_path / "card.txt", tmp_path / "pairs.jsonl"
        file.write_text(DOCUMENT, encoding="utf-8")
        run("extract", file, "--out", out)
        found = read_lines(out)
        assert [set(line) for line in found] == [
            {"file", "question", "answer", "explicit", "doc_no", "unit"}
        ] * 2
        assert [line["question"] for line in found] == ["社保卡丢了怎么办？", "补办要钱吗？"]
        assert all(line["explicit"] is True for line in found)

    def test_a_broken_file_is_named_and_the_others_are_still_read(self, run: Any, tmp_path: Path) -> None:
        good, bad, out = tmp_path / "card.txt", tmp_path / "bad.docx", tmp_path / "pairs.jsonl"
        good.write_text(DOCUMENT, encoding="utf-8")
        bad.write_bytes(b"not a document")
        result = run("extract", bad, good, "--out", out, code=1)
        assert "bad.docx" in result.output
        assert len(read_lines(out)) == 2


class TestImport:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        folder = tmp_path / "in"
        folder.mkdir()
        for file in (CORPUS / "interpretations").glob("paid-leave.*"):
            shutil.copy(file, folder)
        return folder

    def entries(self, tmp_path: Path) -> int:
        database = Database(f"sqlite:///{tmp_path / 'var' / 'qa.sqlite3'}")
        with database.read() as session:
            found = session.scalar(select(func.count(Entry.id))) or 0
        database.close()
        return found

    def test_a_dry_run_writes_nothing_and_the_real_one_everything(
        self, run: Any, folder: Path, tmp_path: Path
    ) -> None:
        run("import", CORPUS / "zone")
        dry = run("import", folder, "--dry-run", "--publish").output
        assert "没有写入" in dry
        assert self.entries(tmp_path) == 0
        done = run("import", folder, "--publish").output
        number = int(re.search(r"新增 (\d+) 条", done)[1])  # type: ignore[index]
        assert self.entries(tmp_path) == number > 3
        assert f"未变 {number} 条" in run("import", folder, "--publish").output

    def test_an_error_is_reported_with_its_remedy_and_nothing_is_loaded(
        self, run: Any, folder: Path, tmp_path: Path
    ) -> None:
        run("import", CORPUS / "zone")
        (folder / "paid-leave.entries.yaml").write_text("entries: [", encoding="utf-8")
        out = run("import", folder, "--publish", code=1).output
        assert "错误" in out
        assert "没有导入" in out
        assert self.entries(tmp_path) == 0


class TestPrepare:
    def test_a_second_time_shows_no_password_and_changes_nothing(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        small = tmp_path / "corpus"
        shutil.copytree(CORPUS / "zone", small / "zone")
        (small / "interpretations").mkdir()
        for file in (CORPUS / "interpretations").glob("paid-leave.*"):
            shutil.copy(file, small / "interpretations")
        monkeypatch.setenv("QA_CORPUS_DIR", str(small))
        first = run("prepare").output
        assert "密码只显示这一次" in first
        assert "/kiosk/activate?token=" in first
        index = sorted((tmp_path / "var" / "indexes" / "search").iterdir())
        stamps = [path.stat().st_mtime_ns for path in index]
        second = run("prepare").output
        assert "密码" not in second
        assert "新增" not in second
        assert [path.stat().st_mtime_ns for path in index] == stamps

    def test_reindex_says_how_many_entries_it_holds(self, run: Any, tmp_path: Path) -> None:
        run("import", CORPUS / "zone")
        assert "0 条问答" in run("reindex").output


class TestEval:
    def test_writes_a_line_for_each_query_and_never_looks_at_the_answers(
        self, run: Any, tmp_path: Path
    ) -> None:
        library, queries = (
            write_lines(tmp_path / "tiny.jsonl", LIBRARY),
            write_lines(tmp_path / "q.jsonl", QUERIES),
        )
        out = tmp_path / "run.jsonl"
        run("eval", "--library", library, "--queries", queries, "--out", out)
        found = read_lines(out)
        assert [set(line) for line in found] == [{"query", "library", "ranked", "confidence", "decision"}] * 3
        assert [line["query"] for line in found] == [query["query"] for query in QUERIES]
        assert found[0]["ranked"][0] == "a"
        assert found[1]["ranked"][0] == "c"
        assert all(
            0 <= line["confidence"] <= 1 and line["decision"] in ("answer", "choose", "refer")
            for line in found
        )
        assert all("WRONG" not in line["ranked"] for line in found)

    def test_takes_several_files_of_queries(self, run: Any, tmp_path: Path) -> None:
        library = write_lines(tmp_path / "tiny.jsonl", LIBRARY)
        files = [write_lines(tmp_path / f"q{n}.jsonl", [query]) for n, query in enumerate(QUERIES)]
        out = tmp_path / "run.jsonl"
        run("eval", "--library", library, "--queries", *files, "--out", out)
        assert len(read_lines(out)) == 3

    def test_a_library_that_cannot_be_read_is_named_with_its_line(self, run: Any, tmp_path: Path) -> None:
        broken = tmp_path / "broken.jsonl"
        broken.write_text("not json\n", encoding="utf-8")
        out = run(
            "eval", "--library", broken, "--queries", broken, "--out", tmp_path / "run.jsonl", code=1
        ).output
        assert "broken.jsonl" in out
        assert "第 1 行" in out


class TestCalendar:
    @pytest.fixture
    def installed(self, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, run: Any) -> Any:
        monkeypatch.setenv("QA_DATABASE_URL", sqlite_url)
        return run

    def test_a_notice_is_tried_entered_and_counted_by(self, installed: Any, tmp_path: Path) -> None:
        file = tmp_path / "notice.txt"
        file.write_text(NOTICE_2027, encoding="utf-8")
        asked = ("due", "2026-12-24", "--days", 5)
        tried = installed("calendar", "import", file, "--dry-run").stdout
        assert "2026-12-31  周四，工作日（暂定） → 周四，元旦放假" in tried and "没有写入" in tried
        assert installed(*asked).stdout.startswith("2026-12-31 暂定")
        assert "在办期限 0 件" in installed("calendar", "import", file).stdout
        assert installed(*asked).stdout.startswith("2026-12-30 正式")
        assert "在办期限 0 件：提前 0 件" in installed("calendar", "recompute").stdout

    def test_a_wrong_notice_is_refused_with_the_reason(self, installed: Any, tmp_path: Path) -> None:
        file = tmp_path / "notice.txt"
        file.write_text(NOTICE_2027.replace("共4天", "共3天"), encoding="utf-8")
        result = CliRunner().invoke(cli.app, ["calendar", "import", str(file)])
        assert isinstance(result.exception, Invalid) and "共3天" in result.exception.message

    def test_due_knows_zones_and_pauses(self, installed: Any) -> None:
        out = installed(
            "due", "2026-03-02", "--days", 20, "--pause", "2026-03-10/2026-03-24/征求第三方意见"
        ).stdout
        assert out.startswith("2026-04-14 正式") and out.count("征求第三方意见，暂停不计") == 10
        assert "起算日：2026-03-02（周一），当日不计入" in out and "期限：20个工作日" in out
        assert "依据：起算当日不计入，《民法典》第二百零一条" in out
        assert "依据：《国务院办公厅关于2026年部分节假日安排的通知》" in out and "清明节" in out
        found = json.loads(
            installed(
                "due", "2026-03-02", "--days", 5, "--pause", "2026-03-03/2026-03-05/听证", "--json"
            ).stdout
        )
        assert [step["date"] for step in found["steps"] if "听证，暂停不计" in step["reason"]] == [
            "2026-03-04", "2026-03-05",
        ]  # fmt: skip
        assert installed("due", "2026-03-02", "--days", 5, "--zone", "QH02").stdout.startswith("2026-03-09")
        result = CliRunner().invoke(cli.app, ["due", "2026-03-02", "--days", "5", "--zone", "QH99"])
        assert isinstance(result.exception, Invalid)
