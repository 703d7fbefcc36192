"""The kiosk: question to slip without a word of the person left behind; idle reset; a lost server."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from support.visits import Site, Visits

from qa_service.consultations.models import Consultation

STRANGE = "村口的老井水还能不能喝"


def ask(page: Page, text: str) -> None:
    page.fill("#q", text)
    page.get_by_role("button", name="查答复").click()


def leave(page: Page, question: str, phone: str = "13912345678") -> None:
    """From home to the filled-in form."""
    ask(page, question)
    page.get_by_role("button", name="留言提问").click()
    for digit in phone:
        page.locator(f"[data-keypad] [data-key='{digit}']").click()
    expect(page.locator("#contact-field")).to_have_value(phone)


def count_of(site: Site, question: str) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.count()).where(Consultation.question == question)) or 0


def test_answer_by_topic_and_back(visit: Visits) -> None:
    page = visit("kiosk", "kiosk")
    page.goto("/kiosk")
    assert page.locator(".tiles a").count() <= 9 and page.locator(".hot li").count() == 5
    page.get_by_role("link", name="社保医保").click()
    expect(page.locator("h1")).to_have_text("社保医保")  # the same question may be among the hot ones before
    page.get_by_role("link", name="失业保险金最长可以领取多少个月？").click()
    answer = page.locator(".printed")
    expect(answer).to_contain_text("二十四个月")
    expect(answer).to_contain_text("《失业保险条例》")
    expect(answer).to_contain_text("以政策原文为准")
    expect(page.get_by_role("button", name="免费")).to_be_visible()
    page.get_by_role("button", name="返回上一页").click()
    expect(page.locator("h1")).to_have_text("社保医保")
    page.get_by_role("link", name="回到首页").click()
    expect(page.locator("#q")).to_be_visible()
    assert page.evaluate("history.length") <= 2, "the kiosk leaves no history behind"


def test_touch_targets_are_large(visit: Visits) -> None:
    page = visit("kiosk", "kiosk")
    page.goto("/kiosk")
    small = """() => [...document.querySelectorAll("button, a[href], input")]
      .filter((n) => n.offsetParent && !n.closest("dialog, .skip") && !n.matches(".skip"))
      .map((n) => [n.textContent || n.name, n.getBoundingClientRect().height]).filter(([, height]) => height < 64)"""
    assert page.evaluate(small) == []
    ask(page, STRANGE)
    page.get_by_role("button", name="留言提问").click()
    expect(page.locator(".keypad")).to_be_visible()
    assert page.evaluate(small) == []


def test_left_question_gives_only_a_code(visit: Visits, site: Site) -> None:
    page = visit("kiosk", "kiosk")
    page.goto("/kiosk")
    leave(page, STRANGE)
    page.get_by_role("button", name="提交问题").click()
    expect(page.locator("h1")).to_have_text("问题已收到")
    shown = page.inner_text("body")
    assert STRANGE not in shown and "13912345678" not in shown
    assert len(page.inner_text(".slip-code")) == 11
    expect(page.locator(".slip")).to_contain_text("预计答复日期")
    expect(page.locator("#back")).to_be_hidden()
    assert count_of(site, STRANGE) == 1
    page.get_by_role("link", name="完成").click()
    expect(page.locator("#q")).to_have_value("")


def test_wrong_number_is_told_and_kept(visit: Visits) -> None:
    visit.refused = True
    page = visit("kiosk", "kiosk")
    page.goto("/kiosk")
    leave(page, STRANGE, "1391")
    page.get_by_role("button", name="提交问题").click()
    expect(page.locator(".message.bad")).to_contain_text("手机号")
    expect(page.locator("[name=question]")).to_have_value(STRANGE)


def test_idle_counts_down_can_be_stopped_and_wipes(visit: Visits) -> None:
    page = visit("kiosk", "kiosk")
    page.clock.install()
    page.goto("/kiosk")
    leave(page, STRANGE)
    page.evaluate("sessionStorage.setItem('anything', 'left')")
    page.clock.run_for(61_000)
    expect(page.locator("#idle")).to_be_visible()
    page.get_by_role("button", name="我还在用").click()
    expect(page.locator("#idle")).to_be_hidden()
    expect(page.locator("#contact-field")).to_have_value("13912345678")
    page.clock.run_for(30_000)
    page.locator("[data-key='clear']").click()
    page.clock.run_for(40_000)
    expect(page.locator("#idle")).to_be_hidden()
    page.clock.run_for(21_000)
    expect(page.locator("#idle")).to_be_visible()
    page.clock.run_for(16_000)
    expect(page.locator("#idle")).to_be_hidden()
    expect(page.locator("#q")).to_have_value("")
    assert STRANGE not in page.content()
    assert page.evaluate("sessionStorage.length") == 0
    expect(page.locator("#back")).to_be_hidden()


def test_lost_server_keeps_the_question_and_resends_once(visit: Visits, site: Site) -> None:
    question = "水库边的果园淹了找谁登记"
    visit.refused = True
    page = visit("kiosk", "kiosk")
    page.goto("/kiosk")
    leave(page, question)
    page.context.set_offline(True)
    page.get_by_role("button", name="提交问题").click()
    expect(page.locator("h1")).to_contain_text("您的问题没有丢")
    expect(page.locator("#offline")).to_be_visible()
    expect(page.locator("#back")).to_be_hidden()
    assert question not in page.content()
    stored = """async () => {
      const open = (name) => new Promise((done) => { const r = indexedDB.open(name); r.onsuccess = () => done(r.result); });
      const all = (store) => new Promise((done) => { const r = store.getAll(); r.onsuccess = () => done(r.result); });
      const rows = await all((await open("qa-kiosk")).transaction("pending").objectStore("pending"));
      const key = rows.find((row) => row.id === "key");
      const kept = rows.filter((row) => row.id !== "key");
      return { kept: kept.length, extractable: key?.key.extractable,
               clear: kept.map((row) => new TextDecoder().decode(row.data)).join() };
    }"""
    held = page.evaluate(stored)
    assert held["kept"] == 1 and held["extractable"] is False and question not in held["clear"]
    page.context.set_offline(False)
    expect(page.locator("h1")).to_have_text("问题已收到", timeout=15_000)
    assert page.evaluate(stored)["kept"] == 0
    assert count_of(site, question) == 1


def test_offline_asking_says_so_and_stays_usable(visit: Visits) -> None:
    visit.refused = True
    page = visit("kiosk", "kiosk")
    page.goto("/kiosk")
    page.context.set_offline(True)
    ask(page, "低保咋办")
    expect(page.locator(".message.bad")).to_contain_text("暂时连不上服务器")
    page.context.set_offline(False)
    ask(page, "低保咋办")
    expect(page.locator(".printed h1")).to_have_text("怎样申请最低生活保障？")


def test_call_for_a_person_reaches_the_desk(visit: Visits) -> None:
    kiosk, desk = visit("kiosk", "kiosk"), visit("desk")
    kiosk.goto("/kiosk")
    kiosk.get_by_role("button", name="找工作人员").click()
    expect(kiosk.locator("h1")).to_have_text("已呼叫工作人员，请稍候")
    desk.goto("/desk")
    expect(desk.locator("#help-calls")).to_contain_text("大厅一体机")
    desk.get_by_role("button", name="已去处理").click()
    expect(desk.locator("#help-calls form")).to_have_count(0)


def test_unregistered_machine_says_so_and_still_answers(visit: Visits) -> None:
    page = visit(size="kiosk")
    page.goto("/kiosk")
    expect(page.locator("body")).to_contain_text("本机未登记")
    page.get_by_role("button", name="找工作人员").click()
    expect(page.locator("h1")).to_have_text("请到咨询窗口找工作人员")
    page.get_by_role("link", name="回到首页").first.click()
    ask(page, "网购后悔了能退不")
    expect(page.locator(".printed")).to_contain_text("七日内退货")


def test_emergency_words_bring_the_numbers(visit: Visits) -> None:
    page = visit("kiosk", "kiosk")
    page.goto("/kiosk")
    ask(page, "家里着火了政府管不管")
    expect(page.locator(".message.warn")).to_contain_text("119")


def test_phone_page_works_without_scripts(visit: Visits) -> None:
    context = visit.browser.new_context(base_url=visit.site.base, java_script_enabled=False)
    visit.contexts.append(context)
    page = context.new_page()
    page.goto("/ask")
    page.fill("#q", STRANGE)
    page.locator(".ask-form button").click()
    page.locator("button", has_text="留言提问").click()
    page.locator("button", has_text="提交问题").click()
    assert page.inner_text("h1") == "问题已收到"
    assert len(page.inner_text(".slip-code")) == 11


def test_asking_on_and_taking_it_back(visit: Visits) -> None:
    page = visit("kiosk", "kiosk")
    page.goto("/kiosk")
    ask(page, "低保咋办")
    expect(page.locator("h1")).to_have_text("怎样申请最低生活保障？")
    page.get_by_label("接着问").fill("需要带什么")
    page.get_by_role("button", name="接着查").click()
    expect(page.locator(".understood")).to_contain_text("按“怎样申请最低生活保障？”来理解")
    assert page.evaluate("history.length") <= 2
    page.get_by_role("button", name="不是，单独查这句话").click()
    expect(page.locator(".understood")).to_have_count(0)
    expect(page.locator("main")).to_contain_text("需要带什么")
    page.get_by_role("button", name="返回上一页").click()
    page.get_by_role("button", name="返回上一页").click()
    page.get_by_label("接着问").fill("那要多少钱")
    page.get_by_role("link", name="回到首页").click()
    expect(page.locator("#q")).to_be_visible()
    assert page.evaluate("document.body.innerHTML").count("那要多少钱") == 0
    assert page.evaluate("[localStorage.length, sessionStorage.length]") == [0, 0]


def test_asking_on_by_phone_without_a_script(visit: Visits) -> None:
    context = visit.browser.new_context(base_url=visit.site.base, java_script_enabled=False)
    visit.contexts.append(context)
    page = context.new_page()
    page.goto("/ask/answer/minimum-living")
    page.get_by_label("接着问").fill("需要带什么")
    page.get_by_role("button", name="接着查").click()
    expect(page.locator(".understood")).to_contain_text("申请最低生活保障，需要带什么")
    page.get_by_role("button", name="不是，单独查这句话").click()
    expect(page.locator(".understood")).to_have_count(0)
