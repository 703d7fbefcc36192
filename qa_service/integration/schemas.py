"""What other systems hand in and get back. Field names in `docs/integration.md`, after 12345 orders."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from qa_service.consultations.schemas import QUESTION_LIMIT, Stripped

Short = Annotated[str, StringConstraints(max_length=64)]
URGENT_WORDS = frozenset({"紧急", "特急", "加急", "急件", "急"})
Urgency = Literal["normal", "urgent"]


def urgency_of(word: str) -> Urgency:
    """紧急程度 as it is registered: systems have grades and words of their own, which are kept beside it."""
    return "urgent" if word in URGENT_WORDS else "normal"


ORDER_NO = r"^[A-Za-z0-9][A-Za-z0-9_\-]{0,63}$"


class Order(Stripped):
    """12345 热线或门户的一张咨询工单。只收咨询类；投诉、举报、求助请按各自渠道办理。"""

    order_no: str = Field(pattern=ORDER_NO, description="工单号，同一系统内不重复")
    kind: Literal["咨询"] = Field("咨询", description="诉求类型")
    content: Annotated[str, StringConstraints(min_length=1, max_length=QUESTION_LIMIT)] = Field(
        description="诉求内容"
    )
    person_name: Short = Field("", description="诉求人")
    confidential: bool = Field(False, description="保密标记：为真时不保存诉求人姓名")
    contact: Annotated[str, StringConstraints(max_length=128)] = Field("", description="电话或邮箱")
    channel: Literal["phone", "web"] = Field("phone", description="渠道：phone 热线，web 门户")
    asked_at: datetime | None = Field(None, description="诉求时间")
    place: Annotated[str, StringConstraints(max_length=128)] = Field("", description="事发地")
    topics: list[Short] = Field([], max_length=3, description="主题三级分类")
    urgency: Short = Field("", description="紧急程度；“紧急”“特急”“加急”登记为紧急，其他为一般")
    dispatched_at: datetime | None = Field(None, description="派单时间")
    reply_by: datetime | None = Field(None, description="来单方要求的办理时限，只作记录")
    duplicate_of: Annotated[str, StringConstraints(max_length=64)] = Field("", description="关联的重复工单号")

    @property
    def registered_urgency(self) -> Urgency:
        return urgency_of(self.urgency)


class Accepted(BaseModel):
    """`repeated`：该工单先前已登记，返回的是原登记；`corrected`：内容有更正，已按这次的内容更正。"""

    order_no: str
    number: str
    query_code: str
    state: str
    due_on: str
    due_status: str
    repeated: bool
    corrected: bool


class OrderStatus(BaseModel):
    """办理情况。`answer` 在告知咨询人以后才有。"""

    order_no: str
    number: str
    state: str
    state_code: str
    outcome: str
    unit: str
    registered_at: datetime
    assigned_at: datetime | None
    signed_at: datetime | None
    returns: int
    due_on: str
    due_status: str
    overdue: bool
    round: int
    told_at: datetime | None
    told_how: str
    answer: str
    answer_basis: list[str]


class KeyInput(Stripped):
    name: Short
    source: str = Field(description="来源系统，如 12345、portal；工单按它识别")
    zone: Short
    scopes: list[Literal["intake", "status"]]


class KeyView(BaseModel):
    """`secret` 只在建立时给出一次。"""

    code: str
    name: str
    source: str
    scopes: list[str]
    created_at: datetime
    created_by: str
    last_used_at: datetime | None
    revoked_at: datetime | None
    secret: str = ""


class WebhookInput(Stripped):
    name: Short
    url: str
    zone: Short
    source: str = ""


class WebhookView(BaseModel):
    """`waiting`、`failed` 为待发送和已停止的通知数；`secret` 只在建立时给出一次。"""

    code: str
    name: str
    source: str
    url: str
    active: bool
    created_at: datetime
    created_by: str
    waiting: int = 0
    failed: int = 0
    secret: str = ""
