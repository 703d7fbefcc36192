"""Orders of the hotline and the portal: signed, registered once, told of by their own number."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from support.cases import REPLY, Flow
from support.hotline import ORDERS, Hotline
from support.people import Actors, People
from support.server import ThreadServer

from qa_service.cases.models import Case
from qa_service.consultations.models import Consultation
from qa_service.integration import keys
from qa_service.integration.master import FILE, master_key
from qa_service.integration.models import ApiKey, IntakeOrder
from qa_service.integration.signing import derived_secret, in_window, is_signed, signature
from qa_service.kit.database import Database
from qa_service.library.models import QueryLog
from qa_service.settings import Settings

ORDER = {
    "order_no": "RX20261127000123", "content": "外地退休的老师傅在本地住院怎么报销？", "person_name": "王女士",
    "contact": "138 0013 8000", "topics": ["医疗保障", "异地就医"], "urgency": "一般", "dispatched_at": "2026-11-27T09:00:00+08:00",
}  # fmt: skip
GUIDE = Path(__file__).resolve().parents[2] / "docs" / "integration.md"


def need(*programs: str) -> None:
    """Skip where a program of every Debian machine is missing, except in CI, where that is a failure."""
    if missing := [program for program in programs if shutil.which(program) is None]:
        reason = f"没有 {'、'.join(missing)}，可由管理员安装"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


class TestSignature:
    def test_agrees_with_an_independent_computation(self) -> None:
        openssl = "printf '1700000000\\nPOST\\n/x\\n{}' | openssl dgst -sha256 -hmac geheim -r"
        need("openssl")
        said = subprocess.run(["sh", "-c", openssl], capture_output=True, text=True, check=True).stdout
        assert said.split()[0] == signature("geheim", "1700000000", "POST", "/x", b"{}")

    @given(st.binary(max_size=40), st.binary(max_size=40), st.integers(0, 3))
    def test_anything_changed_does_not_fit(self, body: bytes, other: bytes, what: int) -> None:
        made = signature("s", "1", "POST", "/p", body)
        assert is_signed("s", "1", "post", "/p", body, f" {made.upper()} ")
        changed: tuple[Any, ...] = (
            ("t", "1", "POST", "/p", body), ("s", "2", "POST", "/p", body), ("s", "1", "GET", "/p", body),
            ("s", "1", "POST", "/q", body),
        )[what]  # fmt: skip
        assert not is_signed(*changed, made)
        assert is_signed("s", "1", "POST", "/p", other, made) is (other == body)

    def test_the_window_is_five_minutes_either_way(self) -> None:
        assert in_window("1000", 1300.0) and in_window("1300", 1000.0)
        assert not in_window("1000", 1301.0)
        assert not any(in_window(text, 0.0) for text in ("", "-1", "1.5", "now", "９", "9" * 13))

    def test_secrets_differ_by_code_and_by_master_key(self) -> None:
        assert len({derived_secret(master, code) for master in (b"a", b"b") for code in ("x", "y")}) == 4


class TestHandingIn:
    def test_becomes_a_referred_consultation_with_the_clock_running(
        self, hotline: Hotline, database: Database
    ) -> None:
        answer = hotline.send(ORDER)
        assert answer.status_code == 201, answer.text
        body = answer.json()
        assert (body["state"], body["repeated"], len(body["query_code"])) == ("待交办", False, 10)
        assert body["due_on"]
        with database.read() as session:
            row = session.scalars(select(Consultation)).one()
            assert (row.channel, row.person_name, row.contact, row.topic) == (
                "phone", "王女士", "13800138000", "医疗保障"
            )  # fmt: skip
            assert row.trace_id and row.first_asked_id is None
            assert [event.event for event in row.case.events] == ["register", "refer", "intake"]
            assert {event.actor_name for event in row.case.events} == {"12345热线（接口）"}
            kept = session.scalars(select(IntakeOrder)).one().data
            assert kept["urgency"] == "一般" and "person_name" not in kept and "content" not in kept
            assert session.scalars(select(ApiKey)).one().last_used_at is not None

    def test_sent_again_it_is_the_same(self, hotline: Hotline, make_key: Callable[..., Hotline]) -> None:
        first = hotline.send(ORDER).json()
        again = make_key().send(ORDER)  # also with a new key of the same system
        assert again.status_code == 200
        assert again.json() == {**first, "repeated": True}
        elsewhere = make_key("portal").send(ORDER)
        assert elsewhere.status_code == 201 and elsewhere.json()["number"] != first["number"]

    def test_sent_many_times_at_once_it_is_registered_once(
        self, hotline: Hotline, database: Database
    ) -> None:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: hotline.send(ORDER), range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
        assert len({answer.json()["number"] for answer in answers}) == 1
        with database.read() as session:
            assert len(list(session.scalars(select(Case)))) == 1

    def test_a_confidential_person_is_not_kept(self, hotline: Hotline, database: Database) -> None:
        assert hotline.send({**ORDER, "confidential": True}).status_code == 201
        with database.read() as session:
            assert session.scalars(select(Consultation)).one().person_name == ""

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"order_no": ""}, "order_no"), ({"order_no": "有空格 1"}, "order_no"), ({"content": " "}, "content"),
            ({"kind": "投诉"}, "kind"), ({"contact": "12"}, "contact"), ({"surprise": 1}, "surprise"),
            ({"topics": ["一", "二", "三", "四"]}, "topics"), ({"content": "问" * 2001}, "content"),
        ],
    )  # fmt: skip
    def test_what_cannot_be_accepted_is_named(
        self, hotline: Hotline, database: Database, changes: dict[str, Any], field: str
    ) -> None:
        answer = hotline.send({**ORDER, **changes})
        assert answer.status_code == 422
        assert list(answer.json()["errors"]) == [field]
        with database.read() as session:
            assert session.scalar(select(Case.id)) is None


class TestCorrecting:
    """The same by the interface as by a CSV file (tests/registers/test_intake_files.py)."""

    CORRECTED: dict[str, Any] = {  # noqa: RUF012
        **ORDER, "content": "外地退休的老师傅在本地门诊怎么报销？", "contact": "0999-5550101", "urgency": "紧急",
    }  # fmt: skip

    def test_until_it_is_assigned_a_correction_is_taken_over_with_before_and_after(
        self, hotline: Hotline, database: Database
    ) -> None:
        first = hotline.send(ORDER).json()
        with database.read() as session:
            trace = session.scalars(select(Consultation.trace_id)).one()
        answer = hotline.send(self.CORRECTED)
        assert answer.status_code == 200
        assert answer.json() == {**first, "repeated": True, "corrected": True}
        with database.read() as session:
            row = session.scalars(select(Consultation)).one()
            assert (row.question, row.contact, row.contact_last4) == (
                self.CORRECTED["content"], "0999-5550101", "0101",
            )  # fmt: skip
            searched = session.get_one(QueryLog, row.trace_id)
            assert row.trace_id != trace and (searched.question, searched.outcome) == (
                row.question,
                "referred",
            )
            event = row.case.events[-1]
            assert (event.event, event.sentence) == (
                "intake_update", f"来单系统更正了工单{ORDER['order_no']}：咨询问题、联系方式、紧急程度。",
            )  # fmt: skip
            assert (event.before["question"], event.after["question"]) == (ORDER["content"], row.question)
            assert event.before["contact"] == "138****8000"
            assert (event.data["order_before"]["urgency"], event.data["order"]["urgency"]) == ("一般", "紧急")
            assert "13800138000" not in str([(e.data, e.before, e.after) for e in row.case.events])
        again = hotline.send(self.CORRECTED)
        assert again.status_code == 200 and again.json() == {**first, "repeated": True}
        with database.read() as session:
            assert len(session.scalars(select(Case)).one().events) == 4

    def test_what_only_the_order_holds_is_corrected_too(self, hotline: Hotline, database: Database) -> None:
        hotline.send(ORDER)
        assert hotline.send({**ORDER, "place": "柳湾镇"}).json()["corrected"]
        with database.read() as session:
            assert session.scalars(select(IntakeOrder)).one().data["place"] == "柳湾镇"
            assert session.scalars(select(Case)).one().events[-1].sentence.endswith("：登记以外的内容。")

    def test_from_assignment_on_it_is_refused_with_a_remedy(
        self, hotline: Hotline, flow: Flow, database: Database
    ) -> None:
        flow.number = hotline.send(ORDER).json()["number"]
        flow.act("desk", "assign", unit="rsj")
        refused = hotline.send(self.CORRECTED)
        assert refused.status_code == 409
        assert "已交办，待签收" in refused.json()["detail"]
        assert "专区窗口" in refused.json()["remedy"] and "duplicate_of" in refused.json()["remedy"]
        assert flow.read()["question"] == ORDER["content"]
        assert hotline.send(ORDER).status_code == 200, "an exact resend is still the same order"
        flow.act_and_leave("unit-rsj", "return", reason="不属于本单位职责")
        assert hotline.send(self.CORRECTED).status_code == 200, "nobody has it any more"

    def test_the_words_before_do_not_come_back_by_a_late_resend(
        self, hotline: Hotline, database: Database
    ) -> None:
        hotline.send(ORDER)
        hotline.send(self.CORRECTED)
        late = hotline.send(ORDER)
        assert late.status_code == 409 and "更正以前的" in late.json()["detail"]
        third = hotline.send({**ORDER, "content": "还是问住院怎么报销"})
        assert third.json()["corrected"] and hotline.send(self.CORRECTED).status_code == 409
        with database.read() as session:
            assert session.scalars(select(Consultation)).one().question == "还是问住院怎么报销"

    def test_a_key_of_another_zone_corrects_nothing_here(
        self, hotline: Hotline, make_key: Callable[..., Hotline]
    ) -> None:
        hotline.send(ORDER)
        town = make_key(zone="QH02")
        refused = town.send(self.CORRECTED)
        assert refused.status_code == 409 and "其他专区" in refused.json()["detail"]
        below = town.send({**ORDER, "order_no": "T-1"})
        assert below.status_code == 201
        assert hotline.send({**self.CORRECTED, "order_no": "T-1"}).json()["corrected"]

    def test_a_wrong_contact_is_named_and_nothing_changed(self, hotline: Hotline) -> None:
        hotline.send(ORDER)
        answer = hotline.send({**self.CORRECTED, "contact": "12"})
        assert answer.status_code == 422 and list(answer.json()["errors"]) == ["contact"]
        assert hotline.send(ORDER).status_code == 200

    def test_corrected_and_assigned_at_once_one_waits_for_the_other(
        self, hotline: Hotline, flow: Flow
    ) -> None:
        flow.number = hotline.send(ORDER).json()["number"]
        version, barrier = flow.read()["version"], threading.Barrier(2)

        def assign() -> int:
            barrier.wait()
            return int(flow.try_act("desk", "assign", version=version, unit="rsj").status_code)

        def correct() -> int:
            barrier.wait()
            return int(hotline.send(self.CORRECTED).status_code)

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(assign), pool.submit(correct)
            codes = first.result(), second.result()
        # Either the desk learns that what it is giving away has changed, or the sender that it is given away.
        assert codes in ((200, 409), (409, 200)), codes
        assert (flow.read()["question"] == self.CORRECTED["content"]) is (codes[1] == 200)


class TestRefusal:
    def test_without_a_fitting_signature_nothing_happens(self, hotline: Hotline, database: Database) -> None:
        cases = (
            {"x-qa-signature": "0" * 64}, {"x-qa-signature": ""}, {"x-qa-key": "qak_nobody"}, {"x-qa-timestamp": "1"},
            {"x-qa-timestamp": "tomorrow"},
        )  # fmt: skip
        for changed in cases:
            assert hotline.send(ORDER, **changed).status_code == 401, changed
        assert hotline.client.post(ORDERS, json=ORDER).status_code == 401
        late = hotline.headers("POST", ORDERS, b"{}", late=301)
        assert hotline.client.post(ORDERS, content=b"{}", headers=late).status_code == 401
        with database.read() as session:
            assert session.scalar(select(Case.id)) is None

    def test_a_signature_for_another_order_does_not_open_this_one(self, hotline: Hotline) -> None:
        hotline.send(ORDER)
        borrowed = hotline.headers("GET", f"{ORDERS}/other", b"")
        assert hotline.client.get(f"{ORDERS}/{ORDER['order_no']}", headers=borrowed).status_code == 401

    def test_a_key_does_only_what_it_is_for(self, make_key: Callable[..., Hotline]) -> None:
        reader, writer = make_key(scopes=("status",)), make_key(scopes=("intake",))
        assert reader.send(ORDER).status_code == 403
        assert writer.send(ORDER).status_code == 201
        assert writer.ask(str(ORDER["order_no"])).status_code == 403

    def test_a_revoked_key_is_refused_at_once(self, hotline: Hotline, database: Database) -> None:
        assert hotline.send(ORDER).status_code == 201
        with database.write() as session:
            keys.revoke_key(session, Actors(database)["admin"], hotline.code)
        assert hotline.send(ORDER).status_code == 401

    def test_the_database_does_not_hold_the_secret(
        self, hotline: Hotline, database: Database, settings: Settings
    ) -> None:
        with database.read() as session:
            row = session.scalars(select(ApiKey)).one()
            assert hotline.secret not in str(vars(row)) and len(row.secret_hash) == 64
        assert (settings.data_dir / FILE).stat().st_mode & 0o777 == 0o600

    def test_another_master_key_says_so(self, hotline: Hotline, settings: Settings) -> None:
        (settings.data_dir / FILE).write_bytes(b"another")
        answer = hotline.send(ORDER)
        assert answer.status_code == 401 and "重新生成" in answer.json()["remedy"]

    def test_trying_out_signatures_is_stopped(self, hotline: Hotline) -> None:
        codes = [hotline.send(ORDER, **{"x-qa-signature": "0" * 64}).status_code for _ in range(31)]
        assert codes == [401] * 30 + [429]


class TestStatus:
    def test_follows_the_case_and_tells_the_answer_only_when_the_person_has_it(
        self, hotline: Hotline, flow: Flow
    ) -> None:
        order_no = str(ORDER["order_no"])
        flow.number = hotline.send(ORDER).json()["number"]
        flow.act("desk", "assign", unit="rsj")
        found = hotline.ask(order_no).json()
        assert (found["state"], found["unit"]) == ("已交办", "青禾县人力资源和社会保障局")
        flow.act("unit-rsj", "sign")
        flow.act("unit-rsj", "reply", **REPLY)
        found = hotline.ask(order_no).json()
        assert (found["state"], found["answer"]) == ("办理中", "")
        flow.act("unit-rsj", "tell", how="phone")
        found = hotline.ask(order_no).json()
        assert (found["state"], found["answer"], found["told_how"]) == ("已答复", REPLY["text"], "电话")
        assert "13800138000" not in str(found)

    def test_only_ones_own_orders(self, hotline: Hotline, make_key: Callable[..., Hotline]) -> None:
        hotline.send(ORDER)
        assert make_key("portal").ask(str(ORDER["order_no"])).status_code == 404
        assert hotline.ask("nothing").status_code == 404


class TestKeys:
    def test_what_is_missing_is_named(self, database: Database, settings: Settings) -> None:
        from qa_service.errors import Invalid

        with database.write() as session, pytest.raises(Invalid) as refused:
            keys.create_key(
                session,
                Actors(database)["admin"],
                b"m",
                name=" ",
                source="热线",
                zone_code="no",
                scopes=["all"],
            )
        assert set(refused.value.extra["errors"]) == {"name", "source", "scopes", "zone"}


def test_the_guide_works_as_printed(
    settings: Settings, people: People, make_key: Callable[..., Hotline], database: Database
) -> None:
    """The commands of docs/integration.md, run by a shell against a real server."""
    need("curl", "openssl")
    commands = re.findall(r"```bash\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(commands) == 2
    hotline = make_key()
    with ThreadServer(settings) as server:
        environment = {
            "QA_URL": server.url, "QA_KEY": hotline.code, "QA_SECRET": hotline.secret, "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8", "no_proxy": "*",
        }  # fmt: skip
        for command, wanted in zip(commands, ('"repeated":false', '"state":"待交办"'), strict=True):
            said = subprocess.run(
                ["bash", "-c", command],
                env=environment,
                capture_output=True,
                text=True,
                timeout=60,
                check=True,
            )
            assert wanted in said.stdout, said.stdout + said.stderr


def test_the_master_key_may_come_from_the_environment(tmp_path: Path) -> None:
    assert master_key(Settings(data_dir=tmp_path, integration_key="gemeinsam")) == b"gemeinsam"
    made = master_key(Settings(data_dir=tmp_path))
    assert made == master_key(Settings(data_dir=tmp_path)) and len(made) == 64
