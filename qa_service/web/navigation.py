"""Which pages a role has, and which of them is home."""

from __future__ import annotations

from dataclasses import dataclass

from qa_service.accounts.roles import Actor, Role

HOME = {
    Role.DESK: "/desk",
    Role.UNIT: "/unit",
    Role.SUPERVISOR: "/board",
    Role.ADMIN: "/admin",
}

DESK, REGISTER, UNIT = ("/desk", "窗口答复"), ("/desk/register", "咨询台账"), ("/unit", "本单位办件")
LIBRARY, TEST, ADMIN = ("/library", "问答库"), ("/library/test", "命中测试"), ("/admin", "系统管理")
BOARD, STATISTICS = ("/board", "看板"), ("/statistics", "统计")
LEXICON, GAPS = ("/library/lexicon", "词表"), ("/library/gaps", "知识缺口")

WATCHING = ("/watching", "督促办理")
ACCOUNTABILITY = ("/accountability", "责任追究")

PAGES = {
    Role.DESK: (DESK, REGISTER, BOARD, WATCHING, STATISTICS, LIBRARY, TEST, LEXICON, GAPS),
    Role.UNIT: (UNIT, BOARD, STATISTICS, LIBRARY, TEST, LEXICON, GAPS),
    Role.SUPERVISOR: (BOARD, REGISTER, WATCHING, STATISTICS, ACCOUNTABILITY, LIBRARY, TEST, LEXICON, GAPS),
    Role.ADMIN: (
        ADMIN,
        DESK,
        REGISTER,
        BOARD,
        WATCHING,
        STATISTICS,
        ACCOUNTABILITY,
        LIBRARY,
        TEST,
        LEXICON,
        GAPS,
    ),
}


@dataclass(frozen=True, slots=True)
class Link:
    href: str
    label: str
    current: bool


def home_of(actor: Actor) -> str:
    return HOME.get(actor.role, "/")


def navigation_for(actor: Actor, path: str) -> list[Link]:
    """The links of the page's head; the one with the longest address that leads to `path` is current."""
    pages = PAGES.get(actor.role, ())
    leading = [href for href, _ in pages if path == href or path.startswith(f"{href}/")]
    current = max(leading, key=len, default="")
    return [Link(href, label, href == current) for href, label in pages]
