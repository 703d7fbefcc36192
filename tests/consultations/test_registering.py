"""Registration: what is kept, what is refused, who may register what where, and resends."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Text, cast, select
from support.cases import API, Flow
from support.people import People

from qa_service.cases.models import Case
from qa_service.consultations.models import Consultation
from qa_service.kit.database import Base, Database
from qa_service.library.models import QueryLog

IDENTITY = "11010519491231002X"
KEY = {"Idempotency-Key": "leave-7f3a9c"}
LEFT = {"question": "我爸的老年证怎么办", "handling": "refer", "contact": "13800138000", "channel": "kiosk"}


def everything(database: Database) -> str:
    """All text in all tables."""
    found: list[str] = []
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            columns = [cast(column, Text) for column in table.columns if column.type.python_type is not bytes]
            found += [str(row) for row in session.execute(select(*columns))]
    return "\n".join(found)


class TestRegister:
    def test_keeps_what_the_ledger_needs(self, flow: Flow, database: Database) -> None:
        flow.register(
            person_name="王女士", contact="138 0013 8000", audience="老年人", topic="医疗保障", channel="phone",
            handling="refer", fields={"policy_clue": "异地就医"},
        )  # fmt: skip
        with database.read() as session:
            kept = session.scalars(select(Consultation)).one()
            assert (kept.person_name, kept.contact, kept.contact_last4) == ("王女士", "13800138000", "8000")
            assert (kept.audience, kept.topic, kept.channel) == ("老年人", "医疗保障", "phone")
            assert kept.first_asked_name == "窗口甲"
            assert kept.zone.code == "QH01"
            assert kept.case.events[0].event == "register"

    @pytest.mark.parametrize(
        ("data", "field"),
        [
            ({"question": ""}, "question"), ({"question": "   "}, "question"), ({"question": "长" * 2001}, "question"),
            ({"question": "问", "contact": "12345"}, "contact"), ({"question": "问", "channel": "fax"}, "channel"),
            ({"question": "问", "id_number": IDENTITY}, "id_number"), ({}, "question"),
            ({"question": "问", "person_name": "王" * 65}, "person_name"), ({"question": 5}, "question"),
        ],
    )  # fmt: skip
    def test_refuses_what_it_cannot_keep_and_names_the_field(
        self, people: People, database: Database, data: dict[str, Any], field: str
    ) -> None:
        refused = people("desk").post(f"{API}/consultations", json=data)
        assert refused.status_code == 422
        assert field in refused.json()["errors"]
        assert refused.json()["remedy"]
        with database.read() as session:
            assert session.scalar(select(Case.id)) is None

    def test_never_keeps_an_identity_number_wherever_it_is_written(
        self, flow: Flow, people: People, database: Database
    ) -> None:
        people().post(f"{API}/ask", json={"question": f"我的身份证{IDENTITY}能查社保吗"})
        flow.register(
            question=f"身份证{IDENTITY}的养老金多少", person_name=f"王芳{IDENTITY}", handling="refer",
            fields={"unit": "rsj", "policy_clue": f"本人{IDENTITY}"},
        )  # fmt: skip
        flow.act("unit-rsj", "sign")
        flow.act("unit-rsj", "return", reason=f"{IDENTITY}不在本县参保")
        kept = everything(database)
        assert "养老金多少" in kept
        assert "能查社保吗" in kept or people().get("/health").status_code == 200
        assert IDENTITY not in kept

    def test_the_search_log_keeps_no_way_to_reach_the_person(
        self, people: People, flow: Flow, database: Database
    ) -> None:
        people().post(f"{API}/ask", json={"question": "请打13912345678告诉我失业金多少"})
        flow.register()
        with database.read() as session:
            asked = list(session.scalars(select(QueryLog.question)))
        assert any("告诉我失业金多少" in text for text in asked)
        assert not any("13912345678" in text for text in asked)

    def test_control_characters_are_dropped(self, flow: Flow) -> None:
        flow.register(question="养老\x00金\x08怎么\x1b领\n第二行")
        assert flow.read()["question"] == "养老金怎么领\n第二行"

    def test_a_desk_registers_in_its_own_zone_and_below_only(self, people: People) -> None:
        def register(who: str, zone: str) -> int:
            status: int = (
                people(who).post(f"{API}/consultations", json={"question": "问", "zone": zone}).status_code
            )
            return status

        assert register("desk", "QH02") == 201
        assert register("desk-liuwan", "QH02") == 201
        assert register("desk-liuwan", "QH04") == 201
        assert register("desk-liuwan", "QH01") == 403
        assert register("desk-liuwan", "QH03") == 403
        assert register("desk", "QH99") == 422

    def test_a_citizen_may_only_leave_a_question(self, people: People) -> None:
        for handling in ("", "answer", "guide"):
            refused = people().post(f"{API}/consultations", json={"question": "问", "handling": handling})
            assert refused.status_code == 422
        left = people().post(f"{API}/consultations", json={"question": "问", "handling": "refer"})
        assert left.status_code == 201
        assert left.json()["query_code"]

    def test_a_left_question_is_registered_under_the_channel_it_really_came_by(
        self, people: People, database: Database
    ) -> None:
        for who in ("", "kiosk"):
            people(who).post(
                f"{API}/consultations", json={"question": "问", "handling": "refer", "channel": "phone"}
            )
        with database.read() as session:
            assert list(session.scalars(select(Consultation.channel).order_by(Consultation.case_id))) == [
                "web",
                "kiosk",
            ]


class TestGuide:
    def test_needs_a_contact_or_the_reason_why_there_is_none(self, flow: Flow) -> None:
        flow.register()
        refused = flow.try_act("desk", "guide", guided_to="省退役军人事务厅")
        assert refused.status_code == 422
        assert "guided_contact" in refused.json()["errors"]
        assert flow.read()["state"] == "registered"

    @pytest.mark.parametrize(
        "fields", [{"guided_contact": "0990-1234567"}, {"no_contact_reason": "该单位未公布电话"}]
    )
    def test_with_either_the_case_is_guided_and_shows_it(self, flow: Flow, fields: dict[str, str]) -> None:
        flow.register()
        read = flow.act("desk", "guide", guided_to="省退役军人事务厅", **fields)
        assert (read["state"], read["guided_to"]) == ("guided", "省退役军人事务厅")
        assert read["guided_contact"] in fields.values()

    def test_needs_to_say_where(self, flow: Flow) -> None:
        flow.register()
        assert flow.try_act("desk", "guide", guided_contact="0990-1234567").status_code == 422


class TestResend:
    def test_the_same_key_gives_the_same_number_once(self, people: People, database: Database) -> None:
        first = people("kiosk").post(f"{API}/consultations", json=LEFT, headers=KEY)
        again = people("kiosk").post(f"{API}/consultations", json=LEFT, headers=KEY)
        assert (first.status_code, again.status_code) == (201, 200)
        assert again.json()["repeated"] is True
        for field in ("number", "query_code", "due_on"):
            assert again.json()[field] == first.json()[field]
        with database.read() as session:
            assert len(session.scalars(select(Case.id)).all()) == 1

    def test_resends_that_arrive_together_register_once(self, people: People, database: Database) -> None:
        people("kiosk")
        barrier = threading.Barrier(6)

        def send(_turn: int) -> tuple[int, str]:
            barrier.wait()
            answer = people("kiosk").post(f"{API}/consultations", json=LEFT, headers=KEY)
            return answer.status_code, answer.json().get("number", answer.text)

        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(send, range(6)))
        assert sorted(status for status, _ in answers) == [200, 200, 200, 200, 200, 201], answers
        assert len({number for _, number in answers}) == 1
        with database.read() as session:
            assert len(session.scalars(select(Case.id)).all()) == 1

    def test_the_key_of_one_device_is_not_that_of_another(self, people: People) -> None:
        here = people("kiosk").post(f"{API}/consultations", json=LEFT, headers=KEY).json()
        there = people().post(f"{API}/consultations", json=LEFT, headers=KEY).json()
        assert here["number"] != there["number"]


class TestPublicLimit:
    def test_an_anonymous_source_is_stopped_and_told_in_chinese(
        self, people: People, app: Any, settings: Any
    ) -> None:
        app.state.settings = settings.model_copy(update={"public_registrations": 3})
        sent = [people().post(f"{API}/consultations", json=LEFT) for _ in range(4)]
        assert [answer.status_code for answer in sent] == [201, 201, 201, 429]
        assert "次数过多" in sent[-1].json()["detail"]
        assert people("kiosk").post(f"{API}/consultations", json=LEFT).status_code == 201
