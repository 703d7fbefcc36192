"""Every way in which cases change leaves a history that fits: the doctor finds nothing, and nothing is unrecorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import select
from support.cases import API, REPLY, Flow
from support.notices import NOTICE_2027
from support.people import Actors, People

from qa_service.accounts.roles import SYSTEM
from qa_service.calendars.service import recompute
from qa_service.cases import history
from qa_service.cases import service as cases
from qa_service.cases.models import Case, CaseEvent
from qa_service.cases.verify import check_history
from qa_service.cases.verify_numbers import check_numbers
from qa_service.consultations import repository
from qa_service.consultations.checks import check_due_dates, check_reachable, check_states
from qa_service.kit.database import Database
from qa_service.kit.findings import Check
from qa_service.workdays.due import Pause
from qa_service.zones.calendar import load_calendars, load_limit

At = Callable[[str], None]
LOCAL = {
    "zone": "QH02", "first": "2026-12-28", "kind": "holiday", "name": "柳湾赶集节", "document": "柳政发〔2026〕1号",
}  # fmt: skip


def wrong(database: Database) -> list[tuple[str, str]]:
    """(code, case number) of what the doctor would find wrong with the cases."""
    check = Check("all", "全部")
    with database.read() as session:
        check_history(session, [], check)
        for look in (check_numbers, check_reachable, check_states, check_due_dates):
            look(session, check)
        unrecorded = session.scalars(
            select(Case.number).join(CaseEvent).where(CaseEvent.event == history.UNRECORDED)
        )
        return [(found.code, found.subject) for found in check.findings] + [
            ("unrecorded", number) for number in unrecorded
        ]


def events_of(database: Database, number: str, event: str) -> list[CaseEvent]:
    with database.read() as session:
        rows = select(CaseEvent).join(Case).where(Case.number == number, CaseEvent.event == event)
        return list(session.scalars(rows.order_by(CaseEvent.seq)))


def post(people: People, who: str, address: str, body: dict[str, Any]) -> None:
    answer = people(who).post(f"{API}{address}", json=body)
    assert answer.status_code in (200, 201), answer.text


def test_of_a_referral_with_every_step(people: People, database: Database, at: At) -> None:
    at("2026-03-02 09:00")
    people("admin").put(f"{API}/units/rsj", json={"reviews_replies": True})
    flow = Flow(people).referred("kiosk")
    flow.act("desk", "assign", unit="mzj")
    assert flow.read()["first_asked"], "the clerk who takes up what was left at a kiosk"
    flow.act_and_leave("unit-mzj", "return", reason="不属于本单位职责")
    flow.act("desk", "assign", unit="rsj", assisting=["mzj"])
    flow.act("unit-mzj", "opine", opinion="低保部分按县里文件办理")
    flow.act("unit-rsj", "sign")
    flow.act("unit-rsj", "submit", **REPLY)
    flow.act("unit-rsj-lead", "reject", reason="请写明依据")
    flow.act("unit-rsj", "submit", **REPLY)
    flow.act("unit-rsj-lead", "approve")
    flow.act("unit-rsj", "tell_failed", how="phone", note="打了两次没有接")
    flow.act("unit-rsj", "tell", how="phone")
    flow.act("desk", "follow_up", how="phone", satisfaction="dissatisfied")
    flow.act("desk", "redo", reason="没有答到点上")
    assert wrong(database) == []
    flow.act("unit-rsj", "submit", **REPLY)
    flow.act("unit-rsj-lead", "approve")
    flow.act("unit-rsj", "tell", how="phone")
    flow.act("desk", "close", library_decision="none", reason="个案")
    flow.act("desk", "archive")
    assert wrong(database) == []
    (redo,) = events_of(database, flow.number, "redo")
    assert redo.after["round"] == 2 and redo.after["round-2.due_on"] == "2026-03-09"
    printed = people("desk").get(f"{API}/consultations/{flow.number}/history").json()
    assert printed["findings"] == []
    changes = [change["name"] for event in printed["events"] for change in event["changes"]]
    assert {"签收期限", "退回期限", "审核人", "第2轮截止日", "第2轮答复日"} <= set(changes)


def test_of_merged_cases(people: People, database: Database) -> None:
    leading, first, late, alone = Flow(people).signed(), *(Flow(people).referred() for _ in range(3))
    first.act("desk", "link", leading=leading.number)
    alone.act("desk", "link", leading=leading.number)
    alone.act("desk", "unlink", reason="问的不是一回事")
    leading.act("unit-rsj", "reply", **REPLY)
    late.act("desk", "link", leading=leading.number)
    assert late.read()["state"] == "replied"
    (link,), (share,) = (events_of(database, late.number, event) for event in ("link", "share"))
    assert link.after["state"] == "linked" and "reply_text" not in link.after
    assert share.after["state"] == "replied" and share.after["reply_text"] == REPLY["text"]
    late.act("unit-rsj", "reply", text="另行答复。", basis=REPLY["basis"])
    leading.act("unit-rsj", "reply", text="更正后的答复。", basis=REPLY["basis"])
    assert wrong(database) == []
    late.act("unit-rsj", "adopt")
    for flow in (leading, first, late):
        flow.act("unit-rsj", "tell", how="phone")
    assert wrong(database) == []


def test_of_what_is_not_a_step_of_the_table(people: People, database: Database) -> None:
    flow = Flow(people).register(contact="13800138000", person_name="欧阳小姐")
    answered = Flow(people).register(contact="13800138000", person_name="欧阳小姐")
    assert answered.read()["first_asked"] == "窗口甲"
    address = f"/consultations/{flow.number}"
    post(people, "desk", f"{address}/one-time-notice", {"verdict": "supplement", "missing": ["身份证复印件"]})
    post(people, "desk", f"{address}/hand-over",
         {"name": "赵科长", "post": "归集科", "phone": "0999-5550199", "reason": "属于公积金中心职责"})  # fmt: skip
    post(people, "desk", f"{address}/contact", {})
    told = Flow(people).referred("kiosk", contact="13800138000")
    told.act("desk", "assign", unit="rsj")
    told.act("unit-rsj", "sign")
    told.act("unit-rsj", "reply", **REPLY)
    post(people, "", "/progress", {"code": told.code, "phone4": "8000"})
    assert told.read()["state"] == "answered"
    assert wrong(database) == []


def test_of_deadlines_counted_anew(people: People, database: Database, actors: Actors, at: At) -> None:
    at("2026-12-24 09:00")
    first, town, again, paused = (
        Flow(people).assigned(),
        Flow(people).referred("desk-liuwan"),
        *(Flow(people) for _ in range(2)),
    )
    again.told().act("desk", "redo", reason="没有答到点上")
    paused.referred()
    with database.write() as session:
        row = repository.get_readable(session, actors["admin"], paused.number)
        calendar = load_calendars(session).of(row.case.zone_id)
        pause = Pause(date(2026, 12, 25), date(2026, 12, 29), "征求第三方意见")
        limit = load_limit(session, "consultation_reply")
        with history.one_act(session, row.case_id):
            cases.pause_clock(session, row.case, limit, pause, calendar)
            cases.note(session, row.case, actors["admin"], "pause", "暂停计算期限。", data={})
    at("2026-12-25 10:00")
    signed_by = first.read()["return_until"]
    for address, body in (("/calendar/notice", {"content": NOTICE_2027}), ("/calendar/local", LOCAL)):
        token = people("admin").post(f"{API}{address}", json=body).json()["token"]
        post(people, "admin", address, {**body, "token": token})
        assert wrong(database) == []
    (moved,) = events_of(database, first.number, "recompute")
    assert (moved.before["due_on"], moved.after["due_on"]) == ("2026-12-31", "2026-12-30")
    assert moved.before["due_steps"] != moved.after["due_steps"]
    (later,) = events_of(database, again.number, "recompute")
    assert later.after["round-2.due_on"] == "2026-12-30" and "due_on" not in later.after
    assert len(events_of(database, town.number, "recompute")) == 2, "the notice, then the local decision"
    assert (signed_by, first.read()["return_until"]) == ("2026-12-28", "2026-12-26"), (
        "a Saturday that is worked"
    )
    (stage,) = events_of(database, first.number, "recompute_stage")
    assert stage.after == {"return_until": "2026-12-26"} and "退回期限由2026年12月28日" in stage.sentence
    with database.write() as session:
        again_counted = recompute(session, SYSTEM)
        assert not again_counted.plan.changes and not any(stage.changes for stage in again_counted.stages)
    assert wrong(database) == []


def test_the_days_of_a_unit_are_those_of_its_zone(people: People, database: Database, at: At) -> None:
    at("2026-12-24 09:00")
    local = {**LOCAL, "first": "2026-12-25"}
    token = people("admin").post(f"{API}/calendar/local", json=local).json()["token"]
    post(people, "admin", "/calendar/local", {**local, "token": token})
    town, county = Flow(people).referred("desk-liuwan", unit="rsj"), Flow(people).assigned()
    assert (town.read()["sign_due_on"], county.read()["sign_due_on"]) == ("2026-12-28", "2026-12-25")
