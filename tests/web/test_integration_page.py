"""系统管理—对接 over HTTP: secrets shown once, what is in use and what is not, refusals that keep what was typed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from support.hotline import Hotline
from support.people import People

from qa_service.accounts.models import AuditEvent
from qa_service.integration.models import ApiKey, Delivery, Webhook
from qa_service.kit import clock
from qa_service.kit.database import Database

HTML = {"accept": "text/html"}
PAGE = "/admin/integration"
KEY = {"name": "12345热线", "source": "12345", "zone": "QH01", "scopes": ["intake", "status"]}
HOOK = {"name": "热线接收进度", "url": "https://hotline.example/notices", "zone": "QH01", "source": "12345"}
ORDER = {"order_no": "RX1", "content": "外地住院怎么报销？"}
SECRET = re.compile(r"密钥 <code>([\w-]{43})</code>")


def show(people: People, query: str = "") -> str:
    response = people("admin").get(f"{PAGE}{query}", headers=HTML)
    assert response.status_code == 200
    return str(response.text)


def post(people: People, path: str, data: dict[str, Any] | None = None, who: str = "admin") -> Any:
    return people(who).post(f"{PAGE}/{path}", data=data or {}, headers=HTML)


def only(database: Database, model: type[Any]) -> Any:
    with database.read() as session:
        return session.scalars(select(model)).one()


class TestKeys:
    def test_the_empty_page_says_what_to_do(self, people: People) -> None:
        page = show(people)
        for said in ("还没有接口密钥", "还没有订阅", "/api/v1/intake/consultations", "/api/v1/openapi.json"):
            assert said in page
        assert 'aria-current="page">对接</a>' in page and not SECRET.search(page)

    def test_the_secret_is_shown_once_and_signs(self, people: People, database: Database) -> None:
        made = post(people, "keys", KEY)
        assert made.status_code == 200 and made.headers["cache-control"] == "no-store"
        (secret,) = SECRET.findall(made.text)
        key = only(database, ApiKey)
        assert "只显示这一次" in made.text and key.scopes == ["intake", "status"]
        assert secret not in (again := show(people))
        for said in (key.code, "12345热线", "登记工单、查询办理情况", "系统管理员", "还没有用过", "在用"):
            assert said in again

        hotline = Hotline(people("admin").client, key.code, secret)
        assert hotline.send(ORDER).status_code == 201
        assert "还没有用过" not in show(people)

    def test_revoked_at_once_and_for_good(self, people: People, database: Database) -> None:
        made = post(people, "keys", KEY)
        (secret,) = SECRET.findall(made.text)
        key = only(database, ApiKey)
        assert "data-confirm=" in made.text and f"{PAGE}/keys/{key.code}/revoke" in made.text
        gone = post(people, f"keys/{key.code}/revoke")
        assert gone.status_code == 303
        page = people("admin").get(gone.headers["location"], headers=HTML).text
        assert "密钥已停用" in page and "已停用</span>" in page and f"{key.code}/revoke" not in page
        hotline = Hotline(people("admin").client, key.code, secret)
        assert hotline.send(ORDER).status_code == 401

    def test_refused_with_what_was_typed(self, people: People, database: Database) -> None:
        page = post(
            people, "keys", {"name": "市民热线", "source": "热线", "zone": "QH02", "scopes": "status"}
        )
        assert page.status_code == 422 and "用字母、数字、横线" in page.text
        assert 'value="市民热线"' in page.text and 'value="热线"' in page.text
        assert '<option value="QH02" selected>' in page.text
        assert 'value="status" checked' in page.text and 'value="intake" checked' not in page.text
        assert page.text.count('id="error-source"') == 1
        nothing = post(people, "keys", {"name": "市民热线", "source": "12345", "zone": "QH01"})
        assert nothing.status_code == 422 and "至少选一项权限" in nothing.text
        assert 'name="scopes" value="intake">' in nothing.text
        with database.read() as session:
            assert session.scalar(select(ApiKey)) is None

    def test_an_unknown_key_is_said_on_the_page(self, people: People) -> None:
        page = post(people, "keys/qak_none/revoke")
        assert page.status_code == 404 and "没有接口密钥" in page.text and "<h1>系统管理</h1>" in page.text


class TestWebhooks:
    def test_the_secret_is_shown_once(self, people: People, database: Database) -> None:
        made = post(people, "webhooks", HOOK)
        assert made.status_code == 200
        (secret,) = SECRET.findall(made.text)
        assert secret not in (again := show(people))
        for said in (HOOK["url"], "只限12345送来的工单", "还没有发过", only(database, Webhook).code):
            assert said in again

    @pytest.mark.parametrize(
        "url", ["ftp://a/b", "http://", "nonsense", "http://u:p@host/", "https://[x", "http://a:b/"]
    )
    def test_a_bad_address_keeps_the_typed_text(self, people: People, database: Database, url: str) -> None:
        page = post(people, "webhooks", {**HOOK, "url": url})
        assert page.status_code == 422 and "开头的完整地址" in page.text
        assert f'value="{url}"' in page.text and f'value="{HOOK["name"]}"' in page.text
        assert page.text.count("aria-invalid") == 1 and not SECRET.search(page.text)
        with database.read() as session:
            assert session.scalar(select(Webhook)) is None

    def test_how_the_notices_fare_and_the_acts(self, people: People, database: Database) -> None:
        post(people, "webhooks", HOOK)
        hook = only(database, Webhook)
        later = clock.now() + timedelta(hours=3)  # nothing is due while the test looks

        def notice(code: str, **values: Any) -> Delivery:
            return Delivery(
                webhook_id=hook.id, code=code, number="QH01", body="{}", created_at=clock.now(), next_at=later, **values
            )  # fmt: skip

        with database.write() as session:
            session.add(notice("a", attempts=1, delivered_at=clock.now(), last_result="已送达"))
        assert "已送达</span>" in show(people) and "/resend" not in show(people)
        with database.write() as session:
            session.add(notice("b", attempts=2, last_result="对方返回 500"))
            session.add(notice("c"))
        page = show(people)
        assert "重试中" in page and "试了2次" in page and "对方返回 500" in page
        assert '<td class="number">2</td><td class="number">0</td>' in page

        off = post(people, f"webhooks/{hook.code}/disable")
        assert off.status_code == 303 and not only(database, Webhook).active
        assert "订阅已停用" in show(people, "?done=disable")
        with database.write() as session:
            row = session.scalars(select(Delivery).where(Delivery.code == "b")).one()
            row.failed_at, row.attempts = clock.now(), 12
        assert '<td class="number">1</td><td class="number">1</td>' in (page := show(people))
        assert f"{hook.code}/resend" in page and f"{hook.code}/enable" in page
        assert post(people, f"webhooks/{hook.code}/resend").status_code == 303
        assert only(database, Webhook).active
        with database.read() as session:
            assert session.scalars(select(Delivery).where(Delivery.failed_at.is_not(None))).all() == []

    def test_no_such_subscription_or_act(self, people: People) -> None:
        assert "没有订阅" in post(people, "webhooks/qaw_none/disable").text
        assert post(people, "webhooks/qaw_none/delete").status_code == 422


def test_names_come_out_as_text(people: People) -> None:
    page = post(people, "keys", {**KEY, "name": "<b>热线</b>"})
    assert "<b>热线</b>" not in page.text and "&lt;b&gt;热线&lt;/b&gt;" in page.text


@pytest.mark.parametrize("who", ["desk", "unit-rsj", "supervisor"])
def test_other_roles_are_refused(people: People, database: Database, who: str) -> None:
    assert people(who).get(PAGE, headers=HTML).status_code == 403
    for path, data in (("keys", KEY), ("webhooks", HOOK), ("keys/x/revoke", {}), ("webhooks/x/disable", {})):
        assert post(people, path, data, who).status_code == 403, path
    with database.read() as session:
        assert session.scalar(select(ApiKey)) is None and session.scalar(select(Webhook)) is None


def test_what_is_done_on_the_page_is_audited(people: People, database: Database) -> None:
    post(people, "keys", KEY)
    post(people, "webhooks", HOOK)
    with database.read() as session:
        actions = list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.id.desc()).limit(2)))
    assert actions == ["create-webhook", "create-api-key"]
