"""Passwords, tokens and throttles."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from qa_service.accounts.models import Throttle
from qa_service.errors import Invalid, TooMany
from qa_service.kit import clock
from qa_service.kit.database import insert_into

_hasher = PasswordHasher()
PASSWORD_MINIMUM = 10


@cache
def _nobody() -> str:
    """Verified against when the user does not exist, so that both refusals take the same time."""
    return _hasher.hash(secrets.token_hex(16))


def hash_password(password: str) -> str:
    if len(password) < PASSWORD_MINIMUM or password.isdigit() or password.isalpha():
        raise Invalid(
            f"密码至少 {PASSWORD_MINIMUM} 位，并且同时有字母和数字。",
            "请换一个密码。",
            errors={"password": "太简单"},
        )
    return _hasher.hash(password)


def password_matches(password_hash: str | None, password: str) -> bool:
    nobody = _nobody()
    try:
        return _hasher.verify(password_hash or nobody, password) and password_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def new_password() -> str:
    """A password that a person can type: three groups of four, without look-alike characters."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    while True:
        password = "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(3))
        if any(c.isdigit() for c in password):
            return password


def new_token() -> str:
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def throttle(session: Session, bucket: str, attempts: int, window: timedelta, what: str) -> None:
    """Count one attempt; raise TooMany when `attempts` in `window` are used up. The caller commits, also
    when it goes on to refuse the request: an attempt that fails must count."""
    at = clock.now()
    # Made or locked in one statement, so that first attempts arriving together are all counted.
    first = insert_into(session, Throttle).values(bucket=bucket, window_start=at, count=0)
    session.execute(first.on_conflict_do_update(index_elements=["bucket"], set_={"bucket": bucket}))
    row = session.get_one(Throttle, bucket, populate_existing=True)
    if at - row.window_start >= window:
        row.window_start, row.count = at, 0
    if row.count >= attempts:
        minutes = max(1, round(((row.window_start + window) - at).total_seconds() / 60))
        raise TooMany(f"{what}次数过多，请约 {minutes} 分钟后再试。", "如需帮助，请到专区窗口找工作人员。")
    row.count += 1
    session.flush()


def clear_throttle(session: Session, bucket: str) -> None:
    row = session.get(Throttle, bucket)
    if row is not None:
        session.delete(row)


def expires(at: datetime, hours: int) -> datetime:
    return at + timedelta(hours=hours)
