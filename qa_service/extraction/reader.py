"""Any supported file to a SourceDocument; every failure is a DocumentError with a Chinese remedy."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath

from qa_service.extraction.charset import decode_text
from qa_service.extraction.clean import fold
from qa_service.extraction.metadata import labels_under_title, split_metadata
from qa_service.extraction.read_docx import read_docx
from qa_service.extraction.read_html import read_html
from qa_service.extraction.read_pdf import read_pdf
from qa_service.extraction.read_text import read_markdown, read_plain
from qa_service.extraction.types import Block, DocumentError, SourceDocument

MAX_BYTES = 20 * 1024 * 1024
SUFFIXES = (".txt", ".md", ".html", ".htm", ".docx", ".pdf")
_NO_GAPS: frozenset[int] = frozenset()


def read_document(name: str, data: bytes) -> SourceDocument:
    """Read a .txt, .md, .html, .htm, .docx or .pdf file.

    Page noise is gone, metadata is apart from the body, `title` is the metadata's, the page's headline
    or the first line. Raises DocumentError, and nothing else, for an unsupported, oversized, damaged or
    empty file.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix == ".doc":
        raise DocumentError(
            f"{name}：不支持旧版 Word（.doc）格式", "请用 Word 或 WPS 另存为 .docx 后重新上传"
        )
    if suffix not in SUFFIXES:
        raise DocumentError(
            f"{name}：不支持的文件格式“{suffix or '无扩展名'}”", f"请上传以下格式之一：{'、'.join(SUFFIXES)}"
        )
    if len(data) > MAX_BYTES:
        raise DocumentError(
            f"{name}：文件有 {len(data) / 1024 / 1024:.1f} MB，超过 {MAX_BYTES // 1024 // 1024} MB 的上限",
            "请压缩图片或拆分成几个文件后重新上传",
        )
    if not data.strip():
        raise DocumentError(f"{name}：文件是空的", "请确认上传的是正确的文件")
    try:
        document = _read(name, suffix, data)
    except DocumentError as error:
        prefix = "" if error.message.startswith(name) else f"{name}："
        raise DocumentError(prefix + error.message, error.remedy, error.line) from error
    except Exception as error:  # the format libraries raise whatever a damaged file leads them to
        raise DocumentError(
            f"{name}：文件已损坏或格式异常，无法读取", "请用原来的软件打开并重新保存，或者另存为 .txt 后上传"
        ) from error
    if not document.blocks:
        raise DocumentError(f"{name}：没有找到正文文字", "请确认文件有文字内容；扫描件请先做文字识别（OCR）")
    return document


def _read(name: str, suffix: str, data: bytes) -> SourceDocument:
    meta: dict[str, str] = {}
    gaps = _NO_GAPS
    if suffix in (".html", ".htm"):
        blocks, meta = read_html(decode_text(data))
    elif suffix == ".docx":
        blocks = read_docx(data)
    elif suffix == ".pdf":
        blocks = read_pdf(data)
    else:
        read: Callable[[str], tuple[list[Block], frozenset[int]]] = (
            read_markdown if suffix == ".md" else read_plain
        )
        blocks, gaps = read(decode_text(data))
    found, blocks = split_metadata(blocks, gaps=gaps)
    # What the page shows as its metadata block is more specific than platform tags.
    meta = {**meta, **found}
    blocks = labels_under_title(blocks, meta)
    title, blocks = _title(name, blocks, meta.get("标题", ""))
    return SourceDocument(name, title, tuple(blocks), meta)


def _title(name: str, blocks: list[Block], stated: str) -> tuple[str, list[Block]]:
    """The title, and the blocks without the line that repeats it at the head of the text."""
    if stated:
        key = fold(stated)
        for at, block in enumerate(blocks[:12]):
            if fold(block.text) == key:
                return stated, [*blocks[:at], *blocks[at + 1 :]]
        return stated, blocks
    from qa_service.extraction.titles import guess_title

    title, used = guess_title(blocks)
    return title or PurePath(name).stem, blocks[: used[0]] + blocks[used[1] :]
