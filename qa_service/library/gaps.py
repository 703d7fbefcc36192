"""知识缺口: questions that found no answer, brought together by what they ask. Pure.

Questions that ask the same become one cluster: taken from the one asked most to the one asked least, each joins the
leading question nearest to it, or leads a cluster of its own where none is near enough.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np

from qa_service.search.exact import exact_key
from qa_service.search.types import Vectors
from qa_service.text.lexicon import Lexicon
from qa_service.text.normalise import normalise
from qa_service.text.segment import bigrams

# Looked at with the bundled encoder on sixteen matters in three wordings each: two questions on different matters came
# to .598 at most, and two thirds of the pairs on one matter lie above .61. One gap listed twice costs a glance; two gaps
# under one question hide one of them.
LIKE_BY_MEANING = 0.61
# The same for the share of character pairs of the words that are no stop words: nine in ten of the pairs above it are
# on one matter, and two in five of those on one matter lie above it.
LIKE_BY_LETTERS = 0.4
PRESSED_TWICE = timedelta(minutes=1)
# What follows is not looked at by search either.
_READ = 300


class KnownEntry(Protocol):
    """What is needed of a published entry."""

    @property
    def unit_id(self) -> int: ...
    @property
    def topic(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Asking:
    """One question asked, as logged. `near`: the entries found, as (key, score)."""

    id: str
    at: datetime
    channel: str
    zone_id: int | None
    question: str
    near: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        """The question without regard to spelling and punctuation; empty where it has no word."""
        return exact_key(normalise(self.question)[:_READ])


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like each text is to each other, [n, n], and from where on two of them ask the same."""

    matrix: Vectors
    least: float


@dataclass(frozen=True, slots=True)
class Wording:
    """One way of asking: as it was written most often, with every time that it was asked."""

    text: str
    askings: tuple[Asking, ...]


@dataclass(frozen=True, slots=True)
class Cluster:
    """One gap. `wordings` and `channels` as (what, count), the most frequent first; `wordings` begins with `question`.

    `unit_id` (None) and `topic` ("") are those of the nearest entries, where there are any; `nearest` is the key of the
    nearest with its `score`. `traces` are the ids of the askings.
    """

    question: str
    count: int
    wordings: tuple[tuple[str, int], ...]
    first: datetime
    last: datetime
    channels: tuple[tuple[str, int], ...]
    unit_id: int | None
    topic: str
    nearest: str
    score: float
    traces: tuple[str, ...]


def without_repeats(askings: Iterable[Asking]) -> list[list[Asking]]:
    """The askings that count, in the order of time: those with a word in them.

    The same again from the same place within a minute is a person pressing twice: it stands behind the first, counts
    with it as one, and may be the one that became a case.
    """
    counted: list[list[Asking]] = []
    last: dict[tuple[str, int | None, str], list[Asking]] = {}
    for asking in sorted(askings, key=lambda asking: (asking.at, asking.id)):
        key = asking.key
        place = (asking.channel, asking.zone_id, key)
        pressed = last.get(place)
        if not key:
            continue
        if pressed is not None and asking.at - pressed[0].at <= PRESSED_TWICE:
            pressed.append(asking)
        else:
            last[place] = [asking]
            counted.append(last[place])
    return counted


def normal_text(text: str) -> str:
    """What is compared of a question."""
    return normalise(text)[:_READ]


def by_meaning(vectors: Vectors) -> Likeness:
    """Cosines of unit vectors [n, dim]."""
    return Likeness(vectors @ vectors.T, LIKE_BY_MEANING)


def by_letters(texts: Sequence[str], lexicon: Lexicon) -> Likeness:
    """Dice's share of common character pairs, stop words left out unless there is nothing else."""
    pairs = [set(bigrams(_content(text, lexicon))) or set(bigrams(text)) or {text} for text in texts]
    rows: dict[str, list[int]] = defaultdict(list)
    for row, found in enumerate(pairs):
        for pair in found:
            rows[pair].append(row)
    common = np.zeros((len(texts), len(texts)), dtype=np.float32)
    for having in rows.values():
        common[np.ix_(having, having)] += 1
    sizes = np.array([len(found) for found in pairs], dtype=np.float32)
    return Likeness(2 * common / (sizes[:, None] + sizes[None, :]), LIKE_BY_LETTERS)


def _content(text: str, lexicon: Lexicon) -> str:
    words = lexicon.segmenter.plain(text)
    return " ".join(word for word in words if word not in lexicon.stop_words)


def grouped(likeness: Likeness) -> list[list[int]]:
    """Numbers of the texts that belong together, in the order given; the first of each group leads it."""
    leaders: list[int] = []
    groups: list[list[int]] = []
    for number in range(len(likeness.matrix)):
        alike = likeness.matrix[number, leaders]
        nearest = int(np.argmax(alike)) if leaders else -1
        if leaders and alike[nearest] >= likeness.least:
            groups[nearest].append(number)
        else:
            leaders.append(number)
            groups.append([number])
    return groups


def clusters_of(
    askings: Iterable[Asking],
    likeness_of: Callable[[Sequence[str]], Likeness],
    entries: Mapping[str, KnownEntry],
) -> list[Cluster]:
    """The gaps behind `askings` (in any order), the one asked most first. `entries` are the published ones by key."""
    counted = without_repeats(askings)
    traces = {pressed[0].id: tuple(asking.id for asking in pressed) for pressed in counted}
    wordings = _wordings(pressed[0] for pressed in counted)
    if not wordings:
        return []
    groups = grouped(likeness_of([normal_text(wording.text) for wording in wordings]))
    made = [_cluster([wordings[number] for number in group], entries, traces) for group in groups]
    return sorted(made, key=lambda cluster: (-cluster.count, -cluster.last.timestamp(), cluster.question))


def _wordings(askings: Iterable[Asking]) -> list[Wording]:
    """The different wordings, the one asked most first, then in the order of their text."""
    by_key: dict[str, list[Asking]] = defaultdict(list)
    for asking in askings:
        by_key[asking.key].append(asking)
    made = [Wording(_most(a.question for a in group), tuple(group)) for group in by_key.values()]
    return sorted(made, key=lambda wording: (-len(wording.askings), wording.text))


def _cluster(
    wordings: Sequence[Wording], entries: Mapping[str, KnownEntry], traces: Mapping[str, tuple[str, ...]]
) -> Cluster:
    askings = sorted((a for wording in wordings for a in wording.askings), key=lambda a: (a.at, a.id))
    near = [(key, score) for asking in askings for key, score in asking.near if key in entries and score > 0]
    units: dict[int, float] = defaultdict(float)
    topics: dict[str, float] = defaultdict(float)
    for key, score in near:
        units[entries[key].unit_id] += score
        topics[entries[key].topic] += score
    nearest, best = min(near, key=lambda found: (-found[1], found[0]), default=("", 0.0))
    return Cluster(
        question=wordings[0].text, count=len(askings),
        wordings=tuple((wording.text, len(wording.askings)) for wording in wordings),
        first=askings[0].at, last=askings[-1].at, channels=_counted(asking.channel for asking in askings),
        unit_id=min(units, key=lambda unit: (-units[unit], unit), default=None),
        topic=min(topics, key=lambda topic: (-topics[topic], topic), default=""),
        nearest=nearest, score=best, traces=tuple(trace for asking in askings for trace in traces[asking.id]),
    )  # fmt: skip


def _counted(values: Iterable[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(Counter(values).items(), key=lambda item: (-item[1], item[0])))


def _most(values: Iterable[str]) -> str:
    return _counted(values)[0][0]
