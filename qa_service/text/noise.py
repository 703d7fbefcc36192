"""Typing and speech errors put into clean text: homophones, near-homophones, dropped and swapped characters."""

from __future__ import annotations

import random
import re
from collections import defaultdict

from .pinyin import syllable_of

# Sounds that input methods and southern speakers mix up.
_MIXED = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("f", "h"))
_ENDINGS = (("ang", "an"), ("eng", "en"), ("ing", "in"))
_IDEOGRAPH = re.compile(r"[\u4e00-\u9fff]")


def blurred(syllable: str) -> str:
    """A syllable without the distinctions that are commonly mistaken: zhang → zan."""
    for long, short in _MIXED:
        if syllable.startswith(long):
            syllable = short + syllable[len(long) :]
            break
    for long, short in _ENDINGS:
        if syllable.endswith(long):
            syllable = syllable[: -len(long)] + short
            break
    return syllable


class Noise:
    """Errors over the characters that occur in `text` at least a few times."""

    def __init__(self, text: str, least: int = 5) -> None:
        counts: dict[str, int] = defaultdict(int)
        for char in _IDEOGRAPH.findall(text):
            counts[char] += 1
        self._same: dict[str, list[str]] = defaultdict(list)
        for char, count in sorted(counts.items()):
            if count >= least:
                self._same[blurred(syllable_of(char))].append(char)

    def applied(self, text: str, rng: random.Random) -> str:
        """`text` with one error for about every ten characters, at least one where any is possible."""
        chars = list(text)
        places = [n for n, char in enumerate(chars) if _IDEOGRAPH.match(char)]
        rng.shuffle(places)
        for place in places[: max(1, len(places) // 10)]:
            kind = rng.random()
            if kind < 0.15:
                chars[place] = ""
            elif kind < 0.25 and place + 1 < len(chars):
                chars[place], chars[place + 1] = chars[place + 1], chars[place]
            elif others := [
                c for c in self._same.get(blurred(syllable_of(chars[place])), []) if c != chars[place]
            ]:
                chars[place] = rng.choice(others)
        return "".join(chars)
