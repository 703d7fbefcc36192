"""The referral's further steps on the pages: assisting, review, follow-up and redo, merging, notice, accountability."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from sqlalchemy import update
from support.entries import SAMPLE
from support.visits import Site, Visits

from qa_service.accounts.models import Unit

QUESTION, ANSWER = SAMPLE["jobless-length"][2:4]


def refer(page: Page, unit: str = "rsj", question: str = QUESTION) -> str:
    page.goto("/desk")
    page.fill("#question", question)
    page.fill("[name=contact]", "13800004321")
    page.select_option("#refer-unit", unit)
    page.get_by_role("button", name="转登记交办").click()
    page.wait_for_url("**/slip")
    return page.inner_text(".slip dd >> nth=0")


def open_act(page: Page, label: str) -> None:
    page.locator(".acts > details > summary", has_text=re.compile(f"^{label}$")).click()


def step(page: Page, label: str) -> None:
    page.locator(".acts details[open]").get_by_role("button", name=label, exact=True).click()


def test_assisting_review_warning_and_redo(visit: Visits, site: Site) -> None:
    with site.database.write() as session:
        session.execute(update(Unit).where(Unit.code == "rsj").values(reviews_replies=True))
    desk, unit, helper, leader = visit("desk"), visit("unit-rsj"), visit("unit-mzj"), visit("unit-rsj-lead")
    number = refer(desk)
    desk.goto(f"/case/{number}")
    open_act(desk, "增加协办单位")
    desk.locator(".acts details[open]").get_by_label("青禾县民政局").check()
    step(desk, "增加协办单位")
    expect(desk.locator(".facts")).to_contain_text("协办单位")

    helper.goto("/unit")
    helper.get_by_role("link", name=number).click()
    open_act(helper, "提出协办意见")
    helper.fill("[name=opinion]", "低保对象的失业保险金不计入家庭收入，建议写明。")
    step(helper, "提出协办意见")

    unit.goto(f"/case/{number}")
    step(unit, "签收")
    expect(unit.locator("main")).to_contain_text("不计入家庭收入")
    unit.fill("[name=text]", ANSWER.replace("二十四", "三十六"))
    unit.fill("[name=basis]", "《失业保险条例》第十七条")
    step(unit, "拟定答复并送审")
    expect(unit.locator(".state")).to_have_text("答复待审核")
    expect(unit.locator(".compare mark").first).to_have_text("三十六个月")

    leader.goto(f"/case/{number}")
    expect(leader.locator("main")).to_contain_text("与已发布的条目不一致")
    step(leader, "审核通过")
    unit.goto(f"/case/{number}")
    open_act(unit, "登记没有告知到")
    unit.locator(".acts details[open]").get_by_label("电话").check()
    unit.locator(".acts details[open] [name=note]").fill("两次拨打，无人接听")
    step(unit, "登记没有告知到")
    expect(unit.locator("main")).to_contain_text("两次拨打，无人接听")
    unit.locator(".acts details[open]").get_by_label("短信").check()
    step(unit, "登记已告知咨询人")

    desk.goto(f"/case/{number}")
    open_act(desk, "登记回访")
    desk.locator(".acts details[open]").get_by_label("电话").check()
    desk.locator(".acts details[open]").get_by_label("不满意", exact=True).check()
    step(desk, "登记回访")
    expect(desk.locator(".acts details[open] summary")).to_have_text("退回重办")
    desk.locator(".acts details[open] [name=reason]").fill("没有说明怎么办理")
    step(desk, "退回重办")
    facts = desk.locator("section", has=desk.get_by_role("heading", name="登记情况")).locator(".facts")
    expect(facts).to_contain_text("第2轮")
    with site.database.write() as session:
        session.execute(update(Unit).where(Unit.code == "rsj").values(reviews_replies=False))


def test_merging_notice_and_accountability(visit: Visits) -> None:
    desk, supervisor = visit("desk"), visit("supervisor")
    leading = refer(desk, "mzj", "捡到走失老人送到哪里照料")
    follower = refer(desk, "mzj", "路边发现走失的老人怎么办")
    open_page = f"/case/{follower}"
    desk.goto(open_page)
    open_act(desk, "并案")
    desk.fill("[name=leading]", leading)
    step(desk, "并案")
    expect(desk.locator(".state")).to_have_text("已并案，随牵头件办理")
    desk.goto(f"/case/{leading}")
    expect(desk.locator("main")).to_contain_text("并入本件")

    desk.locator("summary", has_text="给出一次性告知").click()
    desk.get_by_label("补齐后可以办理").check()
    desk.fill("[name=missing]", "户口簿\n身份证")
    desk.get_by_role("button", name="给出一次性告知").click()
    desk.wait_for_url("**/one-time-notice")
    expect(desk.locator(".notice-sheet li")).to_have_count(2)

    supervisor.goto("/accountability")
    supervisor.get_by_label("投诉举报").check()
    supervisor.fill("[name=person]", "承办人乙")
    supervisor.fill("[name=happened_on]", "2026-01-05")
    supervisor.fill("[name=facts]", "推诿，让群众来回跑")
    supervisor.get_by_role("button", name="登记责任追究").click()
    expect(supervisor.locator(".register")).to_contain_text("推诿，让群众来回跑")
    assert supervisor.input_value("[name=facts]") == "", "what has been entered is not offered again"
