"""A referral through the pages: the unit signs, replies, tells; the citizen looks; two people collide."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from support.visits import Visits

QUESTION = "捡到走失老人送到哪里照料"
REPLY = "请先拨打110，由公安机关查找家属；暂时找不到的，送县救助管理站照料。"


def refer(page: Page, unit: str = "mzj", contact: str = "13800004321") -> tuple[str, str]:
    """(number, query code) of a new referral."""
    page.goto("/desk")
    page.fill("#question", QUESTION)
    page.fill("[name=contact]", contact)
    page.select_option("#refer-unit", unit)
    page.get_by_role("button", name="转登记交办").click()
    page.wait_for_url("**/slip")
    return page.inner_text(".slip dd >> nth=0"), page.inner_text(".slip-code")


def step(page: Page, label: str) -> None:
    page.get_by_role("button", name=label, exact=True).click()


def test_from_the_unit_to_the_citizen(visit: Visits) -> None:
    desk, unit, citizen = visit("desk"), visit("unit-mzj"), visit(size="phone")
    number, code = refer(desk)
    unit.goto("/unit")
    waiting = unit.locator("section", has=unit.get_by_role("heading", name="待签收"))
    expect(waiting.locator("tr", has_text=number)).to_contain_text("剩5个工作日")
    waiting.get_by_role("link", name=number).click()
    step(unit, "签收")
    expect(unit.locator(".state")).to_have_text("办理中")
    citizen.goto("/progress")
    citizen.fill("[name=code]", code)
    citizen.fill("[name=phone4]", "4321")
    citizen.get_by_role("button", name="查询").click()
    expect(citizen.locator(".steps .now")).to_have_text("办理中")

    unit.fill("[name=text]", REPLY)
    unit.fill("[name=basis]", "《社会救助暂行办法》第五十条")
    step(unit, "拟定答复")
    expect(unit.locator(".state")).to_have_text("已拟答复，待告知咨询人")
    unit.locator(".acts details[open]").get_by_label("电话").check()
    step(unit, "登记已告知咨询人")
    expect(unit.locator(".state")).to_have_text("已答复")
    citizen.goto("/progress")
    citizen.fill("[name=code]", code.lower().replace("-", " "))
    citizen.fill("[name=phone4]", "4321")
    citizen.get_by_role("button", name="查询").click()
    expect(citizen.locator(".steps .now")).to_have_text("已答复")
    expect(citizen.locator(".printed")).to_contain_text(REPLY)

    desk.goto(f"/case/{number}")
    desk.get_by_label("新增条目").check()
    desk.get_by_label("标准问").fill("发现走失老人应当怎么办？")
    desk.locator("select[name=topic]").select_option("养老助残")
    step(desk, "办结")
    expect(desk.locator(".state")).to_have_text("已办结")
    expect(desk.locator(".facts", has_text="入库决定")).to_contain_text("新增条目")


def test_progress_does_not_tell_which_was_wrong(visit: Visits) -> None:
    visit.refused = True
    page = visit(size="phone")
    page.goto("/progress")
    page.fill("[name=code]", "ACDEF34679")
    page.fill("[name=phone4]", "0000")
    page.get_by_role("button", name="查询").click()
    expect(page.locator(".message.bad")).to_contain_text("没有找到对应的咨询件")
    assert page.input_value("[name=code]") == "ACDEF34679"


def test_contact_is_masked_until_asked_for(visit: Visits) -> None:
    page = visit("desk")
    number, _ = refer(page)
    page.goto(f"/case/{number}")
    assert "13800004321" not in page.content()
    page.get_by_role("button", name="查看联系方式").click()
    expect(page.locator("#contact")).to_contain_text("13800004321")
    page.reload()
    expect(page.locator(".timeline")).to_contain_text("查看了咨询人的联系方式")


def test_deadline_opens_its_calculation(visit: Visits) -> None:
    page = visit("desk")
    number, _ = refer(page)
    page.goto(f"/case/{number}")
    page.locator(".deadline summary").click()
    steps = page.locator(".deadline-steps")
    expect(steps).to_contain_text("起算日不计入")
    expect(steps).to_contain_text("第5个工作日")


def test_two_at_once_one_wins_and_the_other_keeps_the_text(visit: Visits) -> None:
    visit.refused = True
    desk, first, second = visit("desk"), visit("unit-mzj"), visit("unit-mzj")
    number, _ = refer(desk)
    first.goto(f"/case/{number}")
    step(first, "签收")
    first.fill("[name=text]", REPLY)
    first.fill("[name=basis]", "《社会救助暂行办法》第五十条")
    second.goto(f"/case/{number}")
    second.fill("[name=text]", "另一位同事正在写的答复")
    second.fill("[name=basis]", "《老年人权益保障法》第十八条")
    step(first, "拟定答复")
    expect(first.locator(".state")).to_have_text("已拟答复，待告知咨询人")
    step(second, "拟定答复")
    expect(second.locator(".message.bad")).to_contain_text("没有生效")
    expect(second.locator(".state")).to_have_text("已拟答复，待告知咨询人")
    assert second.input_value("[name=text]") == "另一位同事正在写的答复"
    step(second, "拟定答复")
    expect(second.locator(".message.bad")).to_have_count(0)
    expect(second.locator("main")).to_contain_text("另一位同事正在写的答复")


def test_text_for_a_step_that_is_gone_is_shown_for_copying(visit: Visits) -> None:
    visit.refused = True
    desk, unit = visit("desk"), visit("unit-mzj")
    number, _ = refer(desk)
    unit.goto(f"/case/{number}")
    unit.locator("summary", has_text="退回").click()
    unit.locator("details[open] [name=reason]").fill("不属于我局职责，建议交办县卫生健康部门")
    desk.goto(f"/case/{number}")
    desk.locator("summary", has_text="作废").click()
    desk.locator("details[open] [name=reason]").fill("重复登记")
    desk.locator("details[open] .danger").click()
    expect(desk.locator(".state")).to_have_text("已作废")
    unit.locator("details[open] .button.danger").click()
    expect(unit.locator(".kept textarea")).to_have_value("不属于我局职责，建议交办县卫生健康部门")
