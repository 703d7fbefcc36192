"""Which administrative regions a text names, and how an entry's region bears on a question.

A region is its code (GB/T 2260) cut to what all within it share: two digits for a province, four for a prefecture, six for
a county. So one lies within another if its code begins with the other's. A place that has no such code, a town or a new area, goes by
a path ("/QH01/QH02/"), of which the same is true.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum
from itertools import accumulate
from typing import NamedTuple

from .normalise import normalise

# A place's name ends in its rank; without the library's own place so many letters and digits of a question must be left.
_RANKS = ("省", "市", "县", "区", "旗", "州", "盟", "镇", "乡", "村", "街道")
_LEAST_LEFT = 2
# What makes another word of the rank: 市民卡, 市场, 县城, 区域. Then a name stays whole.
_GOES_ON = "民场容政区城域府"

Cut = Callable[[str], Sequence[str]]


class Mention(NamedTuple):
    """A name in a text and the regions that it may mean (朝阳区 is one of Beijing and one of Changchun)."""

    name: str
    codes: frozenset[str]


Mentions = tuple[Mention, ...]


class Bearing(Enum):
    """How what an entry is limited to bears on a question."""

    SAME = "same"  # the entry's holds what the question asks about, or there is nothing to tell them apart
    UNASKED = "unasked"  # the entry speaks of a region, the question names none
    UNSAID = "unsaid"  # the question names a region, the entry none or only a part of it
    ELSEWHERE = "elsewhere"  # both do, and neither lies within the other
    OTHER_YEAR = "other-year"  # both name years, none of them the same


class Gazetteer:
    """Names of regions; immutable. `names` pairs a name with its region's code of six digits and whether it is one
    without its rank (苏州 for 苏州市), which counts only where it is a word of its own."""

    __slots__ = ("_codes", "_heads", "_short", "names")

    def __init__(self, names: Iterable[tuple[str, str, bool]] = ()) -> None:
        self.names = tuple((normalise(name), code, short) for name, code, short in names)
        codes: dict[str, set[str]] = {}
        for name, code, _ in self.names:
            codes.setdefault(name, set()).add(_cut(code))
        whole = {name for name, _, short in self.names if not short}
        self._codes = {name: frozenset(found) for name, found in codes.items()}
        self._short = frozenset(codes) - whole
        heads: dict[str, list[str]] = {}
        for name in sorted(codes, key=len, reverse=True):
            heads.setdefault(name[:2], []).append(name)
        self._heads: Mapping[str, list[str]] = heads

    def mentions(self, text: str, cut: Cut) -> Mentions:
        """The regions that a normalised text names. `cut` gives its words one after another.

        A name that several regions have means, after the name of one that holds it, that one.
        """
        found: list[Mention] = []
        edges: set[int] | None = None
        place = 0
        while place < len(text) - 1:
            name = next(
                (n for n in self._heads.get(text[place : place + 2], ()) if text.startswith(n, place)), ""
            )
            if name in self._short:
                edges = edges or {0, *accumulate(len(word) for word in cut(text))}
                if not {place, place + len(name)} <= edges:
                    name = ""
            if name:
                means = self._codes[name]
                found.append(Mention(name, frozenset(c for c in means if _lies_within({c}, found)) or means))
            place += len(name) or 1
        return tuple(found)


def bearing(asked: Mentions, said: Mentions, home: frozenset[str] = frozenset()) -> Bearing:
    """How an entry that speaks of `said` bears on a question that names `asked`; nobody needs to name `home`."""
    if not asked or not said:
        named = [mention for mention in asked or said if not _holds(mention.codes, home)]
        return Bearing.SAME if not named else Bearing.UNSAID if asked else Bearing.UNASKED
    if any(_lies_within(mention.codes, said) for mention in asked):
        return Bearing.SAME
    return (
        Bearing.UNSAID if any(_lies_within(mention.codes, asked) for mention in said) else Bearing.ELSEWHERE
    )


def home_of(votes: Iterable[Mentions]) -> frozenset[str]:
    """The regions that more than half of those name who name any: what a whole library is about."""
    counts: Counter[str] = Counter()
    voters = 0
    for mentions in votes:
        voters += bool(mentions)
        counts.update({holder for mention in mentions for code in mention.codes for holder in _holders(code)})
    return frozenset(code for code, count in counts.items() if 2 * count > voters)


def without_home(text: str, mentions: Mentions, home: frozenset[str]) -> str:
    """A text less the names of what the whole library is about, which only draw it to entries that happen to name it too;
    the text itself where nothing would be left."""
    names = [mention.name for mention in mentions if _holds(mention.codes, home)]
    rest = text
    for name in names:
        rest = re.sub(rf"{re.escape(name)}(?![{_GOES_ON}])", " ", rest)
    rest = " ".join(rest.split()).removeprefix("的")
    return rest if names and sum(map(str.isalnum, rest)) >= _LEAST_LEFT else text


def place_in(zone: str) -> str:
    """The place that a zone's name begins with (青禾县 of 青禾县政务公开专区), or nothing."""
    place = normalise(zone.split("政务")[0])
    return place if len(place) > 2 and place.endswith(_RANKS) else ""


def _holders(code: str) -> set[str]:
    """The codes of all regions that hold this one, itself included."""
    ends = (
        [n for n in (2, 4, 6) if n < len(code)]
        if code.isdigit()
        else [n + 1 for n, c in enumerate(code) if n and c == "/"]
    )
    return {code, *(code[:end] for end in ends)}


def _cut(code: str) -> str:
    return code[:2] if code.endswith("0000") else code[:4] if code.endswith("00") else code


def _lies_within(codes: Iterable[str], mentions: Iterable[Mention]) -> bool:
    """Whether one of the regions lies within one of the mentioned (or is it)."""
    return any(one.startswith(other) for one in codes for mention in mentions for other in mention.codes)


def _holds(codes: frozenset[str], home: frozenset[str]) -> bool:
    return any(one.startswith(code) for code in codes for one in home)
