"""窗口答复: one question, its answers, and the registration beside them."""

from __future__ import annotations

import secrets
from datetime import datetime, time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, DeskOrAdmin, allow
from qa_service.accounts.models import Kiosk, Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.accounts.service import audit
from qa_service.consultations import repository, views
from qa_service.consultations.lifecycle import URGENCIES
from qa_service.consultations.routes import register_for
from qa_service.consultations.schemas import QUESTION_LIMIT, Registration
from qa_service.errors import NotFound, ServiceError
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute
from qa_service.library.routes import asker_of
from qa_service.library.schemas import AskResponse
from qa_service.web.forms import Fields, as_typed, checked, text
from qa_service.web.render import go, page
from qa_service.zones.calendar import load_calendars
from qa_service.zones.models import Zone

router = APIRouter(route_class=TransactionalRoute)
DeskReader = Annotated[Actor, Depends(allow(Role.DESK, Role.ADMIN, Role.SUPERVISOR))]

AUDIENCES = (
    "老年人", "残疾人", "高校毕业生", "退役军人", "灵活就业人员", "农民工", "个体工商户", "小微企业", "外来人口", "低收入家庭",
)  # fmt: skip
DESK_CHANNELS = {"window": "窗口", "phone": "电话", "web": "网站"}
WAITING = ("registered", "to_assign", "assigned", "in_progress", "in_review", "linked", "replied", "answered")
TODAY_ROWS, WAITING_ROWS = 20, 15


@router.get("/desk")
def show(
    request: Request,
    session: DbSession,
    actor: DeskReader,
    q: Annotated[str, Query(max_length=QUESTION_LIMIT)] = "",
    done: Annotated[str, Query(max_length=64)] = "",
) -> Response:
    if actor.role is Role.SUPERVISOR:
        return go(request, "/desk/register")
    return _desk(request, session, actor, typed={"question": q}, done=done)


def _desk(
    request: Request,
    session: Session,
    actor: Actor,
    *,
    typed: dict[str, str],
    done: str = "",
    error: ServiceError | None = None,
) -> HTMLResponse:
    question = typed.get("question", "")
    result = find_answers(request, question)
    calendars = load_calendars(session)
    midnight = datetime.combine(clock.today(), time(), clock.CHINA)
    rows, total = repository.list_readable(
        session, actor, since=midnight, newest_first=True, limit=TODAY_ROWS
    )
    waiting, waiting_total = repository.list_readable(session, actor, states=WAITING, limit=WAITING_ROWS)
    finished = repository.get_readable(session, actor, done) if done else None
    return page(
        request, "desk.html", status=error.status if error else 200, typed=typed, result=result, error=error,
        errors=error.extra.get("errors", {}) if error else {}, units=active_units(session),
        today_rows=[views.summary(c, calendars) for c in rows], today_total=total,
        waiting_rows=[views.summary(c, calendars) for c in waiting], waiting_total=waiting_total,
        calls=help_calls(session, actor), audiences=AUDIENCES, channels=DESK_CHANNELS, urgencies=URGENCIES,
        request_key=typed.get("request_key") or secrets.token_hex(12), finished=finished,
    )  # fmt: skip


def find_answers(request: Request, question: str) -> AskResponse | None:
    """What search says to a question, without a record: people are still typing. None for no question."""
    if not question.strip():
        return None
    return AskResponse.of(asker_of(request).test(question.strip()))


def active_units(session: Session) -> list[Unit]:
    return list(session.scalars(select(Unit).where(Unit.active).order_by(Unit.id)))


@router.post("/desk/results")
def results(request: Request, actor: DeskOrAdmin, fields: Fields) -> HTMLResponse:
    """The answers to what has been typed so far, for putting into the page."""
    question = text(fields, "question")[:QUESTION_LIMIT]
    return page(request, "parts/results.html", result=find_answers(request, question))


@router.post("/desk/trace")
def trace(request: Request, actor: DeskOrAdmin, fields: Fields) -> JSONResponse:
    """Record the question that was settled on (先检索、后登记); half-typed ones are not recorded."""
    channel = text(fields, "channel")
    asked = asker_of(request).ask(
        text(fields, "question")[:QUESTION_LIMIT].strip(), channel=channel if channel in DESK_CHANNELS else "window",
        zone_id=actor.zone_id,
    )  # fmt: skip
    return JSONResponse({"trace_id": asked.trace_id})


@router.post("/desk")
def register(request: Request, session: DbSession, actor: DeskOrAdmin, fields: Fields) -> Response:
    typed = as_typed(fields)
    try:
        registered = register_for(
            request, session, actor, _registration(typed), text(fields, "request_key")[:64] or None
        )
    except ServiceError as error:
        session.rollback()
        return _desk(request, session, actor, typed=typed, error=error)
    answered = registered.state == "answered_on_spot"
    target = f"/desk?done={registered.number}" if answered else f"/case/{registered.number}/slip"
    return go(request, target, saved="desk")


def _registration(typed: dict[str, str]) -> Registration:
    """The form as a registration. The button pressed says what is to happen: `answer:KEY`, `refer`, …"""
    handling, _, entry = typed.get("do", "").partition(":")
    fields: dict[str, Any] = {}
    if handling == "answer":
        fields = {"entry": entry}
    elif handling == "refer":
        fields = {"unit": typed.get("unit", ""), "policy_clue": typed.get("note", "")}
    elif handling == "guide":
        fields = {name: typed.get(name, "") for name in ("guided_to", "guided_contact", "no_contact_reason")}
    if handling != "refer":
        fields["note"] = typed.get("note", "")
    values = {
        name: typed.get(name, "") for name in ("question", "person_name", "contact", "audience", "trace_id")
    }
    values["channel"] = typed.get("channel") or "window"
    values["urgency"] = typed.get("urgency") or "normal"
    return checked(Registration, {**values, "handling": handling, "fields": fields})


def help_calls(session: Session, actor: Actor) -> list[tuple[Kiosk, Zone]]:
    """Kiosks in the actor's zones at which somebody is waiting for help, longest first."""
    statement = (
        select(Kiosk, Zone)
        .join(Zone, Zone.id == Kiosk.zone_id)
        .where(Kiosk.help_called_at.is_not(None), Kiosk.active)
    )
    if actor.role is Role.DESK:
        own = select(Zone.path).where(Zone.id == actor.zone_id).scalar_subquery()
        statement = statement.where(Zone.path.startswith(own))
    return [(kiosk, zone) for kiosk, zone in session.execute(statement.order_by(Kiosk.help_called_at))]


@router.get("/desk/help-calls")
def show_calls(request: Request, session: DbSession, actor: DeskOrAdmin) -> HTMLResponse:
    return page(request, "parts/help_calls.html", calls=help_calls(session, actor))


@router.post("/desk/help-calls/{code}")
def answer_call(request: Request, session: DbSession, actor: DeskOrAdmin, code: str) -> Response:
    """Somebody has gone to the kiosk."""
    found = next((kiosk for kiosk, _ in help_calls(session, actor) if kiosk.code == code), None)
    if found is None:
        raise NotFound("这台一体机现在没有呼叫，可能已有同事处理。", "不用再处理。")
    found.help_called_at = None
    session.flush()
    audit(session, actor, "help-answered", code)
    return go(request, "/desk")
