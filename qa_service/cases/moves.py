"""How many days of a plan move which way. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Protocol


class Move(Protocol):
    """A day as it is and as it would be."""

    @property
    def before(self) -> date: ...

    @property
    def after(self) -> date: ...


class Moves:
    """Counts for a plan, by its `changes`."""

    __slots__ = ()

    @property
    def changes(self) -> Sequence[Move]:
        raise NotImplementedError

    @property
    def earlier(self) -> int:
        return sum(change.after < change.before for change in self.changes)

    @property
    def later(self) -> int:
        return sum(change.after > change.before for change in self.changes)

    def past_at_once(self, today: date) -> int:
        """How many days that can still be kept today would already have passed."""
        return sum(change.after < today <= change.before for change in self.changes)
