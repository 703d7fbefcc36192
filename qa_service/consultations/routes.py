"""API: registering consultations, acting on them, and the citizen's progress."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response
from sqlalchemy.orm import Session

from qa_service.accounts.deps import CurrentActor, DbSession, Staff
from qa_service.accounts.roles import CITIZEN, Actor, Role
from qa_service.accounts.security import throttle
from qa_service.accounts.service import audit
from qa_service.cases.service import check_version, record
from qa_service.consultations import answer_check, history_view, repository, service, views
from qa_service.consultations.lifecycle import BY_CODE, LIFECYCLE
from qa_service.consultations.models import Consultation
from qa_service.consultations.schemas import (
    ActFields,
    ComparisonView,
    ConsultationDetail,
    ConsultationSummary,
    History,
    Progress,
    ProgressRequest,
    RatingRequest,
    Registered,
    Registration,
)
from qa_service.errors import NotFound
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute, database_of
from qa_service.library.routes import CHANNEL_OF, IfMatch, asker_of, seen_version
from qa_service.settings import Settings
from qa_service.zones.calendar import load_calendars

router = APIRouter(tags=["政策咨询"], route_class=TransactionalRoute)


def settings_of(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def source_of(request: Request) -> str:
    return request.client.host if request.client else "unknown"


def register_for(
    request: Request, session: Session, actor: Actor, data: Registration, idempotency_key: str | None
) -> Registered:
    """Registration as the API and the pages do it. Anonymous sources are limited per hour."""
    settings = settings_of(request)
    data = data.model_copy(update={"channel": CHANNEL_OF.get(actor.role, data.channel)})
    if actor.role is Role.CITIZEN:
        with database_of(request).write() as counting:
            throttle(
                counting,
                f"register:{source_of(request)}",
                settings.public_registrations,
                timedelta(hours=1),
                "提交",
            )
    # Traces are written behind the answer: have the one named here in the database before it is looked up.
    request.app.state.query_log.flush()
    scoped = f"{actor.role}:{actor.id or source_of(request)}:{idempotency_key}" if idempotency_key else None
    done = service.register(
        session,
        actor,
        data,
        asker_of(request),
        idempotency_key=scoped,
        clock_start=settings.consult_clock_start,
    )
    case = done.consultation.case
    session.flush()
    return Registered(
        number=case.number, query_code=case.query_code, state=case.state, due_on=case.due_on,
        due_status=case.due_status, version=case.version, repeated=done.repeated,
    )  # fmt: skip


def act_for(
    request: Request, session: Session, actor: Actor, number: str, event: str, fields: ActFields, seen: int
) -> Consultation:
    """One act as the API and the pages do it: readable, unchanged since seen, then by the table."""
    if event == "link":
        repository.lock_to_link(session, number, fields.leading)
    elif event in ("unlink", "adopt"):
        repository.lock_leading(session, number)
    consultation = repository.get_readable(session, actor, number, to_act=True)
    check_version(session, LIFECYCLE, consultation.case, seen)
    service.act_on(
        session, actor, consultation, event, fields, clock_start=settings_of(request).consult_clock_start
    )
    session.flush()
    session.expire_all()
    return consultation


def progress_for(request: Request, code: str, phone4: str) -> Progress:
    """Look up by query code and the last four digits of the phone; attempts are counted per source."""
    settings = settings_of(request)
    with database_of(request).write() as session:
        throttle(
            session,
            f"progress:{source_of(request)}",
            settings.progress_attempts,
            timedelta(minutes=10),
            "查询",
        )
    with database_of(request).read() as session:
        found = _by_code(session, code, phone4)
        if found.case.state != "replied":
            return views.progress(session, found)
    # The person is about to read the unit's answer: that is being told, and the history says so.
    with database_of(request).write() as session:
        found = _by_code(session, code, phone4)
        if found.case.state == "replied":
            service.act_on(session, CITIZEN, found, "tell", ActFields(how=BY_CODE))
            session.flush()
            session.expire_all()
        return views.progress(session, found)


def rate_for(request: Request, data: RatingRequest) -> Progress:
    """评价 by the person who asked; known by the same two things as their progress, and attempts are counted with it."""
    progress_for(request, data.code, data.phone4)
    with database_of(request).write() as session:
        found = _by_code(session, data.code, data.phone4, to_act=True)
        fields = ActFields(satisfaction=data.satisfaction, note=data.note)
        service.act_on(session, CITIZEN, found, "rate", fields)
        session.flush()
        session.expire_all()
        return views.progress(session, found)


def _by_code(session: Session, code: str, phone4: str, *, to_act: bool = False) -> Consultation:
    code = code.strip().upper().replace("-", "").replace(" ", "")
    found = repository.by_query_code(session, code, to_act=to_act)
    if found is None or found.contact_last4 != phone4.strip():
        raise NotFound(
            "没有找到对应的咨询件，请核对查询码和手机号后四位。",
            "查询码印在登记凭条上；登记时没有留电话的，后四位不用填。",
        )
    return found


@router.post("/consultations", status_code=201)
def register(
    request: Request,
    response: Response,
    session: DbSession,
    actor: CurrentActor,
    data: Registration,
    idempotency_key: Annotated[str | None, Header(max_length=64)] = None,
) -> Registered:
    """登记一件咨询。一体机断网重发时带同一个 Idempotency-Key，只登记一次。"""
    registered = register_for(request, session, actor, data, idempotency_key)
    if registered.repeated:
        response.status_code = 200
    return registered


@router.get("/consultations")
def list_consultations(
    session: DbSession,
    actor: Staff,
    response: Response,
    state: Annotated[list[str] | None, Query()] = None,
    overdue: bool = False,
    q: Annotated[str, Query(max_length=128)] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[ConsultationSummary]:
    """可见范围内的咨询件，按截止日排序；总数在 X-Total-Count。"""
    items, total = repository.list_readable(
        session, actor, states=tuple(state or ()), overdue_on=clock.today() if overdue else None, text=q, limit=size,
        offset=(page - 1) * size,
    )  # fmt: skip
    response.headers["X-Total-Count"] = str(total)
    calendars = load_calendars(session)
    return [views.summary(item, calendars) for item in items]


@router.get("/consultations/{number}")
def read_consultation(
    session: DbSession, actor: Staff, response: Response, number: str
) -> ConsultationDetail:
    consultation = repository.get_readable(session, actor, number)
    response.headers["ETag"] = f'"{consultation.case.version}"'
    return views.detail(session, actor, consultation, load_calendars(session))


@router.get("/consultations/{number}/history")
def read_history(session: DbSession, actor: Staff, number: str) -> History:
    """办理过程：每一步由谁办理、改变了什么，以及与校验码是否相符。"""
    return history_view.history(session, actor, repository.get_readable(session, actor, number))


@router.post("/consultations/{number}/acts/{event}")
def act(
    request: Request,
    response: Response,
    session: DbSession,
    actor: Staff,
    number: str,
    event: str,
    data: ActFields,
    if_match: IfMatch,
) -> ConsultationDetail:
    """办理一步。可办理的步骤见明细中的 `acts`；If-Match 带打开时的版本号，别人先办了会得到 409。"""
    consultation = act_for(request, session, actor, number, event, data, seen_version(if_match))
    response.headers["ETag"] = f'"{consultation.case.version}"'
    return views.detail(session, actor, consultation, load_calendars(session))


@router.get("/consultations/{number}/comparison")
def compare_reply(request: Request, session: DbSession, actor: Staff, number: str) -> list[ComparisonView]:
    """承办单位的答复与已发布条目是否重复、是否不一致。只提醒，不影响办理。"""
    consultation = repository.get_readable(session, actor, number)
    return comparison_for(request, consultation.question, consultation.reply_text)


def comparison_for(request: Request, question: str, reply: str) -> list[ComparisonView]:
    findings = answer_check.check(asker_of(request), question, reply)
    return [ComparisonView.model_validate(asdict(finding)) for finding in findings]


@router.post("/consultations/{number}/contact")
def reveal_contact(session: DbSession, actor: Staff, number: str) -> dict[str, str]:
    """查看未掩码的称谓和联系方式：仅限经办岗位，每次查看都留痕。"""
    consultation = repository.get_readable(session, actor, number, to_act=True)
    if actor.role is Role.SUPERVISOR:
        raise NotFound("监督岗位不查看咨询人联系方式。", "如需核实，请由承办单位联系。")
    record(session, consultation.case, actor, "reveal", "查看了咨询人的联系方式。")
    audit(session, actor, "reveal-contact", number)
    return {"person_name": consultation.person_name, "contact": consultation.contact}


@router.post("/progress")
def look_up(request: Request, data: ProgressRequest) -> Progress:
    """群众凭查询码和手机号后四位查询进度。"""
    return progress_for(request, data.code, data.phone4)


@router.post("/progress/rating")
def rate(request: Request, data: RatingRequest) -> Progress:
    """群众评价答复：凭查询码和手机号后四位，每轮答复一次。"""
    return rate_for(request, data)
