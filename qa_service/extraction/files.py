"""Extraction over files, for the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypedDict

from qa_service.extraction.pairs import extract_pairs
from qa_service.extraction.reader import read_document
from qa_service.extraction.types import DocumentError


class PairLine(TypedDict):
    """One line of `extract --out`."""

    file: str
    question: str
    answer: str
    explicit: bool
    doc_no: str
    unit: str


def extract_files(paths: Iterable[Path | str]) -> Iterator[PairLine]:
    """Pairs of the files in order, one record a pair; `file` is the path as given.

    Raises DocumentError at the first file that cannot be read; to go on after it, call file by file.
    """
    for path in paths:
        try:
            data = Path(path).read_bytes()
        except OSError as error:
            raise DocumentError(
                f"{path}：无法打开文件（{error.strerror}）", "请检查路径和读取权限"
            ) from error
        for pair in extract_pairs(read_document(Path(path).name, data)):
            yield PairLine(
                file=str(path),
                question=pair.question,
                answer=pair.answer,
                explicit=pair.explicit,
                doc_no=pair.doc_no,
                unit=pair.unit,
            )
