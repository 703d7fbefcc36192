"""差评 reaches the desk at once: somebody has to ask the person what was wrong.

谁办理谁负责，实名差评 1 个工作日内联系核实 (安阳市政务服务条例 第五十二条; 国办发〔2019〕51号).
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.cases import history
from qa_service.cases.models import Case, CaseEvent
from qa_service.consultations.rules import calls_for_redo
from qa_service.watching import messages, texts
from qa_service.watching.messages import Letter
from qa_service.watching.recipients import load_directory
from qa_service.watching.rules import Group


@history.tell_of_events
def tell_desk(session: Session, events: Sequence[CaseEvent]) -> None:
    bad = [row for row in events if row.event == "rate" and calls_for_redo(row.data.get("satisfaction", ""))]
    if bad:
        with messages.beside_the_act(session, "差评通知"):
            _tell(session, [row.case_id for row in bad])


def _tell(session: Session, case_ids: Sequence[int]) -> None:
    directory = load_directory(session)
    for case in session.scalars(select(Case).where(Case.id.in_(case_ids)).order_by(Case.id)):
        title, body = texts.bad_rating(case.number)
        people = directory.told((Group.DESK,), None, case.zone_id)
        messages.post(session, people, Letter("rating", title, body, f"/case/{case.number}", case.zone_id))
