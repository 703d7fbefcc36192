"""The evaluation questions name entries that exist, and are neither indexed nor trained on."""

from __future__ import annotations

import json
from typing import Any

from qa_service.extraction.annotations import Annotation, read_annotations
from qa_service.settings import PROJECT
from qa_service.text.normalise import normalise

CORPUS = PROJECT / "corpus"


def lines(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CORPUS / path).read_text("utf-8").splitlines()]


def annotations() -> list[Annotation]:
    sheets = sorted((CORPUS / "interpretations").glob("*.entries.yaml"))
    return [note for sheet in sheets for note in read_annotations(sheet.name, sheet.read_bytes())]


ANSWERABLE, UNANSWERABLE = lines("evaluation/questions.jsonl"), lines("evaluation/unanswerable.jsonl")
EVERY = [normalise(line["query"]) for line in (*ANSWERABLE, *UNANSWERABLE)]


def test_there_are_enough_and_none_twice() -> None:
    assert len(ANSWERABLE) >= 230 and len(UNANSWERABLE) >= 120 and len(set(EVERY)) == len(EVERY)


def test_every_relevant_entry_exists() -> None:
    known = {note.key for note in annotations()}
    assert not [key for line in ANSWERABLE for key in line["relevant"] if key not in known]
    assert all(line["relevant"] for line in ANSWERABLE)


def test_none_is_a_wording_of_the_library_or_of_the_training_corpus() -> None:
    texts = {normalise(phrasing) for note in annotations() for phrasing in note.phrasings}
    for path in sorted((CORPUS / "training").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            texts |= {normalise(value) for value in json.loads(line).values() if isinstance(value, str)}
    assert not texts & set(EVERY)
