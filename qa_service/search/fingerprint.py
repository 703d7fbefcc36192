"""Short digests of documents and libraries, to tell whether two snapshots hold the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict

from .types import Document


def document_digest(document: Document) -> str:
    """32 hex digits over every field."""
    text = json.dumps(asdict(document), ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def library_digest(digests: Iterable[str]) -> str:
    """16 hex digits over documents' digests in any order."""
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()[:16]
