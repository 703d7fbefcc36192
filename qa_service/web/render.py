"""Rendering pages: one environment, one context that every page gets."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from qa_service.accounts.roles import CITIZEN, Actor
from qa_service.kit import clock
from qa_service.watching import repository
from qa_service.web.filters import FILTERS
from qa_service.web.navigation import navigation_for

HERE = Path(__file__).parent
THEMES = {"default": "标准", "contrast": "高对比度", "elder": "大字版"}
THEME_COOKIE = "qa_theme"
SAVED_COOKIE = "qa_saved"


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True,
        undefined=StrictUndefined,
    )  # fmt: skip
    environment.filters.update(FILTERS)
    environment.globals["asset"] = _asset
    environment.globals["THEMES"] = THEMES
    return environment


def _asset(path: str) -> str:
    """The address of a static file, changing with its content so that browsers may keep it."""
    if path not in _versions:
        digest = hashlib.sha256((HERE / "static" / path).read_bytes()).hexdigest()[:10]
        _versions[path] = f"/static/{path}?v={digest}"
    return _versions[path]


_versions: dict[str, str] = {}
_pages = _environment()


def is_fragment(request: Request) -> bool:
    """Asked for by a script that will put the answer into the page it stands in."""
    return request.headers.get("hx-request") == "true"


def wants_json(request: Request) -> bool:
    return "application/json" in request.headers.get("accept", "")


def theme_of(request: Request) -> str:
    theme = request.cookies.get(THEME_COOKIE, "default")
    return theme if theme in THEMES else "default"


def actor_of(request: Request) -> Actor:
    """The actor found by the guards so far; a citizen where none has looked."""
    return getattr(request.state, "actor", None) or CITIZEN


def page_of(request: Request) -> str:
    """The page that the person stands on: for a GET this address, else the one the form was sent from."""
    if request.method == "GET" and not is_fragment(request):
        return request.url.path + (f"?{request.url.query}" if request.url.query else "")
    sent_from = urlsplit(request.headers.get("hx-current-url") or request.headers.get("referer") or "")
    if sent_from.path and sent_from.netloc in ("", request.url.netloc):
        return sent_from.path + (f"?{sent_from.query}" if sent_from.query else "")
    return "/"


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> HTMLResponse:
    actor = actor_of(request)
    values = {
        "request": request, "actor": actor, "csrf": actor.csrf, "path": request.url.path, "here": page_of(request), "theme": theme_of(request),
        "navigation": navigation_for(actor, request.url.path), "today": clock.today(),
        "unread": unread_of(request, actor), "notice": None, "errors": {},
        **context,
    }  # fmt: skip
    return HTMLResponse(_pages.get_template(template).render(values), status_code=status)


def unread_of(request: Request, actor: Actor) -> int:
    """How many messages of the actor are unread, for the page's head. 0 also where the request has no session of its own
    or that has come to grief: no page fails because of the count."""
    session = getattr(request.state, "session", None)
    if not actor.is_staff or session is None or not session.is_active:
        return 0
    return repository.unread(session, actor)


def go(request: Request, url: str, *, saved: str = "") -> RedirectResponse | HTMLResponse:
    """Send the browser on after a successful POST. `saved` names the form whose kept draft is now obsolete."""
    response: RedirectResponse | HTMLResponse
    if is_fragment(request):
        response = HTMLResponse("", headers={"HX-Redirect": url})
    else:
        response = RedirectResponse(url, status_code=303)
    if saved:
        response.set_cookie(SAVED_COOKIE, quote(saved, safe=""), max_age=600, samesite="strict", path="/")
    return response


def local_path(target: str, default: str) -> str:
    """`target` if it is a path on this server, else `default`: never a redirect to another place."""
    plain = target.startswith("/") and not target.startswith(("//", "/\\")) and "\\" not in target
    return target if plain and not any(ord(ch) < 32 for ch in target) else default
