"""The whole story in a browser: a question nobody can answer becomes an answer that everybody finds.

With `QA_SCREENSHOTS=docs/screenshots` it runs on the bundled library and leaves the README's pictures.
"""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from support.visits import Visits

QUESTION = "村里红白喜事用的公共帐篷怎么借"
ANSWER = (
    "可以免费借用。由借用人提前三天向村民委员会登记，写明用途、日期和归还时间，用完清点归还；损坏的照价赔偿。\n"
    "帐篷由各村红白理事会保管，具体数量和存放地点请向本村村民委员会询问。"
)
Picture = Callable[[Page, str], None]


def test_story(visit: Visits, picture: Picture) -> None:
    code = _citizen_leaves_a_question(visit("kiosk", "kiosk"), picture)
    desk = visit("desk")
    number = _desk_assigns(desk, picture)
    _unit_answers(visit("unit-mzj"), number, picture)
    _citizen_reads(visit(size="phone"), code, picture)
    _desk_takes_it_into_the_library(desk, number)
    desk.goto(f"/case/{number}/history")
    picture(desk, "history")
    _another_publishes(visit("desk2"), picture)
    kiosk = visit("kiosk", "kiosk")
    kiosk.goto("/kiosk")
    _ask(kiosk, QUESTION)
    expect(kiosk.locator(".printed")).to_contain_text("写明用途、日期和归还时间")
    picture(kiosk, "kiosk-answer")


def test_pictures_of_the_other_pages(visit: Visits, picture: Picture) -> None:
    for username, address, name in (
        ("", "/", "front"),
        ("supervisor", "/desk/register", "register"),
        ("desk", "/library", "library"),
        ("supervisor", "/library/test?q=低保咋个办", "hit-test"),
        ("admin", "/admin", "admin"),
        ("supervisor", "/board", "board"),
        ("supervisor", "/board/wall", "wall"),
        ("supervisor", "/statistics?period=2026", "statistics"),
        ("desk", "/calendar/2026", "calendar"),
        ("desk", "/library/gaps", "gaps"),
        ("desk", "/library/lexicon", "lexicon"),
    ):
        page = visit(username)
        page.goto(address)
        expect(page.locator("h1")).to_be_visible()
        picture(page, name)
    desk = visit("desk")
    desk.goto("/desk")
    desk.locator("#question").press_sequentially("公积金能不能取出来交房租", delay=5)
    expect(desk.locator("#results .banner")).to_contain_text("可以直接答复")
    picture(desk, "desk")
    phone = visit(size="phone")
    phone.goto("/ask")
    picture(phone, "ask")
    elder = visit("kiosk", "kiosk")
    elder.goto("/kiosk")
    elder.get_by_role("button", name="大字").click()
    picture(elder, "kiosk-elder")


def _ask(page: Page, text: str) -> None:
    page.fill("#q", text)
    page.get_by_role("button", name="查答复").click()


def _citizen_leaves_a_question(kiosk: Page, picture: Picture) -> str:
    kiosk.goto("/kiosk")
    picture(kiosk, "kiosk")
    _ask(kiosk, QUESTION)
    kiosk.get_by_role("button", name="留言提问").click()
    for digit in "13900007777":
        kiosk.locator(f"[data-keypad] [data-key='{digit}']").click()
    picture(kiosk, "kiosk-leave")
    kiosk.get_by_role("button", name="提交问题").click()
    expect(kiosk.locator("h1")).to_have_text("问题已收到")
    picture(kiosk, "kiosk-slip")
    return kiosk.inner_text(".slip-code")


def _desk_assigns(desk: Page, picture: Picture) -> str:
    desk.goto(f"/desk/register?q={QUESTION}")
    row = desk.locator("main tr", has_text=QUESTION)
    expect(row).to_contain_text("待交办")
    number = row.get_by_role("link").inner_text()
    row.get_by_role("link").click()
    form = desk.locator("details.act[open]")
    form.locator("select[name=unit]").select_option("mzj")
    form.get_by_label("政策线索").fill("各村红白理事会章程")
    form.get_by_role("button", name="交办").click()
    expect(desk.locator(".state")).to_have_text("已交办，待签收")
    desk.locator(".deadline summary").click()
    picture(desk, "case")
    return number


def _unit_answers(unit: Page, number: str, picture: Picture) -> None:
    unit.goto("/unit")
    expect(unit.get_by_role("link", name=number)).to_be_visible()
    picture(unit, "unit")
    unit.get_by_role("link", name=number).click()
    unit.get_by_role("button", name="签收", exact=True).click()
    unit.get_by_label("答复内容").fill(ANSWER)
    unit.get_by_label("答复依据").fill("《青禾县红白理事会公用物品管理办法》第六条")
    picture(unit, "unit-reply")
    unit.get_by_role("button", name="拟定答复", exact=True).click()
    unit.locator(".acts details[open]").get_by_label("电话").check()
    unit.get_by_role("button", name="登记已告知咨询人", exact=True).click()
    expect(unit.locator(".state")).to_have_text("已答复")


def _citizen_reads(phone: Page, code: str, picture: Picture) -> None:
    phone.goto("/progress")
    phone.fill("[name=code]", code)
    phone.fill("[name=phone4]", "7777")
    phone.get_by_role("button", name="查询").click()
    expect(phone.locator(".printed")).to_contain_text("可以免费借用")
    picture(phone, "progress")


def _desk_takes_it_into_the_library(desk: Page, number: str) -> None:
    desk.goto(f"/case/{number}")
    desk.get_by_label("新增条目").check()
    desk.get_by_label("标准问").fill("怎样借用村里的公用帐篷？")
    desk.locator("details[open] select[name=topic]").select_option("社会救助")
    desk.get_by_role("button", name="办结", exact=True).click()
    expect(desk.locator(".state")).to_have_text("已办结")
    desk.locator(".facts a").click()
    desk.get_by_role("link", name="修改草稿").click()
    desk.fill("[name=review_due]", "2027-12-31")
    desk.get_by_role("button", name="保存并提交审核").click()
    expect(desk.locator("main")).to_contain_text("请其他同事审核")


def _another_publishes(reviewer: Page, picture: Picture) -> None:
    reviewer.goto("/library?state=in_review")
    reviewer.get_by_role("link", name="怎样借用村里的公用帐篷？").click()
    picture(reviewer, "library-entry")
    reviewer.get_by_role("button", name="审核通过并发布").click()
    expect(reviewer.locator(".page-head .chip")).to_have_text("已发布")
    reviewer.wait_for_timeout(2000)  # the promise: found within two seconds
