"""工作日历: a notice pasted, its mistake named, previewed, saved; the year shows it, printed on one sheet."""

from __future__ import annotations

import io
from unicodedata import normalize

import pdfplumber
from playwright.sync_api import expect
from support.notices import NOTICE_2027
from support.visits import Visits


def test_paste_correct_preview_save_look(visit: Visits) -> None:
    visit.refused = True
    page = visit("admin")
    page.goto("/admin/calendar")
    form = page.locator("form[action='/admin/calendar/notice']").last
    form.locator("[name=content]").fill(NOTICE_2027.replace("共4天", "共3天"))
    form.get_by_role("button", name="预览").click()
    expect(page.locator(".message.bad")).to_contain_text("写的是3天，按起止日期是4天")
    assert "共3天" in form.locator("[name=content]").input_value()
    form.locator("[name=content]").fill(NOTICE_2027)
    form.get_by_role("button", name="预览").click()
    preview = page.locator("[data-preview]")
    expect(preview).to_contain_text("2026年12月26日（周六）")
    expect(preview).to_contain_text("在办期限")
    preview.get_by_role("button", name="确认保存").click()
    expect(page.locator(".message.good")).to_contain_text("已保存：2027年放假安排")
    page.goto("/calendar/2026")
    expect(page.locator(".month").nth(11).locator(".worked")).to_contain_text("26")
    expect(page.locator(".month").nth(11).locator(".off")).to_contain_text("元旦")
    page.get_by_role("link", name="2027年", exact=True).click()
    expect(page.locator("h1")).to_contain_text("2027年工作日历")
    expect(page.locator(".month").first.locator(".worked")).to_contain_text("30")
    # Only late December waits for the next notice.
    expect(page.locator(".day.provisional:not(.sample)")).to_have_count(12)


def test_a_year_prints_on_one_sheet_with_its_sources(visit: Visits) -> None:
    page = visit("desk")
    page.goto("/calendar/2026")
    with pdfplumber.open(io.BytesIO(page.pdf(format="A4"))) as paper:
        assert len(paper.pages) == 1
        # The printer's font answers some characters by their radicals (⽉ for 月).
        text = normalize("NFKC", paper.pages[0].extract_text())
    assert "2026年工作日历" in text and "12月" in text and "国庆节" in text
    assert "国务院办公厅关于2026年部分节假日安排的通知" in text


def test_the_case_prints_its_calculation(visit: Visits) -> None:
    page = visit("desk")
    page.goto("/desk/register")
    first = page.locator("td.num-col a").first
    if first.count() == 0:
        made = page.request.post(
            "/api/v1/consultations",
            data={"question": "外地退休怎么报销", "handling": "refer"},
            headers={"x-csrf-token": page.locator("[name=csrf]").first.get_attribute("value") or ""},
        )
        assert made.status == 201
        page.goto(f"/case/{made.json()['number']}")
    else:
        first.click()
    page.emulate_media(media="print")
    expect(page.locator(".due-printed")).to_be_visible()
    expect(page.locator(".due-printed")).to_contain_text("起算日不计入")
    page.emulate_media(media="screen")
    expect(page.locator(".due-printed")).to_be_hidden()
