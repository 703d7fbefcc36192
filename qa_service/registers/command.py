"""Handing in a file of orders on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import qa_service.models  # noqa: F401 - its listeners
from qa_service import migrations
from qa_service.accounts.roles import Actor, Role
from qa_service.consultations import service
from qa_service.kit.database import Database
from qa_service.library.asking import Asker
from qa_service.library.importer import Report
from qa_service.library.opening import INDEXING_THREADS, EncoderStatus, open_index
from qa_service.library.query_log import QueryLogWriter
from qa_service.registers.intake import Batch, take_in
from qa_service.settings import Settings

Tell = Callable[[str, int, int], None]


def take_in_file(
    file: Path, source: str, zone: str, operator: str, *, dry_run: bool, progress: Tell
) -> Report:
    """As the page does it, by `operator`. Every question is searched first, like one asked at the desk."""
    settings = Settings()
    batch = Batch.of(source, file.name, file.read_bytes())
    database = Database(settings.url, settings.database_wait_seconds)
    try:
        migrations.upgrade(database)
        actor = Actor(Role.SYSTEM, operator)
        index = open_index(settings, database, EncoderStatus(settings, INDEXING_THREADS))
        asker = Asker(index, QueryLogWriter(database))
        if not dry_run:
            index.open(progress)
            for done, question in enumerate(questions := batch.questions(), 1):
                asker.test(question)
                progress("检索问答库", done, len(questions))
        with database.read() if dry_run else database.write() as session:
            found = service.zone_for(session, actor, zone)
            return take_in(
                session, actor, found, batch, asker, dry_run=dry_run, clock_start=settings.consult_clock_start,
                progress=progress,
            )  # fmt: skip
    finally:
        database.close()
