"""The report of `qa-service doctor` on a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from qa_service.doctor.service import SHOWN, Report

MARKS = {"ok": "[green]正常[/]", "notice": "[yellow]提示[/]", "problem": "[red]有问题[/]"}


def print_report(report: Report, out: Console) -> None:
    table = Table(title="自检结果")
    for column in ("检查", "结果", "查了", "对象", "发现", "怎么处理"):
        table.add_column(column, overflow="fold")
    for check in report.checks:
        rows = [(found.subject, found.message, found.remedy) for found in check.findings[:SHOWN]]
        if (more := len(check.findings) - SHOWN) > 0:
            rows.append(("", f"另有 {more} 项", "用 --json 查看全部。"))
        first, *others = rows or [("", "", "")]
        table.add_row(check.name, MARKS[check.status], str(check.checked), *first)
        for row in others:
            table.add_row("", "", "", *row)
    out.print(table)
    if report.end.position:
        out.print(
            f"流水第 {report.end.position} 行，末尾校验码 {report.end.digest}。",
            "把它记在纸上或发到别处保存，以后可以证明此前的记录没有被改写。",
            sep="\n", soft_wrap=True, highlight=False,
        )  # fmt: skip
    out.print("[red]有问题，请按上表处理。[/]" if report.failed else "没有发现问题。")
