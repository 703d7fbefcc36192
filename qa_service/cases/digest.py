"""Digests of the history: what is hashed, and how a value is written down for it. Pure.

A digest is SHA-256 (FIPS 180-4) in hex over one line of JSON with sorted keys. Values that say nothing (None,
"", 0, False, [], {}) are left out, so a column added later with an empty default changes no digest made before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime, timezone
from typing import Any

ORIGIN = ""  # what the first event of a case, and the first line of the journal, follow on from


def plain(value: Any) -> Any:
    """`value` as JSON can hold it: moments in UTC, days as dates, the rest as it is."""
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="microseconds")  # noqa: UP017
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return str(value)
    return value


def digest_of(content: Mapping[str, Any]) -> str:
    """The digest of a mapping, whatever the order of its keys."""
    said = {key: value for key, value in content.items() if value}
    # `plain` only for what JSON cannot hold: walking through everything first takes longer than the rest together.
    line = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=plain)
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()


def event_digest(previous: str, number: str, event: Mapping[str, Any]) -> str:
    """The digest of one event: its content, the number of its case, and the digest of the event before."""
    return digest_of({**event, "number": number, "previous": previous})


def journal_digest(previous: str, position: int, number: str, seq: int, digest: str) -> str:
    """The digest of one line of the journal, which follows on from the line before."""
    return digest_of(
        {"previous": previous, "position": position, "number": number, "seq": seq, "event": digest}
    )
