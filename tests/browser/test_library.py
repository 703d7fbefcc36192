"""The library: edited by one, reviewed and published by another, found at once; import with a report."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect
from support.visits import Visits


def test_edit_review_publish_found(visit: Visits) -> None:
    visit.refused = True
    author, reviewer, citizen = visit("desk"), visit("desk2"), visit(size="phone")
    author.goto("/library/entry/paid-leave/edit")
    phrasings = author.input_value("[name=phrasings]")
    author.fill("[name=phrasings]", f"{phrasings}\n带薪假期能歇几日呀")
    author.get_by_role("button", name="保存并提交审核").click()
    author.wait_for_url("**/library/entry/paid-leave")
    expect(author.locator("main")).to_contain_text("请其他同事审核")
    expect(author.get_by_role("button", name="审核通过并发布")).to_have_count(0)
    reviewer.goto("/library?state=in_review")
    reviewer.get_by_role("link", name="职工一年可以享受几天带薪年休假？").click()
    expect(reviewer.locator("main")).to_contain_text("带薪假期能歇几日呀")
    reviewer.get_by_role("button", name="审核通过并发布").click()
    expect(reviewer.locator(".page-head .chip")).to_have_text("已发布")
    reviewer.wait_for_timeout(500)  # every process takes over a publication within its refresh interval
    citizen.goto("/ask")
    citizen.fill("#q", "带薪假期能歇几日呀")
    citizen.get_by_role("button", name="查答复").click()
    expect(citizen.locator("h1")).to_have_text("职工一年可以享受几天带薪年休假？")


def test_new_entry_with_errors_keeps_everything(visit: Visits) -> None:
    visit.refused = True
    page = visit("desk")
    page.goto("/library/new")
    page.fill("[name=question]", "问" * 130)
    page.fill("[name=answer]", "一段已经写好的答复")
    page.locator("[name=law]").first.fill("社会保险法")
    page.locator("[name=article]").first.fill("第十条")
    page.select_option("[name=unit]", "rsj")
    page.fill("[name=phrasings]", "一句问法\n又一句问法")
    page.get_by_role("button", name="只保存草稿").click()
    expect(page.locator(".message.bad")).to_contain_text("标准问最多 128 字")
    assert page.input_value("[name=answer]") == "一段已经写好的答复"
    assert page.locator("[name=law]").first.input_value() == "社会保险法"
    assert page.input_value("[name=phrasings]") == "一句问法\n又一句问法"
    page.fill("[name=question]", "没有单位的人怎样参加养老保险？")
    page.get_by_role("button", name="只保存草稿").click()
    expect(page.locator(".page-head .chip")).to_have_text("草稿")
    expect(page.locator("main")).to_contain_text("《社会保险法》第十条")


def test_hit_test_shows_partial_scores(visit: Visits) -> None:
    page = visit("supervisor")
    page.goto("/library/test")
    page.fill("[name=q]", "租房子住公积金可以拿出来用不")
    page.keyboard.press("Enter")
    expect(page.locator("#test-result table tbody tr").first).to_contain_text("租房可以提取住房公积金吗？")
    expect(page.locator("#test-result")).to_contain_text("把握程度")
    assert page.locator("#test-result th.number").count() >= 3


def test_import_reports_before_it_imports(visit: Visits, tmp_path: Path) -> None:
    page = visit("desk")
    good = tmp_path / "新政策解读.md"
    good.write_text(
        "标题：灵活就业解读\n制定单位：青禾县人力资源和社会保障局\n解读单位：青禾县人力资源和社会保障局\n发布日期：2026-03-16\n有效期至：2028-12-31\n"
        "主题：社会保险\n适用对象：灵活就业人员\n依据：《社会保险法》（2018-12-29）第十条\n\n问：灵活就业的人怎么交养老保险？\n"
        "答：可以自愿参加基本养老保险，由个人缴纳。\n",
        encoding="utf-8",
    )
    page.goto("/library/import")
    expect(page.locator("#import-now")).to_be_disabled()
    page.set_input_files("[type=file]", good)
    page.get_by_role("button", name="试运行").click()
    expect(page.locator("#report")).to_contain_text("灵活就业的人怎么交养老保险？")
    expect(page.locator("#report .banner")).to_contain_text("可以导入")
    expect(page.locator(".busy")).to_be_hidden()
    page.locator("#import-now").click()
    expect(page.locator("#report .banner")).to_contain_text("已经导入")
    page.goto("/library?q=灵活就业")
    expect(page.locator("tbody")).to_contain_text("灵活就业的人怎么交养老保险？")
