"""Small Word files, and what a reader sees of one."""

from __future__ import annotations

import io
from collections.abc import Callable

from docx import Document
from docx.oxml.ns import qn


def docx(build: Callable[[object], None]) -> bytes:
    document = Document()
    build(document)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


def with_runs(*runs: str) -> bytes:
    def build(document) -> None:  # type: ignore[no-untyped-def]
        paragraph = document.add_paragraph()
        for run in runs:
            paragraph.add_run(run)

    return docx(build)


def texts(data: bytes) -> str:
    """Everything a reader sees, line ends of a cell or paragraph as such."""
    document = Document(io.BytesIO(data))
    lines = []
    roots = [document.element, *(section.footer._element for section in document.sections)]
    for root in roots:
        for paragraph in root.iter(qn("w:p")):
            line = ""
            for node in paragraph.iter(qn("w:t"), qn("w:br")):
                line += "\n" if node.tag == qn("w:br") else node.text or ""
            lines.append(line)
    return "\n".join(lines)
