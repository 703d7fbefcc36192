"""知识缺口: what was asked and not answered, so that the library grows where it is thin."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.deps import DbSession, LibraryStaff
from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.consultations import repository
from qa_service.kit import clock
from qa_service.kit.csv_file import csv_file
from qa_service.kit.http import TransactionalRoute
from qa_service.kit.privacy import without_personal_details
from qa_service.kit.words import cn_datetime
from qa_service.library.gap_report import PERIODS, ROWS, UNASSIGNED, USUAL_PERIOD, Total
from qa_service.library.gaps import Cluster
from qa_service.library.lifecycle import EDITORS
from qa_service.library.live import Snapshot
from qa_service.library.routes import GapDays, gaps_for, unit_of_gaps
from qa_service.library.schemas import unit_code
from qa_service.library.service import PHRASING_LIMIT, QUESTION_LIMIT
from qa_service.web.filters import channel_label, percent
from qa_service.web.paging import Pages
from qa_service.web.render import page

router = APIRouter(route_class=TransactionalRoute)
SIZE = 30
MOST_CASES = 5
UNSURE = "说不准"
HEAD = (
    "问题", "提问次数", "说法数", "其他说法", "最早一次", "最近一次", "渠道", "可能的单位", "可能的主题", "最接近的条目",
    "条目编号", "相符", "咨询件",
)  # fmt: skip
UnitCode = Annotated[str, Query(max_length=32)]
TopicName = Annotated[str, Query(max_length=64)]


@dataclass(frozen=True, slots=True)
class Row:
    """A cluster as a line of the page. Addresses are empty where the reader may not go there."""

    cluster: Cluster
    unit: str
    nearest_question: str
    nearest_address: str
    new_address: str
    merge_address: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TotalLine:
    """Of one unit or topic; `value` selects its clusters."""

    label: str
    value: str
    count: int
    clusters: int


@router.get("/library/gaps")
def show(
    request: Request,
    session: DbSession,
    actor: LibraryStaff,
    days: GapDays = USUAL_PERIOD,
    candidates: bool = False,
    unit: UnitCode = "",
    topic: TopicName = "",
    page_number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    snapshot, report = gaps_for(request, session, actor, days, candidates)
    chosen = report.of(unit_of_gaps(snapshot, unit), topic)
    names = _unit_names(session)
    kept = {"days": str(days)} | ({"candidates": "1"} if candidates else {})
    filters = {"unit": unit, "topic": topic}
    address = f"/library/gaps?{urlencode(kept | filters)}"
    return page(
        request, "library/gaps.html", report=report, chosen=chosen, most_rows=ROWS, periods=PERIODS, days=days,
        candidates=candidates, unit=unit, topic=topic, own_unit=actor.role is Role.UNIT, kept=urlencode(kept),
        rows=_rows(session, actor, snapshot, names, chosen[(page_number - 1) * SIZE : page_number * SIZE]),
        units=_lines(
            (names.get(unit_id or 0, UNSURE), unit_code(snapshot, unit_id) or UNASSIGNED, total)
            for unit_id, total in report.by_unit.items()
        ),
        topics=_lines(
            (name or UNSURE, name or UNASSIGNED, total) for name, total in report.by_topic.items()
        ),
        pages=Pages(page_number, SIZE, len(chosen), address),
        export=f"/library/gaps.csv?{urlencode(kept | filters)}",
    )  # fmt: skip


@router.get("/library/gaps.csv")
def export(
    request: Request,
    session: DbSession,
    actor: LibraryStaff,
    days: GapDays = USUAL_PERIOD,
    candidates: bool = False,
    unit: UnitCode = "",
    topic: TopicName = "",
) -> Response:
    snapshot, report = gaps_for(request, session, actor, days, candidates)
    chosen = report.of(unit_of_gaps(snapshot, unit), topic)
    rows = _rows(session, actor, snapshot, _unit_names(session), chosen, most_cases=ROWS)
    name = quote(f"知识缺口-近{days}天-{clock.today():%Y%m%d}.csv")
    return Response(
        csv_file(HEAD, map(_cells, rows)), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename=\"gaps.csv\"; filename*=UTF-8''{name}"},
    )  # fmt: skip


def _cells(row: Row) -> tuple[str | int, ...]:
    cluster = row.cluster
    others = "；".join(without_personal_details(text) for text, _ in cluster.wordings[1:])
    channels = "、".join(f"{channel_label(channel)}{count}" for channel, count in cluster.channels)
    return (
        without_personal_details(cluster.question), cluster.count, len(cluster.wordings), others,
        cn_datetime(cluster.first), cn_datetime(cluster.last), channels, row.unit or UNSURE, cluster.topic or UNSURE,
        row.nearest_question, cluster.nearest, percent(cluster.score) if cluster.nearest else "", "、".join(row.cases),
    )  # fmt: skip


def _rows(
    session: Session,
    actor: Actor,
    snapshot: Snapshot,
    names: dict[int, str],
    clusters: list[Cluster],
    most_cases: int = MOST_CASES,
) -> list[Row]:
    traces = [trace for cluster in clusters for trace in cluster.traces]
    numbers = repository.numbers_by_trace(session, actor, traces)
    return [_row(actor, snapshot, names, numbers, cluster, most_cases) for cluster in clusters]


def _row(
    actor: Actor,
    snapshot: Snapshot,
    names: dict[int, str],
    numbers: dict[str, str],
    cluster: Cluster,
    most_cases: int,
) -> Row:
    face = snapshot.faces.get(cluster.nearest)
    readable = face is not None and (actor.role is not Role.UNIT or face.unit_id == actor.unit_id)
    entry = f"/library/entry/{quote(cluster.nearest)}" if readable else ""
    question, editor = without_personal_details(cluster.question), actor.role in EDITORS
    unit = unit_code(snapshot, cluster.unit_id)
    given = {"question": question[:QUESTION_LIMIT], "unit": unit, "topic": cluster.topic}
    merging = urlencode({"phrasing": question[:PHRASING_LIMIT]})
    cases = sorted({numbers[trace] for trace in cluster.traces if trace in numbers}, reverse=True)
    return Row(
        cluster=cluster, unit=names.get(cluster.unit_id or 0, ""), nearest_question=face.question if face else "",
        nearest_address=entry, new_address=f"/library/new?{urlencode(given)}" if editor else "",
        merge_address=f"{entry}/edit?{merging}" if editor and entry else "", cases=tuple(cases[:most_cases]),
    )  # fmt: skip


def _lines(totals: Iterable[tuple[str, str, Total]]) -> list[TotalLine]:
    return [TotalLine(label, value, total.count, total.clusters) for label, value, total in totals]


def _unit_names(session: Session) -> dict[int, str]:
    return {unit.id: unit.short_name or unit.name for unit in session.scalars(select(Unit))}
