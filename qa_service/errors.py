"""One family of errors. Each becomes a problem document (RFC 9457) or a page, in Chinese.

`message` says what happened, `remedy` what the reader can do. `type` is stable: clients may rely on it.
"""

from __future__ import annotations

from typing import Any


class ServiceError(Exception):
    """Something the person or the calling system can act on."""

    status = 400
    type = "bad-request"
    title = "请求有误"

    def __init__(self, message: str, remedy: str = "", **extra: Any) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.extra = extra


class Invalid(ServiceError):
    """The content sent cannot be accepted. `errors` lists field → reason where known."""

    status = 422
    type = "invalid"
    title = "填写内容有误"


class NotSignedIn(ServiceError):
    status = 401
    type = "not-signed-in"
    title = "尚未登录"

    def __init__(
        self, message: str = "您还没有登录，或者登录已过期。", remedy: str = "请重新登录后再操作。"
    ) -> None:
        super().__init__(message, remedy)


class Forbidden(ServiceError):
    status = 403
    type = "forbidden"
    title = "没有权限"

    def __init__(
        self, message: str = "您的岗位不能进行此操作。", remedy: str = "如确需办理，请联系管理员。"
    ) -> None:
        super().__init__(message, remedy)


class NotFound(ServiceError):
    """Also what an actor gets for things outside its view: it cannot tell the two apart."""

    status = 404
    type = "not-found"
    title = "没有找到"


class Conflict(ServiceError):
    """Somebody else acted first, or the act does not fit the present state."""

    status = 409
    type = "conflict"
    title = "情况已变化"


class NotAllowedNow(Conflict):
    type = "not-allowed-in-state"
    title = "当前状态不能这样办理"


class TooMany(ServiceError):
    status = 429
    type = "too-many-requests"
    title = "操作过于频繁"


class TooLarge(ServiceError):
    status = 413
    type = "too-large"
    title = "内容过大"


class Unavailable(ServiceError):
    """Temporarily impossible (database locked, disk full); nothing was stored."""

    status = 503
    type = "temporarily-unavailable"
    title = "暂时无法办理"
