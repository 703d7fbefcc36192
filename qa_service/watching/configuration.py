"""What the office has set for watching: one row, the defaults of `rules.WatchSettings` where there is none."""

from __future__ import annotations

from dataclasses import asdict, fields

from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor
from qa_service.accounts.service import audit
from qa_service.kit import clock
from qa_service.watching.models import WatchSetting
from qa_service.watching.rules import WatchSettings

ONLY_ROW = 1
_NAMES = frozenset(field.name for field in fields(WatchSettings))


def load(session: Session) -> WatchSettings:
    row = session.get(WatchSetting, ONLY_ROW)
    return WatchSettings(
        **{name: value for name, value in (row.values if row else {}).items() if name in _NAMES}
    )


def save(session: Session, actor: Actor, settings: WatchSettings) -> None:
    row = session.get(WatchSetting, ONLY_ROW, with_for_update=True)
    if row is None:
        row = WatchSetting(id=ONLY_ROW)
        session.add(row)
    row.values, row.changed_at, row.changed_by = asdict(settings), clock.now(), actor.name
    session.flush()
    audit(session, actor, "watch-settings", **row.values)
