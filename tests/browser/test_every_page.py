"""Every page at its people's size: it says what it is, fits, and the console stays silent."""

from __future__ import annotations

import pytest
from support.visits import Visits

STAFF = [
    ("desk", "/desk"), ("desk", "/desk?q=低保咋办"), ("desk", "/desk/register"), ("supervisor", "/desk/register?overdue=1"),
    ("supervisor", "/accountability"), ("admin", "/accountability"), ("supervisor", "/watching"), ("desk", "/watching"),
    ("unit-mzj", "/messages"), ("admin", "/admin/watching"),
    ("unit-mzj", "/unit"), ("desk", "/library"), ("desk", "/library/entry/minimum-living"),
    ("desk", "/library/entry/minimum-living/edit"), ("desk", "/library/new"), ("desk", "/library/import"),
    ("desk", "/library/gaps"), ("supervisor", "/library/gaps?days=90&candidates=1"), ("unit-mzj", "/library/lexicon"),
    ("supervisor", "/library/lexicon?kind=stop_word&show=added"),
    ("supervisor", "/board"), ("desk", "/board?by=zone"), ("unit-mzj", "/board"), ("supervisor", "/board/cases?lane=overdue"),
    ("supervisor", "/board/wall"), ("supervisor", "/statistics?period=2026"), ("unit-mzj", "/statistics?by=month&period=2026"),
    ("desk", "/statistics/cases?figure=received"),
    ("supervisor", "/library/test?q=低保"), ("admin", "/admin"), ("admin", "/admin/units"), ("admin", "/admin/units/mzj"),
    ("admin", "/admin/users"), ("admin", "/admin/kiosks"),
    ("desk", "/desk/register/intake"), ("admin", "/admin/forms"), ("admin", "/admin/integration"),
    ("admin", "/admin/calendar"), ("desk", "/calendar/2026"), ("unit-mzj", "/calendar/2027"), ("supervisor", "/calendar/2028"),
]  # fmt: skip
PUBLIC = [
    ("desk", "/"), ("desk", "/sign-in"), ("kiosk", "/kiosk"), ("phone", "/ask"), ("phone", "/ask/topic/社保医保"),
    ("phone", "/ask/answer/minimum-living"), ("phone", "/ask/question?q=低保咋办"), ("phone", "/ask/leave"),
    ("phone", "/progress"), ("phone", "/"),
]  # fmt: skip

MEASURE = """() => ({
  wide: document.documentElement.scrollWidth - innerWidth,
  headings: document.querySelectorAll("h1").length,
  title: document.title,
  lang: document.documentElement.lang,
  styled: document.querySelectorAll("[style]").length,
  unnamed: [...document.querySelectorAll("button, a[href], input:not([type=hidden]), select, textarea")]
    .filter((n) => !n.closest("[hidden]") && !(n.textContent.trim() || n.ariaLabel || n.labels?.length || n.title || n.value))
    .map((n) => n.outerHTML),
  outside: [...document.querySelectorAll("link[href], script[src], img[src], form[action]")]
    .map((n) => new URL(n.href || n.src || n.action, location.href).origin).filter((o) => o !== location.origin),
})"""


@pytest.mark.parametrize(("who", "path"), STAFF + PUBLIC)
def test_page_fits_and_is_named(visit: Visits, who: str, path: str) -> None:
    public = (who, path) in PUBLIC
    page = visit("" if public else who, who if public else "desk")
    response = page.goto(path)
    assert response is not None and response.status == 200
    found = page.evaluate(MEASURE)
    assert found["wide"] <= 0
    assert found["headings"] == 1
    assert found["lang"] == "zh-CN" and found["title"]
    for theme in ("elder", "contrast"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        assert page.evaluate(MEASURE)["wide"] <= 0, theme
    assert found["styled"] == 0 and found["outside"] == [] and found["unnamed"] == []


def test_no_way_in_without_signing_in_and_back_afterwards(visit: Visits) -> None:
    page = visit()
    page.goto("/desk/register?q=低保")
    assert "/sign-in?next=" in page.url
    page.fill("[name=username]", "desk")
    page.fill("[name=password]", "qinghe-2026")
    page.click("main button")
    page.wait_for_url("**/desk/register?q=**")


def test_wrong_password_keeps_the_name(visit: Visits) -> None:
    visit.refused = True
    page = visit()
    page.goto("/sign-in")
    page.fill("[name=username]", "desk")
    page.fill("[name=password]", "wrong")
    page.click("main button")
    page.wait_for_selector(".message.bad")
    assert page.input_value("[name=username]") == "desk" and page.input_value("[name=password]") == ""


@pytest.mark.parametrize(
    ("who", "path"),
    [("unit-mzj", "/desk"), ("desk", "/admin"), ("desk", "/unit"), ("supervisor", "/library/new")],
)
def test_other_peoples_pages_say_so_kindly(visit: Visits, who: str, path: str) -> None:
    visit.refused = True
    page = visit(who)
    response = page.goto(path)
    assert response is not None and response.status == 403
    assert "不能" in page.inner_text("main") and page.is_visible("main a.button")
