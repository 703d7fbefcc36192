"""Question-answer pairs of a document."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa_service.extraction.clean import is_noise, is_tail
from qa_service.extraction.items import Item, make_items
from qa_service.extraction.outline import (
    DATE_ONLY,
    Section,
    cut_sections,
    divides,
    find_series,
    inline_sections,
    is_group,
)
from qa_service.extraction.titles import propose_question
from qa_service.extraction.types import Pair, SourceDocument

_ARTICLE = re.compile(r"^第[一二三四五六七八九十百零]{1,5}条(?:[\s　]|[一-鿿])")
_DOC_NO = re.compile(
    r"[一-鿿]{1,12}\s*[〔\[［【（(]\s*(?:19|20)\d\d\s*[〕\]］】）)]\s*第?\s*\d+\s*号|[一-鿿]{2,12}令\s*第\s*\d+\s*号|第\s*\d+\s*号国务院令"
)
_LEAD = re.compile(r"^.*(?:根据|按照|依据|参照|印发|转发|贯彻|落实|执行|的通知|以及|和|及|与|见|即)")
_THANKS = re.compile(r"^(?:谢谢|感谢).{0,8}[。！!]?$")
_CONTACT = re.compile(r"^.{0,24}(?:联系|咨询)(?:电话|方式)\s*[：:].{0,40}$")
_CONTACT_TOPIC = re.compile(r"联系|咨询|电话|投诉|举报|渠道|方式")
_NAMED_ONLY = re.compile(r".*(?:局|委员会|委|政府|办公室|中心|厅|院|部|会|处|所|办)$")
_UNIT_KEYS = (
    "解读单位",
    "制定单位",
    "发布机构",
    "发布单位",
    "发文机关",
    "信息来源",
    "来源",
    "文章来源",
    "稿件来源",
)


def extract_pairs(document: SourceDocument) -> list[Pair]:
    """All question-answer pairs in document order.

    Explicit ones have the document's own question (问：, a question heading, a heading followed by 答：);
    the others are sections with a topic heading, with a proposed question. The text of a regulation
    (第一条 …) and pages without such structure give none.
    """
    items = make_items(document.blocks)
    articles = sum(bool(_ARTICLE.match(i.text)) for i in items)
    if articles >= 5 and not any(i.asked or i.answered for i in items):
        return []
    return _Extractor(document).run(items)


class _Extractor:
    def __init__(self, document: SourceDocument) -> None:
        self.document = document
        self.doc_no = document.meta.get("文号") or document.meta.get("发文字号") or ""
        self.unit = next((document.meta[k] for k in _UNIT_KEYS if document.meta.get(k)), "")
        self.pairs: list[Pair] = []

    def run(self, items: Sequence[Item]) -> list[Pair]:
        series = find_series(items)
        if series:
            last = max([*series, *(n for n, i in enumerate(items) if i.asked)])
            contact = bool(_CONTACT_TOPIC.search(items[last].plain))
            items = [*items[: last + 1], *_without_tail(items[last + 1 :], contact)]
            self._divide(items, series, ())
        else:
            start = next((n for n, i in enumerate(items) if i.number and not i.table), len(items))
            for section in inline_sections(_without_tail(items[start:])):
                self._emit(section, ())
        return self.pairs

    def _divide(self, items: Sequence[Item], series: Sequence[int], path: tuple[str, ...]) -> None:
        before, sections = cut_sections(items, series)
        if any(i.asked for i in before):
            self._divide(before, find_series(before), path)
        for section in sections:
            self._section(section, (*path, section.group) if section.group else path)

    def _section(self, section: Section, path: tuple[str, ...]) -> None:
        body = section.body
        if section.heading is not None and not section.heading.asked:
            inner = (*path, section.title)
            children = find_series(body)
            if divides(section, children):
                if any(i.asked for i in body):  # text of the section itself, before its first 问
                    own = body[: children[0]]
                    self._emit(Section(section.heading, own), path)
                    body = body[children[0] :]
                    children = [n - children[0] for n in children]
                self._divide(body, children, inner)
                return
            if not section.asked and is_group(section.title) and (labelled := inline_sections(body)):
                for child in labelled:
                    self._emit(child, inner)
                return
        self._emit(section, path)

    def _emit(self, section: Section, path: tuple[str, ...]) -> None:
        heading = section.heading
        answer = _answer_text(section.body)
        title = section.title
        if heading is None or not title or not answer:
            return
        explicit = section.asked or (bool(section.body) and section.body[0].answered)
        self.pairs.append(
            Pair(
                heading=title,
                question=title if explicit else propose_question(self.document.title, title, path),
                answer=answer,
                explicit=explicit,
                path=path,
                first_line=heading.line,
                last_line=max((i.line for i in section.body), default=heading.line),
                doc_no=self.doc_no or "；".join(find_doc_numbers(answer)),
                unit=self.unit,
            )
        )


def find_doc_numbers(text: str) -> list[str]:
    """Document numbers (文号) named in a text, brackets and blanks in standard form, without repeats.

    >>> find_doc_numbers("根据国办发[2016] 81号")
    ['国办发〔2016〕81号']
    """
    found: list[str] = []
    for match in _DOC_NO.finditer(text):
        number = re.sub(r"\s+", "", match[0])
        number = re.sub(r"[\[［【（(]((?:19|20)\d\d)[\]］】）)]", r"〔\1〕", number)
        head, bracket, rest = number.partition("〔")
        number = _LEAD.sub("", head) + bracket + rest if bracket else number
        if number not in found and not number.startswith("〔"):
            found.append(number)
    return found


def _answer_text(body: Sequence[Item]) -> str:
    lines = []
    for at, item in enumerate(body):
        text = item.plain if item.answered and at == 0 else item.text
        if text and not is_noise(text):
            lines.append(text)
    while lines and _THANKS.match(lines[-1]):
        lines.pop()
    return "\n".join(lines)


def _without_tail(body: Sequence[Item], contact: bool = False) -> list[Item]:
    """The last section without attachments, contacts above them, signature, editor and page foot.

    `contact` tells that the section is about contacts, whose lines then stay.
    """
    end = next((n for n, i in enumerate(body) if is_tail(i.text)), len(body))
    kept = _without_signature(body[:end])
    if not contact and (end < len(body) or len(kept) < end):
        while len(kept) > 1 and _CONTACT.match(kept[-1].text):
            kept.pop()
    return kept


def _without_signature(body: Sequence[Item]) -> list[Item]:
    """A last section without the signature (unit and date) at its end."""
    out = list(body)
    if len(out) >= 2 and DATE_ONLY.match(out[-1].text) and len(out[-1].text) <= 20:
        out.pop()
        while (
            len(out) > 1
            and len(out[-1].text) <= 30
            and _NAMED_ONLY.match(out[-1].text)
            and not out[-1].number
        ):
            out.pop()
    return out
