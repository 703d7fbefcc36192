"""qa-service doctor: what it finds wrong, what it says to do, and with which exit code."""

from __future__ import annotations

import json
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from support.cases import FakeTraces
from support.people import Actors
from support.tampering import tamper
from typer.testing import CliRunner

from qa_service import cli
from qa_service.accounts.models import User
from qa_service.consultations import service
from qa_service.consultations.schemas import ActFields, Registration
from qa_service.doctor import service as doctor_service
from qa_service.kit.database import Database
from qa_service.search.errors import IndexDamaged

Usage = namedtuple("Usage", "total used free")


class Doctor:
    def __init__(self, database: Database, folder: Path) -> None:
        self.database, self.folder = database, folder

    def __call__(self, *, code: int) -> dict[str, dict[str, Any]]:
        """The report, check by check; `code` is the exit code that it must end with."""
        result = CliRunner().invoke(cli.app, ["doctor", "--json", "--data-dir", str(self.folder)])
        assert result.exit_code == code, (result.output, result.exception)
        body = json.loads(result.stdout)
        assert body["ok"] is (code == 0)
        return {check["code"]: check for check in body["checks"]}

    def text(self) -> str:
        result = CliRunner().invoke(
            cli.app, ["doctor", "--data-dir", str(self.folder)], env={"COLUMNS": "200"}
        )
        return result.stdout

    def found(self, check: str, *, code: int = 1) -> list[tuple[str, str]]:
        report = self(code=code)
        others = [name for name, other in report.items() if other["status"] == "problem" and name != check]
        assert others == []
        return [(finding["code"], finding["subject"]) for finding in report[check]["findings"]]


@pytest.fixture
def numbers(database: Database) -> list[str]:
    """Three cases: with a unit, referred, void."""
    desk = Actors(database)["desk"]
    made = []
    for handling, unit in (("refer", "rsj"), ("refer", ""), ("", "")):
        with database.write() as session:
            data = Registration(question="这事归谁管", handling=handling, fields=ActFields(unit=unit))
            done = service.register(session, desk, data, FakeTraces())
            if not handling:
                service.act_on(session, desk, done.consultation, "void", ActFields(reason="重复"))
            made.append(done.consultation.case.number)
    return made


