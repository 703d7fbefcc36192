"""What the API of watching takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, StringConstraints, field_validator, model_validator

from qa_service.kit.schemas import Input
from qa_service.watching.office_hours import parse_hours
from qa_service.watching.rules import DEFAULT_HOURS, WatchSettings

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Days = Annotated[int, Field(ge=0, le=60)]


class ContestInput(Input):
    reason: Reason


class DecisionInput(Input):
    decision: Literal["withdrawn", "upheld"]
    reason: Reason


class WatchNoticeInput(Input):
    kind: Literal["urge", "supervise"]
    reason_code: Literal["", "refused", "overdue", "unresolved", "harmful", "other"] = ""
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)] = ""


class FeedbackInput(Input):
    feedback: Reason


class SubstituteInput(Input):
    substitute: Annotated[str, StringConstraints(max_length=64)]
    first: date
    last: date


class AddressInput(Input):
    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)] = ""


class RobotInput(Input):
    kind: Literal["wecom", "dingtalk"]
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
    url: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    secret: Annotated[str, StringConstraints(strip_whitespace=True, max_length=128)] = ""
    unit: Annotated[str, StringConstraints(max_length=32)] = ""


class RobotView(BaseModel):
    """Without the address and the secret: whoever has them can write into the group."""

    id: int
    kind: str
    name: str
    unit_id: int | None
    signed: bool
    active: bool


class SettingsInput(Input):
    """`rules.WatchSettings`, checked."""

    yellow_short: Days = 1
    yellow_long: Days = 3
    long_from: Annotated[int, Field(ge=1, le=60)] = 10
    stage_yellow: Days = 0
    assign_days: Days = 1
    review_days: Days = 1
    tell_days: Days = 1
    remind_before: Days = 1
    leader_after: Annotated[int, Field(ge=1, le=60)] = 1
    supervisor_after: Annotated[int, Field(ge=1, le=60)] = 2
    urge_days: Annotated[int, Field(ge=1, le=60)] = 1
    supervise_days: Annotated[int, Field(ge=1, le=60)] = 3
    hours: Annotated[str, StringConstraints(strip_whitespace=True, max_length=128)] = DEFAULT_HOURS
    email: bool = True
    robots: bool = True
    assignments: bool = True

    @field_validator("hours")
    @classmethod
    def _readable(cls, value: str) -> str:
        parse_hours(value)
        return value

    @model_validator(mode="after")
    def _leader_first(self) -> SettingsInput:
        if self.supervisor_after < self.leader_after:
            raise ValueError("报监督管理不能早于报单位负责人")
        return self

    def settings(self) -> WatchSettings:
        return WatchSettings(**self.model_dump())


class CardView(BaseModel):
    id: int
    case: str
    round: int
    rule: str
    label: str
    colour: str
    due_on: date
    unit: str
    issued_at: datetime
    reason: str
    basis: str
    ended_at: datetime | None
    contested_at: datetime | None
    contested_by: str
    contest_reason: str
    decision: str
    decided_at: datetime | None
    decided_by: str
    decision_reason: str


class WatchNoticeView(BaseModel):
    number: str
    kind: str
    case: str
    unit: str
    reason_code: str
    text: str
    content: dict[str, Any]
    issued_at: datetime
    issued_by: str
    feedback_due_on: date
    feedback: str
    feedback_by: str
    feedback_at: datetime | None


class MessageView(BaseModel):
    id: int
    kind: str
    title: str
    body: str
    link: str
    created_at: datetime
    read_at: datetime | None


class Messages(BaseModel):
    unread: int
    total: int
    items: list[MessageView]


class FailureView(BaseModel):
    id: int
    channel: str
    to: str
    title: str
    attempts: int
    given_up: bool
    last_result: str
