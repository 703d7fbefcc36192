"""How dates, deadlines, scores and texts read on a page. Pure functions, used as Jinja filters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from markupsafe import Markup, escape

from qa_service.consultations.lifecycle import CHANNELS, OUTCOMES, SATISFACTION, TOLD_HOW, URGENCIES
from qa_service.kit import clock
from qa_service.kit.privacy import without_personal_details
from qa_service.kit.words import cn_date, cn_datetime
from qa_service.library.triage import triage
from qa_service.web.explain import how_heard, what_confidence_means, why_found

PART_LABELS = {
    "dense": "语义相近", "dense_best": "语义相近", "lexical": "词面相符", "pinyin": "读音相近", "exact": "问法一致",
    "phrasing": "群众问法", "question": "标准问", "answer": "答复内容", "fused": "综合", "score": "综合",
}  # fmt: skip


def cn_short(moment: date | datetime | None) -> str:
    """11月22日 14:05 for a moment, 11月22日 for a day; with the year where it is another one."""
    if moment is None:
        return ""
    local = clock.local(moment) if isinstance(moment, datetime) else moment
    year = f"{local.year}年" if local.year != clock.today().year else ""
    text = f"{year}{local.month}月{local.day}日"
    return f"{text} {local:%H:%M}" if isinstance(local, datetime) else text


def cn_time(moment: datetime) -> str:
    return f"{clock.local(moment):%H:%M}"


def cn_clock(moment: datetime) -> str:
    """11月22日14:05:09: when something was last looked at."""
    local = clock.local(moment)
    return f"{local.month}月{local.day}日{local:%H:%M:%S}"


def tail_number(number: str) -> str:
    """The day and serial of a number (20261122-0007), for screens where the rest is the same on every line."""
    return "-".join(number.split("-")[-2:])


def days_left_short(left: int | None) -> str:
    """Working days left in as few characters as can be read across a hall."""
    if left is None:
        return ""
    return f"超{-left}天" if left < 0 else "今天" if left == 0 else f"剩{left}天"


def days_left(left: int | None) -> str:
    """Working days left in words."""
    if left is None:
        return ""
    if left < 0:
        return f"已超期{-left}个工作日"
    return "今天到期" if left == 0 else f"剩{left}个工作日"


def due_tone(left: int | None, overdue: bool) -> str:
    """The colour class of a deadline: over, soon (one working day or less), fine, or done."""
    if overdue:
        return "over"
    if left is None:
        return "done"
    return "soon" if left <= 1 else "fine"


def marked(text: str, spans: Sequence[tuple[int, int]]) -> Markup:
    """`text` with the given half-open ranges in <mark>."""
    out, at = Markup(""), 0
    for start, end in spans:
        out += escape(text[at:start]) + Markup("<mark>") + escape(text[start:end]) + Markup("</mark>")
        at = end
    return out + escape(text[at:])


def unnamed(text: str) -> str:
    """`text` for lists: phone numbers and the like that people wrote into their question are taken out."""
    return without_personal_details(text)


def percent(value: float) -> str:
    return f"{round(max(0.0, min(1.0, value)) * 100)}%"


def part_label(name: str) -> str:
    return PART_LABELS.get(name, "其他因素")


def validity(start: date | None, end: date | None, review: date | None) -> str:
    """When the answer holds, in one phrase."""
    if start and end:
        return f"{cn_date(start)}至{cn_date(end)}有效"
    if end:
        return f"有效期至{cn_date(end)}"
    if review:
        return f"{cn_date(review)}复核，此前有效"
    return f"自{cn_date(start)}起有效" if start else "长期有效"


def code_groups(code: str) -> str:
    """A query code in groups that can be read out: ABCDE-FGHJK."""
    return "-".join(code[i : i + 5] for i in range(0, len(code), 5))


def triage_words(question: str) -> tuple[str, ...]:
    """Where else to turn with such a question."""
    return triage(question).words


def channel_label(code: str) -> str:
    return CHANNELS.get(code, code)


def outcome_label(code: str) -> str:
    return OUTCOMES.get(code, code)


def how_label(code: str) -> str:
    return TOLD_HOW.get(code, code)


def urgency_label(code: str) -> str:
    return URGENCIES.get(code, code)


def satisfaction_label(code: str) -> str:
    return SATISFACTION.get(code, code)


def printed_pages(text: str) -> int:
    """About how many A4 sheets a text takes when printed in large type."""
    return max(1, -(-(len(text) + 200) // 900))


FILTERS = {
    f.__name__: f
    for f in (
        cn_clock, cn_date, cn_datetime, cn_short, cn_time, days_left, days_left_short, due_tone, marked, unnamed, percent, part_label, validity,
        tail_number, code_groups, channel_label, triage_words, how_heard, why_found, what_confidence_means, outcome_label, how_label,
        satisfaction_label, urgency_label, printed_pages,
    )
}  # fmt: skip
