"""Filling Word templates: {{占位符}} replaced wherever it stands, rows repeated for lists. No database, no HTTP.

A template is an ordinary .docx that an office edits in Word or WPS. `{{编号}}` is replaced by a value; a table row (or,
outside tables, a paragraph) with `{{办理过程.时间}}` is repeated for every line of the list 办理过程. Word cuts what a
person types into runs as it likes, so a placeholder is looked for in the text of the whole paragraph.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

from docx import Document
from docx.opc.part import XmlPart
from docx.oxml.ns import qn

from qa_service.errors import Invalid
from qa_service.kit.words import writable

# Full-width braces are what a Chinese input method types.
PLACEHOLDER = re.compile(r"[{｛]{2}\s*([^{}｛｝]*?)\s*[}｝]{2}")
_LEFT_OVER = re.compile(r"[{｛]{2}|[}｝]{2}")
SIZE_LIMIT = 2 * 1024 * 1024
UNPACKED_LIMIT = 30 * 1024 * 1024
# Fields that bring in another file or run a program when the document is opened.
_FETCHING = re.compile(r"\b(DDE|DDEAUTO|INCLUDETEXT|INCLUDEPICTURE|LINK|RD)\b", re.IGNORECASE)
_PARA_ID = "{http://schemas.microsoft.com/office/word/2010/wordml}paraId"

Values = Mapping[str, str]
Lists = Mapping[str, Sequence[Values]]
Node = Any  # an lxml element; lxml has no types


class TemplateError(Invalid):
    """A template that cannot be used; `name` and, where it is about one, the placeholder are in the message."""

    type = "template"
    title = "文书模板有误"


class Template:
    """A .docx that has been opened and found safe. `name` is what messages call it."""

    def __init__(self, name: str, data: bytes) -> None:
        self.name = name
        _check_package(name, data)
        try:
            self._document = Document(io.BytesIO(data))
            self._roots = list(_roots(self._document))
            fetches = _fetches(self._document, self._roots)
        except Exception as error:  # python-docx and lxml raise many kinds for a damaged file
            raise _unreadable(name) from error
        if fetches:
            raise TemplateError(
                f"模板“{name}”引用了文件以外的内容。",
                "请把图片插入文件中，不要链接；不要附加其他模板，不要插入链接域。",
            )

    def placeholders(self) -> list[str]:
        """Every placeholder, once each, in the order of the document. Raises TemplateError for a broken one."""
        found: dict[str, None] = {}
        for paragraph in self._paragraphs():
            text = _text(paragraph)
            for match in PLACEHOLDER.finditer(text):
                found[match[1]] = None
            if broken := _LEFT_OVER.search(PLACEHOLDER.sub("", text)):
                around = PLACEHOLDER.sub("", text)[max(0, broken.start() - 8) : broken.end() + 8]
                raise TemplateError(
                    f"模板“{self.name}”里有没写完整的占位符：“{around}”。",
                    "占位符前后各两个大括号，在同一段里写完，如 {{编号}}。", placeholder=around,
                )  # fmt: skip
        return list(found)

    def check(self, values: Mapping[str, Any], lists: Mapping[str, Mapping[str, Any]]) -> None:
        """Raise TemplateError unless every placeholder is among `values` or the fields of `lists`."""
        for name in self.placeholders():
            listed, dot, field = name.partition(".")
            if (name in values) if not dot else (field in lists.get(listed, {})):
                continue
            raise TemplateError(
                f"模板“{self.name}”里的占位符“{{{{{name}}}}}”不认识。",
                "请改成占位符目录里有的名称，或者删去。目录在“系统管理—文书模板”。", placeholder=name,
            )  # fmt: skip
        for unit in self._repeated():
            self._list_of(unit)

    def fill(self, values: Values, lists: Lists) -> bytes:
        """The document with every placeholder replaced. `check` must have passed; call once."""
        filled: list[Node] = []
        for unit in self._repeated():
            name = self._list_of(unit)
            for copy, row in _copies(unit, lists[name]):
                known = {**values, **{f"{name}.{field}": value for field, value in row.items()}}
                for paragraph in copy.iter(qn("w:p")):
                    _replace(paragraph, known)
                    filled.append(paragraph)
        # What a value brought into those looks like a placeholder at most: it is not read again.
        done = {id(paragraph) for paragraph in filled}
        for paragraph in list(self._paragraphs()):
            if id(paragraph) not in done:
                _replace(paragraph, values)
        held = io.BytesIO()
        self._document.save(held)
        return held.getvalue()

    def _paragraphs(self) -> Iterator[Node]:
        for root in self._roots:
            yield from root.iter(qn("w:p"))

    def _repeated(self) -> list[Node]:
        """The rows, and the paragraphs outside tables, that hold a list's placeholders."""
        units: dict[int, Node] = {}
        for paragraph in self._paragraphs():
            if any("." in match[1] for match in PLACEHOLDER.finditer(_text(paragraph))):
                unit = next(paragraph.iterancestors(qn("w:tr")), paragraph)
                units[id(unit)] = unit
        return list(units.values())

    def _list_of(self, unit: Node) -> str:
        text = "".join(_text(paragraph) for paragraph in unit.iter(qn("w:p")))
        names = {match[1].partition(".")[0] for match in PLACEHOLDER.finditer(text) if "." in match[1]}
        if len(names) > 1:
            raise TemplateError(
                f"模板“{self.name}”的同一行里有几个清单：{'、'.join(sorted(names))}。",
                "一行只能按一个清单重复，请分成几行。", placeholder=min(names),
            )  # fmt: skip
        return names.pop()


