"""A citizen's way from a question to an answer or a query code; the kiosk and the phone page share it.

Without a script every step is a plain form or link. The kiosk's script asks for the same addresses and
puts the screen it gets into the page, so that a lost server never leaves a browser error on the screen.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession
from qa_service.accounts.models import Kiosk
from qa_service.consultations import repository
from qa_service.consultations.routes import register_for
from qa_service.consultations.schemas import QUESTION_LIMIT, Registration
from qa_service.errors import NotFound, ServiceError
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute
from qa_service.kit.words import cn_date
from qa_service.library.follow_up import in_light_of
from qa_service.library.routes import answer, asker_of, choose, hot_questions
from qa_service.library.schemas import AskResponse, Choice, distinct
from qa_service.library.triage import triage
from qa_service.web.forms import Fields, as_typed, checked, text
from qa_service.web.render import go, is_fragment, page, wants_json
from qa_service.web.visitors import visitor_of, zone_of
from qa_service.zones.models import Topic

SLIP_COOKIE = "qa_slip"
SLIP_SECONDS = 600
CHOICES, HOT = 5, 5
NEARLY = 2 / 3


@dataclass(frozen=True, slots=True)
class Shell:
    """Where the flow lives: its first address, the channel it registers under, the page around it."""

    base: str
    channel: str
    layout: str


@dataclass(frozen=True, slots=True)
class Understood:
    """A follow-up and what it was taken for: shown, so that nobody is answered on a guess unawares."""

    typed: str
    previous: str
    question: str


def screen(
    request: Request,
    session: Session,
    shell: Shell,
    template: str,
    *,
    understood: Understood | None = None,
    readings: Sequence[tuple[str, str]] = (),
    **context: Any,
) -> HTMLResponse:
    """One screen of the flow: the whole page, or only its middle for the kiosk's script."""
    visitor = visitor_of(request)
    layout = "layouts/fragment.html" if is_fragment(request) else shell.layout
    return page(
        request, f"flow/{template}.html", layout=layout, base=shell.base, kiosk=shell.channel == "kiosk",
        visitor=visitor, zone=zone_of(session, visitor), understood=understood,
        readings=readings, **context,
    )  # fmt: skip


def flow_router(shell: Shell) -> APIRouter:
    router = APIRouter(prefix=shell.base, route_class=TransactionalRoute)

    @router.get("")
    def home(
        request: Request, session: DbSession, said: Annotated[str, Query(max_length=16)] = ""
    ) -> HTMLResponse:
        tiles = list(
            dict.fromkeys(
                session.scalars(select(Topic.kiosk).where(Topic.kiosk != "").order_by(Topic.position))
            )
        )
        hot = hot_questions(asker_of(request), session, HOT)
        response = screen(request, session, shell, "home", tiles=tiles, hot=hot, empty=said == "empty")
        response.delete_cookie(SLIP_COOKIE, path=shell.base)
        return response

    @router.get("/topic/{tile}")
    def topic(request: Request, session: DbSession, tile: str) -> HTMLResponse:
        names = list(session.scalars(select(Topic.name).where(Topic.kiosk == tile).order_by(Topic.position)))
        if not names:
            raise NotFound("没有这个主题。", "请回到首页重新选择。")
        return screen(request, session, shell, "topic", tile=tile, groups=_questions_of(request, names))

    @router.get("/answer/{key}")
    def show_answer(
        request: Request,
        session: DbSession,
        key: str,
        trace: Annotated[str, Query(max_length=32)] = "",
        q: Annotated[str, Query(max_length=QUESTION_LIMIT)] = "",
    ) -> HTMLResponse:
        hit = answer(request, key)
        return screen(
            request,
            session,
            shell,
            "answer",
            hit=hit,
            others=[],
            question=q or hit.question,
            trace=trace,
            hints=[],
        )

    @router.get("/question")
    def asked_by_link(
        request: Request,
        session: DbSession,
        q: Annotated[str, Query(max_length=QUESTION_LIMIT)] = "",
        after: Annotated[str, Query(max_length=64)] = "",
    ) -> Response:
        """`after` is the key of the entry below whose answer a follow-up was asked."""
        return _asked(request, session, shell, q, after)

    @router.post("/question")
    def asked_by_form(request: Request, session: DbSession, fields: Fields) -> Response:
        return _asked(request, session, shell, text(fields, "q")[:QUESTION_LIMIT], text(fields, "after")[:64])

    @router.post("/choice")
    def chosen(request: Request, session: DbSession, fields: Fields) -> Response:
        """One of the proposed questions, or none of them: counted, then shown."""
        trace, key, question = (text(fields, name) for name in ("trace", "key", "q"))
        request.app.state.query_log.flush()
        # A record lost with a killed process is no reason to keep the answer from the person.
        with suppress(NotFound):
            choose(request, session, trace[:32], Choice(key=key[:64]))
        if not key:
            return _leave(request, session, shell, {"question": question, "trace_id": trace})
        hit = answer(request, key)
        return screen(
            request, session, shell, "answer", hit=hit, others=[], question=question, trace=trace, hints=[]
        )

    @router.get("/leave")
    def leave_plain(request: Request, session: DbSession) -> HTMLResponse:
        return _leave(request, session, shell, {})

    @router.post("/leave")
    def leave(request: Request, session: DbSession, fields: Fields) -> HTMLResponse:
        return _leave(
            request, session, shell, {"question": text(fields, "q"), "trace_id": text(fields, "trace")}
        )

    @router.post("/questions")
    def left(request: Request, session: DbSession, fields: Fields) -> Response:
        typed, visitor = as_typed(fields), visitor_of(request)
        try:
            registered = register_for(
                request,
                session,
                visitor,
                _registration(typed, shell.channel),
                text(fields, "request_key")[:64] or None,
            )
        except ServiceError as error:
            session.rollback()
            if wants_json(request):
                raise
            return _leave(request, session, shell, typed, error)
        response: Response
        if wants_json(request):
            response = JSONResponse({"accepted": True, "due": cn_date(registered.due_on)})
        else:
            response = go(request, f"{shell.base}/slip", saved=f"{shell.base}:leave")
        # The code travels in a cookie that scripts cannot read: not in an address that histories and logs keep.
        response.set_cookie(
            SLIP_COOKIE,
            registered.query_code,
            max_age=SLIP_SECONDS,
            httponly=True,
            samesite="strict",
            path=shell.base,
        )
        return response

    @router.get("/slip")
    def slip(request: Request, session: DbSession) -> Response:
        found = repository.by_query_code(session, request.cookies.get(SLIP_COOKIE, ""))
        if found is None:
            return go(request, shell.base)
        return screen(
            request, session, shell, "slip", case=found.case, has_phone=bool(found.contact_last4),
            has_contact=bool(found.contact),
        )  # fmt: skip

    @router.post("/help")
    def call_help(request: Request, session: DbSession) -> HTMLResponse:
        visitor = visitor_of(request)
        called = visitor.id is not None
        if called:
            session.get_one(Kiosk, visitor.id).help_called_at = clock.now()
        return screen(request, session, shell, "help", called=called)

    return router


