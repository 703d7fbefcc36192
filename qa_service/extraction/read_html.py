"""Web pages to blocks: the article's container found, page furniture dropped, <meta> tags read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from qa_service.extraction.clean import is_noise, tidy
from qa_service.extraction.metadata import META_TAGS
from qa_service.extraction.types import CELL_MARK, Block, DocumentError

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

# fmt: off
_DROP = [
    "script", "style", "noscript", "template", "nav", "header", "footer", "aside", "form", "iframe",
    "object", "embed", "svg", "canvas", "select", "button", "textarea", "input", "audio", "video", "map",
]
_BLOCK = frozenset((
    "address", "article", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "main", "ol", "p", "pre",
    "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
))
# fmt: on
# ids and classes of article bodies on government site platforms, most specific first.
_BODY = re.compile(
    r"^(?:zoom|zoomcon|ucap-content|pages_content|trs_editor|trs_paper_preview|article-content|article_content"
    r"|content_article|article-con|articlecon|article_con|articlecontent|info_cont|info-cont|newsmain|news_content"
    r"|news-content|con_text|content_text|text_con|txt_con|xxgk_content|detail-content|detail_content|contentbox"
    r"|js_content|rich_media_content|conTxt|main-content|view|content|article|text)$",
    re.IGNORECASE,
)
_FURNITURE = re.compile(
    r"^(?:nav|navbar|menu|breadcrumb\w*|crumb\w*|location|position|header|top|topbar|foot|footer|bottom|share\w*"
    r"|bdshare\w*|sidebar|side|related|relate\w*|recommend|comment\w*|copyright|qrcode|ewm|toolbar|fontsize|print"
    r"|hidden|pager|search\w*)$",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_BOLD_STYLE = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_MIN_BODY = 40
# Real pages nest some dozens deep; walking a page costs its size times its depth.
MAX_DEPTH = 400
_CONTAINER = re.compile(
    r"<(/?)(?:div|span|table|font|section|article|ul|ol|blockquote|b|i|em|strong)\b", re.IGNORECASE
)


def read_html(text: str) -> tuple[list[Block], dict[str, str]]:
    """Blocks of a page's article and its metadata (<meta name="标题" …>, platform tags, <title>)."""
    from bs4 import BeautifulSoup
    from bs4.element import CData, Comment, Declaration, Doctype, ProcessingInstruction

    if _depth(text) > MAX_DEPTH:
        raise DocumentError(
            "网页结构嵌套过深，已拒绝读取", "请在浏览器中打开后，把正文复制到 Word 或 .txt 再上传"
        )
    soup = BeautifulSoup(text, "lxml")
    meta = _read_meta(soup)
    for kind in (Comment, Declaration, Doctype, ProcessingInstruction, CData):
        for node in soup.find_all(string=lambda s, kind=kind: isinstance(s, kind)):
            node.extract()
    heading = _headline(soup)
    _drop_furniture(soup)
    blocks = _Flow().run(_find_body(soup))
    if heading and "标题" not in meta:
        meta["标题"] = heading
    return blocks, meta


