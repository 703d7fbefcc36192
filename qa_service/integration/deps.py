"""Who calls the intake: a key, a fresh time, and a signature that fits."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import select
from starlette.concurrency import run_in_threadpool

from qa_service.accounts.security import throttle, token_hash
from qa_service.errors import Forbidden, NotSignedIn
from qa_service.integration.master import master_key
from qa_service.integration.models import ApiKey
from qa_service.integration.signing import WINDOW_SECONDS, derived_secret, in_window, is_signed
from qa_service.kit import clock
from qa_service.kit.http import database_of

KEY, TIMESTAMP, SIGNATURE = "x-qa-key", "x-qa-timestamp", "x-qa-signature"
USED_EVERY = timedelta(minutes=1)  # how exactly "last used" is kept
REFUSALS = 30  # wrong signatures from one source in ten minutes


def signed(scope: str) -> Callable[[Request], Coroutine[Any, Any, ApiKey]]:
    """A dependency that lets only requests pass that are signed with a key of this scope."""

    async def guard(request: Request) -> ApiKey:
        body = await request.body()
        return await run_in_threadpool(_check, request, body, scope)

    return guard


def _check(request: Request, body: bytes, scope: str) -> ApiKey:
    timestamp = request.headers.get(TIMESTAMP, "")
    with database_of(request).read() as session:
        key = session.scalar(select(ApiKey).where(ApiKey.code == request.headers.get(KEY, "")))
    if key is None or key.revoked_at is not None:
        raise _refused(request, "接口密钥无效或者已停用。", "请向专区的系统管理员核对 X-QA-Key。")
    if not in_window(timestamp, clock.now().timestamp()):
        raise _refused(
            request,
            f"X-QA-Timestamp 与服务器时间相差超过 {WINDOW_SECONDS // 60} 分钟，或者不是秒数。",
            "请校准时钟后重新签名。",
        )
    secret = derived_secret(master_key(request.app.state.settings), key.code)
    if token_hash(secret) != key.secret_hash:
        raise _refused(
            request, "服务器的接口主密钥已更换，原来的接口密钥都已失效。", "请管理员重新生成接口密钥。"
        )
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    if not is_signed(secret, timestamp, request.method, path, body, request.headers.get(SIGNATURE, "")):
        raise _refused(request, "签名不符。", "请按接口说明对时间、方法、路径和正文原样签名。")
    if scope not in key.scopes:
        raise Forbidden("这个接口密钥没有此项权限。", "请管理员生成带有此项权限的密钥。")
    _note_use(request, key)
    return key


def _refused(request: Request, message: str, remedy: str) -> NotSignedIn:
    """Refusals are counted, so that keys cannot be tried out."""
    source = request.client.host if request.client else "unknown"
    with database_of(request).write() as session:
        throttle(session, f"signature:{source}", REFUSALS, timedelta(minutes=10), "签名错误")
    return NotSignedIn(message, remedy)


def _note_use(request: Request, key: ApiKey) -> None:
    at = clock.now()
    if key.last_used_at is None or at - key.last_used_at >= USED_EVERY:
        with database_of(request).write() as session:
            session.get_one(ApiKey, key.id).last_used_at = at


IntakeKey = Annotated[ApiKey, Depends(signed("intake"))]
StatusKey = Annotated[ApiKey, Depends(signed("status"))]
