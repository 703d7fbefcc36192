"""The first accounts: an administrator, and one account a role for the bundled sample county."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts import service
from qa_service.accounts.models import Kiosk, Unit, User
from qa_service.accounts.roles import SYSTEM
from qa_service.accounts.security import new_password
from qa_service.zones.models import Zone


@dataclass(frozen=True, slots=True)
class FirstAccount:
    """Shown once, at the very first start; only its hash is kept."""

    username: str
    password: str
    role: str
    name: str
    where: str


def create_first_accounts(session: Session) -> list[FirstAccount]:
    """Make the accounts where there are no users at all; [] otherwise."""
    if session.scalar(select(User.id).limit(1)) is not None:
        return []
    root = session.scalar(select(Zone).where(Zone.parent_id.is_(None)).order_by(Zone.id))
    units = list(session.scalars(select(Unit).order_by(Unit.id)))
    plan = [("admin", "系统管理员", "admin", "", "")]
    if root is not None:
        plan += [
            ("desk", "窗口甲", "desk", "", root.code),
            ("desk2", "窗口乙", "desk", "", root.code),
            ("supervisor", "监督员", "supervisor", "", root.code),
        ]
    plan += [(f"unit-{unit.code}", f"{unit.short_name}承办人", "unit", unit.code, "") for unit in units]
    names = {unit.code: unit.name for unit in units} | ({root.code: root.name} if root else {})
    accounts = []
    for username, display_name, role, unit_code, zone_code in plan:
        password = new_password()
        service.create_user(
            session, SYSTEM, username=username, display_name=display_name, password=password, role=role,
            unit_code=unit_code, zone_code=zone_code,
        )  # fmt: skip
        accounts.append(
            FirstAccount(username, password, role, display_name, names.get(unit_code or zone_code, ""))
        )
    if root is not None and session.scalar(select(Kiosk.id).limit(1)) is None:
        kiosk, token = service.create_kiosk(
            session, SYSTEM, code="K01", name="大厅一体机", zone_code=root.code
        )
        accounts.append(FirstAccount(kiosk.code, token, "kiosk", kiosk.name, root.name))
    return accounts
