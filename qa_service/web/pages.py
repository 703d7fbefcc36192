"""All pages: the routers, gathered. Pages call the same functions as the API and add only what is shown."""

from __future__ import annotations

from fastapi import APIRouter

from qa_service.web import (
    admin,
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
    papers,
    progress,
    public_questions,
    register,
    responsibility,
    sign_in,
    unit,
)

router = APIRouter(include_in_schema=False)
for part in (
    home, sign_in, desk, register, ledger, intake, papers, responsibility, case, unit, library_import, gaps, lexicon, library, kiosk,
    public_questions, progress, calendar, admin,
):  # fmt: skip
    router.include_router(part.router)
