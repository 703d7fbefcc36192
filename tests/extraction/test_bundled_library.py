"""The bundled interpretations: every document parses, and every entry stands on an answer of its own."""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

from qa_service.extraction.annotations import Annotation, match_annotations, read_annotations
from qa_service.extraction.document_meta import DocumentMeta, parse_meta
from qa_service.extraction.pairs import extract_pairs
from qa_service.extraction.reader import SUFFIXES, read_document
from qa_service.extraction.types import Pair

FOLDER = Path(__file__).resolve().parents[2] / "corpus" / "interpretations"
DOCUMENTS = sorted(p for p in FOLDER.iterdir() if p.suffix in SUFFIXES)
MIN_ENTRIES, MIN_PHRASINGS, MIN_EACH, MAX_QUESTION = 420, 1500, 3, 128


def sidecar(document: Path) -> Path:
    return document.with_name(f"{document.stem}.entries.yaml")


@cache
def load(path: Path) -> tuple[DocumentMeta, list[tuple[Pair, Annotation | None]], list[str]]:
    document = read_document(path.name, path.read_bytes())
    annotations = read_annotations(sidecar(path).name, sidecar(path).read_bytes())
    matched, problems = match_annotations(extract_pairs(document), annotations)
    return parse_meta(document), matched, problems


def entries() -> list[tuple[Path, Pair, Annotation]]:
    return [(path, pair, note) for path in DOCUMENTS for pair, note in load(path)[1] if note is not None]


def test_documents_and_sidecars_come_in_pairs() -> None:
    stems = [p.stem for p in DOCUMENTS]
    assert len(stems) == len(set(stems)), f"同名文件：{sorted(s for s in set(stems) if stems.count(s) > 1)}"
    sidecars = {p.name.removesuffix(".entries.yaml") for p in FOLDER.glob("*.entries.yaml")}
    assert set(stems) == sidecars


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_annotation_has_its_pair(path: Path) -> None:
    meta, matched, problems = load(path)
    assert not problems, f"{path.name}：{'；'.join(problems)}"
    assert any(note for _, note in matched), f"{path.name}：没有一条采编"
    for pair, note in matched:
        if note is None:
            continue
        assert pair.answer.strip(), f"{path.name} {note.key}：答复是空的"
        missing = [b.law for b in note.basis if b.law not in meta.laws]
        assert not missing, f"{path.name} {note.key}：依据行没有 {missing}"


def test_there_are_enough_complete_entries() -> None:
    complete = [note for _, _, note in entries() if note.basis and len(note.phrasings) >= MIN_EACH]
    poor = [f"{path.name} {note.key}" for path, _, note in entries() if note not in complete]
    assert len(complete) >= MIN_ENTRIES, f"只有 {len(complete)} 条齐备，缺依据或问法的：{poor[:20]}"
    phrasings = sum(len(note.phrasings) for note in complete)
    assert phrasings >= MIN_PHRASINGS, f"只有 {phrasings} 个问法"


def test_standard_questions_are_unique_and_short() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for path, _, note in entries():
        question = note.question or note.heading
        where[question].append(f"{path.name} {note.key}")
        assert len(question) <= MAX_QUESTION, f"{path.name} {note.key}：标准问 {len(question)} 字"
    repeated = {q: places for q, places in where.items() if len(places) > 1}
    assert not repeated, f"标准问重复：{repeated}"


def test_keys_are_unique_over_the_library() -> None:
    where: dict[str, list[str]] = defaultdict(list)
    for path, _, note in entries():
        where[note.key].append(path.name)
    repeated = {key: places for key, places in where.items() if len(places) > 1}
    assert not repeated, f"键重复：{repeated}"
