"""The register and the papers on paper: exports, papers of a case, templates, orders from a file."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from openpyxl import load_workbook
from playwright.sync_api import Download, Page, expect
from support.papers import texts, with_runs
from support.visits import Visits

QUESTION = "外地退休的老师傅在本地住院怎么报销"


def refer(page: Page) -> str:
    page.goto("/desk")
    page.fill("#question", QUESTION)
    page.keyboard.press("Enter")
    page.locator("#results").wait_for()
    number = page.evaluate(
        """async (question) => {
          const csrf = document.querySelector("[name=csrf]").value;
          const answer = await fetch("/api/v1/consultations", {method: "POST", headers: {"content-type": "application/json",
            "x-csrf-token": csrf}, body: JSON.stringify({question, handling: "refer", fields: {unit: "rsj"},
            person_name: "欧阳测试", contact: "13812345678"})});
          return (await answer.json()).number;
        }""",
        QUESTION,
    )
    return str(number)


def content(download: Download) -> bytes:
    return Path(str(download.path())).read_bytes()


def taken(page: Page, click: Callable[[], None]) -> Download:
    with page.expect_download() as held:
        click()
    return held.value


def test_papers_and_exports_are_downloaded_where_they_are_needed(
    visit: Visits, picture: Callable[[Page, str], None]
) -> None:
    page = visit("desk")
    number = refer(page)
    page.goto(f"/case/{number}")
    papers = page.locator("section", has=page.get_by_role("heading", name="文书"))
    expect(papers).to_contain_text("答复单：还没有答复")
    picture(page, "papers-case")
    masked = taken(page, papers.get_by_role("link", name="交办单").click)
    assert masked.suggested_filename == f"交办单-{number}.docx" and "138****5678" in texts(content(masked))
    papers.get_by_text("印出称谓和联系方式").click()
    papers.get_by_label("事由").fill("邮寄答复")
    whole = taken(page, papers.get_by_role("button", name="下载并留痕").click)
    assert "13812345678" in texts(content(whole))
    expect(papers.get_by_role("button", name="下载并留痕")).to_be_enabled()

    page.goto(f"/desk/register?q={number}")
    picture(page, "papers-register")
    sheet = load_workbook(
        io.BytesIO(content(taken(page, page.get_by_role("link", name="导出 Excel").click)))
    ).active
    assert [sheet["B3"].value, sheet["F3"].value, sheet.max_row] == [number, "欧阳*", 3]
    page.get_by_text("导出含咨询人称谓和联系方式的台账").click()
    page.get_by_label("事由").fill("按来函调取明细")
    whole = taken(page, page.get_by_role("button", name="导出并留痕").click)
    assert load_workbook(io.BytesIO(content(whole))).active["G3"].value == "13812345678"


def test_an_administrator_changes_a_template(
    visit: Visits, tmp_path: Path, picture: Callable[[Page, str], None]
) -> None:
    visit.refused = True
    page = visit("admin")
    page.goto("/admin/forms")
    picture(page, "papers-templates")
    line = page.locator("tr#telling")
    assert "政策咨询告知记录" in texts(content(taken(page, line.get_by_role("link", name="下载模板").click)))
    for data, said in ((with_runs("{{编号}}{{编好}}"), "“{{编好}}”不认识"), (with_runs("{{编号}}自拟"), "")):
        path = tmp_path / "告知记录.docx"
        path.write_bytes(data)
        line.locator("[type=file]").set_input_files(path)
        line.get_by_role("button", name="上传").click()
        if said:
            expect(page.get_by_role("alert")).to_contain_text(said)
    expect(line).to_contain_text("本单位的")
    line.get_by_role("button", name="恢复随附的模板").click()
    page.locator("dialog[open] button.danger").click()
    expect(line).to_contain_text("随附的")


def test_orders_are_tried_and_then_taken_in(
    visit: Visits, tmp_path: Path, picture: Callable[[Page, str], None]
) -> None:
    page = visit("desk")
    page.goto("/desk/register")
    page.get_by_role("link", name="导入工单").click()
    path = tmp_path / "工单.csv"
    path.write_text(
        "工单号,诉求内容,电话\nP-1,社保卡丢了怎么补办,12345\nP-2,低保怎么申请,\n", encoding="utf-8"
    )
    page.locator("[type=file]").set_input_files(path)
    page.get_by_role("button", name="试运行").click()
    expect(page.locator("[data-report=blocked]")).to_contain_text("联系方式请填")
    picture(page, "papers-intake")
    path.write_text(
        "工单号,诉求内容,电话\nP-1,社保卡丢了怎么补办,13812345678\nP-2,低保怎么申请,\n", encoding="utf-8"
    )
    page.locator("[type=file]").set_input_files(path)
    page.get_by_role("button", name="试运行").click()
    expect(page.locator("[data-report=ready]")).to_be_visible()
    page.get_by_role("button", name="正式导入").click()
    expect(page.locator("[data-report=imported]")).to_contain_text("新增2")
