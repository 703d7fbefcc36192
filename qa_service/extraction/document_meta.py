"""The metadata an interpretation must state before its answers can be published, typed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from qa_service.extraction.types import DocumentError, SourceDocument

REQUIRED = ("制定单位", "解读单位", "发布日期", "主题", "适用对象", "依据")
_DATE = re.compile(
    r"^(\d{4})\s*[-年/.]\s*(\d{1,2})\s*[-月/.]\s*(\d{1,2})\s*日?(?:[\sT]+\d{1,2}:\d{2}(?::\d{2})?)?$"
)
_LAW = re.compile(r"《((?:[^《》]|《[^》]*》)+)》\s*(?:[（(]\s*([^（）()]*?)\s*[）)])?")


@dataclass(frozen=True, slots=True)
class DocumentMeta:
    """Metadata of an interpretation. `laws` maps each law's name to its version date (YYYY-MM-DD).

    At least one of `effective_to` (last day of validity, included) and `review_due` is given.
    """

    title: str
    issuing_unit: str
    interpreting_unit: str
    published_on: date
    effective_to: date | None
    review_due: date | None
    topic: str
    audience: tuple[str, ...]
    laws: Mapping[str, str]


def parse_meta(document: SourceDocument) -> DocumentMeta:
    """The metadata of a document as read. Raises DocumentError naming what is missing or wrong."""
    meta = document.meta
    missing = [key for key in REQUIRED if not meta.get(key)]
    if not (meta.get("标题") or document.title):
        missing.insert(0, "标题")
    if not (meta.get("有效期至") or meta.get("复核日期")):
        missing.append("有效期至（或复核日期）")
    if missing:
        raise DocumentError(
            f"{document.name}：元数据缺少{'、'.join(missing)}",
            f"请在文件开头逐行补上，例如“{missing[0].split('（')[0]}：…”，元数据与正文之间空一行",
        )
    published = _date(document.name, "发布日期", meta["发布日期"])
    effective_to = _date(document.name, "有效期至", meta["有效期至"]) if meta.get("有效期至") else None
    review_due = _date(document.name, "复核日期", meta["复核日期"]) if meta.get("复核日期") else None
    if effective_to and effective_to < published:
        raise DocumentError(
            f"{document.name}：有效期至（{effective_to}）早于发布日期（{published}）",
            "请核对并改正这两个日期",
        )
    return DocumentMeta(
        title=meta.get("标题") or document.title,
        issuing_unit=meta["制定单位"],
        interpreting_unit=meta["解读单位"],
        published_on=published,
        effective_to=effective_to,
        review_due=review_due,
        topic=meta["主题"],
        audience=tuple(a for a in (p.strip() for p in re.split(r"[、，,；;]", meta["适用对象"])) if a),
        laws=parse_laws(document.name, meta["依据"]),
    )


def parse_laws(name: str, text: str) -> dict[str, str]:
    """Law names and version dates of a 依据 line: `《失业保险条例》（1999-01-22）第十四条；《…》（…）`.

    `name` is the file named in errors. Raises DocumentError when no law is named, a version date is missing
    or malformed, or one law is given in two versions.
    """
    laws: dict[str, str] = {}
    for law, version in _LAW.findall(text):
        if not version:
            raise DocumentError(
                f"{name}：“依据”中《{law}》没有写明版本日期",
                f"请写成“《{law}》（YYYY-MM-DD）第×条”，日期为公布或修订日期",
            )
        day = _date(name, f"依据《{law}》的版本日期", version).isoformat()
        if laws.setdefault(law, day) != day:
            raise DocumentError(
                f"{name}：“依据”中《{law}》写了两个版本日期（{laws[law]}、{day}）", "请只保留所依据的那个版本"
            )
    if not laws:
        raise DocumentError(
            f"{name}：“依据”中没有找到法规名称：{text[:40]}",
            "请写成“《法规名称》（YYYY-MM-DD）第×条”，多部之间用分号隔开",
        )
    return laws


def _date(name: str, label: str, text: str) -> date:
    found = _DATE.match(text.strip())
    try:
        if found:
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        pass
    raise DocumentError(f"{name}：{label}“{text[:30]}”不是有效日期", "请写成 YYYY-MM-DD，例如 2026-03-16")
