"""How a message reaches somebody: one interface, several ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message by one channel, with all that sending takes. `link` is whole where the service's own address is
    known, else empty; `address`: an e-mail address or a robot's."""

    message_id: int
    channel: str
    title: str
    body: str
    link: str = ""
    address: str = ""
    secret: str = ""

    @property
    def text(self) -> str:
        return f"{self.body}\n{self.link}" if self.link else self.body


class Channel(Protocol):
    def send(self, parcel: Parcel) -> str:
        """What came of it, in a few words. Raises kit.outbox.NotDelivered when it was not taken."""
        ...
