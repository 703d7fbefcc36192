"""The part of bench.py that measures boards and statistics over a large ledger on SQLite.

20,000 open and 40,000 closed consultations over two years are written with the texts, calculations and histories
that real ones have; then each page and each API route is asked over the application's own stack, signed in as the
supervisor, a desk and a unit, and p50 and p95 are printed. The target is p95 < 300 ms.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
import uuid
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from fastapi.testclient import TestClient  # noqa: E402
from progress import say  # noqa: E402
from sqlalchemy import insert, select, text  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

from qa_service import migrations  # noqa: E402
from qa_service.accounts import security, service  # noqa: E402
from qa_service.accounts.models import SignInSession, Unit, User  # noqa: E402
from qa_service.accounts.roles import SYSTEM  # noqa: E402
from qa_service.app import create_app  # noqa: E402
from qa_service.cases.models import Case, CaseEvent  # noqa: E402
from qa_service.consultations.lifecycle import KIND  # noqa: E402
from qa_service.consultations.models import Consultation  # noqa: E402
from qa_service.kit import clock  # noqa: E402
from qa_service.kit.database import Database  # noqa: E402
from qa_service.library.models import QueryLog  # noqa: E402
from qa_service.search.evaluate import percentile  # noqa: E402
from qa_service.settings import Settings  # noqa: E402
from qa_service.workdays.calendar import WorkCalendar  # noqa: E402
from qa_service.workdays.due import due_date  # noqa: E402
from qa_service.zones.calendar import load_calendar  # noqa: E402
from qa_service.zones.importer import import_zone_folder  # noqa: E402
from qa_service.zones.models import Topic, Zone  # noqa: E402

OPEN, CLOSED = 20_000, 40_000
TARGET_MS = 300
OPEN_STATES = (
    ("registered", 1), ("to_assign", 3), ("assigned", 4), ("in_progress", 7), ("in_review", 1), ("linked", 1), ("replied", 2),
    ("answered", 2),
)  # fmt: skip
CLOSED_ENDS = (
    ("archived", "answered_by_unit", 8), ("closed", "answered_by_unit", 2), ("archived", "answered_on_spot", 7),
    ("archived", "guided", 2), ("archived", "channelled_complaint", 1), ("void", "void", 1),
)  # fmt: skip
QUESTION = "外地退休后随子女来本县居住，想问住院看病怎么报销、要不要先备案、门诊和住院是不是一样的办法"
REPLY = (
    "请先在参保地办理异地就医备案，备案后持社会保障卡在定点医院直接结算；没有备案的，先由本人垫付，出院后凭票据申请。"
    * 4
)
PEOPLE = (
    ("bench-supervisor", "supervisor", "", "QH01"),
    ("bench-desk", "desk", "", "QH01"),
    ("bench-unit", "unit", "rsj", ""),
)
PATHS = {
    "bench-supervisor": (
        "/board", "/board?by=zone", "/board?zone=QH02", "/board?unit=rsj", "/board/wall", "/board/cases?lane=overdue",
        "/board/cases?lane=later&page=20", "/statistics", "/statistics?period={year}", "/statistics?period={year}&by=month",
        "/statistics?period={year}&by=zone", "/statistics?period={year}&by=topic", "/statistics?period={year}&by=channel",
        "/statistics?from={first}&to={last}&by=month", "/statistics?period={year}&zone=QH02&unit=rsj",
        "/statistics.csv?period={year}", "/statistics/cases?period={year}&figure=overdue",
        "/statistics/cases?period={year}&figure=received&page=300", "/api/v1/board", "/api/v1/statistics?period={year}",
        "/desk/register", "/desk/register?overdue=1",
    ),
    "bench-desk": ("/desk", "/board", "/statistics?period={year}"),
    "bench-unit": ("/unit", "/board", "/statistics?period={year}&by=month"),
}  # fmt: skip


class Ledger:
    """Makes the rows of cases, one after another."""

    def __init__(self, session: Session, calendar: WorkCalendar, seed: int) -> None:
        self._calendar, self._random, self._serial = calendar, random.Random(seed), 0
        self._zones = session.execute(select(Zone.id, Zone.code)).all()
        self._units = list(session.scalars(select(Unit.id)))
        self._topics = ["", *session.scalars(select(Topic.name))]
        self._dues: dict[date, Any] = {}
        self.trace = uuid.uuid4().hex

    def _due(self, start: date) -> Any:
        if start not in self._dues:
            made = due_date(start, 5, self._calendar)
            steps = [
                {"date": s.day.isoformat(), "counted": s.counted, "reason": s.reason} for s in made.steps
            ]
            self._dues[start] = (made.due, str(made.status), steps)
        return self._dues[start]

    def make(
        self, state: str, outcome: str, registered: datetime
    ) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
        self._serial += 1
        pick, serial = self._random, self._serial
        zone_id, zone_code = pick.choices(self._zones, [6, *[2] * (len(self._zones) - 1)])[0]
        day = clock.local(registered).date()
        by_unit = outcome == "answered_by_unit" or state in (
            "to_assign",
            "assigned",
            "in_progress",
            "in_review",
            "linked",
            "replied",
        )
        due, status, steps = self._due(day) if by_unit else (None, "", [])
        met = (
            day + timedelta(days=pick.choice((1, 2, 3, 4, 5, 6, 7, 8, 12)))
            if outcome == "answered_by_unit"
            else None
        )
        unit = pick.choice(self._units) if by_unit and state not in ("to_assign", "linked") else None
        replied = state == "replied" or met
        case = {
            "id": serial, "kind": KIND, "number": f"{zone_code}-ZX-{day:%Y%m%d}-{serial:06d}", "zone_id": zone_id,
            "year": day.year, "serial": serial, "state": state, "outcome": outcome, "round": 1 + (pick.random() < 0.02),
            "holder_unit_id": unit, "registered_at": registered, "acted_at": registered, "query_code": f"B{serial:09d}",
            "limit_code": "consultation_reply" if by_unit else None, "clock_started_on": day if by_unit else None,
            "due_on": due, "due_status": status, "due_steps": steps, "met_on": met, "version": 1,
        }  # fmt: skip
        consultation = {
            "case_id": serial, "channel": pick.choice(("window", "window", "phone", "kiosk", "web")), "person_name": "王女士",
            "contact": "13800005678", "question": QUESTION, "topic": pick.choice(self._topics), "trace_id": self.trace,
            "returns": int(pick.random() < 0.05), "reply_text": REPLY if replied else "",
            "reply_unit_id": unit if replied else None,
        }  # fmt: skip
        events = [
            {
                "case_id": serial, "seq": seq, "event": event, "at": registered, "actor_role": "desk", "actor_name": "窗口",
                "from_state": "", "to_state": state, "sentence": "登记，来自窗口。", "audience": "public", "data": {},
            }
            for seq, event in enumerate(("register", "refer", "assign", "sign") if by_unit else ("register",), 1)
        ]  # fmt: skip
        return case, consultation, events


def fill(database: Database, open_cases: int = OPEN, closed_cases: int = CLOSED) -> None:
    migrations.upgrade(database)
    with database.write() as session:
        import_zone_folder(session, ROOT / "corpus" / "zone")
        ledger = Ledger(session, load_calendar(session), 20261122)
        session.add(
            QueryLog(
                id=ledger.trace, at=clock.now(), channel="window", question=QUESTION, decision="refer", confidence=0.0,
                outcome="referred", library_revision=0, milliseconds=0.0,
            )
        )  # fmt: skip
        session.flush()
        rng, now = random.Random(7), clock.now()
        plan = [(*rng.choices([(s, o) for s, o, _ in CLOSED_ENDS], [w for *_, w in CLOSED_ENDS])[0],
                 now - timedelta(minutes=rng.randrange(14 * 1440, 730 * 1440))) for _ in range(closed_cases)]  # fmt: skip
        for _ in range(open_cases):
            state = rng.choices([s for s, _ in OPEN_STATES], [w for _, w in OPEN_STATES])[0]
            outcome = "answered_by_unit" if state == "answered" else ""
            plan.append((state, outcome, now - timedelta(minutes=rng.randrange(0, 14 * 1440))))
        plan.sort(key=lambda item: item[2])
        for begin in range(0, len(plan), 2000):
            made = [ledger.make(*item) for item in plan[begin : begin + 2000]]
            session.execute(insert(Case), [case for case, _, _ in made])
            session.execute(insert(Consultation), [row for _, row, _ in made])
            session.execute(insert(CaseEvent), [event for _, _, events in made for event in events])
            say("cases", min(begin + 2000, len(plan)), len(plan))
        for username, role, unit, zone in PEOPLE:
            service.create_user(
                session, SYSTEM, username=username, display_name=username, password=uuid.uuid4().hex, role=role,
                unit_code=unit, zone_code=zone,
            )  # fmt: skip


def sign_in(database: Database, username: str) -> str:
    token = security.new_token()
    with database.write() as session:
        user_id = session.scalars(select(User.id).where(User.username == username)).one()
        session.add(
            SignInSession(
                token_hash=security.token_hash(token), user_id=user_id, csrf="bench", created_at=clock.now(),
                expires_at=clock.now() + timedelta(days=1),
            )
        )  # fmt: skip
    return token


def measure(settings: Settings, rounds: int) -> bool:
    worst = 0.0
    today = clock.today()
    names = {"year": today.year, "first": today - timedelta(days=729), "last": today}
    with TestClient(create_app(settings), follow_redirects=False) as client:
        for username, paths in PATHS.items():
            cookie = {"cookie": f"qa_session={sign_in(client.app.state.database, username)}"}  # type: ignore[attr-defined]
            for path in paths:
                address, taken = path.format_map(names), []
                for _ in range(rounds + 1):
                    begin = time.perf_counter()
                    answer = client.get(address, headers={**cookie, "accept": "text/html"})
                    taken.append((time.perf_counter() - begin) * 1000)
                    if answer.status_code != 200:
                        raise SystemExit(f"{address} answered {answer.status_code}")
                taken = taken[1:]  # templates are compiled and pages read from disk once
                p95 = percentile(taken, 95)
                worst = max(worst, p95)
                print(
                    f"{username[6:]:<10} {address:<58} p50 {percentile(taken, 50):6.1f} ms  p95 {p95:6.1f} ms"
                )
    print(f"worst p95 {worst:.0f} ms (< {TARGET_MS}): {'kept' if worst < TARGET_MS else 'NOT kept'}")
    return worst < TARGET_MS


def bench_ledger(rounds: int, keep: Path | None) -> bool:
    """Make the ledger (in `keep`, or for this run only), ask every page `rounds` times, print the figures."""
    with tempfile.TemporaryDirectory() as temporary:
        settings = Settings(data_dir=keep or Path(temporary), lexical_only=True)
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        database = Database(settings.url)
        with database.engine.connect() as connection:
            tables = connection.execute(
                text("SELECT count(*) FROM sqlite_master WHERE name = 'cases'")
            ).scalar()
        begin = time.perf_counter()
        if not tables:
            fill(database)
        database.close()
        print(f"{OPEN} open and {CLOSED} closed cases ready in {time.perf_counter() - begin:.0f} s")
        return measure(settings, rounds)
