"""API: reading the lexicon, trying a word, adding and withdrawing one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from qa_service.accounts.deps import DbSession, Editor, LibraryStaff
from qa_service.kit.http import TransactionalRoute, database_of
from qa_service.lexicon import service
from qa_service.lexicon.rules import Kind
from qa_service.lexicon.schemas import PreviewView, WordInput, WordPage, WordView
from qa_service.lexicon.service import Listed
from qa_service.library.routes import asker_of
from qa_service.text.lexicon import Lexicon

router = APIRouter(route_class=TransactionalRoute)


def bundled_of(request: Request) -> Lexicon:
    return asker_of(request).index.bundled_lexicon


def preview_for(request: Request, data: WordInput) -> PreviewView:
    """What `data` would change, tried on the library as this process has it."""
    snapshot = asker_of(request).index.snapshot
    word, preview = service.preview_word(
        database_of(request), snapshot.engine, bundled_of(request), data.kind, data.said, data.official
    )
    return PreviewView.of(word, preview, snapshot.faces)


@router.get("/lexicon/words", tags=["词表"])
def list_words(
    request: Request,
    session: DbSession,
    actor: LibraryStaff,
    kind: Kind = Kind.SYNONYM,
    q: Annotated[str, Query(max_length=64)] = "",
    show: Annotated[str, Query(max_length=16, description="空、added、bundled 或 withdrawn")] = "",
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    size: Annotated[int, Query(ge=1, le=500)] = 50,
) -> WordPage:
    """口语词、结巴词条或提问虚词：本地添加的在前，随软件附带的在后；也可以只看已撤下的。"""
    words = service.list_words(session, bundled_of(request), kind, q, show)
    shown = words[(page - 1) * size : page * size]
    return WordPage(items=[WordView.of(word) for word in shown], total=len(words), page=page, size=size)


@router.post("/lexicon/preview", tags=["词表"])
def preview(request: Request, actor: Editor, data: WordInput) -> PreviewView:
    """保存前试查：近期的提问中，哪些的首条条目、处理决定或把握程度会变。不写入任何内容。"""
    return preview_for(request, data)


@router.post("/lexicon/words", tags=["词表"], status_code=201)
def add_word(request: Request, session: DbSession, actor: Editor, data: WordInput) -> WordView:
    """添加一个词，几秒内在所有进程的检索中生效。"""
    row = service.add_word(session, actor, bundled_of(request), data.kind, data.said, data.official)
    return WordView.of(Listed.of(row))


@router.post("/lexicon/words/{word_id}/withdraw", tags=["词表"])
def withdraw_word(session: DbSession, actor: Editor, word_id: int) -> WordView:
    """撤下一个本地添加的词，几秒内不再起作用；记录保留。"""
    return WordView.of(Listed.of(service.withdraw_word(session, actor, word_id)))
