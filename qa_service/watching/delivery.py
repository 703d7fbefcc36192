"""Carrying messages: the outbox's handler, which knows what each channel needs, and its background threads."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from qa_service.kit import clock
from qa_service.kit.background import Background
from qa_service.kit.database import Database
from qa_service.kit.outbox import NotYet, Outbox
from qa_service.settings import Settings
from qa_service.watching import configuration
from qa_service.watching.channels import Channel, Parcel
from qa_service.watching.channels.email import EmailChannel
from qa_service.watching.channels.in_app import InAppChannel
from qa_service.watching.channels.null import NullChannel
from qa_service.watching.channels.robots import DingTalkChannel, WeComChannel
from qa_service.watching.messages import EMAIL, IN_APP
from qa_service.watching.models import Message, MessageDelivery, NoticeAddress, Robot
from qa_service.watching.rules import WatchSettings
from qa_service.watching.watcher import watch
from qa_service.zones.calendar import load_calendars

LOOK_SECONDS = 1.0
OFF = "null"


def channels(database: Database, settings: Settings) -> Mapping[str, Channel]:
    return {
        OFF: NullChannel(), IN_APP: InAppChannel(database), EMAIL: EmailChannel(settings), "wecom": WeComChannel(),
        "dingtalk": DingTalkChannel(),
    }  # fmt: skip


class MessageHandler:
    """What sending a message takes (`kit.outbox.Handler`)."""

    model = MessageDelivery

    def __init__(self, database: Database, settings: Settings) -> None:
        self._settings = settings
        self._channels = channels(database, settings)

    def read(self, session: Session, row: MessageDelivery) -> Parcel:
        message = session.get_one(Message, row.message_id)
        held = configuration.load(session)
        if message.in_hours and row.channel != IN_APP:
            self._wait_for_office_hours(session, message, held)
        address, secret, active = self._address(session, message, row.channel, held)
        base = self._settings.public_url.rstrip("/")
        return Parcel(
            message.id, row.channel if active else OFF, message.title, message.body,
            base + message.link if base and message.link else "", address, secret,
        )  # fmt: skip

    def send(self, parcel: Parcel) -> str:
        return self._channels[parcel.channel].send(parcel)

    def _wait_for_office_hours(self, session: Session, message: Message, held: WatchSettings) -> None:
        """A retry, or what a killed process left, is not sent at night either."""
        now, calendar = clock.now(), load_calendars(session).of(message.zone_id)
        if (opening := held.office_hours.next_moment(now, calendar)) > now:
            raise NotYet(opening)

    def _address(
        self, session: Session, message: Message, channel: str, held: WatchSettings
    ) -> tuple[str, str, bool]:
        """(address, secret, whether the channel is switched on)."""
        if channel == IN_APP:
            return "", "", True
        if channel == EMAIL:
            found = session.get(NoticeAddress, message.user_id)
            return found.email if found else "", "", held.email and found is not None and bool(found.email)
        robot = session.get_one(Robot, message.robot_id)
        return robot.url, robot.secret, held.robots and robot.active


def outbox(
    database: Database, settings: Settings, *, inside: bool | None = None
) -> Outbox[MessageDelivery, Parcel]:
    """`inside`: only what appears in the service itself, or only what leaves it; both by default."""

    def only() -> ColumnElement[bool]:
        own = MessageDelivery.channel == IN_APP
        return own if inside else ~own

    return Outbox(
        database,
        MessageHandler(database, settings),
        settings.message_seconds,
        None if inside is None else only,
    )


class WatchWork:
    """The threads behind the pages: one watches, one shows messages, one sends them out. A mail server that lets
    people wait holds up nothing but the third."""

    def __init__(self, database: Database, settings: Settings) -> None:
        def look() -> bool:
            watch(database)
            return False

        every = min(LOOK_SECONDS, settings.message_seconds)
        self._threads = [
            Background("watch", settings.watch_seconds, look),
            Background("messages", every, outbox(database, settings, inside=True).send_one),
            Background("messages-out", every, outbox(database, settings, inside=False).send_one),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        for thread in self._threads:
            thread.stop()
