"""What the consultation API takes in and gives out."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator

from qa_service.consultations.lifecycle import CHANNELS, LIBRARY_DECISIONS, TOLD_HOW
from qa_service.kit.privacy import EMAIL, LANDLINE, MOBILE, without_identity_numbers
from qa_service.kit.schemas import Input

QUESTION_LIMIT = 2000
Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=128)]


PlainText = AfterValidator(without_identity_numbers)


class Stripped(Input):
    model_config = ConfigDict(str_strip_whitespace=True)


class ActFields(Stripped):
    """The fields of an act; the lifecycle table says which of them an act needs."""

    entry: Short = ""
    guided_to: Short = ""
    guided_contact: Annotated[str, StringConstraints(max_length=255)] = ""
    no_contact_reason: Annotated[str, StringConstraints(max_length=255)] = ""
    note: Annotated[Text, PlainText] = ""
    unit: Short = Field("", description="承办单位代码")
    policy_clue: Annotated[Text, PlainText] = ""
    designated: bool = Field(False, description="指定改派：承办单位不得再退回")
    assisting: Annotated[list[Short], Field(max_length=20)] = Field([], description="协办单位代码")
    urgency: Literal["", "normal", "urgent"] = Field("", description="紧急程度：normal 一般，urgent 紧急")
    opinion: Annotated[Text, PlainText] = ""
    leading: Short = Field("", description="并案的牵头件编号")
    reason: Annotated[Text, PlainText] = ""
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=8000)] = ""
    basis: Text = Field("", description="答复依据：文件名称、文号和条款，每行一项")
    how: Literal["", "in_person", "phone", "sms", "email", "mail", "code"] = ""
    satisfaction: Literal[
        "", "very_satisfied", "satisfied", "fair", "dissatisfied", "very_dissatisfied", "unreached"
    ] = ""
    library_decision: Literal["", "new", "merge", "none"] = ""
    entry_key: Short = Field("", description="并入的条目")
    entry_question: Short = Field("", description="新条目的标准问；空则用去除个人信息后的原问题")
    topic: Short = ""


class Registration(Stripped):
    """登记一件政策咨询。`handling` 为空时只登记，待进一步处理。"""

    question: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=QUESTION_LIMIT)
    ]
    channel: Literal["window", "kiosk", "phone", "web"] = "window"
    person_name: Annotated[str, StringConstraints(max_length=64), PlainText] = ""
    contact: Annotated[str, StringConstraints(max_length=128)] = ""
    audience: Annotated[str, StringConstraints(max_length=32)] = ""
    topic: Annotated[str, StringConstraints(max_length=64)] = ""
    urgency: Literal["normal", "urgent"] = Field(
        "normal", description="紧急程度：normal 一般，urgent 紧急；不改变答复期限，自助渠道不能填紧急"
    )
    zone: Annotated[str, StringConstraints(max_length=32)] = Field(
        "", description="专区代码；空则为本人所在专区"
    )
    trace_id: Annotated[str, StringConstraints(max_length=32)] = Field("", description="先行检索的记录号")
    handling: Literal["", "answer", "guide", "channel_disclosure", "channel_complaint", "refer"] = ""
    fields: ActFields = ActFields()

    @field_validator("contact")
    @classmethod
    def _contact(cls, value: str) -> str:
        value = re.sub(r"\s", "", value)
        if value and not (MOBILE.fullmatch(value) or LANDLINE.fullmatch(value) or EMAIL.fullmatch(value)):
            raise ValueError("联系方式请填 11 位手机号、带区号的固定电话（如 0999-5550101）或电子邮箱")
        return value


class Event(BaseModel):
    at: datetime
    event: str
    actor: str
    role: str
    sentence: str
    audience: str


class Change(BaseModel):
    """一项登记内容的变化；`before` 为空表示原来没有。"""

    name: str
    before: str
    after: str


class HistoryEvent(Event):
    """办理过程的一条：`role` 为岗位名称，`digest` 为校验码的前 12 位。"""

    seq: int
    changes: list[Change]
    digest: str


class History(BaseModel):
    """`findings` 不为空时，记录与校验码不符：有人绕过系统改动过数据库。"""

    events: list[HistoryEvent]
    question: str
    findings: list[str]


class OpenAct(BaseModel):
    event: str
    label: str
    needs: list[str]
    options: list[str]
    consequence: str


class DayRun(BaseModel):
    """连续的、名称相同的若干日。"""

    first: date
    last: date
    days: int
    name: str


class Interruption(BaseModel):
    """期限暂停：`after` 次日起至 `through` 止不计入，其中 `days_skipped` 日原应计入。"""

    after: date
    through: date
    reason: str
    days_skipped: int


class RoundView(BaseModel):
    """一轮办理的期限。`in_time` 在答复以前为空；答复以后不再改变。"""

    number: int
    started_on: date | None
    due_on: date | None
    met_on: date | None
    in_time: bool | None


class TellingView(BaseModel):
    round: int
    at: datetime
    by: str
    how: str
    succeeded: bool
    note: str


class HandedTo(BaseModel):
    """首问责任人告知的有关责任人。"""

    name: str
    post: str
    phone: str
    reason: str
    by: str
    at: datetime


class OpinionView(BaseModel):
    unit: str
    by: str
    at: datetime
    text: str


class FollowUpView(BaseModel):
    round: int
    at: datetime
    by: str
    how: str
    satisfaction: str
    note: str


class Deadline(BaseModel):
    """期限及其计算：起算日、规则和依据；每一个被跳过、补班计入或者暂停的日子都在 `steps` 里，前面各项是归纳。"""

    due_on: date
    status: str
    started_on: date
    working_days_left: int
    overdue: bool
    met_on: date | None
    basis: str
    rule: str
    skipped: list[DayRun] = Field(description="跳过的放假日")
    weekend_days_skipped: int = Field(description="跳过的普通周末天数")
    makeup_days: list[DayRun] = Field(description="计入的调休上班日")
    pauses: list[Interruption]
    steps: list[dict[str, Any]]


class ConsultationSummary(BaseModel):
    number: str
    state: str
    state_label: str
    official_state: str
    outcome: str
    registered_at: datetime
    channel: str
    person_name: str
    contact: str
    question: str
    topic: str
    urgency: str = Field(description="紧急程度：normal 一般，urgent 紧急")
    unit: str
    due_on: date | None
    working_days_left: int | None
    overdue: bool
    sign_due_on: date | None = Field(description="签收期限；未交办的为空")
    sign_overdue: bool = Field(description="超过签收期限还没有签收，或者逾期才签收")
    version: int


class ConsultationDetail(ConsultationSummary):
    zone: str
    first_asked: str = Field(description="首问责任人：首次接待时锁定，不再改变")
    handed_to: list[HandedTo]
    audience: str
    round: int
    trace_id: str
    answer: str
    answer_basis: list[str]
    guided_to: str
    guided_contact: str
    policy_clue: str
    designated: bool
    assisting: list[str] = Field(description="协办单位")
    opinions: list[OpinionView]
    return_until: date | None = Field(description="承办单位可以退回的最后一天")
    reply_text: str
    reply_basis: list[str]
    replied_by: str
    reviewed_by: str
    tellings: list[TellingView] = Field(description="告知记录，没有告知到的也在内")
    follow_ups: list[FollowUpView]
    told_how: str
    told_at: datetime | None
    library_decision: str
    library_entry: str
    deadline: Deadline | None = Field(description="本轮的期限")
    leading: str = Field(description="并入的牵头件编号；没有并案的为空")
    followers: list[str] = Field(description="并入本件的咨询件编号")
    leading_reply: str = Field(description="牵头件的答复，本件另有答复而可以采用它的；否则为空")
    leading_reply_basis: list[str]
    rounds: list[RoundView] = Field(description="各轮的期限；首轮是否按期不因重办改变")
    events: list[Event]
    acts: list[OpenAct]


class ComparisonView(BaseModel):
    """与已发布条目的比较，只提醒，不阻止办理。区间为两边不同的数字、日期、金额。"""

    kind: str = Field(description="repeat 与条目重复 | contradict 与条目不一致")
    key: str
    question: str
    answer: str
    basis: list[str]
    confidence: float
    similarity: float
    reply_spans: list[tuple[int, int]]
    answer_spans: list[tuple[int, int]]


class Registered(BaseModel):
    """查询码只在登记时给出一次，打印在凭条上。"""

    number: str
    query_code: str
    state: str
    due_on: date | None
    due_status: str
    version: int
    repeated: bool = Field(False, description="同一请求先前已登记，返回的是原登记")


class ProgressRequest(Stripped):
    code: Annotated[str, StringConstraints(min_length=1, max_length=16)]
    phone4: Annotated[str, StringConstraints(max_length=4)] = ""


class RatingRequest(ProgressRequest):
    satisfaction: Literal["very_satisfied", "satisfied", "fair", "dissatisfied", "very_dissatisfied"]
    note: Annotated[str, StringConstraints(max_length=500), PlainText] = ""


class Progress(BaseModel):
    """群众看到的进度：不含姓名、电话。"""

    number: str
    state: str
    question: str
    registered_at: datetime
    unit: str
    due_on: date | None
    due_status: str
    overdue: bool
    answer: str
    answer_basis: list[str]
    may_rate: bool = Field(description="现在可以评价这次答复；每轮答复只评价一次")
    rating: str = Field(description="咨询人对这次答复的评价；没有评价的为空")
    events: list[Event]


LABELS = {"channel": CHANNELS, "how": TOLD_HOW, "library_decision": LIBRARY_DECISIONS}
