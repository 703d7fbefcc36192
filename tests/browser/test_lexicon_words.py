"""The lexicon: a word is tried on what was asked, saved, found; withdrawn once its consequence has been read."""

from __future__ import annotations

from playwright.sync_api import expect
from support.visits import Visits


def test_try_save_find_withdraw(visit: Visits) -> None:
    citizen, page = visit(size="phone"), visit("desk")
    citizen.goto("/ask/question?q=毛毛票在哪儿领")
    page.goto("/library/lexicon")
    page.fill("[name=said]", "毛毛票")
    page.fill("[name=official]", "政府信息公开申请")
    page.wait_for_timeout(400)  # the log is written a moment after the answer
    page.keyboard.press("Enter")
    preview = page.locator("[data-preview]")
    expect(preview).to_contain_text("毛毛票在哪儿领")
    expect(preview).to_contain_text("怎样申请政府信息公开？")
    assert page.input_value("[name=said] >> nth=0") == "毛毛票"
    preview.get_by_role("button", name="保存").click()
    expect(page.locator(".message.good")).to_contain_text("已添加“毛毛票”→“政府信息公开申请”")
    assert page.input_value("[name=said]") == ""
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("窗口甲于")
    page.wait_for_timeout(500)  # every process takes over a word within its refresh interval
    citizen.goto("/ask/question?q=毛毛票在哪儿领呀")
    expect(citizen.locator("main")).to_contain_text("怎样申请政府信息公开？")
    row.get_by_role("button", name="撤下").click()
    expect(page.locator("dialog[open]")).to_contain_text("不再按规范用语查找")
    page.locator("dialog[open]").get_by_role("button", name="撤下").click()
    expect(page.locator(".message.good")).to_contain_text("已撤下“毛毛票”→“政府信息公开申请”")
    expect(page.locator("tbody tr").first).to_contain_text("随软件附带")
    page.select_option("[name=show]", "withdrawn")
    page.get_by_role("button", name="筛选").click()
    expect(page.locator("tbody tr")).to_contain_text(["窗口甲于"])


def test_a_refused_word_says_why_and_stays_in_the_form(visit: Visits) -> None:
    visit.refused = True
    page = visit("unit-mzj")
    page.goto("/library/lexicon?kind=stop_word")
    page.fill("[name=said]", "最低生活保障")
    page.get_by_role("button", name="预览影响").click()
    expect(page.locator("#preview .message.bad")).to_contain_text("不能当作虚词略去")
    assert page.input_value("[name=said]") == "最低生活保障"
    page.reload()
    assert page.input_value("[name=said]") == "最低生活保障"
