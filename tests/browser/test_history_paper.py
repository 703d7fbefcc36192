"""The printed history: from the case to the paper, at the desk, on a phone and as a PDF."""

from __future__ import annotations

from playwright.sync_api import Page
from support.cases import FakeTraces
from support.people import Actors
from support.visits import SIZES, Site, Visits

from qa_service.consultations import repository, service
from qa_service.consultations.schemas import ActFields, Registration

LONG = (
    "《青禾县促进就业创业补贴实施办法》第三条、第四条规定，"
    + "符合条件的人员可以向户籍所在地的镇人民政府提出申请，" * 20
)
STEPS = (
    ("unit-rsj", "sign", {}), ("unit-rsj", "reply", {"text": LONG, "basis": "《就业促进法》第十六条\n青政规〔2025〕3号"}),
    ("unit-rsj", "tell", {"how": "phone"}), ("desk", "redo", {"reason": "没有说清楚到哪里办"}),
    ("unit-rsj", "reply", {"text": "请到所在镇便民服务中心办理。" + LONG, "basis": "《就业促进法》第十六条"}),
)  # fmt: skip


def a_case(site: Site) -> str:
    actors = Actors(site.database)
    with site.database.write() as session:
        data = Registration(
            question="高校毕业生回县里创业，有哪些补贴，到哪里申请，要带什么材料？", person_name="欧阳女士", contact="13800138000",
            handling="refer", fields=ActFields(unit="rsj"),
        )  # fmt: skip
        number = service.register(session, actors["desk"], data, FakeTraces()).consultation.case.number
    for who, event, fields in STEPS:
        with site.database.write() as session:
            found = repository.get_readable(session, actors[who], number, to_act=True)
            service.act_on(session, actors[who], found, event, ActFields(**fields))
    return number


def overflow(page: Page) -> int:
    wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return wide


def test_from_the_case_to_the_paper(visit: Visits, site: Site) -> None:
    number = a_case(site)
    page = visit("desk")
    page.goto(f"/case/{number}")
    page.click("text=打印办理过程")
    page.wait_for_url(f"**/case/{number}/history")
    assert page.locator(".process-events > li").count() == 8
    assert page.locator("h1").inner_text() == "政策咨询件办理过程"
    for theme in ("default", "elder", "contrast"):
        page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
        for width, height in SIZES["desk"], SIZES["phone"]:
            page.set_viewport_size({"width": width, "height": height})
            assert overflow(page) <= 0, (theme, width)


def test_on_a4_it_is_the_paper_alone(visit: Visits, site: Site) -> None:
    number = a_case(site)
    page = visit("supervisor")
    page.goto(f"/case/{number}/history")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})
    assert not page.is_visible("header.top") and not page.is_visible("[data-print]")
    assert overflow(page) <= 0
