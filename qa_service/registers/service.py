"""Making papers of a consultation, and keeping their templates. Callers commit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor, Role
from qa_service.accounts.service import audit
from qa_service.cases.service import record
from qa_service.consultations import repository, views
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import ConsultationDetail
from qa_service.errors import Forbidden, Invalid, NotAllowedNow, NotFound
from qa_service.registers.facts import facts_of, stage_of
from qa_service.registers.papers import PAPERS, Paper, why_not
from qa_service.registers.templates import Templates
from qa_service.responsibility.models import OneTimeNotice
from qa_service.responsibility.service import find_notice
from qa_service.watching.repository import newest_notices
from qa_service.zones.calendar import load_calendars


@dataclass(frozen=True, slots=True)
class Offer:
    """A paper as the case page offers it; `missing` says why it cannot be made yet."""

    paper: Paper
    missing: str


def find_paper(code: str) -> Paper:
    if code not in PAPERS:
        raise NotFound(
            "没有这种文书。", f"可用的文书：{'、'.join(paper.name for paper in PAPERS.values())}。"
        )
    return PAPERS[code]


def may_reveal(actor: Actor) -> bool:
    """Supervisors do not see how a person is reached, here as on the case page."""
    return actor.role is not Role.SUPERVISOR


def offers(
    actor: Actor, consultation: Consultation, detail: ConsultationDetail, notice: OneTimeNotice | None, issued: Collection[str]
) -> list[Offer]:  # fmt: skip
    """The papers that this actor makes of this consultation, in the order of the work; `issued` as for `stage_of`."""
    stage = stage_of(detail, consultation, notice, issued)
    return [Offer(paper, why_not(code, stage)) for code, paper in PAPERS.items() if actor.role in paper.roles]


def make_paper(
    session: Session, actor: Actor, templates: Templates, number: str, code: str, *, reason: str = "", reveal: bool = False
) -> tuple[Paper, bytes]:  # fmt: skip
    """The paper as a .docx. With `reveal` it carries name and contact unmasked: that takes a reason, and the history of
    the case and the audit trail both say so.

    Raises TemplateError for a template that cannot be used, NotAllowedNow while there is nothing to state.
    """
    paper = find_paper(code)
    if actor.role not in paper.roles:
        raise Forbidden(f"“{paper.name}”由{'、'.join(sorted(role.label for role in paper.roles))}打印。")
    consultation = repository.get_readable(session, actor, number, to_act=reveal)
    notice = find_notice(session, consultation.case_id)
    newest = newest_notices(session, actor, consultation.case_id)
    calendars = load_calendars(session)
    detail = views.detail(session, actor, consultation, calendars)
    if missing := why_not(code, stage_of(detail, consultation, notice, newest)):
        raise NotAllowedNow(f"{missing}，不能打印“{paper.name}”。", "办理到相应步骤以后再打印。")
    template = templates.checked(paper, templates.read(paper))
    if reveal:
        check_reveal(actor, reason)
        sentence = f"打印“{paper.name}”，印有咨询人的联系方式：{reason}"
        record(session, consultation.case, actor, "reveal", sentence, data={"paper": code, "reason": reason})
        audit(session, actor, "reveal-contact", number, paper=code, reason=reason)
    values, lists = facts_of(session, actor, consultation, calendars, notice, newest, revealed=reveal)
    return paper, template.fill(values, lists)


def check_reveal(actor: Actor, reason: str) -> None:
    """Raise Forbidden or Invalid unless this actor may see persons unmasked and says what for."""
    if not may_reveal(actor):
        raise Forbidden("监督岗位不查看咨询人联系方式。", "请打印、导出掩码的版本。")
    if not reason.strip():
        raise Invalid(
            "要印出完整的称谓和联系方式，请写明事由。", "例如：邮寄答复。不需要联系方式的，请用掩码的版本。",
            errors={"reason": "不能为空"},
        )  # fmt: skip


def accept_template(session: Session, actor: Actor, templates: Templates, code: str, data: bytes) -> None:
    """Put an uploaded template in force. The audit row goes first: where it cannot be written, nothing is replaced."""
    paper = find_paper(code)
    templates.checked(paper, data)
    audit(session, actor, "form-template", paper.name)
    session.flush()
    templates.accept(paper, data)


def restore_template(session: Session, actor: Actor, templates: Templates, code: str, version: str) -> None:
    paper = find_paper(code)
    audit(session, actor, "form-template-restored", paper.name, version=version)
    session.flush()
    templates.restore(paper, version)
