"""Editors' sidecars (`NAME.entries.yaml`): what a document's pairs need besides their text."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from qa_service.extraction.charset import decode_text
from qa_service.extraction.clean import fold
from qa_service.extraction.markers import parse_number, strip_question_mark
from qa_service.extraction.types import DocumentError, Pair

MAX_BYTES = 2 * 1024 * 1024
MAX_QUESTION = 128
MAX_PHRASE = 15
_KEY = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ARTICLE = re.compile(r"第[〇零一二三四五六七八九十百千\d]+条(?:之[一二三四五六七八九十]+)?")
_FIELDS = ("key", "heading", "question", "basis", "audience", "topics", "phrasings")
_BASIS_FIELDS = ("law", "article", "phrase")


@dataclass(frozen=True, slots=True)
class BasisRef:
    """One article a pair rests on; `phrase` is at most 15 characters, verbatim from it."""

    law: str
    article: str
    phrase: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """One entry of a sidecar. None for `question`, `audience` and `topics` means: as the document has it."""

    key: str
    heading: str
    question: str | None
    basis: tuple[BasisRef, ...]
    audience: tuple[str, ...] | None
    topics: tuple[str, ...] | None
    phrasings: tuple[str, ...]


def read_annotations(name: str, data: bytes) -> list[Annotation]:
    """Entries of a sidecar. Raises DocumentError with the line (1-based), the reason and a remedy."""
    import yaml

    if len(data) > MAX_BYTES:
        raise DocumentError(
            f"{name}：采编表超过 {MAX_BYTES // 1024 // 1024} MB", "请拆分成几份，每份对应一个解读文件"
        )
    try:
        text = decode_text(data)
    except DocumentError as error:
        raise DocumentError(f"{name}：{error.message}", "请另存为 UTF-8 编码的文本后重新上传") from error
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else None
        where = f"第 {line} 行" if line else "内容"
        raise DocumentError(
            f"{name}：{where}不符合 YAML 格式",
            "请检查该行缩进是否对齐、冒号后是否有空格；文字中含“: ”或以特殊符号开头的，请整句加英文双引号",
            line,
        ) from error
    except (ValueError, RecursionError) as error:  # impossible dates, absurd nesting
        raise DocumentError(
            f"{name}：内容无法解析", "请对照采编表样例检查，日期、数字请加英文双引号"
        ) from error
    return _Sidecar(name).read(root, content)


class _Sidecar:
    """Checks one sidecar; `root` gives the line numbers, `content` the values."""

    def __init__(self, name: str) -> None:
        self.name = name

    def fail(self, line: int, reason: str, remedy: str) -> DocumentError:
        return DocumentError(f"{self.name}：第 {line} 行：{reason}", remedy, line)

    def read(self, root: Any, content: Any) -> list[Annotation]:
        if not isinstance(content, dict) or not isinstance(content.get("entries"), list):
            raise self.fail(1, "没有 entries 列表", "请以“entries:”开头，下面每条以“- key: …”开始")
        nodes = next(value for key, value in root.value if key.value == "entries").value
        entries: list[Annotation] = []
        lines: dict[str, int] = {}
        for node, entry in zip(nodes, content["entries"], strict=True):
            annotation = self._entry(node, entry)
            if annotation.key in lines:
                raise self.fail(
                    _line(node),
                    f"键 {annotation.key} 与第 {lines[annotation.key]} 行重复",
                    "请给每条问答一个不同的 key",
                )
            lines[annotation.key] = _line(node)
            entries.append(annotation)
        return entries

    def _entry(self, node: Any, entry: Any) -> Annotation:
        line = _line(node)
        if not isinstance(entry, dict):
            raise self.fail(line, "这一条不是“字段: 值”的形式", "请以“- key: …”开始，其余字段缩进对齐")
        at = self._lines_of_fields(node, _FIELDS)
        key = self._text(entry, "key", at, line)
        if not _KEY.fullmatch(key):
            raise self.fail(
                at["key"], f"键“{key}”不合格式", "key 只用小写字母、数字和连字符，例如 unemployment-01"
            )
        heading = self._text(entry, "heading", at, line)
        question = self._text(entry, "question", at, line) if entry.get("question") is not None else None
        if len(question or heading) > MAX_QUESTION:
            where = at["question"] if question else at["heading"]
            raise self.fail(
                where, f"{key} 的标准问超过 {MAX_QUESTION} 字", "请用 question 写一个更短的标准问"
            )
        phrasings = self._texts(entry, "phrasings", at, line) or ()
        seen: dict[str, str] = {}
        for phrasing in phrasings:
            if (same := seen.setdefault(fold(phrasing), phrasing)) is not phrasing:
                raise self.fail(at["phrasings"], f"{key} 的问法重复：“{same}”", "请删去一个，或者换一种说法")
        return Annotation(
            key=key,
            heading=heading,
            question=question,
            basis=self._basis(node, entry, at, line),
            audience=self._texts(entry, "audience", at, line),
            topics=self._texts(entry, "topics", at, line),
            phrasings=phrasings,
        )

    def _lines_of_fields(self, node: Any, allowed: Sequence[str]) -> dict[str, int]:
        at: dict[str, int] = {}
        for key, _ in node.value:
            name, line = str(key.value), _line(key)
            if name not in allowed:
                raise self.fail(line, f"不认识的字段“{name}”", f"可用的字段有：{'、'.join(allowed)}")
            if name in at:
                raise self.fail(
                    line,
                    f"字段“{name}”在同一条里写了两次（另见第 {at[name]} 行）",
                    "新的一条请以“- key: …”开始，前面要有短横线",
                )
            at[name] = line
        return at

    def _text(self, entry: dict[str, Any], field: str, at: dict[str, int], line: int) -> str:
        value = entry.get(field)
        if value is None or value == "":
            raise self.fail(at.get(field, line), f"缺少“{field}”", f"请补上“{field}: …”")
        if not isinstance(value, str):
            raise self.fail(
                at[field], f"“{field}”应为文字，实际是 {value!r:.40}", "请给这一项的值加上英文双引号"
            )
        return " ".join(value.split())

    def _texts(
        self, entry: dict[str, Any], field: str, at: dict[str, int], line: int
    ) -> tuple[str, ...] | None:
        value = entry.get(field)
        if value is None:
            return None
        if not isinstance(value, list):
            raise self.fail(
                at.get(field, line), f"“{field}”应为列表", f"请写成“{field}:”换行后每行一个“- …”，或 [甲, 乙]"
            )
        for text in value:
            if not isinstance(text, str) or not text.strip():
                raise self.fail(
                    at[field],
                    f"“{field}”中有一项不是文字：{text!r:.40}",
                    "请给该项加上英文双引号，并删去空的短横线",
                )
        return tuple(" ".join(text.split()) for text in value)

    def _basis(self, node: Any, entry: dict[str, Any], at: dict[str, int], line: int) -> tuple[BasisRef, ...]:
        value = entry.get("basis")
        if value is None:
            return ()
        remedy = "请写成“- {law: 法规名, article: 第十四条, phrase: 该条原文中的短语}”"
        if not isinstance(value, list):
            raise self.fail(at["basis"], "“basis”应为列表", remedy)
        nodes = next(v for k, v in node.value if k.value == "basis").value
        found = []
        for item_node, item in zip(nodes, value, strict=True):
            where = _line(item_node)
            if not isinstance(item, dict):
                raise self.fail(where, "依据不是“字段: 值”的形式", remedy)
            fields = self._lines_of_fields(item_node, _BASIS_FIELDS)
            law, article, phrase = (self._text(item, f, fields, where) for f in _BASIS_FIELDS)
            if not _ARTICLE.fullmatch(article):
                raise self.fail(fields["article"], f"条款“{article}”不合格式", "请写成“第十四条”")
            if len(phrase) > MAX_PHRASE:
                raise self.fail(
                    fields["phrase"], f"短语“{phrase}”超过 {MAX_PHRASE} 字", "请从该条原文中取更短的连续文字"
                )
            found.append(BasisRef(law, article, phrase))
        return tuple(found)


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1


def match_annotations(
    pairs: Sequence[Pair], annotations: Sequence[Annotation]
) -> tuple[list[tuple[Pair, Annotation | None]], list[str]]:
    """Each pair with the annotation of the same heading, in document order, and what could not be matched.

    Headings are compared without punctuation, width, case and white space, outline numbers and question
    marks (问：) left out. Where a heading occurs more than once, pairs and annotations are taken in order.
    Problems are Chinese sentences naming the key: a heading that is not in the document (with the nearest
    one), and one that is used more often in the sidecar than in the document.
    """
    waiting: dict[str, list[Annotation]] = defaultdict(list)
    for annotation in annotations:
        waiting[_heading_key(annotation.heading)].append(annotation)
    matched: list[tuple[Pair, Annotation | None]] = []
    for pair in pairs:
        queue = waiting.get(_heading_key(pair.heading))
        matched.append((pair, queue.pop(0) if queue else None))
    present = {_heading_key(p.heading): p.heading for p in pairs}
    problems = []
    for left in (a for queue in waiting.values() for a in queue):
        key = _heading_key(left.heading)
        if key in present:
            problems.append(
                f"{left.key}：标题“{left.heading}”在采编表中用了多次，文件里没有那么多处；请删去重复的一条"
            )
            continue
        near = difflib.get_close_matches(key, list(present), n=1, cutoff=0.5)
        hint = f"，最接近的是“{present[near[0]]}”" if near else ""
        problems.append(f"{left.key}：文件里没有标题“{left.heading}”{hint}；请使两处文字一致")
    return matched, problems


def _heading_key(heading: str) -> str:
    stripped = strip_question_mark(heading)
    return fold(stripped if stripped is not None else parse_number(heading)[1]) or fold(heading)
