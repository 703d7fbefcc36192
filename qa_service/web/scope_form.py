"""The filters of boards and statistics: what can be chosen, and what was chosen in words."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.consultations.lifecycle import CHANNELS
from qa_service.statistics.repository import readable_zones
from qa_service.statistics.scope import NONE, Scope
from qa_service.zones.models import Topic, Zone


@dataclass(frozen=True, slots=True)
class Choices:
    """(code, label) for each filter; empty where the reader has nothing to choose."""

    zones: list[tuple[str, str]]
    units: list[tuple[str, str]]
    topics: list[tuple[str, str]]
    channels: list[tuple[str, str]]


def filter_choices(session: Session, actor: Actor) -> Choices:
    zones = readable_zones(session, actor)
    top = min((zone.path.count("/") for zone in zones), default=0)
    units = select(Unit.code, Unit.name).where(Unit.active).order_by(Unit.id)
    own = actor.role is Role.UNIT
    return Choices(
        [(zone.code, "　" * (zone.path.count("/") - top) + zone.name) for zone in zones] if len(zones) > 1 else [],
        [] if own else [(code, name) for code, name in session.execute(units)],
        [(name, name) for name in session.scalars(select(Topic.name).order_by(Topic.position))],
        list(CHANNELS.items()),
    )  # fmt: skip


def describe(session: Session, scope: Scope) -> list[str]:
    """The filters in force, each in words."""
    words = []
    for code, wording in ((scope.zone, "{}及下级"), (scope.at, "{}（不含下级）")):
        if code:
            name = session.scalar(select(Zone.name).where(Zone.code == code))
            words.append(wording.format(name or code))
    if scope.unit:
        name = session.scalar(select(Unit.name).where(Unit.code == scope.unit))
        words.append("未交单位" if scope.unit == NONE else name or scope.unit)
    if scope.topic:
        words.append("未填主题" if scope.topic == NONE else scope.topic)
    if scope.channel:
        words.append(CHANNELS.get(scope.channel, scope.channel))
    return words
