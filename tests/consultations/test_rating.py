"""评价 by the person who asked: by query code, once a round, voluntary; a bad one reaches the desk at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from support.cases import API, REPLY, Flow
from support.people import People

from qa_service.accounts.models import User
from qa_service.consultations.models import FollowUp
from qa_service.kit.database import Database
from qa_service.watching.models import Message


def answered(flow: Flow) -> Flow:
    flow.referred(contact="13800138000", unit="rsj")
    flow.act("unit-rsj", "sign")
    flow.act("unit-rsj", "reply", **REPLY)
    flow.act("unit-rsj", "tell", how="phone")
    return flow


def rate(people: People, flow: Flow, satisfaction: str, **fields: str) -> Any:
    said = {"code": flow.code, "phone4": "8000", "satisfaction": satisfaction, **fields}
    return people().post(f"{API}/progress/rating", json=said)


def told_of(database: Database, kind: str) -> list[str]:
    """The names of those who have a message of this kind."""
    with database.read() as session:
        rows = select(User.username).join(Message, Message.user_id == User.id).where(Message.kind == kind)
        return sorted(session.scalars(rows))


class TestRating:
    def test_is_given_once_and_counts(self, flow: Flow, people: People) -> None:
        answered(flow)
        before = people().post(f"{API}/progress", json={"code": flow.code, "phone4": "8000"}).json()
        assert (before["may_rate"], before["rating"]) == (True, "")
        after = rate(people, flow, "satisfied").json()
        assert (after["may_rate"], after["rating"], after["state"]) == (False, "satisfied", "已答复")
        again = rate(people, flow, "very_dissatisfied")
        assert again.status_code == 409 and "已经评价过" in again.json()["detail"]
        read = flow.read()
        assert [(row["how"], row["satisfaction"], row["by"]) for row in read["follow_ups"]] == [
            ("code", "satisfied", "群众")
        ]
        assert "咨询人评价：满意。" in [event["sentence"] for event in read["events"]]
        report = people("supervisor").get(f"{API}/statistics").json()
        assert report["total"]["counts"]["rated"] == report["total"]["counts"]["satisfied"] == 1

    def test_an_answer_given_anew_is_rated_anew(self, flow: Flow, people: People) -> None:
        answered(flow)
        assert rate(people, flow, "dissatisfied", note="没说去哪个窗口").status_code == 200
        flow.act("desk", "redo", reason="没说去哪个窗口")
        assert rate(people, flow, "satisfied").status_code == 409, "nothing has been answered in this round"
        flow.act("unit-rsj", "reply", **REPLY)
        flow.act("unit-rsj", "tell", how="phone")
        assert rate(people, flow, "very_satisfied").status_code == 200
        rounds = [(row["round"], row["satisfaction"], row["note"]) for row in flow.read()["follow_ups"]]
        assert rounds == [(1, "dissatisfied", "没说去哪个窗口"), (2, "very_satisfied", "")]

    def test_a_bad_one_reaches_the_desk_and_puts_the_redo_first(
        self, flow: Flow, people: People, database: Database
    ) -> None:
        answered(flow)
        rate(people, flow, "very_dissatisfied")
        assert told_of(database, "rating") == ["desk", "desk2"]
        page = people("desk").get(f"/case/{flow.number}", headers={"accept": "text/html"}).text
        assert "非常不满意" in page and page.index("退回重办") < page.index("登记回访")

    def test_a_good_one_troubles_nobody(self, flow: Flow, people: People, database: Database) -> None:
        answered(flow)
        rate(people, flow, "fair")
        assert told_of(database, "rating") == []

    def test_two_at_once_count_once(self, flow: Flow, people: People, database: Database) -> None:
        answered(flow)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: rate(people, flow, "satisfied").status_code, range(4)))
        assert sorted(answers) == [200, 409, 409, 409]
        with database.read() as session:
            assert len(session.scalars(select(FollowUp)).all()) == 1

    @pytest.mark.parametrize(
        ("changed", "status"),
        [
            ({"phone4": "0000"}, 404), ({"code": "AAAAAAAAAA"}, 404), ({"satisfaction": "unreached"}, 422),
            ({"satisfaction": ""}, 422), ({"note": "长" * 501}, 422),
        ],
    )  # fmt: skip
    def test_only_who_knows_both_and_only_a_rating(
        self, flow: Flow, people: People, changed: dict[str, str], status: int
    ) -> None:
        answered(flow)
        said = {"code": flow.code, "phone4": "8000", "satisfaction": "satisfied", **changed}
        assert people().post(f"{API}/progress/rating", json=said).status_code == status
        assert flow.read()["follow_ups"] == []

    def test_nothing_is_rated_before_it_is_answered(self, flow: Flow, people: People) -> None:
        flow.referred(contact="13800138000", unit="rsj")
        assert rate(people, flow, "satisfied").status_code == 409

    def test_staff_rate_nothing(self, flow: Flow) -> None:
        answered(flow)
        for who in ("desk", "unit-rsj", "supervisor"):
            assert flow.try_act(who, "rate", satisfaction="satisfied").status_code == 403


class TestPage:
    HTML = {"accept": "text/html"}  # noqa: RUF012

    def test_asks_takes_and_thanks(self, flow: Flow, people: People) -> None:
        answered(flow)
        known = {"code": flow.code, "phone4": "8000"}
        shown = people().post("/progress", data=known, headers=self.HTML).text
        assert "您对这次答复满意吗" in shown
        thanked = people().post("/progress/rating", data={**known, "satisfaction": "fair"}, headers=self.HTML)
        assert thanked.status_code == 200
        assert "已收到您的评价" in thanked.text and "基本满意" in thanked.text
        assert "您对这次答复满意吗" not in thanked.text

    def test_says_what_is_wrong_and_keeps_the_answer_in_sight(self, flow: Flow, people: People) -> None:
        answered(flow)
        known = {"code": flow.code, "phone4": "8000"}
        refused = people().post("/progress/rating", data=known, headers=self.HTML)
        assert refused.status_code == 422
        assert REPLY["text"] in refused.text and "您对这次答复满意吗" in refused.text
