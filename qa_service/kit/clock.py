"""The only source of "now". Timestamps are UTC; days are counted in China Standard Time.

China has had no daylight saving time since 1991 and the service counts nothing earlier, so a fixed
offset is exact and needs no time-zone database on the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")

_frozen: datetime | None = None


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return _frozen if _frozen is not None else datetime.now(timezone.utc)  # noqa: UP017


def today() -> date:
    """The present date in China."""
    return local(now()).date()


def local(moment: datetime) -> datetime:
    """The same moment on a clock in China."""
    return moment.astimezone(CHINA)


@contextmanager
def stopped_at(moment: datetime) -> Iterator[None]:
    """Stop the clock, for tests and for demonstrations of deadlines. Not thread-local: one clock a process."""
    global _frozen
    before = _frozen
    _frozen = moment.astimezone(timezone.utc)  # noqa: UP017
    try:
        yield
    finally:
        _frozen = before
