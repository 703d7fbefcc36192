"""A follow-up below a bundled entry, with the real encoder: it finds the same matter, which alone it would not."""

from __future__ import annotations

from html import unescape

import httpx
import pytest
from support.cases import API
from support.server import ThreadServer

BARE = ("那要多少钱", "需要带什么", "在哪办", "老人也可以吗")


@pytest.mark.parametrize("asked", ["失业金能领几个月", "低保怎么申请", "年假有几天"])
def test_a_bare_follow_up_finds_an_entry_of_the_same_matter(
    live_server: tuple[ThreadServer, dict[str, str]], asked: str
) -> None:
    server, _ = live_server
    with httpx.Client(base_url=server.url, timeout=60, headers={"accept": "text/html"}) as citizen:
        before = citizen.post(f"{API}/ask", json={"question": asked}).json()["hits"][0]
        alone = [citizen.post(f"{API}/ask", json={"question": typed}).json()["hits"][0] for typed in BARE]
        # Each of them is of the topic of one question at most: the library holds other matters that answer it as well.
        assert sum(hit["topic"] != before["topic"] for hit in alone) >= len(BARE) - 1
        firsts: list[str] = []
        for typed in BARE:
            screen = unescape(citizen.get("/ask/question", params={"q": typed, "after": before["key"]}).text)
            assert f"按“{before['question']}”来理解" in screen
            searched = screen.split("来理解：<b>")[1].split("</b>")[0]
            found = citizen.post(f"{API}/ask", json={"question": searched}).json()["hits"]
            firsts.append(found[0]["topic"])
            # Something of another matter may answer more nearly: who pays nothing, for one.
            assert before["topic"] in [hit["topic"] for hit in found[:3]], (searched, found[0]["question"])
            assert found[0]["question"] in screen
        assert firsts.count(before["topic"]) >= len(BARE) - 1
