"""What the case page shows of watching: its cards and notices, and what the reader may do about them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor
from qa_service.cases import service as cases
from qa_service.consultations.lifecycle import LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.kit import clock
from qa_service.watching import repository
from qa_service.watching.cards import COLOURS, DECISIONS, why_no_contest
from qa_service.watching.models import WatchCard, WatchNotice
from qa_service.watching.notices import ISSUERS
from qa_service.watching.rules import NOTICES, SUPERVISION_REASONS, WITH_UNIT


@dataclass(frozen=True)
class Watched:
    cards: list[tuple[WatchCard, bool]]
    notices: list[tuple[WatchNotice, str, str]]
    may_urge: bool
    may_supervise: bool
    may_decide: bool
    suggest_urging: bool
    overdue: bool
    colours = COLOURS
    decisions = DECISIONS
    names = NOTICES
    reasons = SUPERVISION_REASONS

    @property
    def anything(self) -> bool:
        return bool(self.cards or self.notices or self.may_urge or self.may_supervise)


def watched_of(session: Session, actor: Actor, consultation: Consultation) -> Watched:
    case = consultation.case
    notices = repository.notices(session, actor, case_id=case.id)
    overdue = cases.is_overdue(LIFECYCLE, case, clock.today())
    may_urge = actor.role in ISSUERS["urge"] and case.state in WITH_UNIT
    has_unit = case.holder_unit_id is not None or consultation.reply_unit_id is not None
    return Watched(
        cards=[
            (card, not why_no_contest(actor, card)) for card in repository.cards_of(session, actor, case.id)
        ],
        notices=notices,
        may_urge=may_urge,
        may_supervise=actor.role in ISSUERS["supervise"] and has_unit,
        may_decide=actor.role in ISSUERS["supervise"],
        suggest_urging=may_urge and overdue and not any(row.round == case.round for row, _, _ in notices),
        overdue=overdue,
    )
