"""Entering notices and local decisions through the API, as a person does: previewed, then confirmed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from support.cases import API, Flow
from support.notices import NOTICE_2027
from support.people import People

At = Callable[[str], None]
CALENDAR = Path(__file__).resolve().parents[2] / "corpus" / "zone" / "calendar.csv"
NOTICE = f"{API}/calendar/notice"
LOCAL = f"{API}/calendar/local"


def preview(people: People, content: str = NOTICE_2027, **more: Any) -> dict[str, Any]:
    answer = people("admin").post(NOTICE, json={"content": content, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def enter(people: People, content: str = NOTICE_2027) -> dict[str, Any]:
    return preview(people, content, token=preview(people, content)["token"])


def enter_local(people: People, **day: Any) -> dict[str, Any]:
    """The local decision previewed; then entered, and the preview returned."""
    shown = people("admin").post(LOCAL, json=day)
    assert shown.status_code == 200, shown.text
    done = people("admin").post(LOCAL, json={**day, "token": shown.json()["token"]})
    assert done.status_code == 200, done.text
    return dict(shown.json())


def recomputed(flow: Flow) -> list[dict[str, Any]]:
    return [event for event in flow.read()["events"] if event["event"] == "recompute"]
