"""词表: the words that search knows, and what staff add to them; nothing is saved that was not tried first."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, Editor, LibraryStaff
from qa_service.accounts.roles import Actor
from qa_service.errors import ServiceError
from qa_service.kit.http import TransactionalRoute, database_of
from qa_service.lexicon import service
from qa_service.lexicon.models import LexiconWord
from qa_service.lexicon.routes import bundled_of, preview_for
from qa_service.lexicon.rules import LABELS, LONGEST, Kind
from qa_service.lexicon.schemas import PreviewView, WordInput
from qa_service.lexicon.service import SHOWN
from qa_service.library.lifecycle import EDITORS
from qa_service.web.forms import Fields, as_typed, checked
from qa_service.web.paging import Pages
from qa_service.web.render import go, is_fragment, page

router = APIRouter(route_class=TransactionalRoute)
SIZE = 50
PURPOSES = {
    Kind.SYNONYM: "群众说口语词时，也按对应的规范用语查找。",
    Kind.TERM: "检索时当作一个整词，不拆开，例如本地的项目、平台、机构名称。",
    Kind.STOP_WORD: "提问里的客套话、语气词，检索时略去。",
}


@router.get("/library/lexicon")
def show(
    request: Request,
    session: DbSession,
    actor: LibraryStaff,
    kind: Kind = Kind.SYNONYM,
    q: Annotated[str, Query(max_length=64)] = "",
    show: Annotated[str, Query(max_length=16)] = "",
    done: Annotated[int, Query(ge=0, le=2**31 - 1)] = 0,
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    return _page(
        request, session, actor, kind, q=q.strip(), show=show, page_number=page_number,
        done=session.get(LexiconWord, done) if done else None,
    )  # fmt: skip


def _page(
    request: Request,
    session: Session,
    actor: Actor,
    kind: Kind,
    *,
    q: str = "",
    show: str = "",
    page_number: int = 1,
    done: LexiconWord | None = None,
    typed: dict[str, str] | None = None,
    preview: PreviewView | None = None,
    error: ServiceError | None = None,
) -> HTMLResponse:
    bundled = bundled_of(request)
    show = show if show in SHOWN else ""
    words = service.list_words(session, bundled, kind, q, show)
    kept = urlencode({"kind": kind, "q": q, "show": show})
    return page(
        request, "library/lexicon.html", status=error.status if error else 200, kind=kind, labels=LABELS,
        purposes=PURPOSES, counts=service.count_words(session, bundled), q=q, show=show, shown=SHOWN,
        words=words[(page_number - 1) * SIZE : page_number * SIZE], longest=LONGEST,
        pages=Pages(page_number, SIZE, len(words), f"/library/lexicon?{kept}"), may_edit=actor.role in EDITORS,
        done=done, done_word=service.word_of(done) if done else None, typed=typed or {}, preview=preview, error=error,
        errors=error.extra.get("errors", {}) if error else {},
    )  # fmt: skip


@router.post("/library/lexicon/preview")
def try_word(request: Request, actor: Editor, fields: Fields) -> HTMLResponse:
    """No session of the request's own: it would hold the writers' turn while questions are tried."""
    typed = as_typed(fields)
    preview, problem = None, None
    try:
        preview = preview_for(request, _word_of(typed))
    except ServiceError as error:
        problem = error
    if is_fragment(request):
        status = problem.status if problem else 200
        return page(request, "parts/lexicon_preview.html", status=status, preview=preview, error=problem)
    with database_of(request).read() as session:
        kind = _kind_of(typed)
        return _page(request, session, actor, kind, typed=typed, preview=preview, error=problem)


@router.post("/library/lexicon")
def add(request: Request, session: DbSession, actor: Editor, fields: Fields) -> Response:
    typed = as_typed(fields)
    try:
        data = _word_of(typed)
        row = service.add_word(session, actor, bundled_of(request), data.kind, data.said, data.official)
    except ServiceError as error:
        session.rollback()
        return _page(request, session, actor, _kind_of(typed), typed=typed, error=error)
    address = f"/library/lexicon?{urlencode({'kind': data.kind, 'done': row.id})}"
    return go(request, address, saved=f"lexicon:{data.kind}")


@router.post("/library/lexicon/{word_id}/withdraw")
def withdraw(request: Request, session: DbSession, actor: Editor, word_id: int, fields: Fields) -> Response:
    try:
        row = service.withdraw_word(session, actor, word_id)
    except ServiceError as error:
        session.rollback()
        return _page(request, session, actor, _kind_of(as_typed(fields)), error=error)
    return go(request, f"/library/lexicon?{urlencode({'kind': row.kind, 'done': row.id})}")


def _word_of(typed: dict[str, str]) -> WordInput:
    values = {name: typed.get(name, "") for name in ("said", "official")}
    return checked(WordInput, {"kind": _kind_of(typed), **values})


def _kind_of(typed: dict[str, str]) -> Kind:
    return Kind(typed["kind"]) if typed.get("kind") in set(Kind) else Kind.SYNONYM
