"""代理人, addresses and robots: who is told where. Callers commit."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit, User
from qa_service.accounts.roles import Actor
from qa_service.accounts.service import audit
from qa_service.errors import Invalid, NotFound
from qa_service.kit import clock
from qa_service.kit.posting import is_address
from qa_service.kit.privacy import EMAIL
from qa_service.watching import messages, repository
from qa_service.watching.messages import Letter
from qa_service.watching.models import NoticeAddress, Robot, Substitute
from qa_service.watching.recipients import Addressee


def name_substitute(session: Session, actor: Actor, username: str, first: date, last: date) -> Substitute:
    """Raises Invalid for somebody who could not read the same cases, or a period that is over or overlaps another."""
    other = next((user for user in repository.colleagues(session, actor) if user.username == username), None)
    if other is None or actor.id is None:
        raise Invalid(
            "代理人应当是同一单位（专区）、同一岗位的在用用户。",
            "请重新选择。",
            errors={"substitute": "请重新选择"},
        )
    if last < first or last < clock.today():
        raise Invalid("代理的止日早于起日，或者已经过去。", "请核对起止日期。", errors={"last": "请核对"})
    if any(
        row.first <= last and first <= row.last for row, _ in repository.substitutes_of(session, actor.id)
    ):
        raise Invalid("这段时间已经有代理人。", "请先取消原来的代理。", errors={"first": "与已有的重叠"})
    row = Substitute(
        user_id=actor.id,
        substitute_id=other.id,
        first=first,
        last=last,
        created_at=clock.now(),
        withdrawn_at=None,
    )
    session.add(row)
    session.flush()
    audit(session, actor, "substitute", username, first=first.isoformat(), last=last.isoformat())
    return row


def withdraw_substitute(session: Session, actor: Actor, substitute_id: int) -> None:
    row = session.get(Substitute, substitute_id)
    if row is None or row.user_id != actor.id or row.withdrawn_at is not None:
        raise NotFound("没有这项代理，或者已经取消。", "请刷新页面。")
    row.withdrawn_at = clock.now()
    audit(session, actor, "substitute-withdraw", str(substitute_id))


def address_of(session: Session, user_id: int | None) -> str:
    row = session.get(NoticeAddress, user_id) if user_id is not None else None
    return row.email if row else ""


def save_address(session: Session, actor: Actor, email: str) -> None:
    email = email.strip()
    if email and not EMAIL.fullmatch(email):
        raise Invalid(
            "邮箱地址不对。",
            "请核对，例如 zhang@example.gov.cn；不用邮件的留空。",
            errors={"email": "请核对"},
        )
    row = session.get(NoticeAddress, actor.id)
    if row is None:
        row = NoticeAddress(user_id=actor.id, email="")
        session.add(row)
    row.email = email
    session.flush()


def add_robot(
    session: Session, actor: Actor, *, kind: str, name: str, url: str, secret: str = "", unit_code: str = ""
) -> Robot:
    """Raises Invalid for an address that cannot be one, or a unit that is none."""
    if not is_address(url):
        raise Invalid(
            "机器人地址不对。",
            "请从群机器人的设置中复制以 https:// 开头的完整地址。",
            errors={"url": "请核对"},
        )
    unit = session.scalar(select(Unit).where(Unit.code == unit_code)) if unit_code else None
    if unit_code and unit is None:
        raise Invalid("没有这个单位。", "请重新选择单位。", errors={"unit": "请重新选择"})
    robot = Robot(
        kind=kind, name=name, url=url, secret=secret, unit_id=unit.id if unit else None, created_at=clock.now(),
        created_by=actor.name,
    )  # fmt: skip
    session.add(robot)
    session.flush()
    audit(session, actor, "robot-add", name, kind=kind, unit=unit_code)
    return robot


def find_robot(session: Session, robot_id: int) -> Robot:
    robot = session.get(Robot, robot_id)
    if robot is None:
        raise NotFound("没有这个机器人。", "请刷新页面。")
    return robot


def switch_robot(session: Session, actor: Actor, robot_id: int, *, active: bool) -> Robot:
    robot = find_robot(session, robot_id)
    robot.active = active
    session.flush()
    audit(session, actor, "robot-switch", robot.name, active=active)
    return robot


def send_test(session: Session, actor: Actor, robot_id: int | None = None) -> None:
    """A test message to oneself (in the list, and by e-mail where one has an address), or to a robot's group."""
    letter = Letter("test", "测试消息", f"这是{actor.name}在系统管理中发出的测试消息，收到即表示渠道正常。")
    if robot_id is None:
        if session.get(User, actor.id or -1) is not None:
            messages.post(session, [Addressee(user_id=actor.id, email=address_of(session, actor.id))], letter)
        return
    robot = find_robot(session, robot_id)
    messages.post(session, [Addressee(robot_id=robot.id, channel=robot.kind)], letter)
