"""Bytes to text: UTF-8, UTF-16 with byte order mark, the declared charset of a page, or GB18030."""

from __future__ import annotations

import codecs
import re

from qa_service.extraction.types import DocumentError

_DECLARED = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_\-]{3,20})", re.IGNORECASE)
# A page or text with a few broken bytes (cut by an upload) is still worth reading.
_BROKEN_SHARE = 0.005


def decode_text(data: bytes) -> str:
    """Text of a .txt, .md or .html file. Raises DocumentError when no charset gives readable text."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if data.startswith(mark):
            return _checked(data[len(mark) :].decode(encoding, errors="replace"))
    # UTF-8 is tried before the declaration: old pages are often re-saved without changing it,
    # while text of any length in another charset is practically never valid UTF-8.
    for encoding in _candidates(data):
        try:
            return _checked(data.decode(encoding))
        except (UnicodeDecodeError, LookupError):
            continue
    return _checked(min((data.decode(e, errors="replace") for e in ("utf-8", "gb18030")), key=_broken))


def _candidates(data: bytes) -> list[str]:
    declared = _DECLARED.search(data[:4096])
    names = ["utf-8"]
    if declared:
        name = declared[1].decode("ascii").lower()
        names.append("gb18030" if name.startswith("gb") else name)
    return [*names, "gb18030"]


def _broken(text: str) -> int:
    return sum(c == "\ufffd" or (c < " " and c not in "\t\n\r\f\v") for c in text)


def _checked(text: str) -> str:
    if _broken(text) > max(3, len(text) * _BROKEN_SHARE):
        raise DocumentError(
            "文件内容不是可读的文字，可能已损坏，或者扩展名与实际格式不符",
            "请确认文件能正常打开，另存为 UTF-8 编码的文本或 .docx 后重新上传",
        )
    return text
