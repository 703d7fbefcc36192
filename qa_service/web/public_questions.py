"""网上提问: the same question flow for a phone's browser."""

from __future__ import annotations

from qa_service.web.question_flow import Shell, flow_router

router = flow_router(Shell(base="/ask", channel="web", layout="layouts/phone.html"))
