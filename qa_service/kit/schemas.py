"""What every request body has in common."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

# No database takes NUL in a text, and nobody can see the others. Tabs and line ends stay.
_UNSEEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def without_control_characters(text: str) -> str:
    return _UNSEEN.sub("", text)


class Input(BaseModel):
    """A request body: unknown fields are refused, unseen control characters dropped."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _drop_control_characters(cls, values: Any) -> Any:
        return _cleaned(values) if isinstance(values, dict) else values


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return without_control_characters(value)
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if isinstance(value, dict):
        return {name: _cleaned(item) for name, item in value.items()}
    return value
