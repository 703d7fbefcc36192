"""Steps that many tests take with a consultation, over the API."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from qa_service.kit import clock
from qa_service.library.models import QueryLog
from support.people import People

API = "/api/v1"
QUESTION = "外地退休的老师傅在本地住院怎么报销"
REPLY = {"text": "请先办理异地就医备案，再持社会保障卡直接结算。", "basis": "《社会保险法》第二十九条"}


class FakeTraces:
    """A search that found nothing, without an index behind it."""

    def ensure_trace(
        self, session: Session, trace_id: str, question: str, channel: str, zone_id: int | None
    ) -> QueryLog:
        row = QueryLog(
            id=uuid.uuid4().hex, at=clock.now(), channel=channel,
            question=question, decision="refer", confidence=0.0, outcome="missed", library_revision=0, milliseconds=0.0,
        )  # fmt: skip
        session.add(row)
        session.flush()
        return row


class Flow:
    """One consultation on its way; every step asserts that it was accepted."""

    def __init__(self, people: People) -> None:
        self.people = people
        self.number = ""
        self.code = ""

    def register(self, who: str = "desk", **data: Any) -> Flow:
        response = self.people(who).post(f"{API}/consultations", json={"question": QUESTION, **data})
        assert response.status_code == 201, response.text
        self.number, self.code = response.json()["number"], response.json()["query_code"]
        return self

    def referred(self, who: str = "desk", unit: str = "", **data: Any) -> Flow:
        fields = {"unit": unit} if unit else {}
        return self.register(who, handling="refer", fields=fields, **data)

    def read(self, who: str = "admin") -> dict[str, Any]:
        response = self.people(who).get(f"{API}/consultations/{self.number}")
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def try_act(self, who: str, event: str, *, version: int | None = None, **fields: Any) -> Any:
        seen = self.read()["version"] if version is None else version
        return self.people(who).post(
            f"{API}/consultations/{self.number}/acts/{event}", json=fields, headers={"If-Match": f'"{seen}"'}
        )

    def act(self, who: str, event: str, **fields: Any) -> dict[str, Any]:
        response = self.try_act(who, event, **fields)
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def assigned(self, unit: str = "rsj") -> Flow:
        return self.referred(unit=unit)

    def signed(self) -> Flow:
        self.assigned().act("unit-rsj", "sign")
        return self

    def replied(self) -> Flow:
        self.signed().act("unit-rsj", "reply", **REPLY)
        return self

    def told(self) -> Flow:
        self.replied().act("unit-rsj", "tell", how="phone")
        return self

    def act_and_leave(self, who: str, event: str, **fields: Any) -> int:
        """An act after which the actor sees the case no more; returns the status of looking at it again."""
        response = self.try_act(who, event, **fields)
        assert response.status_code == 200, response.text
        status: int = self.people(who).get(f"{API}/consultations/{self.number}").status_code
        return status
