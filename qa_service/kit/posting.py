"""Posting to an address that an administrator has entered: no proxy, no redirect, failures in words."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Mapping
from urllib.parse import urlsplit

from qa_service.kit.outbox import NotDelivered

TIMEOUT = 10.0  # seconds; `outbox.LEASE` is three times as long
_MOST_READ = 65_536  # bytes of the answer


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is sent goes to the address that was entered, and to no other."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())


def is_address(url: str) -> bool:
    """Whether it is a whole http or https address of at most 500 characters, without name and password."""
    try:
        parts = urlsplit(url)
        # A port that is none is noticed only when it is asked for.
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and parts.scheme in ("http", "https") and not parts.username and len(url) <= 500


def post_json(url: str, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    """What the other side answers. Raises NotDelivered."""
    sent = {"Content-Type": "application/json; charset=utf-8", **(headers or {})}
    try:
        request = urllib.request.Request(url, body, sent, method="POST")
        with _opener.open(request, timeout=TIMEOUT) as answer:
            said: bytes = answer.read(_MOST_READ)
            return said
    except urllib.error.HTTPError as error:
        raise NotDelivered(f"对方返回 {error.code}") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotDelivered(f"连接不上：{getattr(error, 'reason', error)}") from error
