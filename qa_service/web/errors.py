"""What went wrong, as a page: what happened, that nothing was lost, what to do."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from qa_service.errors import NotSignedIn, ServiceError
from qa_service.web.navigation import home_of
from qa_service.web.render import actor_of, is_fragment, page, page_of


def render_problem(request: Request, error: ServiceError) -> Response:
    """Sign-in for those not signed in; a line on the page they stand on for scripts; else a whole page."""
    if isinstance(error, NotSignedIn) and request.url.path != "/sign-in":
        target = f"/sign-in?next={quote(page_of(request), safe='')}"
        if not is_fragment(request):
            return RedirectResponse(target, status_code=303)
        # Somebody may be writing on that page: say so there instead of taking them away from it.
        return _on_the_page(request, error, sign_in=target)
    if is_fragment(request):
        return _on_the_page(request, error)
    return page(
        request, "problem.html", status=error.status, error=error, home=home_of(actor_of(request)),
        back=page_of(request) if request.method != "GET" else "",
    )  # fmt: skip


def _on_the_page(request: Request, error: ServiceError, sign_in: str = "") -> HTMLResponse:
    response = page(request, "parts/problem.html", status=error.status, error=error, sign_in=sign_in)
    response.headers.update({"HX-Retarget": "#notice", "HX-Reswap": "innerHTML"})
    return response
