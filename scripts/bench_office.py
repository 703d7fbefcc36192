"""The parts of bench.py that measure what is done with a large ledger behind the pages: one look of the watcher over all
open cases, and the export of all of it. SQLite, in a folder of its own; the ledger is that of `bench_ledger`."""

from __future__ import annotations

import multiprocessing
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench_ledger import fill
from sqlalchemy import func, select

import qa_service.models  # noqa: F401 - its listeners
from qa_service.accounts import service
from qa_service.accounts.models import Unit
from qa_service.accounts.roles import SYSTEM, Actor, Role
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.registers.export import export_ledger
from qa_service.registers.ledger import Selection
from qa_service.watching.models import Message, WatchCard
from qa_service.watching.watcher import watch

# A working morning whose next day is one too, so that reminders may go out.
MORNING = datetime(2026, 11, 26, 9, 0, tzinfo=clock.CHINA)
WATCH_SECONDS, EXCEL_SECONDS = 60, 120


def bench_watch(count: int) -> bool:
    """Print how long one look takes: the first, which finds everything new; one that finds nothing; the next morning's."""
    with tempfile.TemporaryDirectory() as folder, clock.stopped_at(MORNING):
        database = Database(f"sqlite:///{Path(folder) / 'qa.sqlite3'}")
        fill(database, count, 0)
        _people_of_every_unit(database)
        worst = 0.0
        for name, moment in (
            ("everything new", MORNING),
            ("nothing new", MORNING + timedelta(minutes=1)),
            ("next morning", MORNING + timedelta(days=1)),
        ):
            with clock.stopped_at(moment):
                before, (seconds, worked, cases) = _written(database), _timed(lambda: watch(database))
            cards, messages = (now - then for now, then in zip(_written(database), before, strict=True))
            worst = max(worst, seconds)
            print(
                f"{name:<16} {seconds:6.1f} s ({worked:.1f} s of the processor): {cases} cases, {cards} cards, {messages} messages"
            )
        database.close()
    print(
        f"{count} open cases, worst look {worst:.1f} s (< {WATCH_SECONDS}): {'kept' if worst < WATCH_SECONDS else 'NOT kept'}"
    )
    return worst < WATCH_SECONDS


def _people_of_every_unit(database: Database) -> None:
    """Two who handle cases and one who leads, in each unit."""
    with database.write() as session:
        for code in session.scalars(select(Unit.code)).all():
            for n in range(3):
                service.create_user(
                    session, SYSTEM, username=f"bench-{code}-{n}", display_name=f"{code}{n}", password="bench-2026-bench",
                    role="unit", unit_code=code, zone_code="", leads=n == 2,
                )  # fmt: skip


def _written(database: Database) -> tuple[int, int]:
    with database.read() as session:
        cards = session.scalar(select(func.count()).select_from(WatchCard)) or 0
        return cards, session.scalar(select(func.count()).select_from(Message)) or 0


def bench_export(count: int, keep: Path | None) -> bool:
    """Print time and peak memory of exporting the whole ledger in each format, each in a process of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        file = (keep or Path(temporary)) / "qa.sqlite3"
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            database = Database(f"sqlite:///{file}")
            fill(database, count // 3, count - count // 3)
            database.close()
        kept = True
        for file_format in ("csv", "xlsx"):
            # Spawned, so that its memory is what an export takes and not what filling took.
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                seconds, worked, rows, size, resting, peak = pool.apply(_export, (str(file), file_format))
            kept &= file_format != "xlsx" or seconds < EXCEL_SECONDS
            print(
                f"{file_format:<5} {rows} rows in {seconds:6.1f} s ({worked:.1f} s of the processor), {size:.1f} MB; memory "
                f"{resting:.0f} MiB before, {peak:.0f} MiB at most"
            )
    print(f"Excel within {EXCEL_SECONDS} s: {'kept' if kept else 'NOT kept'}")
    return kept


def _export(file: str, file_format: str) -> tuple[float, float, int, float, float, float]:
    """(seconds, of them the processor's, rows, MB of the file, MiB before, MiB at most)."""
    database, resting = Database(f"sqlite:///{file}"), _memory("VmRSS")
    actor = Actor(Role.ADMIN, "bench")
    seconds, worked, made = _timed(lambda: export_ledger(database, actor, Selection(), file_format))
    size = made.path.stat().st_size / 1e6
    made.path.unlink()
    database.close()
    return seconds, worked, made.rows, size, resting, _memory("VmHWM")


def _memory(what: str) -> float:
    """MiB of this process by the kernel's own count; `VmHWM` is the most it ever had."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(what)).split()[1]) / 1024


def _timed(act: Callable[[], Any]) -> tuple[float, float, Any]:
    """(seconds, those that this process had the processor, what came of it): on a machine that does other work as well the
    second says more."""
    begin, worked = time.perf_counter(), time.process_time()
    result = act()
    return time.perf_counter() - begin, time.process_time() - worked, result
