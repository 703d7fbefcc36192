"""督促办理 in the browser: an overdue case is urged, answered, contested, and the messages are read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import update
from support.people import wait_for
from support.visits import Site, Visits
from test_lifecycle_pages import refer

from qa_service.accounts.roles import SYSTEM
from qa_service.cases.models import Case
from qa_service.watching import configuration
from qa_service.watching.rules import WatchSettings
from qa_service.watching.watcher import watch


def make_late(site: Site, number: str) -> None:
    """As if it had come ten days ago; the office is open all day, whenever the test runs."""
    with site.database.write() as session:
        session.execute(
            update(Case).where(Case.number == number).values(due_on=date.today() - timedelta(days=4))
        )
        configuration.save(session, SYSTEM, WatchSettings(hours="00:00-23:59"))
    watch(site.database)


def test_urged_answered_contested_and_withdrawn(
    visit: Visits, site: Site, picture: Callable[[Page, str], None]
) -> None:
    desk, unit, supervisor = visit("desk"), visit("unit-mzj"), visit("supervisor")
    number = refer(desk, "mzj", "低保家庭的孩子上学有没有补助")
    make_late(site, number)
    desk.goto("/watching")
    expect(desk.locator("main")).to_contain_text("建议催办")
    picture(desk, "watching")
    desk.goto(f"/case/{number}")
    expect(desk.locator("#watched")).to_contain_text("还没有催办过")
    desk.locator("#watched").get_by_role("button", name="发出催办单").click()
    desk.wait_for_url("**/notices/QH01-CB-*")
    expect(desk.locator(".notice-sheet")).to_contain_text("还没有反馈")
    sheet = desk.url

    wait_for(lambda: f"催办单：{number}" in unit.goto("/messages").text())  # type: ignore[union-attr]
    unit.goto("/unit")
    expect(unit.locator(".bell .unread")).to_be_visible()
    expect(unit.locator(".urgent")).to_contain_text("QH01-CB-")
    unit.get_by_role("link", name="通知").click()
    unit.locator(".messages button", has_text=f"催办单：{number}").first.click()
    unit.wait_for_url("**/notices/QH01-CB-*")
    unit.fill("[name=feedback]", "明天上午答复咨询人。")
    unit.get_by_role("button", name="提交反馈").click()
    expect(unit.locator(".notice-sheet")).to_contain_text("明天上午答复咨询人。")

    unit.goto(f"/case/{number}")
    unit.locator("#watched summary", has_text="申诉").first.click()
    unit.locator("#watched details[open] [name=reason]").fill("登记时选错了单位")
    unit.get_by_role("button", name="提出申诉").click()
    expect(unit.locator("#watched")).to_contain_text("登记时选错了单位")

    supervisor.goto("/watching")
    contested = supervisor.locator("section", has=supervisor.get_by_role("heading", name="等待处理的申诉"))
    expect(contested).to_contain_text("登记时选错了单位")
    contested.locator("[name=reason]").first.fill("情况属实")
    contested.get_by_role("button", name="撤销").first.click()
    expect(supervisor.locator("main")).not_to_contain_text("登记时选错了单位")
    supervisor.goto(f"/case/{number}")
    expect(supervisor.locator("#watched")).to_contain_text("情况属实")
    desk.goto(sheet)
    expect(desk.locator(".notice-sheet")).to_contain_text("明天上午答复咨询人。")


def test_settings_and_test_message(visit: Visits) -> None:
    admin = visit("admin")
    admin.goto("/admin/watching")
    admin.fill("[name=yellow_long]", "4")
    admin.get_by_role("button", name="保存设置").click()
    expect(admin.locator(".message.good")).to_contain_text("设置已保存")
    assert admin.input_value("[name=yellow_long]") == "4"
    admin.get_by_role("button", name="给我发一条测试消息").click()
    expect(admin.locator(".message.good")).to_contain_text("测试消息")

    def arrived() -> bool:
        admin.goto("/messages")
        return "测试消息" in admin.inner_text("main")

    wait_for(arrived)
    admin.get_by_role("button", name="全部标为已读").click()
    expect(admin.locator(".bell .unread")).to_have_count(0)
