"""bench.py --recompute N: entering a year's notice with N open deadlines, on SQLite in a folder of its own."""

from __future__ import annotations

import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from sqlalchemy import func, insert, select

from qa_service import migrations
from qa_service.accounts.roles import SYSTEM
from qa_service.calendars import service
from qa_service.cases.models import Case, CaseEvent
from qa_service.consultations.lifecycle import KIND, LIMIT_CODE
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.workdays.due import due_date
from qa_service.workdays.explanation import stored_steps
from qa_service.zones.calendar import load_calendars, load_limit
from qa_service.zones.importer import import_zone_folder
from qa_service.zones.models import Zone

ROOT = Path(__file__).resolve().parent.parent
# Made up, so that every December deadline moves: 26 December is worked, the 31st is off.
NOTICE = """国务院办公厅关于2027年部分节假日安排的通知（测量用，非真实）
一、元旦：2026年12月31日（周四）至2027年1月3日（周日）放假调休，共4天。2026年12月26日（周六）上班。
二、春节：2月5日至11日放假调休，共7天。1月30日（周六）上班。
三、清明节：4月3日至5日放假，共3天。
四、劳动节：5月1日至5日放假调休，共5天。4月25日（周日）上班。
五、端午节：6月9日放假1天。
六、中秋节：9月15日放假1天。
七、国庆节：10月1日至7日放假调休，共7天。9月26日（周日）、10月9日（周六）上班。
"""


def bench_recompute(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'qa.sqlite3'}")
        migrations.upgrade(database)
        with database.write() as session:
            import_zone_folder(session, ROOT / "corpus" / "zone")
        _fill(database, count)
        began = time.perf_counter()
        with database.read() as session:
            preview = service.preview_notice(session, NOTICE, None, "")
        previewed = time.perf_counter()
        with database.write() as session:
            service.enter_notice(session, SYSTEM, NOTICE, None, "", preview.token)
        entered = time.perf_counter()
        with database.write() as session:
            again = service.recompute(session, SYSTEM)
        done = time.perf_counter()
        with database.read() as session:
            events = session.scalar(select(func.count()).select_from(CaseEvent)) or 0
        database.close()
    print(f"{count} open deadlines: {preview.plan.told} change, {events - count} events written")
    print(f"preview {previewed - began:.2f} s, entering and recomputing {entered - previewed:.2f} s")
    print(f"recomputing again {done - entered:.2f} s, {len(again.plan.changes)} changes")


def _fill(database: Database, count: int) -> None:
    """Referred cases with one event each, begun on the 20 days before Christmas Eve."""
    at = clock.now()
    with database.write() as session:
        calendar, limit = load_calendars(session).national, load_limit(session, LIMIT_CODE)
        zone = session.scalars(select(Zone.id).order_by(Zone.id)).first()
        starts = [date(2026, 12, 24) - timedelta(days=i) for i in range(20)]
        dues = {start: due_date(start, limit.days, calendar, limit.unit) for start in starts}
        cases = []
        for number in range(1, count + 1):
            start = starts[number % len(starts)]
            cases.append(
                {
                    "kind": KIND, "number": f"B-{number}", "zone_id": zone, "year": 2026, "serial": number,
                    "state": "to_assign", "registered_at": at, "acted_at": at, "query_code": f"B{number}",
                    "limit_code": limit.code, "clock_started_on": start, "due_on": dues[start].due,
                    "due_status": dues[start].status, "due_steps": stored_steps(dues[start]),
                }
            )  # fmt: skip
        session.execute(insert(Case), cases)
        session.execute(
            insert(CaseEvent),
            [
                {
                    "case_id": case_id, "seq": 1, "event": "register", "at": at, "actor_role": "system",
                    "actor_name": "测量", "sentence": "登记。", "audience": "public",
                }
                for case_id in session.scalars(select(Case.id))
            ],
        )  # fmt: skip