def _copies(unit: Node, rows: Sequence[Values]) -> list[tuple[Node, Values]]:
    """One copy of `unit` a row, in order; an empty list leaves one with nothing in it, to be written in by hand."""
    blank, last = deepcopy(unit), unit
    copies = [(unit, rows[0] if rows else {})]
    for row in rows[1:]:
        copy = deepcopy(blank)
        for node in copy.iter():
            node.attrib.pop(_PARA_ID, None)
        last.addnext(copy)
        copies.append((copy, row))
        last = copy
    return copies


def _check_package(name: str, data: bytes) -> None:
    """Raise TemplateError for what is no .docx, is too large, or brings programs with it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            parts = package.infolist()
            names = [part.filename.lower() for part in parts]
            if "word/document.xml" not in names:
                raise _unreadable(name)
            if len(data) > SIZE_LIMIT or sum(part.file_size for part in parts) > UNPACKED_LIMIT:
                raise TemplateError(f"模板“{name}”太大。", "模板文件不超过 2 MB，请删去多余的图片。")
            if any("vbaproject" in part or "/embeddings/" in part or "/activex/" in part for part in names):
                raise TemplateError(f"模板“{name}”带有宏或嵌入对象。", "请另存为不带宏的 .docx 再上传。")
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
        raise _unreadable(name) from error


def _fetches(document: Any, roots: Sequence[Node]) -> bool:
    """Whether opening the document would fetch or run something; links that a reader clicks on do not."""
    package = document.part.package
    held = [*package.rels.values(), *(rel for part in package.iter_parts() for rel in part.rels.values())]
    if any(rel.is_external and not rel.reltype.endswith("/hyperlink") for rel in held):
        return True
    for root in roots:
        fields = [node.get(qn("w:instr")) or "" for node in root.iter(qn("w:fldSimple"))]
        for paragraph in root.iter(qn("w:p")):
            fields.append("".join(node.text or "" for node in paragraph.iter(qn("w:instrText"))))
        if any(_FETCHING.search(field) for field in fields):
            return True
    return False


def _unreadable(name: str) -> TemplateError:
    return TemplateError(
        f"模板“{name}”打不开，不是完好的 Word 文件（.docx）。",
        "请在 Word 或 WPS 中打开后另存为 .docx；也可以恢复随附的模板。",
    )


def _roots(document: Any) -> Iterator[Node]:
    yield document.element
    for part in document.part.package.iter_parts():
        if isinstance(part, XmlPart) and re.search(r"/(header|footer)\d*\.xml$", str(part.partname)):
            yield part.element


def _nodes(paragraph: Node) -> list[Node]:
    """The text nodes of the paragraph itself: a text box in it has paragraphs of its own."""
    return [
        node for node in paragraph.iter(qn("w:t")) if next(node.iterancestors(qn("w:p")), None) is paragraph
    ]


def _text(paragraph: Node) -> str:
    return "".join(node.text or "" for node in _nodes(paragraph))


def _replace(paragraph: Node, values: Values) -> None:
    """Put the values in, from the last placeholder to the first, so that no value is ever read as a placeholder.
    The field of a list that has no line, or not this field, becomes empty."""
    nodes = _nodes(paragraph)
    matches = list(PLACEHOLDER.finditer("".join(node.text or "" for node in nodes)))
    starts: list[int] = []
    at = 0
    for node in nodes:
        starts.append(at)
        at += len(node.text or "")
    ends = [*starts[1:], at]
    for match in reversed(matches):
        value = writable(values.get(match[1], "") if "." in match[1] else values[match[1]])
        touched = [i for i in range(len(nodes)) if starts[i] < match.end() and ends[i] > match.start()]
        first, last = touched[0], touched[-1]
        after = (nodes[last].text or "")[match.end() - starts[last] :]
        before = (nodes[first].text or "")[: match.start() - starts[first]]
        for index in touched[1:]:
            nodes[index].text = ""
        if first == last:
            _set(nodes[first], before + value + after)
        else:
            _set(nodes[last], after)
            _set(nodes[first], before + value)


def _set(node: Node, text: str) -> None:
    """`text` into the node; what stands after a line end goes into nodes of its own behind breaks."""
    first, *more = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    node.text = first
    node.set(qn("xml:space"), "preserve")
    last = node
    for line in more:
        line_break, held = node.makeelement(qn("w:br")), node.makeelement(qn("w:t"))
        held.text = line
        held.set(qn("xml:space"), "preserve")
        last.addnext(line_break)
        line_break.addnext(held)
        last = held
