from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from support.encoders import CountingEncoder

from qa_service.search.evaluate import EvalError, percentile, read_library, run_eval
from qa_service.search.types import Document
from qa_service.text.lexicon import Lexicon


def write(path: Path, records: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in records) + "\n", "utf-8")
    return path


@pytest.fixture
def library_file(library: list[Document], tmp_path: Path) -> Path:
    keys = ("id", "question", "answer", "phrasings")
    return write(tmp_path / "town.library.jsonl", [{k: asdict(d)[k] for k in keys} for d in library])


def test_a_run_has_one_line_a_query_of_this_library(
    library_file: Path, lexicon: Lexicon, tmp_path: Path
) -> None:
    queries = write(
        tmp_path / "q.jsonl",
        [{"query": "护照多久能拿到", "library": "town"}, {"query": "别处的问题", "library": "elsewhere"},
         {"query": "低保要钱吗", "library": "town"}],
    )  # fmt: skip
    out = tmp_path / "run.jsonl"
    stages: set[str] = set()
    report = run_eval(
        library_file, [queries], out, CountingEncoder(), lexicon, lambda stage, done, total: stages.add(stage)
    )
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [line["query"] for line in lines] == ["护照多久能拿到", "低保要钱吗"]
    for line in lines:
        assert set(line) == {"query", "library", "ranked", "confidence", "decision"}
        assert line["library"] == "town" and len(line["ranked"]) == 10 and 0 <= line["confidence"] <= 1
        assert line["decision"] in ("answer", "choose", "refer")
    assert report.entries == 60 and report.queries == 2 and sum(report.decisions.values()) == 2
    assert stages == {"words", "vectors", "calibration"}
    assert len(report.lines()) == 3


def test_the_truth_is_never_read(library_file: Path, lexicon: Lexicon, tmp_path: Path) -> None:
    question = "护照多久能拿到"
    plain = write(tmp_path / "a.jsonl", [{"query": question, "library": "town"}])
    told = write(
        tmp_path / "b.jsonl", [{"query": question, "library": "town", "relevant": 7, "style": ["?"]}]
    )
    for path in (plain, told):
        run_eval(library_file, [path], tmp_path / f"{path.name}.out", CountingEncoder(), lexicon)
    assert (tmp_path / "a.jsonl.out").read_bytes() == (tmp_path / "b.jsonl.out").read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"id": "1", "question": "问"}', "第 1 行"), ('{"id": 1, "question": "问", "answer": "答"}', "第 1 行"),
        ('\n{"id": "1"', "第 2 行"), ("[]", "对象"), ("", "没有条目"),
        ('{"id": "1", "question": "问", "answer": "答"}\n{"id": "1", "question": "问", "answer": "答"}', "重复"),
    ],
)  # fmt: skip
def test_a_bad_library_names_the_line(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(content, "utf-8")
    with pytest.raises(EvalError, match=message):
        read_library(path)
    with pytest.raises(EvalError, match="无法读取"):
        read_library(tmp_path / "absent.jsonl")


def test_percentile() -> None:
    assert percentile([], 50) == 0.0
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0 and percentile([3.0, 1.0, 2.0], 95) == 3.0
