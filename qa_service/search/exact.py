"""Questions put in an entry's very words, punctuation aside."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_NOT_WORD = re.compile(r"[\W_]+")


def exact_key(normalised: str) -> str:
    """The letters, ideographs and digits of a normalised text; empty when it has none."""
    return _NOT_WORD.sub("", normalised)


def exact_table(entries: Sequence[Sequence[str]]) -> Mapping[str, tuple[int, ...]]:
    """Key → numbers of the entries that have a wording (in normal form) with this key."""
    table: dict[str, tuple[int, ...]] = {}
    for number, texts in enumerate(entries):
        for key in {exact_key(text) for text in texts} - {""}:
            table[key] = (*table.get(key, ()), number)
    return table
