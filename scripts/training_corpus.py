"""What the encoder is trained on: entries in sibling groups, each with other ways of asking, and batches of them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qa_service.extraction.annotations import match_annotations, read_annotations
from qa_service.extraction.pairs import extract_pairs
from qa_service.extraction.reader import read_document
from qa_service.text.normalise import normalise

SHEET = ".entries.yaml"
HELD_OUT, SEED = 0.1, 0  # what share of corpus/training the encoder does not see, and which
GROUP = 10  # at most so many of one sibling group in a batch


@dataclass(frozen=True, slots=True)
class Entry:
    """A standard question, its answer, and other ways of asking; all normalised."""

    question: str
    answer: str
    asked: tuple[str, ...]

    @property
    def whole(self) -> str:
        return f"{self.question} {self.answer}"


# A question as it is asked, and the entry that answers it.
Asked = tuple[str, Entry]


def bundled_groups(folder: Path) -> list[list[Entry]]:
    """The entries of each bundled interpretation with their phrasings."""
    groups: list[list[Entry]] = []
    for sheet in sorted(folder.glob("*" + SHEET)):
        name = sheet.name.removesuffix(SHEET)
        path = next(p for p in folder.glob(name + ".*") if p != sheet)
        pairs = extract_pairs(read_document(path.name, path.read_bytes()))
        matched, _ = match_annotations(pairs, read_annotations(sheet.name, sheet.read_bytes()))
        groups.append([
            Entry(normalise(note.question or pair.question), normalise(pair.answer), tuple(map(normalise, note.phrasings)))
            for pair, note in matched if note is not None
        ])  # fmt: skip
    return groups


def training_groups(folder: Path) -> list[list[Entry]]:
    """The groups of corpus/training: fictional programmes written for training only."""
    groups: dict[str, list[Entry]] = {}
    for path in sorted(folder.glob("*.jsonl")):
        for line in filter(str.strip, path.read_text("utf-8").split("\n")):
            record = json.loads(line)
            asked = tuple(normalise(record[kind]) for kind in ("oral", "situation", "terse", "oral2"))
            entry = Entry(normalise(record["question"]), normalise(record["answer"]), asked)
            groups.setdefault(f"{path.name}/{record['group']}", []).append(entry)
    return list(groups.values())


def held_out(
    groups: Sequence[list[Entry]], share: float, seed: int
) -> tuple[list[list[Entry]], list[list[Entry]]]:
    """(the groups that the encoder is not to see, the others): the same for the same seed."""
    shuffled = random.Random(seed).sample(groups, len(groups))
    cut = int(share * len(groups))
    return shuffled[:cut], shuffled[cut:]


def batches(kinds: Sequence[Sequence[list[Entry]]], size: int, rng: random.Random) -> Iterator[list[Asked]]:
    """Endless batches of `size`, sibling groups together, kinds of corpus in turn."""
    waiting: list[list[list[Entry]]] = [[] for _ in kinds]
    used: dict[int, list[str]] = {}
    turn = 0
    while True:
        batch: list[Asked] = []
        while len(batch) < size:
            number = turn % len(kinds)
            turn += 1
            if not waiting[number]:
                waiting[number] = list(kinds[number])
                rng.shuffle(waiting[number])
            group = list(waiting[number].pop())
            rng.shuffle(group)
            for entry in group[: min(GROUP, size - len(batch))]:
                left = used.get(id(entry)) or rng.sample(entry.asked, len(entry.asked))
                batch.append((left[0], entry))
                used[id(entry)] = left[1:]
        yield batch
