"""API: cards, urging and supervision notices, own messages and substitutes, settings and robots."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy.orm import Session

from qa_service.accounts.deps import Admin, DbSession, Staff, allow
from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.cases.models import Case
from qa_service.consultations import repository as consultations
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute
from qa_service.kit.outbox import send_again
from qa_service.watching import cards, configuration, notices, people, repository
from qa_service.watching.models import Message, MessageDelivery, Robot, WatchCard, WatchNotice
from qa_service.watching.schemas import (
    AddressInput,
    CardView,
    ContestInput,
    DecisionInput,
    FailureView,
    FeedbackInput,
    Messages,
    MessageView,
    RobotInput,
    RobotView,
    SettingsInput,
    SubstituteInput,
    WatchNoticeInput,
    WatchNoticeView,
)

router = APIRouter(tags=["督促办理"], route_class=TransactionalRoute)
Contester = Annotated[Actor, Depends(allow(Role.UNIT, Role.DESK))]
Supervisor = Annotated[Actor, Depends(allow(Role.SUPERVISOR))]
Issuer = Annotated[Actor, Depends(allow(Role.SUPERVISOR, Role.DESK, Role.ADMIN))]
UnitOfficer = Annotated[Actor, Depends(allow(Role.UNIT))]
Overseer = Annotated[Actor, Depends(allow(Role.SUPERVISOR, Role.ADMIN))]


@router.get("/watching/cards")
def list_cards(session: DbSession, actor: Staff, contested: bool = False) -> list[CardView]:
    """现在的黄牌、红牌；contested 只看等待处理的申诉。"""
    rows = repository.cards_now(session, actor, contested=contested)
    return [card_view(card, number, unit) for card, number, unit, _ in rows]


@router.post("/watching/cards/{card_id}/contest")
def contest_card(session: DbSession, actor: Contester, card_id: int, data: ContestInput) -> CardView:
    return _card(session, cards.contest(session, actor, card_id, data.reason))


@router.post("/watching/cards/{card_id}/decision")
def decide_card(session: DbSession, actor: Supervisor, card_id: int, data: DecisionInput) -> CardView:
    """撤销或者维持，写明理由；撤销的牌保留。"""
    return _card(session, cards.decide(session, actor, card_id, data.decision, data.reason))


@router.post("/consultations/{number}/notices", status_code=201)
def issue_notice(session: DbSession, actor: Issuer, number: str, data: WatchNoticeInput) -> WatchNoticeView:
    """催办、督办：向承办单位发出有编号的催办单、督办单。"""
    return notice_view(issue(session, actor, number, data))


@router.get("/watching/notices")
def list_notices(session: DbSession, actor: Staff, open: bool = False) -> list[WatchNoticeView]:
    return [notice_view(row) for row, _, _ in repository.notices(session, actor, open_only=open)]


@router.post("/watching/notices/{number}/feedback")
def give_feedback(
    session: DbSession, actor: UnitOfficer, number: str, data: FeedbackInput
) -> WatchNoticeView:
    return notice_view(notices.give_feedback(session, actor, number, data.feedback))


@router.get("/messages")
def list_messages(
    session: DbSession, actor: Staff, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Messages:
    """本人的站内通知，未读在前。"""
    rows, total = repository.list_messages(session, actor, limit=limit)
    items = [MessageView.model_validate(row, from_attributes=True) for row in rows]
    return Messages(unread=repository.unread(session, actor), total=total, items=items)


@router.post("/messages/{message_id}/read")
def read_message(session: DbSession, actor: Staff, message_id: int) -> MessageView:
    return MessageView.model_validate(mark_read(session, actor, message_id), from_attributes=True)


@router.post("/messages/read-all")
def read_all_messages(session: DbSession, actor: Staff) -> dict[str, int]:
    repository.read_all(session, actor)
    return {"unread": 0}


@router.put("/messages/address")
def save_address(session: DbSession, actor: Staff, data: AddressInput) -> AddressInput:
    """本人接收通知的邮箱，空为不用邮件。"""
    people.save_address(session, actor, data.email)
    return data


@router.post("/substitutes", status_code=201)
def name_substitute(session: DbSession, actor: Staff, data: SubstituteInput) -> dict[str, int]:
    """代理人：在起止日之间代本人接收通知。"""
    return {"id": people.name_substitute(session, actor, data.substitute, data.first, data.last).id}


@router.post("/substitutes/{substitute_id}/withdraw")
def withdraw_substitute(session: DbSession, actor: Staff, substitute_id: int) -> dict[str, int]:
    people.withdraw_substitute(session, actor, substitute_id)
    return {"id": substitute_id}


@router.get("/watching/settings")
def read_settings(session: DbSession, _actor: Overseer) -> SettingsInput:
    return SettingsInput(**asdict(configuration.load(session)))


@router.put("/watching/settings")
def save_settings(session: DbSession, actor: Admin, data: SettingsInput) -> SettingsInput:
    configuration.save(session, actor, data.settings())
    return data


@router.get("/watching/failures")
def list_failures(session: DbSession, _actor: Overseer) -> list[FailureView]:
    """没有送出的消息：已放弃的，和正在重试的。"""
    return [failure_view(*row) for row in repository.failures(session)]


@router.post("/watching/failures/resend")
def resend(session: DbSession, actor: Admin) -> dict[str, int]:
    """把已放弃的全部重新发送。"""
    return {"sent_again": send_again(session, MessageDelivery, MessageDelivery.failed_at.is_not(None))}


@router.post("/watching/robots", status_code=201)
def add_robot(session: DbSession, actor: Admin, data: RobotInput) -> RobotView:
    robot = people.add_robot(
        session, actor, kind=data.kind, name=data.name, url=data.url, secret=data.secret, unit_code=data.unit
    )
    return robot_view(robot)


@router.post("/watching/robots/{robot_id}/{what}")
def switch_robot(session: DbSession, actor: Admin, robot_id: int, what: str) -> RobotView:
    """启用（enable）或者停用（disable）。"""
    return robot_view(people.switch_robot(session, actor, robot_id, active=what == "enable"))


@router.post("/watching/test")
def send_test(session: DbSession, actor: Admin, robot_id: int | None = None) -> dict[str, str]:
    """发一条测试消息：给自己，或者给一个机器人。"""
    people.send_test(session, actor, robot_id)
    return {"status": "queued"}


def issue(session: Session, actor: Actor, number: str, data: WatchNoticeInput) -> WatchNotice:
    consultation = consultations.get_readable(session, actor, number, to_act=True)
    return notices.issue(
        session, actor, consultation, data.kind, reason_code=data.reason_code, text=data.text
    )


def mark_read(session: Session, actor: Actor, message_id: int) -> Message:
    message = repository.get_message(session, actor, message_id)
    message.read_at = message.read_at or clock.now()
    return message


def _card(session: Session, card: WatchCard) -> CardView:
    unit = session.get(Unit, card.unit_id) if card.unit_id else None
    return card_view(card, session.get_one(Case, card.case_id).number, unit.name if unit else "")


def card_view(card: WatchCard, number: str, unit: str) -> CardView:
    values: dict[str, Any] = {name: getattr(card, name, None) for name in CardView.model_fields}
    return CardView(**values | {"case": number, "unit": unit, "label": cards.label_of(card)})


def notice_view(notice: WatchNotice) -> WatchNoticeView:
    values: dict[str, Any] = {name: getattr(notice, name, None) for name in WatchNoticeView.model_fields}
    return WatchNoticeView(**values | {"case": notice.content["case"], "unit": notice.content["unit"]})


def robot_view(robot: Robot) -> RobotView:
    return RobotView(
        id=robot.id,
        kind=robot.kind,
        name=robot.name,
        unit_id=robot.unit_id,
        signed=bool(robot.secret),
        active=robot.active,
    )


def failure_view(row: MessageDelivery, title: str, to: str | None) -> FailureView:
    return FailureView(
        id=row.id, channel=row.channel, to=to or "", title=title, attempts=row.attempts,
        given_up=row.failed_at is not None, last_result=row.last_result,
    )  # fmt: skip
