"""Signatures between us and other systems, in both directions. Pure.

A request carries its time and HMAC-SHA256 (RFC 2104) over time, method, path and body, so that it can be neither
changed nor sent elsewhere, nor sent again later than the window. Secrets are derived from the service's master key
and the public code of the key or webhook: they can be made again to check a signature, and the database, which
holds only their hashes, does not give them away.
"""

from __future__ import annotations

import base64
import hashlib
import hmac

WINDOW_SECONDS = 300


def derived_secret(master: bytes, code: str) -> str:
    """The secret that belongs to `code`: 43 characters, safe in headers and shells."""
    made = hmac.new(master, f"qa-integration:{code}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(made).decode().rstrip("=")


def signature(secret: str, timestamp: str, method: str, path: str, body: bytes) -> str:
    """Hex HMAC-SHA256 over the four, a line each."""
    said = f"{timestamp}\n{method.upper()}\n{path}\n".encode() + body
    return hmac.new(secret.encode(), said, hashlib.sha256).hexdigest()


def is_signed(secret: str, timestamp: str, method: str, path: str, body: bytes, given: str) -> bool:
    return hmac.compare_digest(signature(secret, timestamp, method, path, body), given.strip().lower())


def in_window(timestamp: str, now: float) -> bool:
    """`timestamp`: whole seconds since 1970, as text."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(now - int(timestamp)) <= WINDOW_SECONDS
