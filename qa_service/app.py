"""The application: wiring only."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

import qa_service.models  # noqa: F401 - its listeners
from qa_service import migrations
from qa_service.accounts import routes as account_routes
from qa_service.calendars import routes as calendar_routes
from qa_service.cases.anchors import AnchorWriter
from qa_service.consultations import routes as consultation_routes
from qa_service.errors import NotFound, ServiceError, TooLarge
from qa_service.integration import admin_routes as integration_admin_routes
from qa_service.integration import routes as integration_routes
from qa_service.integration.sender import webhook_work
from qa_service.kit.database import Database
from qa_service.kit.http import invalid_from, problem
from qa_service.kit.memory import long_lived
from qa_service.lexicon import routes as lexicon_routes
from qa_service.library import routes as library_routes
from qa_service.library.asking import Asker
from qa_service.library.gap_report import QuestionVectors
from qa_service.library.opening import SERVING_THREADS, EncoderStatus, open_index
from qa_service.library.query_log import QueryLogWriter
from qa_service.responsibility import routes as responsibility_routes
from qa_service.settings import Settings
from qa_service.statistics import routes as statistics_routes
from qa_service.watching import routes as watching_routes
from qa_service.watching.delivery import WatchWork
from qa_service.web import pages
from qa_service.web.errors import render_problem
from qa_service.zones import routes as zone_routes

log = logging.getLogger(__name__)
STATIC = Path(__file__).parent / "web" / "static"

# Everything is served from here: no inline script or style, nothing from elsewhere, no framing.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; form-action 'self'; base-uri 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}  # fmt: skip


# The largest upload (20 MB of documents) with its form around it; anything larger is not even read.
BODY_LIMIT = 22 * 1024 * 1024


class Gate:
    """Refuses oversized requests unread; adds the security and caching headers to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        static = scope["path"].startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                headers.setdefault("Cache-Control", "public, max-age=3600" if static else "no-store")
            await send(message)

        length = Headers(scope=scope).get("content-length", "0")
        if length.isascii() and length.isdigit() and int(length) > BODY_LIMIT:
            error = TooLarge("提交的内容超过 22 MB，没有接收。", "请分几次提交。")
            await problem(error, scope["path"])(scope, receive, send_with_headers)
            return
        await self._app(scope, receive, send_with_headers)


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database = Database(settings.url, settings.database_wait_seconds)
        await run_in_threadpool(migrations.upgrade, database)
        with long_lived():
            status = EncoderStatus(settings, SERVING_THREADS)
            index = open_index(settings, database, status)
            await run_in_threadpool(index.open)
        query_log = QueryLogWriter(database)
        app.state.database, app.state.encoder_status = database, status
        app.state.index, app.state.query_log = index, query_log
        app.state.asker = Asker(index, query_log)
        app.state.question_vectors = QuestionVectors(status.encoder)
        index.start()
        query_log.start()
        anchor_writer = AnchorWriter(database, settings.data_dir)
        webhooks = webhook_work(database, settings)
        watching = WatchWork(database, settings)
        for work in (anchor_writer, webhooks, watching):
            work.start()
        try:
            yield
        finally:
            for work in (watching, webhooks, anchor_writer):
                await run_in_threadpool(work.stop)
            await run_in_threadpool(query_log.stop)
            await run_in_threadpool(index.stop)
            database.close()

    app = FastAPI(
        title="政策咨询问答服务", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None,
        openapi_url="/api/v1/openapi.json",
    )  # fmt: skip
    app.state.settings = settings
    for module in (
        library_routes, lexicon_routes, consultation_routes, responsibility_routes, account_routes, zone_routes,
        calendar_routes, watching_routes, statistics_routes, integration_routes, integration_admin_routes,
    ):  # fmt: skip
        app.include_router(module.router, prefix="/api/v1")
    app.include_router(pages.router)
    app.add_api_route("/health", health, methods=["GET"], tags=["运行状态"])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    _add_handlers(app)

    app.add_middleware(Gate)
    return app


def health(request: Request) -> dict[str, Any]:
    """运行状态：问答库与索引是否一致、编码器是否在用、日历到哪一天。"""
    from sqlalchemy import func, select

    from qa_service.lexicon import repository as lexicon_repository
    from qa_service.library import repository
    from qa_service.zones.models import WorkCalendarDay

    state = request.app.state
    snapshot, status = state.index.snapshot, state.encoder_status
    with state.database.read() as session:
        revision = repository.current_revision(session)
        lexicon_revision = lexicon_repository.current_revision(session)
        official_to = session.scalar(
            select(func.max(WorkCalendarDay.day)).where(WorkCalendarDay.status == "official")
        )
    calibration = snapshot.engine.calibration
    return {
        "status": "ok" if (revision, lexicon_revision) == snapshot.revisions else "catching-up",
        "search": "hybrid" if status.encoder else "lexical-only",
        "search_note": status.reason,
        "entries": len(snapshot.faces),
        "index_revision": snapshot.revision,
        "library_revision": revision,
        "lexicon_revision": lexicon_revision,
        "index_healed": state.index.healed,
        "encoder": status.encoder.fingerprint if status.encoder else "",
        "calibrated_on": calibration.library_fingerprint if calibration else "",
        "calendar_official_through": f"{official_to.year}-12-31" if official_to else "",
    }


def _add_handlers(app: FastAPI) -> None:
    def answer(request: Request, error: ServiceError) -> Response:
        wants_page = not request.url.path.startswith("/api/") and "text/html" in request.headers.get(
            "accept", ""
        )
        return render_problem(request, error) if wants_page else problem(error, request.url.path)

    @app.exception_handler(ServiceError)
    async def on_service_error(request: Request, error: ServiceError) -> Response:
        return answer(request, error)

    @app.exception_handler(RequestValidationError)
    async def on_invalid(request: Request, error: RequestValidationError) -> Response:
        return answer(request, invalid_from(error))

    @app.exception_handler(HTTPException)
    async def on_http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 404:
            return answer(request, NotFound("没有这个页面或接口。", "请检查地址，或回到首页。"))
        if error.status_code == 400:
            return answer(
                request, ServiceError("请求的内容读不出来。", "请用 UTF-8 编码的 JSON 或表单重新提交。")
            )
        wrapped = ServiceError("不能这样访问这个地址。", "请从页面上的按钮和链接进入。")
        wrapped.status = error.status_code
        return answer(request, wrapped)

    @app.exception_handler(Exception)
    async def on_unexpected(request: Request, error: Exception) -> Response:
        log.exception("unexpected error on %s %s", request.method, request.url.path)
        wrapped = ServiceError(
            "服务出了意外，本次操作没有保存，此前已登记的内容不受影响。",
            "请稍后再试；如果反复出现，请把时间和页面告诉管理员。",
        )
        wrapped.status, wrapped.type, wrapped.title = 500, "unexpected", "服务出了意外"
        return answer(request, wrapped)
