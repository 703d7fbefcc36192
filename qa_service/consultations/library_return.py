"""问答库反哺: what becomes of a unit's reply when the consultation is closed."""

from __future__ import annotations

from sqlalchemy.orm import Session

from qa_service.accounts.roles import Actor
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import ActFields
from qa_service.errors import Invalid
from qa_service.kit.privacy import without_personal_details
from qa_service.library import repository, service
from qa_service.library.service import PHRASING_LIMIT, QUESTION_LIMIT, Content


def decide(session: Session, actor: Actor, consultation: Consultation, fields: ActFields) -> str:
    """Carry out the decision and return its sentence for the history. What enters the library has lost
    its personal details and goes to review by somebody else."""
    question = without_personal_details(consultation.question)
    match fields.library_decision:
        case "new":
            standard = fields.entry_question or question
            if len(standard) > QUESTION_LIMIT:
                raise Invalid(
                    f"原问题有 {len(standard)} 字，作标准问太长（最多 {QUESTION_LIMIT} 字）。",
                    "请在“标准问”中写一句概括的问题。", errors={"entry_question": "请概括"},
                )  # fmt: skip
            content = Content(
                question=without_personal_details(standard),
                answer=without_personal_details(consultation.reply_text),
                unit_id=consultation.reply_unit_id or 0,
                topic=fields.topic or consultation.topic,
                basis=tuple({"law": item["text"]} for item in consultation.reply_basis),
                phrasings=({"text": question[:PHRASING_LIMIT], "origin": "台账"},),
                source={"case": consultation.case.number},
            )
            entry = service.create_entry(session, actor, content)
            consultation.library_entry_id = entry.id
            sentence = f"答复拟新增为问答条目 {entry.key}，待补充完整后送审。"
        case "merge":
            if not fields.entry_key:
                raise Invalid(
                    "请选择要并入的条目。", "可在问答库中查到条目编号。", errors={"entry_key": "不能为空"}
                )
            entry = repository.get_readable(session, actor, fields.entry_key)
            service.add_phrasing(session, actor, entry, question, "台账")
            consultation.library_entry_id = entry.id
            sentence = f"问题并入问答条目 {entry.key}，作为群众问法送审。"
        case _:
            if not fields.reason:
                raise Invalid(
                    "不入库的，请写明理由。",
                    "例如：仅涉及个人情况，不具有普遍性。",
                    errors={"reason": "不能为空"},
                )
            sentence = f"不入库：{fields.reason}"
    consultation.library_decision = fields.library_decision
    consultation.library_reason = fields.reason
    return sentence
