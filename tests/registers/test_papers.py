"""The papers of a consultation over HTTP: what they say, to whom, and the templates that an office keeps."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from docx import Document
from fastapi import FastAPI
from sqlalchemy import select
from support.cases import API, REPLY, Flow
from support.papers import texts, with_runs
from support.people import People

from qa_service.accounts.models import AuditEvent
from qa_service.kit.database import Database
from qa_service.registers.papers import PAPERS

PERSON = {"person_name": "欧阳测试", "contact": "13812345678"}
QUESTION = "我的电话13812345678，问<b>《办法》&“条款”😀\n住院怎么报销" + "，很长" * 300
HTML = {"accept": "text/html"}


def paper(flow: Flow, who: str, code: str) -> Any:
    return flow.people(who).get(f"/case/{flow.number}/papers/{code}", headers=HTML)


def said(response: Any) -> str:
    assert response.status_code == 200, response.text
    text = texts(response.content)
    assert "{{" not in text and "}}" not in text
    return text


def issue(flow: Flow, who: str, **data: str) -> str:
    """The number of a 催办单 or 督办单 that has just been issued."""
    made = flow.people(who).post(f"{API}/consultations/{flow.number}/notices", json=data)
    assert made.status_code == 201, made.text
    return str(made.json()["number"])


def feed_back(flow: Flow, number: str, text: str) -> None:
    url = f"{API}/watching/notices/{number}/feedback"
    assert flow.people("unit-rsj").post(url, json={"feedback": text}).status_code == 200


class TestMaking:
    def test_all_papers_of_a_case_say_what_happened(self, flow: Flow, at: Callable[[str], None]) -> None:
        at("2026-11-26 09:30")
        flow.referred(unit="rsj", question=QUESTION, **PERSON)
        flow.act("unit-rsj", "sign")
        flow.people("desk").post(
            f"/api/v1/consultations/{flow.number}/one-time-notice",
            json={"verdict": "supplement", "missing": ["身份证复印件", "转院证明"], "reason": "材料不全"},
        )
        at("2026-12-04 10:00")
        flow.act(
            "unit-rsj", "reply", text="第一段\n第二段 <&>", basis="《社会保险法》第二十九条\n《办法》第三条"
        )
        flow.act("unit-rsj", "tell_failed", how="phone", note="拨打13812345678无人接听")
        flow.act("unit-rsj", "tell", how="phone")
        made = {
            code: said(paper(flow, "admin", code))
            for code in ("registration", "assignment", "reply", "telling", "notice")
        }
        assert all(
            flow.number in text and "问<b>《办法》&“条款”😀\n住院怎么报销" in text for text in made.values()
        )
        assert (
            "交办青禾县人力资源和社会保障局办理。" in made["registration"] and "首问" in made["registration"]
        )
        assert "2026年11月27日（周五）" in made["assignment"]
        assert "第一段\n第二段 <&>" in made["reply"] and "《办法》第三条" in made["reply"]
        assert "没有告知到" in made["telling"] and "无人接听" in made["telling"] and "逾期" in made["telling"]
        assert "身份证复印件" in made["notice"] and "转院证明" in made["notice"]

    def test_what_was_not_filled_in_is_left_blank(self, flow: Flow) -> None:
        flow.register()
        text = said(paper(flow, "desk", "registration"))
        assert "None" not in text and flow.number in text

    @pytest.mark.parametrize(
        ("code", "reason"),
        [("assignment", "还没有交办"), ("urging", "还没有催办"), ("reply", "还没有答复"), ("telling", "还没有告知"), ("notice", "没有给出")],
    )  # fmt: skip
    def test_a_paper_states_only_what_has_happened(self, flow: Flow, code: str, reason: str) -> None:
        answer = paper(flow.referred(), "desk", code)
        assert answer.status_code == 409 and reason in answer.text

    def test_a_supervision_order_that_was_not_issued_is_not_printed(self, flow: Flow) -> None:
        flow.signed()
        issue(flow, "desk", kind="urge")
        answer = paper(flow, "supervisor", "supervision")
        assert answer.status_code == 409 and "还没有督办" in answer.text

    def test_the_file_is_named_after_the_paper_and_the_case(self, flow: Flow) -> None:
        disposition = paper(flow.assigned(), "desk", "assignment").headers["content-disposition"]
        assert unquote(disposition).endswith(f"交办单-{flow.number}.docx")

    def test_an_answer_on_the_spot_has_its_paper_too(self, flow: Flow) -> None:
        flow.register(handling="answer", fields={"entry": "jobless-length"})
        text = said(paper(flow, "desk", "reply"))
        assert "政务公开专区" in text


class TestNotices:
    """催办单、督办单 print what was issued."""

    @pytest.fixture
    def late(self, flow: Flow, at: Callable[[str], None]) -> Flow:
        """A case that is overdue by one working day."""
        at("2026-11-26 09:30")
        flow.referred(unit="rsj", question=QUESTION, **PERSON).act("unit-rsj", "sign")
        at("2026-12-04 10:00")
        return flow

    def test_an_urging_notice_as_it_was_issued_and_what_the_unit_said(
        self, late: Flow, at: Callable[[str], None]
    ) -> None:
        number = issue(late, "desk", kind="urge", text="请今天回电\n并说明原因")
        at("2026-12-07 15:00")
        late.act("unit-rsj", "reply", **REPLY)
        text = said(paper(late, "desk", "urging"))
        assert f"编号：{number}" in text and f"催办单　{number}　第" in text and late.number in text
        assert "青禾县人力资源和社会保障局：" in text and "窗口甲" in text
        assert "2026年12月4日（周五）10:00" in text and "请今天回电\n并说明原因" in text
        assert "已超期1个工作日" in text and "2026年12月3日（周四）" in text, "as on the day of issue"
        assert "于2026年12月7日（周一）前反馈" in text and "今天下班前答复" not in text
        feed_back(late, number, "今天下班前答复")
        text = said(paper(late, "desk", "urging"))
        assert "今天下班前答复" in text and "人社承办人甲" in text and "2026年12月7日（周一）15:00" in text

    def test_the_newest_of_its_kind_and_no_other(self, late: Flow) -> None:
        first = issue(late, "desk", kind="urge", text="头一次要求")
        second = issue(late, "desk", kind="urge")
        order = issue(late, "supervisor", kind="supervise", reason_code="overdue", text="限期办结并书面检查")
        urging, supervision = paper(late, "desk", "urging"), paper(late, "supervisor", "supervision")
        assert second in said(urging) and "请抓紧办理，拟定答复并告知咨询人。" in said(urging)
        assert not any(other in said(urging) for other in (first, order, "头一次要求", "限期办结"))
        text = said(supervision)
        assert f"编号：{order}" in text and "逾期未办" in text and "限期办结并书面检查" in text
        assert "于2026年12月9日（周三）前书面反馈" in text and "发出督办单" in text

    def test_the_case_page_offers_what_was_issued_and_says_why_not(self, late: Flow) -> None:
        def page() -> str:
            return str(late.people("supervisor").get(f"/case/{late.number}", headers=HTML).text)

        assert "催办单：还没有催办" in page() and "督办单：还没有督办" in page()
        assert "/papers/urging" not in page() and "/papers/supervision" not in page()
        issue(late, "desk", kind="urge")
        assert "/papers/urging" in page() and "督办单：还没有督办" in page()
        issue(late, "supervisor", kind="supervise", reason_code="overdue", text="请办结")
        late.act("unit-rsj", "reply", **REPLY)
        late.act("unit-rsj", "tell", how="phone")
        assert "/papers/urging" in page() and "/papers/supervision" in page(), "also after the answer"

    def test_personal_details_in_them_are_masked_without_a_reason(self, late: Flow) -> None:
        number = issue(late, "desk", kind="urge", text="请回电13812345678")
        feed_back(late, number, "已拨打13812345678，无人接听")
        issue(late, "supervisor", kind="supervise", reason_code="overdue", text="请回电13812345678")
        for who, code in (("desk", "urging"), ("admin", "urging"), ("supervisor", "supervision")):
            text = said(paper(late, who, code))
            assert "13812345678" not in text and "欧阳测试" not in text
            assert "请回电［电话已隐去］" in text and "住院怎么报销" in text
        url = f"/case/{late.number}/papers/reveal"
        whole = late.people("desk").post(url, data={"paper": "urging", "reason": "核对"}, headers=HTML)
        assert "请回电13812345678" in said(whole) and "已拨打13812345678" in said(whole)


class TestWhoMaySee:
    def test_the_person_is_masked_for_everybody_who_only_prints(self, flow: Flow) -> None:
        flow.referred(unit="rsj", question=QUESTION, **PERSON).act("unit-rsj", "sign")
        flow.act("unit-rsj", "reply", **REPLY)
        flow.act("unit-rsj", "tell_failed", how="phone", note="拨打13812345678无人接听")
        for who in ("desk", "unit-rsj", "supervisor", "admin"):
            for code in ("registration", "assignment", "telling"):
                text = said(paper(flow, who, code))
                assert "13812345678" not in text and "欧阳测试" not in text
                assert "欧阳*" in text and "138****5678" in text

    def test_with_a_reason_it_is_printed_whole_and_both_records_say_so(
        self, flow: Flow, database: Database
    ) -> None:
        flow.referred(unit="rsj", **PERSON)
        url = f"/case/{flow.number}/papers/reveal"
        refused = flow.people("desk").post(url, data={"paper": "registration", "reason": " "}, headers=HTML)
        assert (
            refused.status_code == 422 and "请写明事由" in refused.text and "13812345678" not in refused.text
        )
        made = flow.people("desk").post(
            url, data={"paper": "registration", "reason": "邮寄答复"}, headers=HTML
        )
        text = said(made)
        assert "欧阳测试" in text and "13812345678" in text
        assert any("邮寄答复" in event["sentence"] for event in flow.read()["events"])
        with database.read() as session:
            row = session.scalars(select(AuditEvent).where(AuditEvent.action == "reveal-contact")).one()
            assert row.target == flow.number and row.data == {"paper": "registration", "reason": "邮寄答复"}

    def test_supervisors_never_get_it_whole_and_strangers_nothing(self, flow: Flow) -> None:
        flow.referred(unit="rsj", **PERSON)
        url = f"/case/{flow.number}/papers/reveal"
        refused = flow.people("supervisor").post(
            url, data={"paper": "registration", "reason": "督查"}, headers=HTML
        )
        assert refused.status_code == 403 and "13812345678" not in refused.text
        for who in ("desk-liuwan", "unit-mzj"):
            assert paper(flow, who, "registration").status_code == 404
        assert paper(flow, "desk", "supervision").status_code == 403
        assert paper(flow, "desk", "nothing").status_code == 404


class TestTemplates:
    @pytest.fixture
    def own(self, app: FastAPI) -> Path:
        return Path(app.state.settings.data_dir) / "forms"

    def upload(self, people: People, data: bytes, code: str = "assignment") -> Any:
        return people("admin").post(f"/admin/forms/{code}", files={"file": ("模板.docx", data)}, headers=HTML)

    def test_the_office_s_own_wins_and_the_bundled_one_can_be_restored(
        self, flow: Flow, people: People, own: Path, at: Callable[[str], None]
    ) -> None:
        at("2026-11-26 09:30")
        flow.assigned()
        assert self.upload(people, with_runs("本县自拟 {{编号}}")).status_code == 303
        assert said(paper(flow, "desk", "assignment")).strip() == f"本县自拟 {flow.number}"
        at("2026-11-26 09:31")
        assert self.upload(people, with_runs("第二版 {{编号}}")).status_code == 303
        page = people("admin").get("/admin/forms", headers=HTML).text
        assert "本单位的" in page and "上传了“交办单”模板" in page
        first, second = sorted(path.name for path in (own / "versions" / "交办单").iterdir())
        old = people("admin").get(f"/admin/forms/assignment/file?version={first}", headers=HTML)
        assert "本县自拟" in texts(old.content)
        people("admin").post("/admin/forms/assignment/restore", data={"version": first}, headers=HTML)
        assert "本县自拟" in said(paper(flow, "desk", "assignment"))
        people("admin").post("/admin/forms/assignment/restore", data={}, headers=HTML)
        assert "政策咨询交办单" in said(paper(flow, "desk", "assignment"))
        assert sorted(path.name for path in (own / "versions" / "交办单").iterdir()) == [first, second]

    def test_an_own_one_may_say_how_the_case_stands_now(
        self, flow: Flow, people: People, at: Callable[[str], None]
    ) -> None:
        at("2026-11-26 09:30")
        flow.signed()
        issue(flow, "desk", kind="urge")
        at("2026-12-04 10:00")
        own = with_runs("{{编号}}，{{期限情况}}；{{催办时期限情况}}{{督办单编号}}{{督办事由}}")
        assert self.upload(people, own, "urging").status_code == 303
        stands = "已超过答复期限1个工作日，尚未答复咨询人；还剩5个工作日"
        assert said(paper(flow, "desk", "urging")).strip() == f"{flow.number}，{stands}"

    @pytest.mark.parametrize(
        ("data", "reason"),
        [(with_runs("{{编号}}{{承办人}}"), "“{{承办人}}”不认识"), (with_runs("没有占位符"), "里没有“{{编号}}”"), (b"x", "打不开"),
         (with_runs("{{编号}}{{问题"), "没写完整"), (b"x" * (2 * 1024 * 1024 + 1), "打不开")],
        ids=["unknown", "nothing", "no-docx", "unfinished", "large"],
    )  # fmt: skip
    def test_a_template_that_cannot_be_used_is_not_accepted(
        self, people: People, own: Path, data: bytes, reason: str
    ) -> None:
        refused = self.upload(people, data)
        assert refused.status_code == 422 and reason in refused.text and "交办单" in refused.text
        assert not own.exists()

    def test_a_broken_or_missing_template_is_said_by_name(
        self, flow: Flow, people: People, own: Path
    ) -> None:
        flow.assigned()
        own.mkdir(parents=True)
        (own / "交办单.docx").write_bytes(with_runs("{{编号}}{{承办人}}"))
        refused = paper(flow, "desk", "assignment")
        assert refused.status_code == 422 and "模板“交办单”里的占位符“{{承办人}}”不认识" in refused.text
        (own / "交办单.docx").write_bytes(b"broken")
        assert "打不开" in paper(flow, "desk", "assignment").text
        page = people("admin").get("/admin/forms", headers=HTML)
        assert page.status_code == 200 and "不能用" in page.text

    def test_no_template_at_all(self, flow: Flow, app: FastAPI, tmp_path: Path) -> None:
        settings = app.state.settings
        before, settings.corpus_dir = settings.corpus_dir, tmp_path
        try:
            refused = paper(flow.assigned(), "desk", "assignment")
            assert refused.status_code == 422 and "没有“交办单”的模板" in refused.text
        finally:
            settings.corpus_dir = before

    @pytest.mark.parametrize("version", ["../../../qa.sqlite3", "20261126-093000-000000000000.docx", "x"])
    def test_only_kept_versions_are_given_out(self, people: People, version: str) -> None:
        url = f"/admin/forms/assignment/file?version={version}"
        assert people("admin").get(url, headers=HTML).status_code == 404

    @pytest.mark.parametrize("code", PAPERS)
    def test_the_template_in_force_can_be_downloaded_and_opened(self, people: People, code: str) -> None:
        data = people("admin").get(f"/admin/forms/{code}/file", headers=HTML).content
        assert "{{编号}}" in texts(data) and Document(io.BytesIO(data)).tables
