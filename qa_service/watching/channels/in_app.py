"""站内通知: the message appears in its user's list. Doing it twice is the same as doing it once."""

from __future__ import annotations

from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.watching.channels import Parcel
from qa_service.watching.models import Message


class InAppChannel:
    def __init__(self, database: Database) -> None:
        self._database = database

    def send(self, parcel: Parcel) -> str:
        with self._database.write() as session:
            message = session.get_one(Message, parcel.message_id)
            message.shown_at = message.shown_at or clock.now()
        return "已显示"
