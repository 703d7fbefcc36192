"""What the responsibility API takes in and gives out."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from qa_service.kit.privacy import without_identity_numbers
from qa_service.kit.schemas import Input

PlainText = AfterValidator(without_identity_numbers)
Long = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000), PlainText]
Needed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000), PlainText]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]


class Stripped(Input):
    model_config = ConfigDict(str_strip_whitespace=True)


class HandOverInput(Stripped):
    """超出职责时告知的有关责任人。"""

    name: Name
    post: Annotated[str, StringConstraints(max_length=128)] = ""
    phone: Annotated[str, StringConstraints(max_length=64)] = ""
    reason: Needed


class NoticeInput(Stripped):
    verdict: Literal["", "accepted", "supplement", "undecided", "refused"] = ""
    missing: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=500)]], Field(max_length=50)
    ] = Field(default_factory=list)
    reason: Long = ""


class NoticeView(BaseModel):
    at: datetime
    by: str
    verdict: str
    missing: list[str]
    reason: str


class AccountabilityInput(Stripped):
    source: Literal["discipline", "report", "overdue", "bad_review"]
    case: Annotated[str, StringConstraints(max_length=48)] = Field(
        "", description="关联的咨询件编号；超期未办的必填"
    )
    person: Name
    facts: Needed
    happened_on: date
    handling: Long = ""


class SettleInput(Stripped):
    handling: Needed


class AccountabilityView(BaseModel):
    id: int
    source: str
    case: str
    person: str
    facts: str
    happened_on: date
    handling: str
    handled_by: str
    created_by: str
    created_at: datetime