def _asked(request: Request, session: Session, shell: Shell, typed: str, after: str = "") -> Response:
    typed = typed.strip()
    if not typed:
        back = f"/answer/{quote(after, safe='')}" if after else "?said=empty"
        return go(request, f"{shell.base}{back}")
    visitor = visitor_of(request)
    understood = _understood(request, typed, after) if after else None
    question = understood.question if understood else typed
    asked = asker_of(request).ask(
        question, channel=shell.channel, zone_id=visitor.zone_id, limit=2 * CHOICES,
        typed=typed if understood else "",
    )  # fmt: skip
    result = AskResponse.of(asked)
    sorted_out = triage(typed)
    shared: dict[str, Any] = {
        "understood": understood,
        "readings": result.readings,
        "question": question,
        "trace": result.trace_id,
        "hints": sorted_out.words,
        "parts": sorted_out.parts,
    }
    if sorted_out.is_greeting:
        return screen(request, session, shell, "greeting", **shared)
    if result.decision == "answer":
        first, *rest = result.hits[:CHOICES]
        # Beside a sure answer, only what is nearly as close: anything else would make the person doubt it.
        others = [
            hit for hit in distinct(rest) if hit.score >= NEARLY * first.score and hit.same_as != first.key
        ]
        return screen(request, session, shell, "answer", hit=first, others=others, **shared)
    if result.decision == "choose":
        return screen(request, session, shell, "choices", hits=distinct(result.hits)[:CHOICES], **shared)
    return screen(
        request,
        session,
        shell,
        "nothing",
        hits=distinct(result.hits)[:3],
        unit=result.proposed_unit,
        **shared,
    )


def _understood(request: Request, typed: str, after: str) -> Understood | None:
    """What a follow-up below the entry `after` asks; None where it stands alone or the entry is no longer there."""
    with suppress(NotFound):
        previous = answer(request, after).question
        lexicon = asker_of(request).index.snapshot.engine.lexicon
        if question := in_light_of(typed, previous, lexicon):
            return Understood(typed, previous, question)
    return None


def _leave(
    request: Request, session: Session, shell: Shell, typed: dict[str, str], error: ServiceError | None = None
) -> HTMLResponse:
    return screen(
        request, session, shell, "leave", typed=typed, error=error, status=error.status if error else 200,
        errors=error.extra.get("errors", {}) if error else {},
        request_key=typed.get("request_key") or secrets.token_hex(16),
    )  # fmt: skip


def _registration(typed: dict[str, str], channel: str) -> Registration:
    values = {name: typed.get(name, "") for name in ("question", "person_name", "contact", "trace_id")}
    return checked(Registration, {**values, "channel": channel, "handling": "refer"})


def _questions_of(request: Request, topics: list[str]) -> list[tuple[str, list[tuple[str, str]]]]:
    """(topic, its published questions valid today as (key, question)), in the order of `topics`."""
    today = clock.today()
    groups: dict[str, list[tuple[str, str]]] = {name: [] for name in topics}
    for face in asker_of(request).index.snapshot.faces.values():
        valid = (
            (face.effective_from or today) <= today <= (face.effective_to or today)
            and today <= (face.review_due or today)
        )  # fmt: skip
        if face.topic in groups and valid:
            groups[face.topic].append((face.key, face.question))
    return [(name, questions) for name, questions in groups.items() if questions]
