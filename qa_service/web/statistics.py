"""统计: figures of a period with their definitions, charts, and the cases behind every number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response

from qa_service.accounts.deps import DbSession, Staff
from qa_service.accounts.roles import Actor, Role
from qa_service.kit import clock
from qa_service.kit.csv_file import csv_file
from qa_service.kit.http import TransactionalRoute
from qa_service.statistics import periods, service
from qa_service.statistics.charts import BarChart, LineChart, bar_chart, line_chart
from qa_service.statistics.figures import ANSWERED, DURATIONS, FIGURES, RATES
from qa_service.statistics.routes import Code, Dimension, PageNumber, figure_named, figure_page
from qa_service.statistics.scope import DIMENSIONS, PeriodScope, Scope
from qa_service.statistics.service import Line, Report
from qa_service.web.paging import Pages
from qa_service.web.render import page
from qa_service.web.scope_form import describe, filter_choices

router = APIRouter(route_class=TransactionalRoute)
SIZE = 50
MOST_BARS = 15
NO_DATA = "无数据"
# The parts of a bar, which add up to what was received; and the lines over months.
BAR_PARTS = (
    ("当场答复", ("on_spot",)), ("按期答复", ("in_time",)), ("期限内办理", ("running",)), ("超期", ("overdue",)),
    ("引导、告知渠道、作废、待处理", ("guided", "channelled", "void", "waiting")),
)  # fmt: skip
LINES = (("登记", "received"), ("转交办", "referred"), ("超期合计", "overdue"))
ChosenDimension = Annotated[Dimension | None, Query()]


def usual_dimension(actor: Actor) -> Dimension:
    return "topic" if actor.role is Role.UNIT else "unit"


@router.get("/statistics")
def show(
    request: Request, session: DbSession, actor: Staff, scope: PeriodScope, by: ChosenDimension = None
) -> HTMLResponse:
    by = by or usual_dimension(actor)
    report = service.report(session, actor, scope, by)
    assert scope.period is not None
    kept = {name: value for name, value in scope.query().items() if name not in scope.period_query()}
    today = clock.today()
    return page(
        request, "statistics/page.html", scope=scope, by=by, dimensions=DIMENSIONS, report=report,
        figures=FIGURES, rates=RATES, durations=DURATIONS, answered=ANSWERED,
        addresses={line.key: _behind(scope.narrowed(by, line.key)) for line in report.lines},
        all_address=_behind(scope), chart=_chart(report, by), by_month=by == "month", bar_parts=BAR_PARTS,
        lines=LINES, most_bars=MOST_BARS, kept=urlencode(kept | {"by": by}), query=urlencode(scope.query()),
        usual=[(label, periods.containing(today, kind)) for label, kind in (("本月", "month"), ("本季度", "quarter"), ("本年", "year"))],
        described=describe(session, scope), choices=filter_choices(session, actor),
        export=f"/statistics.csv?{urlencode(scope.query() | {'by': by})}",
    )  # fmt: skip


def _behind(scope: Scope) -> str:
    """The list behind a figure, whose code is to be put at the end."""
    return f"/statistics/cases?{urlencode(scope.query())}&figure="


def _chart(report: Report, by: str) -> BarChart | LineChart:
    if by == "month":
        ticks = [line.label[2:] for line in report.lines]
        return line_chart(
            ticks, [(label, [line.counts[code] for line in report.lines]) for label, code in LINES]
        )
    return bar_chart(
        [
            (line.label, [sum(line.counts[code] for code in codes) for _, codes in BAR_PARTS])
            for line in report.lines[:MOST_BARS]
        ]
    )


@router.get("/statistics.csv")
def export(session: DbSession, actor: Staff, scope: PeriodScope, by: ChosenDimension = None) -> Response:
    by = by or usual_dimension(actor)
    report = service.report(session, actor, scope, by)
    assert scope.period is not None
    head = (DIMENSIONS[by], *(item.label for item in (*FIGURES, *RATES, *DURATIONS)))
    name = quote(f"政策咨询统计-{scope.period.label}-按{DIMENSIONS[by]}.csv")
    return Response(
        csv_file(head, map(_cells, (*report.lines, report.total))), media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename=\"statistics.csv\"; filename*=UTF-8''{name}"},
    )  # fmt: skip


def _cells(line: Line) -> Sequence[str | int | float]:
    values: list[Any] = [line.label, *(line.counts[figure.code] for figure in FIGURES)]
    for rate in RATES:
        share = line.rates[rate.code]
        values.append(NO_DATA if share is None else round(share, 4))
    for duration in DURATIONS:
        days = line.days[duration.code]
        values.append(NO_DATA if days is None else days)
    return values


@router.get("/statistics/cases")
def show_cases(
    request: Request,
    session: DbSession,
    actor: Staff,
    scope: PeriodScope,
    figure: Code,
    number: PageNumber = 1,
) -> HTMLResponse:
    chosen = figure_named(figure)
    rows, total = figure_page(session, actor, scope, chosen, number, SIZE)
    query = urlencode(scope.query())
    return page(
        request, "statistics/cases.html", title=chosen.label, definition=chosen.definition, rows=rows, total=total,
        period=scope.period, described=describe(session, scope), back=f"/statistics?{query}", back_label="回到统计",
        pages=Pages(number, SIZE, total, f"/statistics/cases?{query}&figure={figure}"),
        person=actor.role is not Role.UNIT,
    )  # fmt: skip
