"""HTTP mechanics: one transaction a request, committed before the response leaves; problem documents."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from qa_service.errors import Invalid, ServiceError
from qa_service.kit.database import Database, database_errors

PROBLEM = "application/problem+json"


class TransactionalRoute(APIRoute):
    """Commits the request's session after the endpoint and before the response is sent.

    FastAPI runs the code after `yield` of a dependency once the response has left: a commit there could
    fail after "200" had been read. So the session's end is here, not in a dependency.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handler = super().get_route_handler()

        async def run(request: Request) -> Response:
            try:
                with database_errors():
                    response = await handler(request)
                    if (session := _session_of(request)) is not None and request.state.writes:
                        await run_in_threadpool(session.commit)
                    return response
            finally:
                if (session := _session_of(request)) is not None:
                    await run_in_threadpool(session.close)
                    # Used again, by the page that tells of an error, it would begin what nobody ends.
                    request.state.session = None

        return run


def _session_of(request: Request) -> Session | None:
    return getattr(request.state, "session", None)


def database_of(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


def request_session(request: Request) -> Session:
    """The request's one session: for reading on safe methods, for writing otherwise."""
    session = _session_of(request)
    if session is None:
        request.state.writes = request.method not in ("GET", "HEAD", "OPTIONS")
        database = database_of(request)
        session = database.writer() if request.state.writes else database.reader()
        request.state.session = session
    return session


def problem(error: ServiceError, instance: str) -> JSONResponse:
    """The error as a problem document (RFC 9457), in Chinese."""
    body = {
        "type": f"/problems/{error.type}", "title": error.title, "status": error.status, "detail": error.message,
        "instance": quote(instance), "remedy": error.remedy, **error.extra,
    }  # fmt: skip
    return JSONResponse(body, status_code=error.status, media_type=PROBLEM)


REASONS = {
    "missing": "缺少这一项", "string_too_long": "太长", "string_too_short": "不能为空", "extra_forbidden": "没有这一项",
    "json_invalid": "不是有效的 JSON", "literal_error": "不是可选的值", "date_from_datetime_parsing": "日期格式应为 2026-11-22",
    "date_parsing": "日期格式应为 2026-11-22", "int_parsing": "应为整数", "bool_parsing": "应为是或否",
    "greater_than_equal": "太小", "less_than_equal": "太大",
}  # fmt: skip


def invalid_from(error: RequestValidationError) -> Invalid:
    """What FastAPI found wrong with a request, in Chinese, field by field."""
    errors: dict[str, str] = {}
    for item in error.errors():
        field = ".".join(str(part) for part in item["loc"][1:]) or str(item["loc"][0])
        kind = item["type"]
        reason = REASONS.get(kind) or (
            str(item["msg"]).removeprefix("Value error, ") if kind == "value_error" else "格式不对"
        )
        if kind == "string_too_long":
            reason = f"太长，最多 {item['ctx']['max_length']} 字"
        errors[field] = reason
    text = "；".join(f"{field}：{reason}" for field, reason in errors.items())
    return Invalid(f"提交的内容有误（{text}）。", "请按提示修改后重新提交。", errors=errors)
