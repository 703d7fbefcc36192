"""All pages: the routers, gathered. Pages call the same functions as the API and add only what is shown."""

from __future__ import annotations

from fastapi import APIRouter

from qa_service.web import (
    admin,
    admin_integration,
    admin_watching,
    board,
    calendar,
    case,
    desk,
    gaps,
    home,
    intake,
    kiosk,
    ledger,
    lexicon,
    library,
    library_import,
    messages,
    papers,
    progress,
    public_questions,
    register,
    responsibility,
    sign_in,
    statistics,
    unit,
    watching,
)

router = APIRouter(include_in_schema=False)
for part in (
    home, sign_in, desk, register, ledger, intake, papers, responsibility, watching, case, unit, library_import, gaps,
    lexicon, library, kiosk, public_questions, progress, calendar, messages, admin_watching, admin_integration,
    admin, board, statistics,
):  # fmt: skip
    router.include_router(part.router)
