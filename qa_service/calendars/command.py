"""The calendar on the command line: which one counts, entering a file, recomputing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import inspect, make_url, select

import qa_service.models  # noqa: F401 - its listeners
from qa_service import migrations
from qa_service.accounts.roles import Actor, Role
from qa_service.calendars import service
from qa_service.calendars.reading import text_of
from qa_service.calendars.service import Preview
from qa_service.cases.recompute import Plan, Tell
from qa_service.errors import Invalid, ServiceError
from qa_service.kit.database import Database
from qa_service.settings import Settings
from qa_service.workdays.calendar import WorkCalendar
from qa_service.workdays.calendar_file import read_calendar
from qa_service.zones.calendar import load_calendars
from qa_service.zones.models import CalendarRevision, Zone

SHOWN = 40


def calendar_in_force(zone: str, note: Callable[[str], None]) -> WorkCalendar:
    """The calendar of the installation, with the local decisions of `zone`; the bundled one where nothing is
    installed. `note` is told when the installation's could not be read. Raises Invalid for an unknown zone."""
    settings = Settings()
    if _installed(settings.url):
        database = Database(settings.url, settings.database_wait_seconds)
        try:
            return _installed_calendar(database, zone)
        except Invalid:
            raise
        except ServiceError as error:
            note(f"{error.message}现在按随附的日历计算。")
        finally:
            database.close()
    elif zone:
        raise Invalid("还没有建库，没有地方调整。", "请先运行 qa-service prepare，或者不给 --zone。")
    return read_calendar(settings.corpus_dir / "zone" / "calendar.csv")


def _installed(url: str) -> bool:
    made = make_url(url)
    return made.get_backend_name() != "sqlite" or Path(made.database or "").is_file()


def _installed_calendar(database: Database, zone: str) -> WorkCalendar:
    """Raises ServiceError where the database holds no calendar of this version."""
    with database.read() as session:
        if not inspect(session.get_bind()).has_table(CalendarRevision.__tablename__):
            raise ServiceError("数据库还是旧版本，")
        zone_id = session.scalar(select(Zone.id).where(Zone.code == zone)) if zone else None
        if zone and zone_id is None:
            raise Invalid(f"没有代码为“{zone}”的专区。", "请核对专区代码。")
        return load_calendars(session).of(zone_id)


@contextmanager
def _opened() -> Iterator[Database]:
    settings = Settings()
    database = Database(settings.url, settings.database_wait_seconds)
    try:
        migrations.upgrade(database)
        yield database
    finally:
        database.close()


def enter_file(
    file: Path, year: int | None, source: str, operator: str, *, dry_run: bool, progress: Tell
) -> list[str]:
    """Enter the file as an administrator would after the preview; returns what it changed, in Chinese lines."""
    content = text_of(file.read_bytes())
    with _opened() as database:
        if dry_run:
            with database.read() as session:
                found = service.preview_notice(session, content, year, source)
            return [*_lines(found), "试运行：没有写入。"]
        with database.write() as session:
            found = service.preview_notice(session, content, year, source)
            service.enter_notice(
                session, Actor(Role.SYSTEM, operator), content, year, source, found.token, progress
            )
        return _lines(found)


def recompute_all(operator: str, *, progress: Tell) -> str:
    with _opened() as database, database.write() as session:
        found = service.recompute(session, Actor(Role.SYSTEM, operator), progress)
    return "\n".join([_effect(found.plan), *_stage_lines(found)])


def _lines(found: Preview) -> list[str]:
    days = [f"  {change.day}  {change.before} → {change.after}" for change in found.days if change.moves]
    more = [f"  …… 另有 {len(days) - SHOWN} 天"] if len(days) > SHOWN else []
    moves = [f"  {before} → {after}：{number} 件" for before, after, number in found.moves]
    return [
        f"{found.title}，依据{found.document}：{len(found.days)} 天有变化，其中 {len(days)} 天改变是否上班",
        *days[:SHOWN],
        *more,
        _effect(found.plan),
        *moves,
        *_stage_lines(found),
    ]


def _stage_lines(found: Preview) -> Iterator[str]:
    for plan in found.stages:
        yield f"{plan.stage.label} {plan.open} 件：提前 {plan.earlier} 件，推后 {plan.later} 件"
        yield from (f"  {before} → {after}：{number} 件" for before, after, number in plan.moves)


def _effect(plan: Plan) -> str:
    return (
        f"在办期限 {plan.open} 件：提前 {plan.earlier} 件，推后 {plan.later} 件，"
        f"日期不变而由暂定转为确定（或相反）{plan.settled} 件"
    )
