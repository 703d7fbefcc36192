"""The desk: an answer while typing, registration, referral, the keyboard, and nothing typed is lost."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect
from support.visits import Site, Visits

STRANGE = "老家祖坟迁移到外省要什么证明"


def type_question(page: Page, text: str) -> None:
    page.goto("/desk")
    page.locator("#question").press_sequentially(text, delay=5)


def test_answer_appears_while_typing_and_is_registered(visit: Visits) -> None:
    page = visit("desk")
    type_question(page, "被公司辞退了能不能领失业金")
    first = page.locator("#results .answer").first
    expect(first.locator("h3")).to_have_text("领取失业保险金需要符合哪些条件？")
    expect(page.locator("#results .banner")).to_contain_text("可以直接答复")
    expect(first).to_contain_text("《失业保险条例》（1999年1月22日）第十四条")
    assert first.locator("mark").count() > 0
    page.fill("[name=person_name]", "王女士")
    first.get_by_role("button", name="用这条答复").click()
    expect(page.locator(".message.good")).to_contain_text("已登记为当场答复")
    today = page.locator("section", has=page.get_by_role("heading", name="今日登记"))
    expect(today.locator("tbody tr").first).to_contain_text("当场答复")
    expect(today.locator("tbody tr").first).to_contain_text("王*")
    assert page.input_value("#question") == "" and page.input_value("[name=person_name]") == ""


def test_suggestions_by_pinyin_initials_and_keys(visit: Visits) -> None:
    page = visit("desk")
    type_question(page, "gjj")
    expect(page.locator("#suggestions [role=option]").first).to_contain_text("公积金")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#suggestions [aria-selected=true]")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator("#results .answer h3").first).to_have_text("租房可以提取住房公积金吗？")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#results .answer").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("#question")).to_be_focused()
    page.locator("#person-title").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    expect(page.locator("#question")).to_be_focused()


def test_ctrl_enter_on_an_answer_registers_it(visit: Visits) -> None:
    page = visit("desk")
    type_question(page, "低保咋办")
    expect(page.locator("#results .answer h3").first).to_have_text("怎样申请最低生活保障？")
    page.keyboard.press("Escape")
    page.locator("#results .answer").first.focus()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".message.good")).to_contain_text("已登记为当场答复")


def test_composing_with_an_input_method_does_not_search(visit: Visits) -> None:
    page = visit("desk")
    page.goto("/desk")
    session = page.context.new_cdp_session(page)
    page.focus("#question")
    session.send("Input.imeSetComposition", {"text": "dibao", "selectionStart": 5, "selectionEnd": 5})
    page.wait_for_timeout(500)
    expect(page.locator("#results .answer")).to_have_count(0)
    session.send("Input.insertText", {"text": "低保咋办"})
    expect(page.locator("#results .answer h3").first).to_have_text("怎样申请最低生活保障？")


def test_falling_through_to_a_referral_gives_a_slip(visit: Visits) -> None:
    page = visit("desk")
    type_question(page, STRANGE)
    expect(page.locator("#results .banner")).to_contain_text("问答库没有合适答复")
    page.fill("[name=contact]", "13800005678")
    page.select_option("#refer-unit", "mzj")
    page.get_by_role("button", name="转登记交办").click()
    page.wait_for_url("**/slip")
    slip = page.locator(".slip")
    expect(slip).to_contain_text("答复期限")
    assert re.fullmatch(r"[34679A-Z]{5}-[34679A-Z]{5}", page.inner_text(".slip-code"))
    assert "13800005678" not in page.inner_text("main")
    page.goto("/desk")
    expect(page.locator("section", has=page.get_by_role("heading", name="本专区待办"))).to_contain_text(
        STRANGE
    )


def test_typed_text_stays_after_a_refusal(visit: Visits) -> None:
    visit.refused = True
    page = visit("desk")
    type_question(page, STRANGE)
    page.fill("[name=person_name]", "李先生")
    page.fill("[name=contact]", "12345")
    page.fill("[name=note]", "带了户口簿")
    page.get_by_role("button", name="转登记交办").click()
    expect(page.locator(".message.bad")).to_contain_text("联系方式")
    assert page.input_value("#question") == STRANGE
    assert page.input_value("[name=person_name]") == "李先生"
    assert page.input_value("[name=contact]") == "12345"
    assert page.input_value("[name=note]") == "带了户口簿"


def test_typed_text_survives_reload_and_session_expiry(visit: Visits, site: Site) -> None:
    page = visit("desk2")
    type_question(page, STRANGE)
    page.fill("[name=note]", "材料已看过")
    page.reload()
    expect(page.locator(".draft-note")).to_contain_text("已恢复")
    assert page.input_value("#question") == STRANGE
    site.expire_sessions()
    page.select_option("#refer-unit", "mzj")
    page.get_by_role("button", name="转登记交办").click()
    page.wait_for_url("**/sign-in?next=**")
    page.fill("[name=username]", "desk2")
    page.fill("[name=password]", "qinghe-2026")
    page.click("main button")
    page.wait_for_url("**/desk")
    assert page.input_value("#question") == STRANGE and page.input_value("[name=note]") == "材料已看过"
    page.get_by_role("button", name="转登记交办").click()
    page.wait_for_url("**/slip")
    page.goto("/desk")
    assert page.input_value("#question") == "", "what was submitted is not offered again"
