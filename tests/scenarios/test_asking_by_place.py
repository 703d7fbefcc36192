"""Questions that name a place, with the real encoder: another place's is never answered from here, our own need not be named."""

from __future__ import annotations

import httpx
from support.cases import API
from support.server import ThreadServer


def test_another_place_is_a_choice_and_our_own_is_as_if_unnamed(
    live_server: tuple[ThreadServer, dict[str, str]],
) -> None:
    server, _ = live_server
    with httpx.Client(base_url=server.url, timeout=60) as citizen:

        def asked(question: str) -> dict[str, object]:
            found: dict[str, object] = citizen.post(f"{API}/ask", json={"question": question}).json()
            first = found["hits"][0]  # type: ignore[index]
            return {name: found[name] for name in ("decision", "regions")} | {
                "first": first["key"], "bearing": first["bearing"]
            }  # fmt: skip

        plain = asked("身份证丢了去哪里补办")
        assert plain["decision"] == "answer" and plain["bearing"] == "same" and plain["regions"] == []
        ours = asked("青禾县的身份证丢了去哪里补办")
        assert (ours["first"], ours["bearing"], ours["decision"]) == (plain["first"], "same", "answer")
        assert ours["regions"] == ["青禾县"]
        beijing = asked("北京的身份证丢了去哪里补办")
        assert beijing["bearing"] == "elsewhere" and beijing["decision"] != "answer"