def _depth(text: str) -> int:
    """Deepest nesting of the elements that a page must close itself."""
    depth = deepest = 0
    for tag in _CONTAINER.finditer(text):
        depth = max(depth - 1, 0) if tag[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest


def _read_meta(soup: BeautifulSoup) -> dict[str, str]:
    meta: dict[str, str] = {}
    for tag in soup.find_all("meta"):
        name, value = str(tag.get("name") or "").strip(), tidy(str(tag.get("content") or ""))
        key = META_TAGS.get(name.lower(), name if re.fullmatch(r"[一-鿿]{2,8}", name) else "")
        if key and value:
            meta.setdefault(key, value)
    return meta


def _headline(soup: BeautifulSoup) -> str:
    """The page's headline: its only <h1>, else the <title> without the site's name."""
    tops = [tidy(h.get_text()) for h in soup.find_all("h1")]
    tops = [t for t in tops if 4 <= len(t) <= 120]
    if len(set(tops)) == 1:
        return tops[0]
    title = tidy(soup.title.get_text()) if soup.title else ""
    return re.split(r"\s*[_|]\s*|\s+-\s*|\s*-\s+|--+", title)[0] if title else ""


def _drop_furniture(soup: BeautifulSoup) -> None:
    for tag in soup.find_all(_DROP):
        # Some platforms wrap the whole page in a <form> or the article in a <header>: keep what is large.
        length = len(tag.get_text(strip=True))
        if (tag.name in ("form", "header", "aside") and length > 400) or (
            tag.name == "button" and length >= 6
        ):
            continue  # a long button is the question of a folding FAQ
        tag.extract()
    whole = len(soup.get_text(strip=True))
    for tag in soup.find_all(True):
        if tag.parent is None or tag.attrs is None:
            continue
        names = [str(tag.get("id") or ""), *_classes(tag)]
        hidden = tag.has_attr("hidden") or _HIDDEN.search(str(tag.get("style") or ""))
        named = any(_FURNITURE.match(n) for n in names if n)
        if (hidden or named) and len(tag.get_text(strip=True)) * 2 < whole:
            tag.extract()


def _classes(tag: Tag) -> list[str]:
    value = tag.get("class")
    return [str(c) for c in value] if isinstance(value, list) else [str(value)] if value else []


def _find_body(soup: BeautifulSoup) -> Tag:
    """The container of the article: a known name with text in it, else the densest block."""
    named = [
        tag
        for tag in soup.find_all(["div", "td", "article", "section", "main", "ucapcontent"])
        if any(_BODY.match(n) for n in [str(tag.get("id") or ""), *_classes(tag)] if n)
    ]
    root = soup.body or soup
    whole = len(root.get_text(strip=True))
    for tag in sorted(named, key=lambda t: -len(t.get_text(strip=True))):
        if len(tag.get_text(strip=True)) >= max(_MIN_BODY, whole * 0.25):
            # Prefer an inner named container that holds nearly all of it (title and tools stay outside).
            inner = [
                t
                for t in named
                if tag in t.parents and len(t.get_text(strip=True)) > 0.6 * len(tag.get_text(strip=True))
            ]
            return inner[-1] if inner else tag
    plain = whole - sum(len(a.get_text(strip=True)) for a in root.find_all("a"))
    best, best_score = root, 0.0
    for tag in root.find_all(["div", "td", "article", "section", "main"]):
        own = _own_text(tag)
        linked = sum(len(a.get_text(strip=True)) for a in tag.find_all("a"))
        score = own - 2.0 * min(linked, own)
        if score > best_score and own - min(linked, own) > 0.4 * plain:
            best, best_score = tag, score
    return best


def _own_text(tag: Tag) -> int:
    """Characters directly in a tag or in its paragraphs: what makes it the article and not its frame."""
    from bs4.element import NavigableString

    total = 0
    for child in tag.children:
        if isinstance(child, NavigableString):
            total += len(str(child).strip())
        elif getattr(child, "name", "") not in ("div", "table", "td", "section"):
            total += len(child.get_text(strip=True))
    return total


class _Flow:
    """Walks a container in reading order and cuts it into blocks at block elements and <br>."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.buffer: list[tuple[str, bool]] = []

    def run(self, root: Tag) -> list[Block]:
        self._walk(root, level=0, bold=False)
        self._flush(0)
        return self.blocks

    def _flush(self, level: int) -> None:
        text = tidy("".join(t for t, _ in self.buffer))
        bold = bool(text) and all(b for t, b in self.buffer if t.strip())
        self.buffer.clear()
        if text and not is_noise(text):
            self.blocks.append(Block(text, level=level, bold=bold and level == 0, line=len(self.blocks) + 1))

    def _walk(self, tag: Tag, level: int, bold: bool) -> None:
        from bs4.element import NavigableString, Tag

        for child in tag.children:
            if isinstance(child, NavigableString):
                # A line break in the source between two Chinese characters is not a blank.
                self.buffer.append(
                    (re.sub(r"(?<=[^\x00-\xff])\s*\n\s*(?=[^\x00-\xff])", "", str(child)), bold)
                )
                continue
            if not isinstance(child, Tag):
                continue
            name = child.name.split(":")[-1]
            if name == "br":
                self._flush(level)
            elif name == "table":
                self._flush(level)
                self._table(child)
            else:
                strong = (
                    bold or name in ("b", "strong") or bool(_BOLD_STYLE.search(str(child.get("style") or "")))
                )
                inner = int(name[1]) if re.fullmatch(r"h[1-6]", name) else level
                if name in _BLOCK:
                    self._flush(level)
                    self._walk(child, inner, strong)
                    self._flush(inner)
                else:
                    self._walk(child, level, strong)

    def _table(self, table: Tag) -> None:
        rows = [r for r in table.find_all("tr") if r.find_parent("table") is table]
        cells = [[c for c in r.find_all(["td", "th"]) if c.find_parent("tr") is r] for r in rows]
        wide = sum(len(c) >= 2 for c in cells)
        nested = table.find("table") is not None
        longest = max((len(c.get_text(strip=True)) for row in cells for c in row), default=0)
        if nested or wide < 2 or longest > 600:  # a table for layout: its cells are ordinary text
            self._walk_rows(table)
            return
        for row in cells:
            texts = [tidy(c.get_text(" ")) for c in row]
            texts = [re.sub(r"(?<=[^\x00-\xff]) (?=[^\x00-\xff])", "", t) for t in texts]
            if line := CELL_MARK.join(t for t in texts if t):
                self.blocks.append(Block(line, table=True, line=len(self.blocks) + 1))

    def _walk_rows(self, table: Tag) -> None:
        self._walk(table, 0, False)
        self._flush(0)
