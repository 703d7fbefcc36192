"""Who may act: the roles of the service and the actor that every query and act is made for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    ADMIN = "admin"
    DESK = "desk"
    UNIT = "unit"
    SUPERVISOR = "supervisor"
    KIOSK = "kiosk"
    CITIZEN = "citizen"
    SYSTEM = "system"

    @property
    def label(self) -> str:
        return ROLE_LABELS[self]


ROLE_LABELS = {
    Role.ADMIN: "系统管理员",
    Role.DESK: "专区窗口",
    Role.UNIT: "政策制定单位",
    Role.SUPERVISOR: "监督管理",
    Role.KIOSK: "自助一体机",
    Role.CITIZEN: "群众",
    Role.SYSTEM: "系统",
}

STAFF = frozenset({Role.ADMIN, Role.DESK, Role.UNIT, Role.SUPERVISOR})


@dataclass(frozen=True, slots=True)
class Actor:
    """The person or device that acts. `zone_id` bounds desk staff and kiosks, `unit_id` policy units;
    `leads`: 单位负责人, who reviews what the unit's staff draft."""

    role: Role
    name: str
    id: int | None = None
    unit_id: int | None = None
    zone_id: int | None = None
    csrf: str = ""
    leads: bool = False

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF


CITIZEN = Actor(Role.CITIZEN, "群众")
SYSTEM = Actor(Role.SYSTEM, "系统")
