"""Who is told: the roster of a unit, substitutes, leaders, supervisors, the desk, and the robots of their groups."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import User
from qa_service.accounts.roles import Role
from qa_service.kit import clock
from qa_service.watching.models import NoticeAddress, Robot, Substitute
from qa_service.watching.rules import Group, Step
from qa_service.zones.models import Zone

# Where a group is empty the next one is told: a reminder that nobody gets is none.
NEXT = {Group.DOERS: Group.LEADERS, Group.LEADERS: Group.SUPERVISORS, Group.DESK: Group.SUPERVISORS}


@dataclass(frozen=True, slots=True)
class Addressee:
    """A user or a robot. `instead_of`: whose substitute the user is."""

    user_id: int | None = None
    robot_id: int | None = None
    email: str = ""
    channel: str = ""
    instead_of: str = ""

    @property
    def key(self) -> str:
        return f"user:{self.user_id}" if self.user_id is not None else f"robot:{self.robot_id}"


@dataclass
class Directory:
    """Everybody who may be told, as of today, read once for many messages."""

    users: dict[int, User]
    substitutes: dict[int, int]
    emails: dict[int, str]
    robots: Sequence[Robot]
    paths: dict[int, str]
    _groups: dict[tuple[Group, int | None, int], list[User]] = field(default_factory=dict)

    def told(self, groups: Iterable[Group], unit_id: int | None, zone_id: int) -> list[Addressee]:
        """All of the groups, each person once, those absent replaced; then the robots of their work groups."""
        found: dict[str, Addressee] = {}
        wanted = tuple(groups)
        for group in wanted:
            for user in self.group(group, unit_id, zone_id):
                person = self._present(user)
                found.setdefault(person.key, person)
        for robot in self._robots(wanted, unit_id):
            found.setdefault(robot.key, robot)
        return list(found.values())

    def user(self, user_id: int) -> list[Addressee]:
        return [self._present(self.users[user_id])] if user_id in self.users else []

    def by_step(self, steps: Sequence[Step], unit_id: int | None, zone_id: int) -> dict[str, list[Addressee]]:
        """Who gets which of the steps that are due: everybody only the first that reaches them."""
        told: set[str] = set()
        result: dict[str, list[Addressee]] = {}
        for step in steps:
            fresh = [one for one in self.told(step.to, unit_id, zone_id) if one.key not in told]
            told |= {one.key for one in fresh}
            result[step.code] = fresh
        return result

    def group(self, group: Group, unit_id: int | None, zone_id: int) -> list[User]:
        key = group, unit_id, zone_id
        if key not in self._groups:
            found = self._members(group, unit_id, zone_id)
            following = NEXT.get(group)
            self._groups[key] = found or (
                self.group(following, unit_id, zone_id) if following else self._admins()
            )
        return self._groups[key]

    def _members(self, group: Group, unit_id: int | None, zone_id: int) -> list[User]:
        if group is Group.SUPERVISORS:
            return [
                u
                for u in self._having(Role.SUPERVISOR)
                if u.zone_id is None or self._above(u.zone_id, zone_id)
            ]
        if group is Group.DESK or (group is Group.DOERS and unit_id is None):
            return self._nearest_desk(zone_id)
        unit = [user for user in self._having(Role.UNIT) if user.unit_id == unit_id]
        leaders = [user for user in unit if user.leads]
        return leaders if group is Group.LEADERS else [user for user in unit if not user.leads]

    def _nearest_desk(self, zone_id: int) -> list[User]:
        """The desk of the zone itself, or of the nearest zone above it that has one."""
        above = [
            u for u in self._having(Role.DESK) if u.zone_id is not None and self._above(u.zone_id, zone_id)
        ]
        nearest = max((self.paths[u.zone_id] for u in above if u.zone_id), key=len, default="")
        return [user for user in above if user.zone_id and self.paths[user.zone_id] == nearest]

    def _admins(self) -> list[User]:
        return self._having(Role.ADMIN)

    def _having(self, role: Role) -> list[User]:
        return [user for user in self.users.values() if user.role == role]

    def _above(self, zone_id: int, below: int) -> bool:
        return self.paths[below].startswith(self.paths[zone_id])

    def _present(self, user: User) -> Addressee:
        """The user, or at the end of the chain of substitutes whoever is there. A chain that runs in a circle, or to
        somebody who has left, is as good as none."""
        at, seen = user.id, {user.id}
        while (following := self.substitutes.get(at)) is not None and following in self.users:
            if following in seen:
                at = user.id
                break
            seen.add(following)
            at = following
        return Addressee(
            user_id=at, email=self.emails.get(at, ""), instead_of=user.display_name if at != user.id else ""
        )

    def _robots(self, groups: tuple[Group, ...], unit_id: int | None) -> list[Addressee]:
        wanted = {
            unit_id if group in (Group.DOERS, Group.LEADERS) and unit_id is not None else None for group in groups
        }  # fmt: skip
        return [
            Addressee(robot_id=robot.id, channel=robot.kind)
            for robot in self.robots
            if robot.unit_id in wanted
        ]


def load_directory(session: Session) -> Directory:
    today = clock.today()
    in_force = select(Substitute).where(
        Substitute.first <= today, Substitute.last >= today, Substitute.withdrawn_at.is_(None)
    )
    return Directory(
        users={user.id: user for user in session.scalars(select(User).where(User.active).order_by(User.id))},
        substitutes={
            row.user_id: row.substitute_id for row in session.scalars(in_force.order_by(Substitute.id))
        },
        emails={row.user_id: row.email for row in session.scalars(select(NoticeAddress)) if row.email},
        robots=session.scalars(select(Robot).where(Robot.active).order_by(Robot.id)).all(),
        paths={row.id: row.path for row in session.execute(select(Zone.id, Zone.path))},
    )
