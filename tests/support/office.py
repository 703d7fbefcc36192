"""The watcher and the sender, asked by a test, and what they said to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from qa_service.accounts.models import User
from qa_service.kit.database import Database
from qa_service.settings import Settings
from qa_service.watching.delivery import outbox
from qa_service.watching.models import Message, Robot
from qa_service.watching.watcher import watch


class Office:
    """The watcher and the sender, asked by the test instead of by time."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._seen = 0

    def look(self) -> set[tuple[str, str]]:
        """Watch once; returns who was reminded of what since the last look, as (username or robot, first words)."""
        watch(self.database)
        return self._told_since(lambda kind: kind == "reminder")

    def told(self) -> set[tuple[str, str]]:
        """As `look`, without watching: of everything that was said."""
        return self._told_since(lambda _: True)

    def reminders(self) -> list[Any]:
        return [row for row in self.messages() if row[0].kind == "reminder"]

    def _told_since(self, wanted: Callable[[str], bool]) -> set[tuple[str, str]]:
        rows = [row for row in self.messages() if row[0].id > self._seen]
        self._seen = max((row[0].id for row in rows), default=self._seen)
        whole = [(row[1] or row[2], row[0].title) for row in rows if wanted(row[0].kind)]
        assert len(whole) == len(set(whole)), "nobody is told one thing twice"
        return {(who, title.split("：")[0]) for who, title in whole}

    def messages(self) -> list[Any]:
        statement = (
            select(Message, User.username, Robot.name)
            .outerjoin(User, User.id == Message.user_id)
            .outerjoin(Robot, Robot.id == Message.robot_id)
            .order_by(Message.id)
        )
        with self.database.read() as session:
            return list(session.execute(statement))

    def deliver(self, **settings: Any) -> int:
        """Send all that is due; returns how many attempts."""
        box, number = outbox(self.database, Settings(**settings)), 0
        while box.send_one():
            number += 1
        return number
