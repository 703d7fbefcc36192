"""办理过程 on paper: what each reader gets."""

from __future__ import annotations

from support.cases import REPLY, Flow
from support.people import People
from support.tampering import tamper

from qa_service.kit.database import Database


def story(flow: Flow) -> Flow:
    flow.referred(
        unit="rsj",
        question="我叫张三，电话13900139000，失业金怎么领",
        person_name="张三",
        contact="13800138000",
    )
    flow.act("unit-rsj", "sign")
    flow.act("unit-rsj", "reply", **REPLY)
    flow.people("desk").post(f"/api/v1/consultations/{flow.number}/contact")
    flow.act("unit-rsj", "tell", how="phone")
    flow.act("desk", "redo", reason="没有说清楚")
    flow.act("unit-rsj", "reply", text="第二次的答复", basis=REPLY["basis"])
    return flow


def paper(people: People, who: str, number: str) -> str:
    answer = people(who).get(f"/case/{number}/history", headers={"accept": "text/html"})
    assert answer.status_code == 200, answer.text
    text: str = answer.text
    return text


class TestPaper:
    def test_tells_every_act_with_who_what_and_what_became_of_it(self, flow: Flow, people: People) -> None:
        story(flow)
        text = paper(people, "desk", flow.number)
        for said in (
            "首问责任人",
            "期限及其计算",
            "窗口甲",
            "人社承办人甲",
            "第2轮",
            "没有说清楚",
            "与校验码相符",
        ):
            assert said in text
        assert f"<del>{REPLY['text']}</del>" in text and "<ins>第二次的答复</ins>" in text
        events = people("desk").get(f"/api/v1/consultations/{flow.number}/history").json()["events"]
        assert [event["seq"] for event in events] == list(range(1, 10))
        assert {"name": "状态", "before": "已交办，待签收", "after": "办理中"} in events[3]["changes"]
        assert {"name": "承办单位", "before": "", "after": "青禾县人力资源和社会保障局"} in events[2][
            "changes"
        ]
        assert events[2]["digest"] in text

    def test_nobody_gets_the_contact_and_supervisors_no_details_in_the_text(
        self, flow: Flow, people: People
    ) -> None:
        story(flow)
        for who in ("desk", "unit-rsj", "supervisor", "admin"):
            text = paper(people, who, flow.number)
            assert "13800138000" not in text and "138****8000" in text and "张*" in text
        assert "13900139000" in paper(people, "desk", flow.number)
        assert "13900139000" not in paper(people, "supervisor", flow.number)

    def test_a_reader_outside_the_case_gets_nothing(self, flow: Flow, people: People) -> None:
        story(flow)
        for who in ("unit-mzj", "desk-liuwan"):
            assert people(who).get(f"/case/{flow.number}/history").status_code == 404

    def test_says_so_when_the_record_was_changed(
        self, flow: Flow, people: People, database: Database
    ) -> None:
        story(flow)
        tamper(database, "UPDATE case_events SET sentence = '按期答复' WHERE seq = 4")
        text = paper(people, "desk", flow.number)
        assert "第 4 条办理记录被改动过" in text and "与校验码相符" not in text