@pytest.fixture
def doctor(
    database: Database,
    numbers: list[str],
    index_template: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Doctor:
    monkeypatch.setenv("QA_DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
    monkeypatch.setenv("QA_LEXICAL_ONLY", "true")
    folder = tmp_path / "doctor"
    folder.mkdir()
    (folder / "indexes").symlink_to(index_template)
    monkeypatch.setattr(
        doctor_service.shutil, "disk_usage", lambda _path: Usage(0, 0, 50 * doctor_service.GIB)
    )
    return Doctor(database, folder)


def test_all_is_well_and_the_end_of_the_journal_is_noted(doctor: Doctor) -> None:
    report = doctor(code=0)
    assert set(report) == {
        "schema", "history", "numbers", "reachable", "states", "due", "encoder", "index", "disk"
    }  # fmt: skip
    assert (report["history"]["checked"], report["numbers"]["checked"], report["due"]["checked"]) == (7, 3, 2)
    assert report["index"]["findings"] == [] and report["index"]["checked"] > 0
    assert "\t7\t" in (doctor.folder / "history-anchors.tsv").read_text()
    said = doctor.text()
    assert "没有发现问题" in said and "流水第 7 行" in said


def test_a_changed_event_is_named_with_what_to_do(doctor: Doctor, numbers: list[str]) -> None:
    tamper(
        doctor.database,
        "UPDATE case_events SET sentence = '另一句' WHERE seq = 1 AND case_id = (SELECT id FROM cases WHERE number = :n)",
        n=numbers[1],
    )
    assert doctor.found("history") == [("event-edited", numbers[1])]
    said = doctor.text()
    assert "有问题" in said and "备份" in said
    assert not (doctor.folder / "history-anchors.tsv").exists(), "a doubtful end is not noted as sound"


def test_what_was_cut_off_after_the_last_visit(doctor: Doctor) -> None:
    doctor(code=0)
    anchors = doctor.folder / "history-anchors.tsv"
    anchors.write_text(anchors.read_text() + f"2030-01-01T00:00:00Z\t9\t{'0' * 64}\n")
    assert doctor.found("history") == [("anchor", "")]


def test_a_counter_ahead_of_the_numbers_means_that_the_last_is_gone(doctor: Doctor) -> None:
    tamper(doctor.database, "UPDATE case_counters SET last = 5")
    assert [code for code, _ in doctor.found("numbers")] == ["number-gap"]
    tamper(doctor.database, "UPDATE case_counters SET last = 2")
    assert [code for code, _ in doctor.found("numbers")] == ["counter"]


def test_a_unit_without_anybody_to_act(doctor: Doctor, numbers: list[str]) -> None:
    with doctor.database.write() as session:
        for user in session.scalars(
            select(User).where(User.username.in_(["unit-rsj", "unit-rsj-b", "unit-rsj-lead"]))
        ):
            user.active = False
    assert doctor.found("reachable") == [("nobody-to-act", numbers[0])]


def test_a_due_date_that_the_calendar_does_not_give(doctor: Doctor) -> None:
    """The calendar changed and nobody computed anew: a finding of its own, the history is untouched."""
    tamper(doctor.database, "UPDATE limits SET days = 7 WHERE code = 'consultation_reply'")
    assert [code for code, _ in doctor.found("due")] == ["due", "due"]


def test_a_state_that_the_table_does_not_know(doctor: Doctor, numbers: list[str]) -> None:
    tamper(doctor.database, "UPDATE cases SET state = 'limbo' WHERE number = :n", n=numbers[1])
    report = doctor(code=1)
    assert [finding["code"] for finding in report["states"]["findings"]] == ["state"]
    assert [finding["code"] for finding in report["history"]["findings"]] == ["facts"]


def test_typed_columns_that_are_gone(doctor: Doctor, numbers: list[str]) -> None:
    tamper(
        doctor.database,
        "DELETE FROM consultations WHERE case_id = (SELECT id FROM cases WHERE number = :n)", n=numbers[2],
    )  # fmt: skip
    report = doctor(code=1)
    assert [finding["code"] for finding in report["reachable"]["findings"]] == ["no-consultation"]


def test_a_full_disk(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    for free, code in ((0.5, 1), (3, 0)):
        usage = Usage(0, 0, int(free * doctor_service.GIB))
        monkeypatch.setattr(doctor_service.shutil, "disk_usage", lambda _path, usage=usage: usage)
        assert [found for found, _ in doctor.found("disk", code=code)] == ["disk"]


def test_no_encoder_where_one_is_wanted(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QA_LEXICAL_ONLY", "false")
    monkeypatch.setenv("QA_ENCODER", str(doctor.folder / "nowhere"))
    assert [code for code, _ in doctor.found("encoder")] == ["encoder"]


def test_an_index_that_is_damaged_or_missing(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(*_args: object) -> None:
        raise IndexDamaged("文件不全")

    with monkeypatch.context() as patch:
        patch.setattr("qa_service.library.checks.Engine.load", damaged)
        assert [code for code, _ in doctor.found("index")] == ["index-damaged"]
    (doctor.folder / "indexes").unlink()
    assert [code for code, _ in doctor.found("index", code=0)] == ["index-missing"]


def test_an_entry_published_since_the_index_was_saved_is_a_notice(doctor: Doctor) -> None:
    tamper(
        doctor.database,
        "UPDATE entry_versions SET answer = '另一个答复' WHERE id = (SELECT MIN(id) FROM entry_versions)",
    )
    assert [code for code, _ in doctor.found("index", code=0)] == ["index-behind"]


def test_a_database_of_an_older_version(doctor: Doctor) -> None:
    tamper(doctor.database, "UPDATE alembic_version SET version_num = '0004'")
    assert [code for code, _ in doctor.found("schema")] == ["schema"]
