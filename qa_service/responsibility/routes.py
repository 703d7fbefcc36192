"""API: handing over, one-time notice, accountability."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, DeskOrAdmin, Staff, allow
from qa_service.accounts.roles import Actor, Role
from qa_service.consultations import first_asked, repository
from qa_service.errors import NotFound
from qa_service.kit.http import TransactionalRoute
from qa_service.responsibility import service
from qa_service.responsibility.models import AccountabilityEvent, OneTimeNotice
from qa_service.responsibility.schemas import (
    AccountabilityInput,
    AccountabilityView,
    HandOverInput,
    NoticeInput,
    NoticeView,
    SettleInput,
)

router = APIRouter(tags=["责任制度"], route_class=TransactionalRoute)
Supervisor = Annotated[Actor, Depends(allow(Role.SUPERVISOR))]
SupervisorOrAdmin = Annotated[Actor, Depends(allow(Role.SUPERVISOR, Role.ADMIN))]


@router.post("/consultations/{number}/hand-over", status_code=201)
def hand_over(session: DbSession, actor: DeskOrAdmin, number: str, data: HandOverInput) -> HandOverInput:
    """首问责任人告知有关责任人；首问责任人不变。"""
    consultation = repository.get_readable(session, actor, number, to_act=True)
    first_asked.hand_over(session, actor, consultation, **data.model_dump())
    return data


@router.post("/consultations/{number}/one-time-notice", status_code=201)
def give_notice(session: DbSession, actor: DeskOrAdmin, number: str, data: NoticeInput) -> NoticeView:
    """一次性告知：每件只能给一次，须列全。"""
    consultation = repository.get_readable(session, actor, number, to_act=True)
    return notice_view(
        service.give_notice(session, actor, consultation, data.verdict, data.missing, data.reason)
    )


@router.get("/consultations/{number}/one-time-notice")
def read_notice(session: DbSession, actor: Staff, number: str) -> NoticeView:
    return notice_view(notice_of(session, actor, number))


@router.get("/accountability")
def list_events(
    session: DbSession, actor: SupervisorOrAdmin, case: Annotated[str, Query(max_length=48)] = ""
) -> list[AccountabilityView]:
    return [event_view(*row) for row in service.list_events(session, actor, number=case, limit=200)]


@router.post("/accountability", status_code=201)
def enter_event(session: DbSession, actor: Supervisor, data: AccountabilityInput) -> AccountabilityView:
    return event_view(enter(session, actor, data), data.case)


@router.post("/accountability/{event_id}/handling")
def settle_event(
    session: DbSession, actor: Supervisor, event_id: int, data: SettleInput
) -> AccountabilityView:
    row = service.find_event(session, actor, event_id)
    service.settle(session, actor, row, data.handling)
    return event_view(row, repository.number_of(session, row.case_id))


def enter(session: Session, actor: Actor, data: AccountabilityInput) -> AccountabilityEvent:
    return service.enter_event(
        session, actor, source=data.source, number=data.case, person=data.person, facts=data.facts,
        happened_on=data.happened_on, handling=data.handling,
    )  # fmt: skip


def notice_of(session: Session, actor: Actor, number: str) -> OneTimeNotice:
    consultation = repository.get_readable(session, actor, number)
    notice = service.find_notice(session, consultation.case_id)
    if notice is None:
        raise NotFound("这件事项没有给过一次性告知。", "可在办件页给出一次性告知。")
    return notice


def notice_view(notice: OneTimeNotice) -> NoticeView:
    return NoticeView(
        at=notice.at, by=notice.by, verdict=notice.verdict, missing=notice.missing, reason=notice.reason
    )


def event_view(row: AccountabilityEvent, number: str) -> AccountabilityView:
    return AccountabilityView(
        id=row.id, source=row.source, case=number, person=row.person, facts=row.facts, happened_on=row.happened_on,
        handling=row.handling, handled_by=row.handled_by, created_by=row.created_by, created_at=row.created_at,
    )  # fmt: skip
