"""The wall screen refreshes itself, says so when it cannot, and recovers."""

from __future__ import annotations

from support.visits import Visits


def test_refreshes_loses_the_server_and_comes_back(visit: Visits) -> None:
    visit.refused = True
    page = visit("supervisor")
    page.clock.install()
    page.goto("/board/wall")
    assert page.inner_text("#fresh").startswith("更新于")
    # What has been replaced is told by a mark: the time shown may be the same second's.
    page.evaluate("document.getElementById('screen').dataset.old = '1'")
    with page.expect_response("**/board/wall"):
        page.clock.fast_forward(31_000)
    page.wait_for_selector("#screen:not([data-old])")
    page.context.set_offline(True)
    page.clock.fast_forward(31_000)
    page.wait_for_selector("#fresh.stale")
    assert "正在重连" in page.inner_text("#fresh") and "内容停在" in page.inner_text("#fresh")
    page.context.set_offline(False)
    page.clock.run_for(21_000)
    page.wait_for_selector("#fresh:not(.stale)")


def test_can_be_read_from_across_the_hall(visit: Visits) -> None:
    page = visit("supervisor")
    page.goto("/board/wall")
    found = page.evaluate(
        """() => ({
          least: Math.min(...[...document.querySelectorAll("body *")].filter((n) => n.offsetParent && !n.closest(".skip, noscript")
            && [...n.childNodes].some((c) => c.nodeType === 3 && c.data.trim())).map((n) => parseFloat(getComputedStyle(n).fontSize))),
          below: document.documentElement.scrollHeight - innerHeight,
        })"""
    )
    assert found["least"] >= 40 and found["below"] <= 0
