"""People in front of a browser: pages opened for them, with their consoles watched."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page
from sqlalchemy import delete

from qa_service.accounts.models import SignInSession
from qa_service.kit.database import Database
from support.people import KIOSKS, open_session

SIZES = {"desk": (1920, 1080), "kiosk": (1080, 1920), "phone": (390, 844)}


@dataclass(slots=True)
class Site:
    """The running server: where it is and what stands behind it."""

    base: str
    database: Database

    def expire_sessions(self) -> None:
        """As if everybody's sign-in had run out."""
        with self.database.write() as session:
            session.execute(delete(SignInSession))


@dataclass(slots=True)
class Visits:
    """Opens pages for people and watches their consoles.

    A refused form makes the browser (and htmx) log its status; a test that provokes one says so with `refused`.
    """

    browser: Browser
    site: Site
    contexts: list[BrowserContext] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    refused: bool = False

    def __call__(self, username: str = "", size: str = "desk", theme: str = "default") -> Page:
        width, height = SIZES[size]
        context = self.browser.new_context(
            base_url=self.site.base, viewport={"width": width, "height": height}, locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )  # fmt: skip
        context.set_default_timeout(10_000)
        cookies = {"qa_theme": theme}
        if username == "kiosk":
            cookies["qa_kiosk"] = KIOSKS["K01"][2]
        elif username:
            cookies["qa_session"] = open_session(self.site.database, username)[0]
        context.add_cookies(
            [{"name": name, "value": value, "url": self.site.base} for name, value in cookies.items()]
        )
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: self._heard(message))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        status = any(
            said in message.text for said in ("Failed to load resource", "Response Status Error Code")
        )
        if message.type in ("error", "warning") and not (self.refused and status):
            self.said.append(message.text)
