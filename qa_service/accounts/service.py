"""Signing in and out, users, units and kiosks. Callers commit."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from qa_service.accounts.models import AuditEvent, Kiosk, SignInSession, Unit, User
from qa_service.accounts.roles import STAFF, Actor, Role
from qa_service.accounts.security import (
    clear_throttle,
    expires,
    hash_password,
    new_token,
    password_matches,
    throttle,
    token_hash,
)
from qa_service.errors import Invalid, NotFound, NotSignedIn
from qa_service.kit import clock
from qa_service.zones.models import Zone

SIGN_IN_ATTEMPTS = 5
SIGN_IN_WINDOW = timedelta(minutes=10)


def audit(session: Session, actor: Actor, action: str, target: str = "", **data: Any) -> None:
    session.add(
        AuditEvent(
            at=clock.now(), actor_role=actor.role, actor_id=actor.id, actor_name=actor.name, action=action,
            target=target, data=data,
        )
    )  # fmt: skip


def count_sign_in(session: Session, username: str, source: str) -> None:
    """To be committed before the password is looked at: a failed attempt must stay counted."""
    throttle(session, f"sign-in:{username[:64]}:{source}", SIGN_IN_ATTEMPTS, SIGN_IN_WINDOW, "登录")


def sign_in(session: Session, username: str, password: str, source: str, hours: int) -> tuple[str, Actor]:
    """(session token for the cookie, actor). Raises NotSignedIn without saying which of the two is wrong."""
    user = session.scalar(select(User).where(User.username == username.strip()))
    if (
        not password_matches(user.password_hash if user else None, password)
        or user is None
        or not user.active
    ):
        raise NotSignedIn("用户名或密码不正确。", "请核对后重试；连续错误会暂时锁定。忘记密码请联系管理员。")
    clear_throttle(session, f"sign-in:{username[:64]}:{source}")
    token, at = new_token(), clock.now()
    session.execute(delete(SignInSession).where(SignInSession.expires_at < at))
    row = SignInSession(
        token_hash=token_hash(token),
        user_id=user.id,
        csrf=new_token(),
        created_at=at,
        expires_at=expires(at, hours),
    )
    session.add(row)
    actor = actor_of(user, row.csrf)
    audit(session, actor, "sign-in", user.username)
    return token, actor


def sign_out(session: Session, token: str) -> None:
    session.execute(delete(SignInSession).where(SignInSession.token_hash == token_hash(token)))


def actor_of(user: User, csrf: str = "") -> Actor:
    return Actor(
        Role(user.role), user.display_name, user.id, user.unit_id, user.zone_id, csrf, leads=user.leads
    )


def actor_by_session(session: Session, token: str) -> Actor | None:
    row = session.execute(
        select(User, SignInSession.csrf)
        .join(SignInSession, SignInSession.user_id == User.id)
        .where(
            SignInSession.token_hash == token_hash(token), SignInSession.expires_at > clock.now(), User.active
        )
    ).one_or_none()
    return actor_of(row[0], row[1]) if row else None


def actor_by_kiosk_token(session: Session, token: str) -> Actor | None:
    kiosk = session.scalar(select(Kiosk).where(Kiosk.token_hash == token_hash(token), Kiosk.active))
    return Actor(Role.KIOSK, kiosk.name, kiosk.id, zone_id=kiosk.zone_id) if kiosk else None


def create_user(
    session: Session,
    actor: Actor,
    *,
    username: str,
    display_name: str,
    password: str,
    role: str,
    unit_code: str = "",
    zone_code: str = "",
    leads: bool = False,
) -> User:
    errors: dict[str, str] = {}
    if role not in {r.value for r in STAFF}:
        errors["role"] = "请选择岗位"
    if not username.strip() or not display_name.strip():
        errors["username"] = "用户名和姓名不能为空"
    unit = session.scalar(select(Unit).where(Unit.code == unit_code)) if unit_code else None
    zone = session.scalar(select(Zone).where(Zone.code == zone_code)) if zone_code else None
    if role == Role.UNIT and unit is None:
        errors["unit"] = "政策制定单位的用户必须选择单位"
    if leads and role != Role.UNIT:
        errors["leads"] = "只有政策制定单位的用户可以设为单位负责人"
    if role == Role.DESK and zone is None:
        errors["zone"] = "窗口用户必须选择专区"
    if session.scalar(select(User.id).where(User.username == username.strip())):
        errors["username"] = "用户名已被使用"
    if errors:
        raise Invalid(
            "用户信息不完整：" + "；".join(errors.values()) + "。", "请补充后再保存。", errors=errors
        )
    user = User(
        username=username.strip(), display_name=display_name.strip(), password_hash=hash_password(password),
        role=role, unit_id=unit.id if unit else None, zone_id=zone.id if zone else None, created_at=clock.now(),
        leads=leads,
    )  # fmt: skip
    session.add(user)
    session.flush()
    audit(session, actor, "create-user", user.username, role=role)
    return user


def update_user(
    session: Session, actor: Actor, username: str, *, active: bool | None = None, password: str | None = None
) -> User:
    user = session.scalar(select(User).where(User.username == username))
    if user is None:
        raise NotFound(f"没有用户“{username}”。", "请刷新用户列表。")
    if active is not None:
        if not active and user.id == actor.id:
            raise Invalid("不能停用自己的账号。", "请由其他管理员办理。")
        if not active and user.leads:
            _keep_a_leader(session, user)
        user.active = active
    if password:
        user.password_hash = hash_password(password)
    if password or active is False:
        session.execute(delete(SignInSession).where(SignInSession.user_id == user.id))
    session.flush()
    audit(session, actor, "update-user", user.username, active=active, password=bool(password))
    return user


def _keep_a_leader(session: Session, user: User) -> None:
    """A unit whose replies are reviewed never loses its last leader: its drafts could not go out any more."""
    unit = session.get(Unit, user.unit_id)
    if unit is not None and unit.reviews_replies and not _leaders(session, unit, besides=user.id):
        raise Invalid(
            f"“{user.display_name}”是{unit.name}唯一的负责人，停用后本单位的答复没有人审核。",
            "请先新增另一名单位负责人，或者在单位设置中关闭“答复须经负责人审核”。",
        )


def _leaders(session: Session, unit: Unit, besides: int = -1) -> list[int]:
    return list(
        session.scalars(
            select(User.id).where(User.unit_id == unit.id, User.leads, User.active, User.id != besides)
        )
    )


def create_kiosk(
    session: Session, actor: Actor, *, code: str, name: str, zone_code: str
) -> tuple[Kiosk, str]:
    """(kiosk, device token). The token is shown once and cannot be read back."""
    zone = session.scalar(select(Zone).where(Zone.code == zone_code))
    if zone is None or not code.strip() or not name.strip():
        raise Invalid("一体机的编号、名称和所在专区都要填写。", "请补充后再保存。")
    if session.scalar(select(Kiosk.id).where(Kiosk.code == code.strip())):
        raise Invalid("一体机编号已被使用。", "请换一个编号。", errors={"code": "已被使用"})
    token = new_token()
    kiosk = Kiosk(code=code.strip(), name=name.strip(), zone_id=zone.id, token_hash=token_hash(token))
    session.add(kiosk)
    session.flush()
    audit(session, actor, "create-kiosk", kiosk.code)
    return kiosk, token


def update_kiosk(
    session: Session, actor: Actor, code: str, *, active: bool | None = None, new_device: bool = False
) -> tuple[Kiosk, str]:
    """Switch a kiosk on or off, or give it a new device token (the old one stops working at once)."""
    kiosk = session.scalar(select(Kiosk).where(Kiosk.code == code))
    if kiosk is None:
        raise NotFound(f"没有编号为“{code}”的一体机。", "请刷新一体机列表。")
    token = ""
    if active is not None:
        kiosk.active = active
    if new_device:
        token = new_token()
        kiosk.token_hash = token_hash(token)
    session.flush()
    audit(session, actor, "update-kiosk", code, active=active, new_device=new_device)
    return kiosk, token


def save_unit(session: Session, actor: Actor, code: str, values: dict[str, Any]) -> Unit:
    """Add a unit or change one. Raises Invalid when the name is missing or another unit's."""
    unit = session.scalar(select(Unit).where(Unit.code == code))
    name = str(values.get("name") or (unit.name if unit else "")).strip()
    if not code.strip() or not name:
        raise Invalid("单位代码和名称不能为空。", "请补充后再保存。", errors={"name": "不能为空"})
    if session.scalar(select(Unit.id).where(Unit.name == name, Unit.code != code)):
        raise Invalid("已有同名单位。", "请核对单位名称。", errors={"name": "重复"})
    if unit is None:
        unit = Unit(code=code.strip(), name=name, short_name=name)
        session.add(unit)
    if values.get("reviews_replies") and (unit.id is None or not _leaders(session, unit)):
        raise Invalid(
            "本单位还没有负责人，不能要求答复须经负责人审核。",
            "请先在“用户”中新增本单位的负责人。",
            errors={"reviews_replies": "没有负责人"},
        )
    for field in (
        "name", "short_name", "duties", "phone", "address", "hours", "topics", "active", "reviews_replies",
    ):  # fmt: skip
        if values.get(field) is not None:
            setattr(unit, field, values[field])
    session.flush()
    audit(session, actor, "save-unit", code)
    return unit
