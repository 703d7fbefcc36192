"""Whether the numbers of cases run without gaps, per zone, kind and year; void cases keep theirs."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.cases.models import Case, CaseCounter
from qa_service.kit import clock
from qa_service.kit.findings import Check
from qa_service.zones.models import Zone

REMEDY = "编号一经登记不得删除，作废的也保留。请与备份和纸质登记簿核对，查明去向。"


def check_numbers(session: Session, check: Check) -> None:
    zones: dict[int, str] = {row.id: row.code for row in session.execute(select(Zone.id, Zone.code))}
    serials: dict[tuple[int, str, int], set[int]] = {}
    columns = (Case.zone_id, Case.kind, Case.year, Case.serial, Case.number, Case.registered_at)
    for row in session.execute(select(*columns).execution_options(yield_per=2000)):
        check.checked += 1
        serials.setdefault((row.zone_id, row.kind, row.year), set()).add(row.serial)
        zone, year = zones.get(row.zone_id, ""), clock.local(row.registered_at).year
        said = row.number.startswith(f"{zone}-") and row.number.endswith(f"-{row.serial:04d}")
        if not said or row.year != year or f"-{row.year}" not in row.number:
            check.found("number", "编号与登记的专区、年度或流水号不符。", REMEDY, row.number)
    counters = {
        (counter.zone_id, counter.kind, counter.year): counter.last
        for counter in session.scalars(select(CaseCounter))
    }
    for series in sorted(serials.keys() | counters.keys()):
        held, last = serials.get(series, set()), counters.get(series, 0)
        where = f"{zones.get(series[0], series[0])} {series[2]}年 {series[1]}"
        if missing := sorted(set(range(1, max(held | {last}) + 1)) - held):
            shown = "、".join(map(str, missing[:10])) + ("等" if len(missing) > 10 else "")
            check.found("number-gap", f"缺 {len(missing)} 个流水号：{shown}。", REMEDY, where)
        if held and last < max(held):
            check.found(
                "counter", f"计数器停在 {last}，已有流水号到 {max(held)}，再登记会重号。",
                f"请开发人员把计数器改为 {max(held)}，并查明原因。", where,
            )  # fmt: skip
