"""Helpers for the extraction tests: reading a text as if it had been uploaded."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from qa_service.extraction.pairs import extract_pairs
from qa_service.extraction.reader import read_document
from qa_service.extraction.types import Pair

Extract = Callable[..., list[Pair]]


@pytest.fixture
def pairs_of() -> Extract:
    """Pairs of a text, or of the bytes of a file with the given name."""

    def extract(content: str | bytes, name: str = "解读.txt") -> list[Pair]:
        data = content.encode("utf-8") if isinstance(content, str) else content
        return extract_pairs(read_document(name, data))

    return extract
