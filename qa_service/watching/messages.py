"""Writing messages and what will carry them, in the transaction of the act they tell of. Callers commit."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from qa_service.kit import clock
from qa_service.watching import configuration
from qa_service.watching.models import Message, MessageDelivery
from qa_service.watching.recipients import Addressee
from qa_service.watching.rules import WatchSettings

log = logging.getLogger(__name__)
IN_APP, EMAIL = "in_app", "email"
CHANNELS = {IN_APP: "站内通知", EMAIL: "电子邮件", "wecom": "企业微信", "dingtalk": "政务钉钉"}


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be said. `in_hours`: outside only in office hours (of the zone's calendar)."""

    kind: str
    title: str
    body: str
    link: str = ""
    zone_id: int | None = None
    in_hours: bool = False


def channels_of(addressee: Addressee, settings: WatchSettings) -> list[str]:
    """By which channels somebody can be reached."""
    if addressee.user_id is None:
        return [addressee.channel] if settings.robots else []
    return [IN_APP, EMAIL] if addressee.email and settings.email else [IN_APP]


def post(
    session: Session, to: Iterable[Addressee], letter: Letter, settings: WatchSettings | None = None
) -> None:
    """One message for each addressee, one delivery for each of their channels."""
    post_all(session, [(to, letter)], settings or configuration.load(session))


def post_all(
    session: Session, letters: Iterable[tuple[Iterable[Addressee], Letter]], settings: WatchSettings
) -> None:
    """Many letters in two statements: a look of the watcher may have tens of thousands to write."""
    at = clock.now()
    posted: list[tuple[Message, list[str]]] = []
    for to, letter in letters:
        for one in to:
            if channels := channels_of(one, settings):
                posted.append((_message(one, letter, at), channels))
    session.add_all(message for message, _ in posted)
    session.flush()
    session.add_all(
        MessageDelivery(message_id=message.id, channel=channel, created_at=at, next_at=at)
        for message, channels in posted
        for channel in channels
    )
    session.flush()


@contextmanager
def beside_the_act(session: Session, what: str) -> Iterator[None]:
    """For messages written in an act's own transaction: whatever goes wrong is undone by itself and logged (`what`, in
    Chinese), and the act goes on."""
    try:
        with session.begin_nested():
            yield
    except Exception:
        log.exception("%s没有写入，办理不受影响", what)


def _message(to: Addressee, letter: Letter, at: datetime) -> Message:
    instead = f"（代{to.instead_of}接收）" if to.instead_of else ""
    return Message(
        user_id=to.user_id, robot_id=to.robot_id, kind=letter.kind, title=letter.title[:128], body=letter.body + instead,
        link=letter.link, zone_id=letter.zone_id, in_hours=letter.in_hours, created_at=at, shown_at=None, read_at=None,
    )  # fmt: skip
