"""The columns of the 登记、交办、回复 ledger on paper, in its three groups (DOMAIN §1.6). Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from qa_service.kit import clock

Cell = str | int | date | datetime | None


class Kind(StrEnum):
    """What a column holds: a spreadsheet sorts and filters by it."""

    TEXT = "text"
    LONG = "long"
    NUMBER = "number"
    DATE = "date"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One consultation as the ledger prints it: names instead of codes, persons already masked or not."""

    serial: int
    number: str
    zone: str
    registered_at: datetime
    channel: str
    person_name: str
    contact: str
    audience: str
    question: str
    topic: str
    first_asked: str
    search: str
    urgency: str
    assigned_at: datetime | None
    assigned_by: str
    unit: str
    assisting: str
    policy_clue: str
    due_on: date | None
    due_status: str
    signed_at: datetime | None
    signed_by: str
    returns: int
    return_reasons: str
    replied_at: datetime | None
    replied_by: str
    reply_unit: str
    reply: str
    basis: str
    told_how: str
    told_at: datetime | None
    punctual: str
    rounds: int
    satisfaction: str
    followed_up_at: datetime | None
    state: str
    outcome: str
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class Column:
    """`width` in characters of the spreadsheet's standard font."""

    title: str
    kind: Kind
    width: int
    value: Callable[[LedgerRow], Cell]


def _at(moment: datetime | None) -> datetime | None:
    """China time without a zone: spreadsheets know none."""
    return clock.local(moment).replace(tzinfo=None) if moment else None


GROUPS: tuple[tuple[str, tuple[Column, ...]], ...] = (
    ("登记", (
        Column("序号", Kind.NUMBER, 6, lambda r: r.serial),
        Column("编号", Kind.TEXT, 23, lambda r: r.number),
        Column("专区", Kind.TEXT, 16, lambda r: r.zone),
        Column("登记时间", Kind.MOMENT, 16, lambda r: _at(r.registered_at)),
        Column("渠道", Kind.TEXT, 8, lambda r: r.channel),
        Column("咨询人", Kind.TEXT, 8, lambda r: r.person_name),
        Column("联系方式", Kind.TEXT, 14, lambda r: r.contact),
        Column("人群", Kind.TEXT, 10, lambda r: r.audience),
        Column("咨询问题", Kind.LONG, 40, lambda r: r.question),
        Column("主题", Kind.TEXT, 10, lambda r: r.topic),
        Column("首问责任人", Kind.TEXT, 11, lambda r: r.first_asked),
        Column("问答库检索", Kind.TEXT, 11, lambda r: r.search),
        Column("紧急程度", Kind.TEXT, 9, lambda r: r.urgency),
    )),
    ("交办", (
        Column("交办时间", Kind.MOMENT, 16, lambda r: _at(r.assigned_at)),
        Column("交办人", Kind.TEXT, 9, lambda r: r.assigned_by),
        Column("承办单位", Kind.TEXT, 20, lambda r: r.unit),
        Column("协办单位", Kind.TEXT, 16, lambda r: r.assisting),
        Column("政策线索", Kind.LONG, 20, lambda r: r.policy_clue),
        Column("截止日", Kind.DATE, 11, lambda r: r.due_on),
        Column("截止日性质", Kind.TEXT, 11, lambda r: r.due_status),
        Column("签收时间", Kind.MOMENT, 16, lambda r: _at(r.signed_at)),
        Column("签收人", Kind.TEXT, 9, lambda r: r.signed_by),
        Column("退回次数", Kind.NUMBER, 9, lambda r: r.returns),
        Column("退回和改派", Kind.LONG, 24, lambda r: r.return_reasons),
    )),
    ("回复", (
        Column("答复时间", Kind.MOMENT, 16, lambda r: _at(r.replied_at)),
        Column("答复人", Kind.TEXT, 9, lambda r: r.replied_by),
        Column("答复单位", Kind.TEXT, 20, lambda r: r.reply_unit),
        Column("答复内容", Kind.LONG, 44, lambda r: r.reply),
        Column("政策依据", Kind.LONG, 28, lambda r: r.basis),
        Column("告知方式", Kind.TEXT, 9, lambda r: r.told_how),
        Column("告知咨询人时间", Kind.MOMENT, 16, lambda r: _at(r.told_at)),
        Column("是否按期", Kind.TEXT, 9, lambda r: r.punctual),
        Column("办理轮次", Kind.NUMBER, 9, lambda r: r.rounds),
        Column("满意度", Kind.TEXT, 10, lambda r: r.satisfaction),
        Column("回访时间", Kind.MOMENT, 16, lambda r: _at(r.followed_up_at)),
        Column("状态", Kind.TEXT, 14, lambda r: r.state),
        Column("办理结果", Kind.TEXT, 12, lambda r: r.outcome),
        Column("归档时间", Kind.MOMENT, 16, lambda r: _at(r.archived_at)),
    )),
)  # fmt: skip
COLUMNS = tuple(column for _, columns in GROUPS for column in columns)
