"""申诉、撤销、维持: what people do about a card. Callers commit."""

from __future__ import annotations

from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.cases import service as cases
from qa_service.cases.models import Case
from qa_service.errors import Forbidden, NotAllowedNow
from qa_service.kit import clock
from qa_service.watching import messages, repository, texts
from qa_service.watching.messages import Letter
from qa_service.watching.models import WatchCard
from qa_service.watching.recipients import load_directory
from qa_service.watching.rules import RULES, Group

COLOURS = {"green": "绿牌", "yellow": "黄牌", "red": "红牌"}
DECISIONS = {"withdrawn": "撤销", "upheld": "维持"}


def label_of(card: WatchCard) -> str:
    return f"{RULES[card.rule].label}{COLOURS[card.colour]}"


def why_no_contest(actor: Actor, card: WatchCard) -> str:
    """Why the actor cannot contest the card, "" where it can: those to whom it was issued, once."""
    own = actor.role is Role.UNIT and card.unit_id is not None and card.unit_id == actor.unit_id
    if not own and not (actor.role is Role.DESK and card.unit_id is None):
        return "这张牌不是发给您的单位的，不能申诉。"
    if card.decision == "withdrawn":
        return "这张牌已经撤销。"
    return "这张牌已经申诉过。" if card.contested_at is not None else ""


def contest(session: Session, actor: Actor, card_id: int, reason: str) -> WatchCard:
    """申诉. Raises Forbidden or NotAllowedNow."""
    card, case = _locked(session, actor, card_id)
    if why := why_no_contest(actor, card):
        raise NotAllowedNow(why, "如有新的情况，请与监督管理部门联系。")
    card.contested_at, card.contested_by, card.contest_reason = clock.now(), actor.name, reason
    cases.record(
        session, case, actor, "contest_card", f"对{label_of(card)}提出申诉：{reason}", data={"card": card.id}
    )
    unit = session.get(Unit, card.unit_id) if card.unit_id else None
    title, body = texts.contested(case.number, label_of(card), unit.name if unit else actor.name)
    people = load_directory(session).told((Group.SUPERVISORS,), None, case.zone_id)
    messages.post(session, people, Letter("card", title, body, "/watching", case.zone_id))
    return card


def decide(session: Session, actor: Actor, card_id: int, decision: str, reason: str) -> WatchCard:
    """撤销 (also without a contest: 异常处理), or 维持 of a contested card. A withdrawn card stays withdrawn, and on record."""
    if actor.role is not Role.SUPERVISOR:
        raise Forbidden("黄牌、红牌由监督管理岗位撤销或者维持。")
    card, case = _locked(session, actor, card_id)
    if card.decision == "withdrawn":
        raise NotAllowedNow("这张牌已经撤销，不能再改。", "撤销的记录和理由都已保留。")
    if decision == "upheld" and (card.contested_at is None or card.decision):
        raise NotAllowedNow("没有等待处理的申诉，不需要维持。", "需要撤销的，请选择撤销。")
    card.decision, card.decided_at, card.decided_by, card.decision_reason = (
        decision,
        clock.now(),
        actor.name,
        reason,
    )
    if decision == "withdrawn" and card.ended_at is None:
        card.ended_at = clock.now()
    said = DECISIONS[decision]
    cases.record(
        session, case, actor, f"card_{decision}", f"{said}{label_of(card)}：{reason}", data={"card": card.id}
    )
    title, body = texts.decided(case.number, label_of(card), said)
    people = load_directory(session).told((Group.DOERS, Group.LEADERS), card.unit_id, case.zone_id)
    messages.post(session, people, Letter("card", title, body, f"/case/{case.number}", case.zone_id))
    return card


def _locked(session: Session, actor: Actor, card_id: int) -> tuple[WatchCard, Case]:
    """The card and its case, locked in the order in which the watcher takes them.

    The case's version stays as it is: whoever has a form open on it can still submit it, since a card changes nothing
    that the form depends on.
    """
    card = repository.get_card(session, actor, card_id)
    case = session.get_one(Case, card.case_id, with_for_update=True)
    session.refresh(card)
    return card, case
