"""Orders of another system from a CSV file: read line by line, tried, then registered all or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from support.cases import Flow
from support.hotline import Hotline
from support.people import People
from typer.testing import CliRunner

from qa_service.accounts.models import AuditEvent
from qa_service.cases.models import Case, CaseEvent
from qa_service.cli import app as cli
from qa_service.consultations.models import Consultation
from qa_service.errors import Invalid
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.registers.intake_rows import COLUMNS, ROW_LIMIT, read_rows

HTML = {"accept": "text/html"}
ORDER = {
    "工单号": "A-001",
    "诉求内容": "社保卡丢了怎么补办",
    "诉求人": "欧阳测试",
    "电话": "13812345678",
    "主题": "社会保险；补办",
}


def file(*orders: dict[str, str], encoding: str = "utf-8-sig") -> bytes:
    names = list(dict.fromkeys(name for order in orders for name in order))
    held = io.StringIO()
    writer = csv.DictWriter(held, names)
    writer.writeheader()
    writer.writerows(orders)
    return held.getvalue().encode(encoding)


def hand_in(people: People, data: bytes, do: str = "import", who: str = "desk", **fields: str) -> Any:
    return people(who).post(
        "/desk/register/intake", data={"do": do, **fields}, files={"file": ("工单.csv", data)},
        headers={**HTML, "hx-request": "true"},
    )  # fmt: skip


class TestReading:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    def test_every_usual_encoding(self, encoding: str) -> None:
        (line,) = read_rows(file(ORDER, encoding=encoding))
        assert (
            line.row is not None
            and line.row.content == ORDER["诉求内容"]
            and line.row.topics == ["社会保险", "补办"]
        )

    @pytest.mark.parametrize(
        "text", ["2026-11-26 09:30", "2026/11/26 9:30", "2026年11月26日 09:30", "2026-11-26 09:30:00"]
    )
    def test_moments_as_offices_write_them(self, text: str) -> None:
        (line,) = read_rows(file({**ORDER, "诉求时间": text}))
        assert line.row is not None
        assert line.row.asked_at == datetime(2026, 11, 26, 9, 30, tzinfo=clock.CHINA)

    @pytest.mark.parametrize(
        ("changes", "reason"),
        [
            ({"工单号": ""}, "工单号没有填"), ({"诉求内容": " "}, "诉求内容没有填"), ({"诉求类型": "投诉"}, "不是咨询"),
            ({"工单号": "2.02611E+13"}, "科学计数法"), ({"工单号": "工单1"}, "不能用的字符"), ({"诉求时间": "昨天"}, "不是日期"),
            ({"诉求时间": "2026-13-01"}, "不是日期"), ({"渠道": "飞鸽"}, "不是可选的渠道"), ({"保密": "可能"}, "看不懂"),
            ({"主题": "一/二/三/四"}, "超过三级"), ({"诉求内容": "长" * 2001}, "诉求内容太长"), ({"事发地": "长" * 129}, "事发地太长"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_with_a_line_is_said_with_a_remedy(
        self, changes: dict[str, str], reason: str
    ) -> None:
        sound, wrong = read_rows(file({**ORDER, "工单号": "A-000"}, {**ORDER, **changes}))
        assert sound.row is not None and sound.number == 2
        assert wrong.row is None and wrong.number == 3 and reason in wrong.reason and wrong.remedy

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "缺少：工单号、诉求内容"), ("工单号,诉求内容".encode(), "没有工单"), ("工单号,诉求内容,密级\nA,B,C".encode(), "不认识的列：密级"),
            ("工单号,工单号,诉求内容\nA,A,B".encode(), "重复的列：工单号"), ('工单号,诉求内容\nA,"B'.encode(), "引号没有成对"),
            (b"PK\x03\x04\x00\x00", "不是 CSV"), (b"x" * (5 * 1024 * 1024 + 1), "5 MB"),
            (file(*({**ORDER, "工单号": f"A{n}"} for n in range(ROW_LIMIT + 1))), "一次最多"),
        ],
    )  # fmt: skip
    def test_a_file_that_is_no_table_is_refused_as_a_whole(self, data: bytes, reason: str) -> None:
        with pytest.raises(Invalid, match=reason):
            read_rows(data)

    @settings(max_examples=60, deadline=None)
    @given(
        st.binary(max_size=200)
        | st.text(max_size=120).map(
            lambda text: f"工单号,诉求内容,诉求时间\n{text}".encode("utf-8", "replace")
        )
    )
    def test_whatever_is_handed_in_is_either_read_or_refused_in_words(self, data: bytes) -> None:
        try:
            lines = read_rows(data)
        except Invalid as refused:
            assert refused.message and refused.remedy
        else:
            assert all(line.row is not None or (line.reason and line.remedy) for line in lines)

    def test_what_an_export_put_before_a_formula_is_taken_off(self) -> None:
        (line,) = read_rows(file({**ORDER, "诉求内容": "'=补办"}))
        assert line.content == "=补办"


class TestTakingIn:
    def test_nothing_is_written_by_a_dry_run_and_all_by_the_import(
        self, people: People, database: Database
    ) -> None:
        data = file(
            ORDER,
            {
                **ORDER,
                "工单号": "A-002",
                "保密": "是",
                "事发地": "柳湾镇",
                "诉求内容": "身份证11010519491231002X怎么办",
            },
        )
        tried = hand_in(people, data, "try")
        assert (
            tried.status_code == 200 and 'data-report="ready"' in tried.text and "新增<b>2</b>" in tried.text
        )
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(Case)) == 0
        done = hand_in(people, data)
        assert 'data-report="imported"' in done.text
        with database.read() as session:
            first, second = session.scalars(select(Consultation).order_by(Consultation.case_id))
            assert (first.person_name, first.contact, first.contact_last4, first.topic) == (
                "欧阳测试", "13812345678", "5678", "社会保险",
            )  # fmt: skip
            assert (
                first.case.state == "to_assign" and first.case.due_on is not None and first.channel == "phone"
            )
            assert second.person_name == "" and "11010519491231002X" not in second.question
            kept = session.scalars(
                select(CaseEvent).where(CaseEvent.event == "intake").order_by(CaseEvent.id)
            ).all()
            assert kept[0].data["order_no"] == "A-001" and kept[1].data["order"]["place"] == "柳湾镇"
            assert "13812345678" not in str([event.data for event in kept])
            assert (
                session.scalars(select(AuditEvent).where(AuditEvent.action == "intake")).one().actor_name
                == "窗口甲"
            )

    def test_the_same_file_again_changes_nothing(self, people: People, database: Database) -> None:
        data = file(ORDER, {**ORDER, "工单号": "A-002"})
        hand_in(people, data)
        again = hand_in(people, data)
        assert "未变<b>2</b>" in again.text and 'data-report="imported"' in again.text
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(Case)) == 2
            assert (
                session.scalar(
                    select(func.count()).select_from(CaseEvent).where(CaseEvent.event.like("intake%"))
                )
                == 2
            )

    def test_a_correction_before_assignment_is_taken_over_and_the_words_before_stay(
        self, people: People, database: Database
    ) -> None:
        hand_in(people, file(ORDER))
        changed = {**ORDER, "诉求内容": "医保卡丢了怎么补办", "电话": "0999-5550101"}
        assert "更新<b>1</b>" in hand_in(people, file(changed)).text
        with database.read() as session:
            row = session.scalars(select(Consultation)).one()
            assert (row.question, row.contact, row.contact_last4) == (
                "医保卡丢了怎么补办",
                "0999-5550101",
                "0101",
            )
            event = session.scalars(select(CaseEvent).where(CaseEvent.event == "intake_update")).one()
            assert event.sentence == "来单系统更正了工单A-001：咨询问题、联系方式。"
            assert (
                event.before["question"] == "社保卡丢了怎么补办" and event.before["contact"] == "138****5678"
            )
            assert event.after["question"] == "医保卡丢了怎么补办"
        assert "未变<b>1</b>" in hand_in(people, file(changed)).text

    def test_what_a_unit_already_has_is_a_conflict_and_stops_the_whole_file(
        self, people: People, flow: Flow, database: Database
    ) -> None:
        hand_in(people, file(ORDER))
        with database.read() as session:
            flow.number = session.scalars(select(Case.number)).one()
        flow.act("desk", "assign", unit="rsj")
        done = hand_in(people, file({**ORDER, "诉求内容": "改了"}, {**ORDER, "工单号": "A-002"}))
        assert (
            'data-report="blocked"' in done.text
            and "冲突<b>1</b>" in done.text
            and "已交办，待签收" in done.text
        )
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(Case)) == 1
        assert 'data-report="imported"' in hand_in(people, file(ORDER, {**ORDER, "工单号": "A-002"})).text

    def test_the_words_before_a_correction_are_a_conflict(self, people: People, database: Database) -> None:
        hand_in(people, file(ORDER))
        hand_in(people, file({**ORDER, "诉求内容": "医保卡丢了怎么补办"}))
        old = hand_in(people, file(ORDER))
        assert "冲突<b>1</b>" in old.text and "更正以前的" in old.text
        with database.read() as session:
            assert session.scalars(select(Consultation)).one().question == "医保卡丢了怎么补办"

    def test_a_desk_corrects_nothing_of_a_zone_that_it_cannot_see(
        self, people: People, database: Database
    ) -> None:
        hand_in(people, file(ORDER))
        done = hand_in(people, file({**ORDER, "诉求内容": "改了"}), who="desk-liuwan")
        assert "冲突<b>1</b>" in done.text and "其他专区" in done.text
        with database.read() as session:
            assert session.scalars(select(Consultation)).one().question == ORDER["诉求内容"]

    def test_what_came_by_the_interface_is_corrected_by_a_file_and_the_other_way_round(
        self, people: People, make_key: Callable[..., Hotline], database: Database
    ) -> None:
        hotline = make_key()
        sent = {"order_no": "A-001", "content": ORDER["诉求内容"], "person_name": ORDER["诉求人"],
                "contact": ORDER["电话"], "topics": ["社会保险", "补办"]}  # fmt: skip
        assert hotline.send(sent).status_code == 201
        assert "未变<b>1</b>" in hand_in(people, file(ORDER)).text
        assert "更新<b>1</b>" in hand_in(people, file({**ORDER, "诉求内容": "改了"})).text
        assert hotline.send({**sent, "content": "又改了"}).json()["corrected"]
        with database.read() as session:
            assert session.scalars(select(Consultation)).one().question == "又改了"
            told = session.scalars(select(CaseEvent.event).order_by(CaseEvent.id)).all()
            assert told[-3:] == ["intake", "intake_update", "intake_update"]

    @pytest.mark.parametrize(
        ("wrong", "reason"),
        [({"工单号": "A-001"}, "与第 2 行重复"), ({"工单号": "A-009", "电话": "12345"}, "联系方式请填"), ({"工单号": ""}, "没有填")],
    )  # fmt: skip
    def test_one_wrong_line_and_nothing_is_registered(
        self, people: People, database: Database, wrong: dict[str, str], reason: str
    ) -> None:
        done = hand_in(people, file(ORDER, {**ORDER, **wrong}))
        assert 'data-report="blocked"' in done.text and reason in done.text and "错误<b>1</b>" in done.text
        with database.read() as session:
            assert session.scalar(select(func.count()).select_from(Case)) == 0

    def test_another_source_has_numbers_of_its_own_and_zones_are_kept_to(
        self, people: People, database: Database
    ) -> None:
        hand_in(people, file(ORDER))
        assert "新增<b>1</b>" in hand_in(people, file(ORDER), source="portal").text
        refused = hand_in(people, file({**ORDER, "工单号": "B-1"}), who="desk-liuwan", zone="QH01")
        assert refused.status_code == 403 and "本专区及下级专区" in refused.text
        assert (
            "新增<b>1</b>" in hand_in(people, file({**ORDER, "工单号": "B-1"}), who="desk", zone="QH02").text
        )
        with database.read() as session:
            assert session.scalars(select(Case.number).order_by(Case.id.desc())).first().startswith("QH02-")

    def test_the_sample_can_be_filled_in_and_handed_in(self, people: People) -> None:
        sample = people("desk").get("/desk/register/intake/sample.csv").content
        assert sample.decode("utf-8-sig").strip().split(",") == list(COLUMNS)
        filled = sample + ("A-1,怎么办,咨询" + "," * (len(COLUMNS) - 3) + "\r\n").encode()
        assert "新增<b>1</b>" in hand_in(people, filled, "try").text

    def test_without_a_file_and_without_scripts(self, people: People) -> None:
        refused = people("desk").post("/desk/register/intake", data={"do": "try"}, headers=HTML)
        assert refused.status_code == 422 and "还没有选择文件" in refused.text and "列的说明" in refused.text


def test_on_the_command_line(
    sqlite_url: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, sqlite_database: Database
) -> None:
    monkeypatch.setenv("QA_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("QA_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("QA_LEXICAL_ONLY", "true")
    path = tmp_path / "工单.csv"
    path.write_bytes(file(ORDER))
    runner = CliRunner()
    tried = runner.invoke(cli, ["intake", str(path), "--dry-run"])
    assert tried.exit_code == 0 and "试运行：没有写入" in tried.output and "新增 1 张" in tried.output
    done = runner.invoke(cli, ["intake", str(path), "--zone", "QH02"])
    assert done.exit_code == 0, done.output
    with sqlite_database.read() as session:
        assert session.scalars(select(Case)).one().number.startswith("QH02-")
    path.write_bytes(file({**ORDER, "工单号": ""}))
    assert runner.invoke(cli, ["intake", str(path)]).exit_code == 1
