"""Titles: finding one in a text that states none, and the policy it names, for proposed questions."""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa_service.extraction.markers import is_question, parse_number, strip_question_mark
from qa_service.extraction.types import Block

_TITLE_WORD = re.compile(
    r"解读|问答|答记者问|常见问题|指南|须知|指引|简介|公告|通告|通知|办法|规定|政策|\d问|说明|意见|方案|实录"
)
# A flattened crawl glues the title to the first sentence: 关于…答记者问日前，…
_GLUED = re.compile(r"^(.{6,90}?(?:答记者问|政策解读|问答|解读))(?=近日|日前|为|为了|\d{4}年|问[：:])")
_KINDS = re.compile(
    r"(?:的?(?:有关|相关)?(?:常见问题|热点问题|相关问题|有关问题|若干问题|疑难问题)?"
    r"(?:的?(?:解读|解答|问答|答疑|释疑|一问一答|回答记者提问|答记者问|宣传手册|明白纸|办理指南|申请指引"
    r"|办事指南|工作指引|办理须知|须知|指引|指南|简介|详解|说明|公告|通告|\d{1,3}问|十[问答]|百问百答))+)"
    r"(?:[（(][^（）()]{1,20}[）)])?\s*$"
)
_COMMON = re.compile(
    r"(?:常见|热点|相关|有关)(?:政策)?问题$|有关负责人就|负责同志就|[有相]关(?:司局)?负责(?:人|同志)"
)
MAX_QUESTION = 128


def guess_title(blocks: Sequence[Block]) -> tuple[str, tuple[int, int]]:
    """(title, blocks it takes up as a half-open range) among the first blocks of a text.

    A heading of level 1 wins; else the first line that looks like a title (no sentence end, or a word such
    as 解读); a title that is wrapped over two lines (——…答记者问) is put together. ("", (0, 0)) when the
    text starts with the questions or with running text.
    """
    tops = [at for at, block in enumerate(blocks[:15]) if block.level == 1]
    if (
        tops
        and not _is_marked(blocks[tops[0]].text)
        and (len(tops) == 1 or (tops[0] == 0 and not is_question(blocks[0].text)))
    ):
        return blocks[tops[0]].text, (tops[0], tops[0] + 1)
    best = -1
    for at, block in enumerate(blocks[:30]):
        text = block.text
        if block.level or block.table or _is_marked(text):
            break
        if (
            at == 0
            and is_question(text)
            and any(is_question(b.text) and not _is_marked(b.text) for b in blocks[1:])
        ):
            break  # the first of several question headings
        if len(text) > 110 or re.search(r"[。；]|[：:]$", text):
            if glued := _GLUED.match(text):
                return glued[1], (0, 0)
            if best >= 0 or len(text) > 60:
                break
            continue
        if _TITLE_WORD.search(text) and len(text) >= 6:
            best = at
            break
        if at == 0:
            best = at
    if best < 0:
        return "", (0, 0)
    title, end = blocks[best].text, best + 1
    if end < len(blocks) and blocks[end].text.startswith(("——", "--")) and len(blocks[end].text) < 90:
        title += blocks[end].text
        end += 1
    elif best > 0 and title.startswith(("——", "--")):
        best -= 1
        title = blocks[best].text + title
    return title, (best, end)


def _is_marked(text: str) -> bool:
    return strip_question_mark(text) is not None or parse_number(text)[0] is not None


def policy_name(title: str) -> str:
    """What a title is about: quoted full name or title without its genre (…常见问题解读 → …)."""
    title = re.sub(r"^.*?[丨|｜]", "", title[:300]).strip()
    title = re.sub(r"^.{0,30}(?:负责人|负责同志|发言人)(?:就|解读)", "", title)
    name = _KINDS.sub("", title).strip(' ：:—-“”"、，,')
    name = _COMMON.sub("", name).strip(" ：:—-、，,")
    name = re.sub(r"^(?:图解|一图读懂|解读|关于|【[^】]*】)[：:]?", "", name)
    return name or title


# Longer headings are phrases of their own and do not take 的…有哪些.
_SHORT = 10
_ENDINGS: tuple[tuple[str, str], ...] = (
    (r"(?:对象|范围|人群|人员|主体|群体)$", "有哪些"),
    (
        r"(?:条件|材料|资料|渠道|方式|途径|情形|要求|事项|地点|举措|措施|内容|任务|要点|亮点|待遇|职责|责任|权利|义务)$",
        "有哪些",
    ),
    (
        r"(?:流程|程序|步骤|标准|依据|原则|背景|意义|目的|定义|概念|目标|电话|金额|额度|基数|费率|比例|时间|窗口|单位|部门|机构)$",
        "是什么",
    ),
    (r"(?:时限|期限)$", "是多久"),
)


def propose_question(title: str, heading: str, path: Sequence[str] = ()) -> str:
    """A self-contained question for a section with a topic heading, at most MAX_QUESTION characters.

    `path` are the headings above the section; the nearest one is named when it adds something.
    """
    heading = heading.strip(" ：:。")
    if is_question(heading):
        return heading[:MAX_QUESTION]
    about = policy_name(title)
    if path and (above := parse_number(path[-1])[1].strip(" ：:")) and above not in about:
        about = f"{about}中{above}" if about else above
    room = MAX_QUESTION - len(heading) - 12
    if len(about) > room:
        about = about[: max(room, 0)]
    for pattern, ending in _ENDINGS:
        if re.search(pattern, heading) and len(heading) <= _SHORT:
            link = "" if about and heading.startswith(about) else f"{about}的" if about else ""
            return f"{link}{heading}{ending}？"[:MAX_QUESTION]
    if about and about not in heading:
        return f"{about}：关于“{heading}”是怎么规定的？"[:MAX_QUESTION]
    return f"{heading}是怎么规定的？"[:MAX_QUESTION]
