"""问答库: the list, one entry with its versions and next steps, the editing form, the hit test."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.datastructures import FormData

from qa_service.accounts.deps import DbSession, Editor, LibraryStaff
from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.cases.lifecycle import Act
from qa_service.errors import Conflict, ServiceError
from qa_service.kit import clock
from qa_service.kit.http import TransactionalRoute
from qa_service.library import repository, service
from qa_service.library.lifecycle import EDITORS, LIFECYCLE
from qa_service.library.models import Entry, EntryVersion
from qa_service.library.routes import asker_of, content_of, entry_for_act
from qa_service.library.schemas import QUESTION_LIMIT, AskResponse, EntryView, VersionView
from qa_service.library.service import PHRASING_LIMIT
from qa_service.web.entry_form import EntryForm
from qa_service.web.forms import Fields, number, text
from qa_service.web.paging import Pages
from qa_service.web.render import go, page
from qa_service.zones.models import Topic

router = APIRouter(route_class=TransactionalRoute)
SIZE = 50
FILTERS = {
    "": "全部",
    "draft": "草稿",
    "in_review": "待审核",
    "published": "已发布",
    "expired": "已过期或待复核",
    "withdrawn": "已撤回",
}
REVIEWING = frozenset({"publish", "reject"})
# Acts that undo something: shown last and in red, never open by themselves.
GRAVE = frozenset({"reject", "discard", "withdraw"})


@router.get("/library")
def show_list(
    request: Request,
    session: DbSession,
    actor: LibraryStaff,
    q: Annotated[str, Query(max_length=128)] = "",
    state: Annotated[str, Query(max_length=16)] = "",
    unit: Annotated[str, Query(max_length=32)] = "",
    topic: Annotated[str, Query(max_length=64)] = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    units = list(session.scalars(select(Unit).order_by(Unit.id)))
    unit_id = next((u.id for u in units if u.code == unit), None)
    state = state if state in FILTERS else ""
    items, total = repository.search_readable(
        session, actor, text=q.strip(), state=state, unit_id=unit_id, topic=topic, today=clock.today(), limit=SIZE,
        offset=(page_number - 1) * SIZE,
    )  # fmt: skip
    counts = {
        code: repository.search_readable(session, actor, state=code, today=clock.today(), limit=1)[1]
        for code in FILTERS
    }
    kept = urlencode({"q": q, "state": state, "unit": unit, "topic": topic})
    return page(
        request, "library/list.html", items=items, total=total, counts=counts, filters=FILTERS, q=q, state=state,
        unit=unit, topic=topic, units=units, unit_names={u.id: u.short_name for u in units}, topics=_topics(session),
        states=LIFECYCLE.states, may_edit=actor.role in EDITORS, expired=_expired,
        pages=Pages(page_number, SIZE, total, f"/library?{kept}"),
    )  # fmt: skip


def _expired(version: EntryVersion) -> bool:
    today = clock.today()
    return bool(
        (version.effective_to and version.effective_to < today)
        or (version.review_due and version.review_due < today)
    )


def _topics(session: Session) -> list[str]:
    return list(session.scalars(select(Topic.name).order_by(Topic.position)))


@router.get("/library/test")
def hit_test(
    request: Request,
    session: DbSession,
    actor: LibraryStaff,
    q: Annotated[str, Query(max_length=QUESTION_LIMIT)] = "",
    topic: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:
    """命中测试: the live path itself, with every partial score, and without a record."""
    result = AskResponse.of(asker_of(request).test(q.strip(), topic=topic or None)) if q.strip() else None
    template = "parts/hit_test.html" if request.headers.get("hx-request") == "true" else "library/test.html"
    return page(request, template, q=q, topic=topic, result=result, topics=_topics(session))


@router.get("/library/new")
def new(
    request: Request,
    session: DbSession,
    actor: Editor,
    question: Annotated[str, Query(max_length=500)] = "",
    unit: Annotated[str, Query(max_length=32)] = "",
    topic: Annotated[str, Query(max_length=64)] = "",
) -> HTMLResponse:
    """An empty form, or with what a gap in the library suggests."""
    form = replace(EntryForm.empty(), question=question, unit=unit, topic=topic)
    return _form(request, session, actor, form, None, draft=_draft("entry:new", question))


def _draft(name: str, proposed: str) -> str:
    """The name under which the browser keeps what is typed; a proposal has one of its own, so that an older draft is
    not put in its place."""
    return f"{name}:{hashlib.sha256(proposed.encode()).hexdigest()[:12]}" if proposed else name


def _draft_of(fields: FormData, name: str) -> str:
    given = text(fields, "draft")
    return given if re.fullmatch(re.escape(name) + "(:[0-9a-f]{12})?", given) else name


@router.post("/library/new")
def create(request: Request, session: DbSession, actor: Editor, fields: Fields) -> Response:
    form, draft = EntryForm.of_fields(fields), _draft_of(fields, "entry:new")
    try:
        entry = service.create_entry(session, actor, content_of(session, form.checked()))
        if text(fields, "do") == "submit":
            service.act_on_version(session, actor, entry, "submit")
    except ServiceError as error:
        session.rollback()
        return _form(request, session, actor, form, None, draft=draft, error=error)
    return go(request, f"/library/entry/{entry.key}", saved=draft)


@router.get("/library/entry/{key}")
def show_entry(request: Request, session: DbSession, actor: LibraryStaff, key: str) -> HTMLResponse:
    return _entry(request, session, actor, key)


def _entry(
    request: Request,
    session: Session,
    actor: Actor,
    key: str,
    *,
    event: str = "",
    reason: str = "",
    error: ServiceError | None = None,
) -> HTMLResponse:
    entry = repository.get_readable(session, actor, key)
    versions = session.scalars(
        select(EntryVersion).where(EntryVersion.entry_id == entry.id).order_by(EntryVersion.number.desc())
    )
    face = entry.working or entry.published
    return page(
        request, "library/entry.html", status=error.status if error else 200, entry=EntryView.of(entry),
        versions=[VersionView.of(version) for version in versions], acts=_open_acts(actor, entry), grave=GRAVE,
        own_review=_waits_for_another(actor, entry), may_edit=_may_edit(actor, entry), event=event, reason=reason,
        error=error, errors=error.extra.get("errors", {}) if error else {},
        unit=session.get(Unit, face.unit_id) if face else None,
        expired=bool(entry.published and _expired(entry.published)),
    )  # fmt: skip


def _open_acts(actor: Actor, entry: Entry) -> list[Act]:
    """The acts on the working version, and withdrawing the published one."""
    if actor.role is Role.UNIT and not _own(actor, entry):
        return []
    acts = LIFECYCLE.from_state(entry.working.state, actor.role) if entry.working else []
    if _waits_for_another(actor, entry):
        acts = [act for act in acts if act.event not in REVIEWING]
    if entry.published:
        acts = acts + LIFECYCLE.from_state("published", actor.role)
    return sorted(acts, key=lambda act: act.event in GRAVE)


def _waits_for_another(actor: Actor, entry: Entry) -> bool:
    """In review, and written by this very person: 采编和审核须由两个人分别完成."""
    version = entry.working
    return bool(
        version and version.state == "in_review" and actor.id is not None and version.author_id == actor.id
    )


def _own(actor: Actor, entry: Entry) -> bool:
    face = entry.working or entry.published
    return face is not None and face.unit_id == actor.unit_id


def _may_edit(actor: Actor, entry: Entry) -> bool:
    if actor.role not in EDITORS or (actor.role is Role.UNIT and not _own(actor, entry)):
        return False
    return entry.working is None or entry.working.state == "draft"


@router.get("/library/entry/{key}/edit")
def edit(
    request: Request,
    session: DbSession,
    actor: Editor,
    key: str,
    phrasing: Annotated[str, Query(max_length=PHRASING_LIMIT)] = "",
) -> HTMLResponse:
    """The form; `phrasing` is proposed as one more way of asking."""
    entry = repository.get_readable(session, actor, key)
    face = entry.working or entry.published
    form = EntryForm.of_version(face, session.get_one(Unit, face.unit_id).code) if face else EntryForm.empty()
    proposed = phrasing.strip()
    if proposed and proposed not in (form.question, *form.phrasings.split("\n")):
        form = replace(form, phrasings="\n".join(filter(None, (form.phrasings, proposed))))
    return _form(
        request, session, actor, form, entry, draft=_draft(f"entry:{key}", proposed), proposed=proposed
    )


@router.post("/library/entry/{key}/edit")
def save(request: Request, session: DbSession, actor: Editor, key: str, fields: Fields) -> Response:
    form, draft = EntryForm.of_fields(fields), _draft_of(fields, f"entry:{key}")
    try:
        entry = entry_for_act(session, actor, key, number(fields, "version"))
        service.edit_entry(session, actor, entry, content_of(session, form.checked(), entry))
        if text(fields, "do") == "submit":
            service.act_on_version(session, actor, entry, "submit")
    except ServiceError as error:
        session.rollback()
        entry = repository.get_readable(session, actor, key)
        return _form(request, session, actor, form, entry, draft=draft, error=error)
    return go(request, f"/library/entry/{key}", saved=draft)


def _form(
    request: Request,
    session: Session,
    actor: Actor,
    form: EntryForm,
    entry: Entry | None,
    *,
    draft: str,
    proposed: str = "",
    error: ServiceError | None = None,
) -> HTMLResponse:
    units = session.scalars(select(Unit).where(Unit.active).order_by(Unit.id))
    own = [unit for unit in units if actor.role is not Role.UNIT or unit.id == actor.unit_id]
    latest = entry.working or entry.published if entry and isinstance(error, Conflict) else None
    return page(
        request, "library/edit.html", status=error.status if error else 200, form=form, entry=entry, error=error,
        errors=error.extra.get("errors", {}) if error else {}, units=own, topics=_topics(session),
        latest=VersionView.of(latest) if latest else None, draft=draft, proposed=proposed,
    )  # fmt: skip


@router.post("/library/entry/{key}/{event}")
def act(
    request: Request, session: DbSession, actor: LibraryStaff, key: str, event: str, fields: Fields
) -> Response:
    reason = text(fields, "reason")[:2000]
    try:
        entry = entry_for_act(session, actor, key, number(fields, "version"))
        service.act_on_version(session, actor, entry, event, reason)
    except ServiceError as error:
        session.rollback()
        return _entry(request, session, actor, key, event=event, reason=reason, error=error)
    return go(request, f"/library/entry/{key}", saved=f"entry:{key}:{event}")
