"""The metadata block of a document: `键：值` lines at its head, and labels in the line under a title."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa_service.extraction.clean import tidy
from qa_service.extraction.markers import parse_number, strip_question_mark
from qa_service.extraction.types import CELL_MARK, Block

# fmt: off
LABELS = frozenset((
    "标题", "依据", "制定单位", "解读单位", "发布日期", "有效期至", "复核日期", "主题", "适用对象", "文号",
    "来源", "信息来源", "文章来源", "稿件来源", "发布时间", "日期", "成文日期", "发布机构", "发布单位",
    "发文机关", "发文字号", "索引号", "主题分类", "分类", "有效性", "解读形式", "解读方式", "网址",
    "原文链接", "生效日期", "失效日期", "施行日期", "名称", "责任编辑", "作者", "关键词", "主题词", "栏目",
    "概述",
))
# fmt: on
# Tags of the government website platform (GB/T 33476-era <meta> names) under our labels.
META_TAGS = {
    "articletitle": "标题",
    "pubdate": "发布日期",
    "contentsource": "来源",
    "columnname": "栏目",
    "url": "网址",
    "author": "作者",
    "keywords": "关键词",
}
_LABEL_LINE = re.compile(r"^\**([一-鿿]{2,8})\**\s*[：:]\s*(.*)$")
_UNDER_TITLE = re.compile(
    r"(?:^|\s)(信息来源|文章来源|稿件来源|来源|发布时间|发布日期|发布机构|发布单位|网址|文号|责任编辑|作者)\s*[：:]\s*"
    r"(.*?)(?=\s+(?:[一-鿿]{2,8})\s*[：:]|$)"
)


def parse_label(line: str) -> tuple[str, str] | None:
    """(label, value) of a `键：值` line, or None. The label is 2-8 Chinese characters."""
    found = _LABEL_LINE.match(line)
    return (found[1], tidy(found[2])) if found else None


def split_metadata(
    blocks: Sequence[Block], *, gaps: frozenset[int] = frozenset()
) -> tuple[dict[str, str], list[Block]]:
    """Metadata block and remaining blocks.

    The block begins with a line whose label is known (LABELS), a title may stand above it, and ends before the first line that is
    not `键：值`, or at the first empty line; `gaps` are the line numbers that follow an empty line
    (formats without empty lines, such as Word, leave it out, and only known labels count there).
    """
    meta: dict[str, str] = {}
    begin = _begin(blocks)
    if begin is None:
        return meta, list(blocks)
    end = begin
    for at in range(begin, len(blocks)):
        label = parse_label(blocks[at].text)
        if label is None or (label[0] not in LABELS and not gaps) or (at > begin and blocks[at].line in gaps):
            break
        meta.setdefault(label[0], label[1])
        end = at + 1
    return meta, [*blocks[:begin], *blocks[end:]]


def _begin(blocks: Sequence[Block]) -> int | None:
    """Where the metadata block starts: at the first line, or below a title when at least two labels follow."""
    known = [(label := parse_label(b.text)) is not None and label[0] in LABELS for b in blocks[:3]]
    if known[:1] == [True]:
        return 0
    return 1 if known[1:] == [True, True] else None


def labels_under_title(blocks: Sequence[Block], meta: dict[str, str], look: int = 8) -> list[Block]:
    """Take `来源：… 发布时间：…` lines out of the first blocks into `meta`; returns the blocks left.

    Only the first `look` blocks up to the first section or question are examined, and only two-column table rows headed by a known label and
    lines that begin with one (after an optional date): a 来源 in the middle of a sentence is text.
    """
    kept: list[Block] = []
    for at, block in enumerate(blocks):
        if at >= look or parse_number(block.text)[0] or strip_question_mark(block.text) is not None:
            return [*kept, *blocks[at:]]
        cells = block.text.split(CELL_MARK) if block.table else []
        if len(cells) == 2 and cells[0] in LABELS:
            meta.setdefault(cells[0], cells[1])
            continue
        text = re.sub(
            r"^\d{4}[-年/.]\d{1,2}[-月/.]\d{1,2}日?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?\s*", "", block.text
        )
        found = list(_UNDER_TITLE.finditer(text)) if len(text) < 200 else []
        if found and found[0].start() == 0:
            for label in found:
                if value := tidy(label[2]):
                    meta.setdefault(label[1], value)
        else:
            kept.append(block)
    return kept
