"""Substitutes and addresses, the office's settings, recomputed deadlines told to units, and what messages never say."""

from __future__ import annotations

from collections.abc import Callable

from support.cases import API, Flow
from support.notices import NOTICE_2027
from support.office import Office
from support.people import People

At = Callable[[str], None]


class TestSubstitutes:
    def test_named_by_oneself_among_those_who_may_read_the_same(self, people: People, at: At) -> None:
        at("2026-03-09 10:00")
        url = f"{API}/substitutes"
        wanted = {"substitute": "unit-rsj-b", "first": "2026-03-10", "last": "2026-03-12"}
        for wrong in ({"substitute": "unit-mzj"}, {"substitute": "desk"}, {"substitute": "unit-rsj"}):
            assert people("unit-rsj").post(url, json={**wanted, **wrong}).status_code == 422, wrong
        for wrong in ({"last": "2026-03-09"}, {"first": "2026-03-01", "last": "2026-03-08"}):
            assert people("unit-rsj").post(url, json={**wanted, **wrong}).status_code == 422, wrong
        made = people("unit-rsj").post(url, json=wanted)
        assert made.status_code == 201
        overlapping = {**wanted, "first": "2026-03-12", "last": "2026-03-20"}
        assert people("unit-rsj").post(url, json=overlapping).status_code == 422
        assert "由人社承办人乙代收" in people("unit-rsj").get("/messages").text
        end = f"{url}/{made.json()['id']}/withdraw"
        assert people("unit-rsj-b").post(end).status_code == 404
        assert people("unit-rsj").post(end).status_code == 200
        assert people("unit-rsj").post(end).status_code == 404

    def test_an_address_is_checked(self, people: People) -> None:
        url = f"{API}/messages/address"
        for wrong in ("zhang", "a b@c.cn", "zhang@example.gov.cn\nBcc: x@y.cn"):
            assert people("desk").put(url, json={"email": wrong}).status_code == 422, wrong
        assert people("desk").put(url, json={"email": "zhang@example.gov.cn"}).status_code == 200
        assert "zhang@example.gov.cn" in people("desk").get("/messages").text
        assert people("desk").put(url, json={"email": ""}).status_code == 200


class TestSettings:
    def test_decide_when_a_card_is_shown(self, people: People, flow: Flow, office: Office, at: At) -> None:
        held = people("admin").get(f"{API}/watching/settings").json()
        assert (held["yellow_short"], held["yellow_long"], held["remind_before"]) == (1, 3, 1)
        at("2026-03-09 10:00")
        flow.signed()
        at("2026-03-12 10:00")
        office.look()
        assert people("supervisor").get(f"{API}/watching/cards").json() == []
        saved = people("admin").put(f"{API}/watching/settings", json={**held, "yellow_short": 2})
        assert saved.status_code == 200
        office.look()
        (card,) = people("supervisor").get(f"{API}/watching/cards").json()
        assert card["colour"] == "yellow" and "只剩2个工作日" in card["reason"]

    def test_what_makes_no_sense_is_refused(self, people: People) -> None:
        held = people("admin").get(f"{API}/watching/settings").json()
        for wrong in ({"hours": "上午"}, {"yellow_short": -1}, {"leader_after": 3, "supervisor_after": 2}):
            assert (
                people("admin").put(f"{API}/watching/settings", json={**held, **wrong}).status_code == 422
            ), wrong
        page = people("admin").post("/admin/watching", data={**held, "hours": "上午"})
        assert page.status_code == 422 and "办公时间请写成" in page.text

    def test_a_robots_address_and_secret_are_not_shown_again(self, people: People) -> None:
        data = {
            "kind": "dingtalk",
            "name": "政务公开群",
            "url": "https://robot.example/send?t=KEY",
            "secret": "SEC9",
        }
        made = people("admin").post(f"{API}/watching/robots", json=data)
        assert made.status_code == 201 and made.json()["signed"]
        page = people("admin").get("/admin/watching").text
        assert "政务公开群" in page and "KEY" not in page + made.text and "SEC9" not in page + made.text


def test_recomputed_deadlines_reach_the_unit_in_one_message(people: People, office: Office, at: At) -> None:
    at("2026-12-24 10:00")
    first, second, other = Flow(people).assigned(), Flow(people).assigned(), Flow(people).assigned("mzj")
    before = len(office.messages())
    notice = f"{API}/calendar/notice"
    token = people("admin").post(notice, json={"content": NOTICE_2027}).json()["token"]
    assert people("admin").post(notice, json={"content": NOTICE_2027, "token": token}).status_code == 200
    told = {(row[1], row[0].title): row[0].body for row in office.messages()[before:]}
    assert set(told) == {
        ("unit-rsj", "2件咨询件的答复期限重新计算"), ("unit-rsj-b", "2件咨询件的答复期限重新计算"),
        ("unit-mzj", f"答复期限重新计算：{other.number}"),
    }  # fmt: skip
    both = told["unit-rsj", "2件咨询件的答复期限重新计算"]
    assert first.number in both and second.number in both
    one = told["unit-mzj", f"答复期限重新计算：{other.number}"]
    assert "由2026年12月31日（周四）调整为2026年12月30日（周三）" in one and "国办发明电" in one


def test_recomputed_deadlines_of_cases_that_no_unit_holds_reach_who_sees_to_them(
    people: People, office: Office, at: At
) -> None:
    """Not assigned yet: the desk of the zone; gone with another case: the unit that answers that one."""
    at("2026-12-24 10:00")
    waiting, leading, follower = (
        Flow(people).referred("desk-liuwan"),
        Flow(people).signed(),
        Flow(people).referred(),
    )
    follower.act("desk", "link", leading=leading.number)
    office.told()
    notice = f"{API}/calendar/notice"
    token = people("admin").post(notice, json={"content": NOTICE_2027}).json()["token"]
    assert people("admin").post(notice, json={"content": NOTICE_2027, "token": token}).status_code == 200
    told = {(row[1], row[0].body) for row in office.messages() if "重新计算" in row[0].title}
    assert {who for who, body in told if waiting.number in body} == {"desk-liuwan"}
    assert {who for who, body in told if follower.number in body} == {"unit-rsj", "unit-rsj-b"}


def test_messages_say_nothing_of_the_citizen(people: People, office: Office, at: At) -> None:
    at("2026-02-13 10:00")
    flow = Flow(people).referred(
        unit="rsj",
        person_name="欧阳先生",
        contact="13812345678",
        question="我叫欧阳甲，电话13812345678，社保怎么转",
    )
    people("desk").post(
        f"{API}/consultations/{flow.number}/notices", json={"kind": "urge", "text": "请联系欧阳先生"}
    )
    for moment in ("2026-02-26 10:00", "2026-02-28 10:00", "2026-03-03 10:00"):
        at(moment)
        office.look()
    bodies = [row[0].title + row[0].body for row in office.messages()]
    assert len(bodies) > 8 and all(flow.number in body for body in bodies)
    assert not [body for body in bodies if "欧阳" in body or "138" in body or "社保怎么转" in body]
    sheet = people("unit-rsj").get("/unit").text
    assert "13812345678" not in sheet
