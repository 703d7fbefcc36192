"""The training corpus and the judge's: whole, distinct, and never importable as answers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from qa_service.library.importer import read_folder
from qa_service.settings import PROJECT
from qa_service.text.normalise import normalise

FOLDER = PROJECT / "corpus" / "training"
FIELDS = {"group", "question", "answer", "oral", "situation", "terse", "oral2"}
RECORDS = [
    (path, json.loads(line))
    for folder in (FOLDER, FOLDER / "next", FOLDER.with_name("judging"))
    for path in sorted(folder.glob("*.jsonl"))
    for line in path.read_text("utf-8").splitlines()
    if line.strip()
]


def test_every_line_has_every_field() -> None:
    assert len(RECORDS) >= 900
    for path, record in RECORDS:
        assert set(record) == FIELDS and all(record.values()), (path.name, record["question"])


def test_groups_are_of_siblings() -> None:
    sizes = Counter((path.name, record["group"]) for path, record in RECORDS)
    assert min(sizes.values()) >= 4 and len(sizes) >= 180


@pytest.mark.parametrize("field", ["oral", "situation", "terse", "oral2"])
def test_no_question_is_asked_twice(field: str) -> None:
    counts = Counter(normalise(record[field]) for _, record in RECORDS)
    assert counts.most_common(1)[0][1] == 1


def test_it_is_no_part_of_the_bundled_library() -> None:
    bundled = read_folder([PROJECT / "corpus" / "interpretations"])
    assert not [name for name in bundled if Path(name).suffix == ".jsonl"]
