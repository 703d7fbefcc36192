"""The headings of a document: which lines open a section, and how sections nest.

Number style alone says nothing (answers hold lists in the same glyphs), so a series of headings is
accepted as a whole: its lines must look like headings, count on, and have text below them.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from qa_service.extraction.items import Item
from qa_service.extraction.markers import Style, starts_item

MAX_TOPIC = 36
MAX_QUESTION_LINE = 160
# Headings that name one side of a procedure: their sub-headings are parts of one answer.
_FACET = re.compile(
    r"(?:材料|资料|流程|程序|步骤|条件|要求|标准|方式|渠道|途径|方法|办法|手续|对象|范围|时限|期限|情形|依据|事项"
    r"|内容|措施|举措|待遇|权利|义务|责任|背景|意义|时间|地点)$"
)
_COMPOUND = re.compile(r"[一-鿿](?:及其?|和|与|、|以及)[一-鿿]")
_INLINE = re.compile(r"^([^，。；：:？?！\s]{2,20})\s*[：:]\s*(\S.*)$")
_SENTENCE_END = re.compile(r"[。；;！!，,、]$")
_LABEL = re.compile(r"^[^，。；：:？?]{2,14}[：:]$")
DATE_ONLY = re.compile(r"^[\[（(]?\s*\d{4}[-年./]\d{1,2}[-月./]\d{1,2}日?.{0,10}$")


@dataclass(slots=True)
class Section:
    """A heading with what stands below it, up to the next heading of its series."""

    heading: Item | None
    body: list[Item] = field(default_factory=list)
    label: str = ""  # for `（一）缴费标准：按…`: the heading that stands before the colon
    group: str = ""  # an unnumbered heading above a series that starts again

    @property
    def title(self) -> str:
        if self.label:
            return self.label
        return self.heading.plain.rstrip("：: ").lstrip("★☆●◆■▲※ ") if self.heading else ""

    @property
    def asked(self) -> bool:
        return self.heading is not None and (self.heading.asked or self.heading.question)


def looks_like_topic(text: str) -> bool:
    """Whether a line without its number can be a topic heading: short, no sentence, no unfinished clause."""
    if not 2 <= len(text) <= MAX_TOPIC or _SENTENCE_END.search(text) or "。" in text or "；" in text:
        return False
    if text.endswith(("：", ":")):
        return "，" not in text and "下列" not in text and len(text) <= 20
    return not re.search(r"[：:]\s*\S", text) and not re.search(r"https?:|\d{7,}", text)


def find_series(items: Sequence[Item]) -> list[int]:
    """Indices of the headings that divide these items on their outermost level; [] when there are none."""
    asked = [n for n, i in enumerate(items) if i.asked]
    if asked:
        outer = _outer_of_asked(items, asked)
        return outer or asked
    answered = [n - 1 for n, i in enumerate(items) if i.answered and n and not items[n - 1].answered]
    answered = [n for n in answered if not items[n].table and len(items[n].plain) <= 400]
    numbered = _numbered_groups(items, set(answered))
    questions = max(
        (g for g in numbered.values() if sum(items[n].question for n in g) * 2 >= len(g)), key=len, default=[]
    )
    if answered and (len(questions) < 2 or set(questions) & set(answered)):
        return _answered_series(items, answered, numbered)
    native = _native_series(items)
    if len(native) >= 2 or (native and not numbered):
        return native
    if numbered:
        return (
            min(numbered.items(), key=lambda g: (len(g[1]) < 2, g[0]))[1]
            if len(questions) < 2
            else _outermost(items, numbered, questions)
        )
    return native or _unnumbered_series(items)


def _outermost(items: Sequence[Item], groups: dict[Style, list[int]], questions: list[int]) -> list[int]:
    """The question series, or the series of topic headings that begins above it (三、常见问题 over 1.…？)."""
    outer = [
        group
        for style, group in sorted(groups.items())
        if group is not questions and len(group) >= 2 and group[0] < questions[0]
    ]
    inner = items[questions[0]].number
    if outer and inner and (above := items[outer[0][0]].number) and above.style < inner.style:
        return outer[0]
    return questions


def _outer_of_asked(items: Sequence[Item], asked: Sequence[int]) -> list[int]:
    """Headings above 问/答 pairs: lines directly before a question, and the series they belong to."""
    first, questions = asked[0], set(asked)
    groups = _numbered_groups(items, set())
    for group in (*(g for _, g in sorted(groups.items())), _native_series(items)):
        group = [n for n in group if n not in questions]
        leading = [n for n in group if n + 1 in questions]
        before = [n for n in group if n < first]
        if leading or len(before) >= 2:
            start = min(leading + before)
            return [n for n in group if n >= start]
    return [
        n - 1
        for n in asked
        if n
        and n - 1 not in questions
        and n > 1
        and _is_bare(items, n - 1)
        and items[n - 2].text[-1:] in "。！？；）”"
    ]


def _answered_series(
    items: Sequence[Item], answered: Sequence[int], groups: dict[Style, list[int]]
) -> list[int]:
    """Headings that are followed by 答：, with the rest of their numbered series."""
    chosen = set(answered)
    for _, group in sorted(groups.items()):
        if (
            len(group) >= 2
            and not chosen & set(group)
            and sum(n + 1 in chosen for n in group) * 2 >= len(group)
        ):
            return group  # 一、参保篇 over questions that are numbered on through the whole text
    for _, group in sorted(groups.items()):
        common = chosen & set(group)
        if len(common) >= 2 or (common and len(chosen) == 1):
            # Topic headings of the same series stand beside the questions and close their answers.
            return sorted(
                common | set(group) | {n for n in chosen if items[n].question and items[n].number is None}
            )
    return sorted(
        n for n in chosen if items[n].question or items[n].number or items[n].level or len(chosen) >= 2
    )


def _native_series(items: Sequence[Item]) -> list[int]:
    by_level: dict[int, list[int]] = defaultdict(list)
    for n, item in enumerate(items):
        if item.level and not item.answered:
            by_level[item.level].append(n)
    levels = sorted(by_level)
    for at, level in enumerate(levels):
        group = by_level[level]
        if len(group) >= 2 or at == len(levels) - 1:
            members = set(group)
            below = sum(n + 1 == len(items) or n + 1 in members for n in group)
            return group if below * 2 <= len(group) else []
    return []


def _numbered_groups(items: Sequence[Item], answered: set[int]) -> dict[Style, list[int]]:
    """Accepted series of numbered headings by style."""
    candidates: dict[Style, list[int]] = defaultdict(list)
    for n, item in enumerate(items):
        if item.number is None or item.answered or item.asked or item.table:
            continue
        if (
            n in answered
            or (item.question and len(item.plain) <= MAX_QUESTION_LINE)
            or looks_like_topic(item.plain)
        ):
            candidates[item.number.style].append(n)
    groups = {style: _accept(items, found, answered) for style, found in candidates.items()}
    return {style: found for style, found in groups.items() if found}


def _accept(items: Sequence[Item], found: Sequence[int], answered: set[int]) -> list[int]:
    """The members of one number style that form the series of headings, lists in the same style left out."""
    asking = {n for n in found if items[n].question or n in answered}
    if len(asking) * 2 >= len(found):
        return _accept_among_questions(items, found, asking)
    accepted: list[int] = []
    last = 0
    for run in _runs(items, found):
        first = _value(items[run[0]])
        # Several headings without anything below are a list of short points.
        members = set(run)
        empty = sum(n + 1 >= len(items) or n + 1 in members for n in run if n not in asking)
        if empty * 5 > len(run) * 2:
            continue
        if first == 1 or first == last + 1 or first == last + 2 or not accepted:
            accepted += run
            last = _value(items[run[-1]])
    return accepted if len(accepted) >= 2 or any(n in asking for n in accepted) else []


def _accept_among_questions(items: Sequence[Item], found: Sequence[int], asking: set[int]) -> list[int]:
    """Question headings, and topic headings that count on with them; other lines of the style are lists."""
    accepted: list[int] = []
    last, inside = 0, False
    for n in found:
        value = _value(items[n])
        if n in asking or (value == last + 1 and not inside and n + 1 < len(items)):
            accepted.append(n)
            last, inside = value, False
        else:
            inside = True
    return accepted


def _value(item: Item) -> int:
    return item.number.value if item.number else 0


def _runs(items: Sequence[Item], found: Sequence[int]) -> list[list[int]]:
    """Members cut where the count does not go on."""
    runs: list[list[int]] = []
    for n in found:
        if runs and _value(items[n]) == _value(items[runs[-1][-1]]) + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    return runs


def _unnumbered_series(items: Sequence[Item]) -> list[int]:
    """Headings without numbers: question lines and labels, else short lines between paragraphs."""
    strong = [n for n in range(len(items)) if _is_strong(items, n)]
    names = [i.plain.rstrip("：: ") for i in items]
    times = Counter(names)
    strong = [n for n in strong if items[n].question or times[names[n]] == 1]
    if len(strong) >= 2:
        return strong
    bare = [n for n in range(len(items)) if _is_bare(items, n) and n + 1 < len(items)]
    if len(bare) < 2:
        return []
    # Headings that recur (所需资料 under every policy) are parts; what stands above them is the series.
    recurring = {n for n in bare if times[names[n]] > 1}
    above = [n for n in bare if n not in recurring and n + 1 in recurring]
    if len(above) >= 2:
        return above
    once = [n for n in bare if n not in recurring]
    if len(once) >= 2 and len(once) < len(bare):
        return once
    members = set(bare)
    upper = [n for n in bare if n + 1 in members]
    return upper if len(upper) >= 2 and upper[0] == bare[0] else bare


def _is_strong(items: Sequence[Item], n: int) -> bool:
    item = items[n]
    if item.table or item.number or n + 1 >= len(items) or len(item.text) > 60:
        return False
    below = items[n + 1].text
    if item.question:
        # A teaser: questions in a row, answered further down or never.
        return not items[n + 1].question and len(below) >= len(item.text) // 2
    return bool(_LABEL.match(item.text)) and len(below) > len(item.text)


def _is_bare(items: Sequence[Item], n: int) -> bool:
    """A short line without number or punctuation between complete paragraphs."""
    item = items[n]
    if (
        item.table
        or item.number
        or item.answered
        or item.asked
        or item.level
        or not 3 <= len(item.text) <= 32
    ):
        return False
    if re.search(r"[。；;！!，,？?、]$|[：:]\S|https?:|^[（(\[]", item.text) or DATE_ONLY.match(item.text):
        return False
    if starts_item(item.text) or not re.search(r"[一-鿿]", item.text):
        return False
    if n and not re.search(r"[。！？；）”》.!?;)]$", items[n - 1].text) and not _is_short(items[n - 1]):
        return False
    return n + 1 < len(items) and not DATE_ONLY.match(items[n + 1].text)


def _is_short(item: Item) -> bool:
    return len(item.text) <= 36


def cut_sections(items: Sequence[Item], series: Sequence[int]) -> tuple[list[Item], list[Section]]:
    """(items before the first heading, sections). Group headings above a restart are taken off the body."""
    sections: list[Section] = []
    group = ""
    starts = list(series)
    before = list(items[: starts[0]]) if starts else list(items)
    if starts and before and _heads_group(before, items[starts[0]]):
        group = before.pop().plain
    for at, start in enumerate(starts):
        end = starts[at + 1] if at + 1 < len(starts) else len(items)
        body = _until_sentence_section(items[start], items[start + 1 : end])
        section = Section(items[start], body, group=group)
        sections.append(section)
        if end < len(items) and len(body) > 1 and _heads_group(body, items[end]):
            group = body.pop().plain
    return before, sections


def _heads_group(body: Sequence[Item], following: Item) -> bool:
    """Whether the last line of a body is a heading over the series that starts (again) with `following`."""
    restart = following.number is not None and following.number.value == 1
    last = body[-1]
    if not (restart or following.asked) or last.table:
        return False
    before = body[-2].text if len(body) > 1 else "。"
    bare = (
        looks_like_topic(last.plain)
        and not last.text.endswith(("：", ":"))
        and not re.search(r"[？?]$", last.text)
    )
    apart = bool(re.search(r"[。！？；）”.!?]$", before)) or last.bold or bool(last.level)
    return bare and (apart or (following.asked and last.number is not None))


def _until_sentence_section(heading: Item, body: Sequence[Item]) -> list[Item]:
    """The body up to a line that counts on with the heading but is a whole sentence (九、本指引自…实施。)."""
    if heading.number is None or heading.number.style > Style.HAN:
        return list(body)
    for n, item in enumerate(body):
        number = item.number
        if number and number.style == heading.number.style and number.value == heading.number.value + 1:
            return list(body[:n])
        if number and number.style == heading.number.style:
            break  # a list in the same style has begun: its numbers say nothing about the sections
    return list(body)


def inline_sections(items: Sequence[Item]) -> list[Section]:
    """Sections whose headings stand before a colon on the same line; [] unless all of one series do so.

    Every member of the outermost number style must have the form `（一）标题：正文` or `（一）标题` and
    at least half the former.
    """
    if not items or items[0].number is None or items[0].table:
        return []
    style = items[0].number.style
    starts = [n for n, i in enumerate(items) if i.number and i.number.style == style and not i.table]
    if [_value(items[n]) for n in starts] != list(range(1, len(starts) + 1)) or len(starts) < 2:
        return []
    sections: list[Section] = []
    inline = 0
    for at, start in enumerate(starts):
        end = starts[at + 1] if at + 1 < len(starts) else len(items)
        head, body = items[start], list(items[start + 1 : end])
        if found := _INLINE.match(head.plain):
            inline += 1
            first = Item(found[2], found[2], head.line)
            sections.append(Section(head, [first, *body], label=found[1]))
        elif (
            label := re.match(r"^([^，。；：:]{2,14}?)\s*(?:[（(][^）)]*[）)])?\s*[：:]?$", head.plain)
        ) and body:
            sections.append(Section(head, body, label=label[1]))
        else:
            return []
    return sections if inline * 2 >= len(sections) else []


def divides(section: Section, children: Sequence[int]) -> bool:
    """Whether a section's own sub-headings (indices into its body) are pairs of their own.

    They are when they carry 问：, when they are questions below a topic, or when nothing stands between the
    heading and the first of them and the heading names a group rather than one side of a procedure
    (申请材料: one answer; 申请方式及流程, 面向单位的政策: a group).
    """
    if not children:
        return False
    body = section.body
    if any(item.asked for item in body):
        return True
    if section.asked:
        return False
    questions = sum(body[n].question for n in children)
    if len(children) >= 2 and questions * 2 >= len(children):
        return True
    if children[0] != 0 or (len(children) < 2 and not body[0].level):
        return False
    if section.heading and section.heading.number and section.heading.number.style == Style.PART:
        return True
    if all(body[n].number is None for n in children):
        return not all(_FACET.search(body[n].plain.rstrip("：: ")) for n in children)
    return is_group(section.title)


def is_group(title: str) -> bool:
    """Whether a heading names a group of topics and not one side of a procedure."""
    return bool(_COMPOUND.search(title)) or not _FACET.search(title)
