"""The command line: serve · prepare · import · extract · reindex · eval · due · calendar · intake · doctor.

Imports stand inside the commands, so that `qa-service due` does not pay for what `serve` needs.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

if TYPE_CHECKING:
    from qa_service.accounts.demo import FirstAccount

app = typer.Typer(
    help="政策咨询问答服务", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
out = Console()
err = Console(stderr=True)

Tell = Callable[[str, int, int], None]
DataDir = Annotated[Path | None, typer.Option("--data-dir", help="数据目录（缺省为 QA_DATA_DIR 或 ./var）")]
STAGES = {
    "words": "建立词面索引", "vectors": "计算句向量", "calibration": "校准置信度", "recompute": "重新计算期限",
}  # fmt: skip


@contextmanager
def progress_bars() -> Iterator[Tell]:
    """A bar a stage, on the terminal or as plain lines in a log."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err) as progress:
        tasks: dict[str, int] = {}

        def tell(stage: str, done: int, total: int) -> None:
            name = STAGES.get(stage, stage)
            if name not in tasks:
                tasks[name] = progress.add_task(name, total=total)
            progress.update(tasks[name], completed=done, total=total)  # type: ignore[arg-type]

        yield tell


def use_data_dir(data_dir: Path | None) -> None:
    if data_dir is not None:
        os.environ["QA_DATA_DIR"] = str(data_dir)


@app.command()
def serve(
    data_dir: DataDir = None,
    host: Annotated[str, typer.Option(help="监听地址")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="端口")] = 8000,
    workers: Annotated[int, typer.Option(help="工作进程数（SQLite 建议 1—2 个）")] = 1,
    prepare_first: Annotated[bool, typer.Option("--prepare", help="启动前先准备数据")] = False,
) -> None:
    """启动服务。"""
    # Hundreds of modules are imported that all stay; the application turns the collector on once it has started.
    gc.disable()
    import uvicorn

    from qa_service.settings import Settings

    use_data_dir(data_dir)
    if prepare_first:
        _prepare(build_index=not (Settings().index_dir / "search").exists())
    shown = "127.0.0.1" if host == "0.0.0.0" else host
    for name, path in PAGES:
        out.print(f"  {name}  http://{shown}:{port}{path}", soft_wrap=True, highlight=False)
    out.print("按 Ctrl+C 停止。")
    uvicorn.run(
        "qa_service.app:create_app", factory=True, host=host, port=port, workers=workers, log_level="warning",
        access_log=False, server_header=False,
    )  # fmt: skip


PAGES = (
    ("首页　　　", "/"), ("窗口　　　", "/desk"), ("一体机　　", "/kiosk"), ("政策单位　", "/unit"),
    ("问答库　　", "/library"), ("进度查询　", "/progress"), ("看板　　　", "/board"), ("统计　　　", "/statistics"),
    ("督促办理　", "/watching"), ("管理　　　", "/admin"), ("登录　　　", "/sign-in"),
)  # fmt: skip


@app.command()
def prepare(data_dir: DataDir = None) -> None:
    """准备数据：建库、导入示例专区和随附问答、建立首批账号、建立索引。可重复运行。"""
    use_data_dir(data_dir)
    _prepare(build_index=True)


def _prepare(*, build_index: bool) -> None:
    from qa_service.kit.database import Database
    from qa_service.preparing import prepare_data
    from qa_service.settings import Settings

    settings = Settings()
    database = Database(settings.url, settings.database_wait_seconds)
    with progress_bars() as tell:
        done = prepare_data(settings, database, tell)
    # Before anything else can go wrong: these passwords are nowhere else.
    if done.accounts:
        _show_accounts(done.accounts)
    with progress_bars() as tell:
        if build_index:
            from qa_service.library.opening import INDEXING_THREADS, EncoderStatus, open_index

            status = EncoderStatus(settings, INDEXING_THREADS)
            if status.encoder is None:
                err.print(f"[yellow]没有句向量模型（{status.reason}），现在只用词面检索。[/]")
            index = open_index(settings, database, status)
            index.open(tell)
    if done.library:
        out.print(
            "随附问答库：" + "，".join(f"{name} {number} 条" for name, number in sorted(done.library.items()))
        )
    for row in done.problems[:10]:
        err.print(f"[yellow]{row.status}[/] {row.file} {row.key}：{row.reason}。{row.remedy}")
    database.close()


def _show_accounts(accounts: list[FirstAccount]) -> None:
    table = Table(title="首批账号（密码只显示这一次，请记下并尽快修改）")
    for column in ("用户名", "密码", "姓名", "单位或专区"):
        table.add_column(column, overflow="fold")
    for account in accounts:
        if account.role != "kiosk":
            table.add_row(account.username, account.password, account.name, account.where)
    out.print(table)
    for account in accounts:
        if account.role == "kiosk":
            address = f"/kiosk/activate?token={account.password}"
            out.print(
                f"一体机 {account.username}（{account.where}）启用地址：{address}",
                soft_wrap=True,
                highlight=False,
            )


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(exists=True, help="文件夹或文件")],
    data_dir: DataDir = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看报告，不写入")] = False,
    publish: Annotated[bool, typer.Option("--publish", help="内容已经审核，导入后直接发布")] = False,
    operator: Annotated[str, typer.Option(help="导入人，记入版本")] = "命令行导入",
) -> None:
    """导入解读文件、问答表格或专区目录：逐行报告，要么全部成功，要么一条不动。"""
    from qa_service import migrations
    from qa_service.accounts.roles import Actor, Role
    from qa_service.kit.database import Database
    from qa_service.library import importer
    from qa_service.settings import Settings
    from qa_service.zones.importer import import_zone_folder, is_zone_folder

    use_data_dir(data_dir)
    settings = Settings()
    database = Database(settings.url, settings.database_wait_seconds)
    migrations.upgrade(database)
    zones = [path for path in paths if path.is_dir() and is_zone_folder(path)]
    files = importer.read_folder([path for path in paths if path not in zones])
    with progress_bars() as tell, database.write() as session:
        for folder in zones:
            if not dry_run:
                for name, number in import_zone_folder(session, folder).items():
                    out.print(f"{folder.name}/{name}：新增 {number} 行")
        report = importer.import_files(
            session, Actor(Role.SYSTEM, operator), files, dry_run=dry_run, publish=publish, progress=tell
        )
    table = Table()
    for column in ("结果", "文件", "行", "键", "标准问", "原因", "处理办法"):
        table.add_column(column, overflow="fold")
    for row in report.rows:
        if row.status != importer.SAME:
            table.add_row(row.status, row.file, str(row.line), row.key, row.question, row.reason, row.remedy)
    if table.row_count:
        out.print(table)
    out.print(
        "；".join(f"{name} {number} 条" for name, number in sorted(report.counts.items()))
        or "没有可导入的内容"
    )
    if dry_run:
        out.print("试运行：没有写入。")
    elif not report.imported:
        err.print("[red]有错误或冲突，没有导入任何内容。[/]请按上表处理后重新导入。")
        raise typer.Exit(1)


@app.command()
def extract(
    files: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False)],
    to: Annotated[Path, typer.Option("--out", help="输出的 JSONL 文件")],
) -> None:
    """从政策解读文件中提取问答对。"""
    from qa_service.extraction.files import extract_files
    from qa_service.extraction.types import DocumentError

    count, failed = 0, 0
    with to.open("w", encoding="utf-8") as handle:
        for file in files:
            try:
                for line in extract_files([file]):
                    handle.write(json.dumps(line, ensure_ascii=False) + "\n")
                    count += 1
            except DocumentError as error:
                failed += 1
                err.print(f"{file}：{error.message}。{error.remedy}")
    out.print(f"{len(files) - failed} 个文件，{count} 对问答 → {to}")
    if failed:
        raise typer.Exit(1)


@app.command()
def reindex(data_dir: DataDir = None) -> None:
    """从数据库重建索引并重新校准（已存的句向量不会重新计算）。"""
    from qa_service import migrations
    from qa_service.kit.database import Database
    from qa_service.library.opening import INDEXING_THREADS, EncoderStatus, open_index
    from qa_service.settings import Settings

    use_data_dir(data_dir)
    settings = Settings()
    database = Database(settings.url, settings.database_wait_seconds)
    migrations.upgrade(database)
    index = open_index(settings, database, EncoderStatus(settings, INDEXING_THREADS))
    with progress_bars() as tell:
        index.rebuild(tell)
    out.print(f"已重建：{len(index.snapshot.faces)} 条问答，第 {index.snapshot.revision} 版")


@app.command("eval")
def evaluate(
    library: Annotated[Path, typer.Option("--library", exists=True, dir_okay=False)],
    queries: Annotated[list[Path], typer.Option("--queries", exists=True, dir_okay=False)],
    to: Annotated[Path, typer.Option("--out")],
    more: Annotated[list[Path] | None, typer.Argument(exists=True, dir_okay=False)] = None,
    data_dir: DataDir = None,
) -> None:
    """用一份问答库和若干提问文件评测检索与决定（只读问题，不读标准答案）。"""
    from qa_service.library.opening import INDEXING_THREADS, EncoderStatus, open_lexicon
    from qa_service.search.evaluate import EvalError, run_eval
    from qa_service.settings import Settings

    use_data_dir(data_dir)
    settings = Settings()
    status = EncoderStatus(settings, INDEXING_THREADS)
    if status.encoder is None:
        err.print(f"[yellow]没有句向量模型（{status.reason}），本次只评测词面检索。[/]")
    try:
        with progress_bars() as tell:
            report = run_eval(
                library, [*queries, *(more or [])], to, status.encoder, open_lexicon(settings), tell
            )
    except EvalError as error:
        err.print(f"[red]{error}[/]")
        raise typer.Exit(1) from None
    for line in report.lines():
        out.print(line, highlight=False)


@app.command()
def due(
    received: Annotated[str | None, typer.Argument(help="收到日，如 2026-02-13")] = None,
    days: Annotated[int | None, typer.Option("--days", help="天数")] = None,
    unit: Annotated[str, typer.Option(help="workday 工作日 | day 日历日")] = "workday",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
    batch: Annotated[
        Path | None, typer.Option("--batch", exists=True, help="每行“收到日<TAB>天数”的文件")
    ] = None,
    pause: Annotated[
        list[str] | None, typer.Option("--pause", help="期限暂停：发出日/收到日/事由，可以多次给出")
    ] = None,
    zone: Annotated[str, typer.Option("--zone", help="专区代码，计入地方调整")] = "",
    data_dir: DataDir = None,
) -> None:
    """推算截止日，并说明每一天为什么计或不计。已建库的按库中的工作日历，否则按随附的日历。"""
    from qa_service.calendars.command import calendar_in_force
    from qa_service.workdays import due_command

    use_data_dir(data_dir)
    calendar = calendar_in_force(zone, lambda note: err.print(f"[yellow]{note}[/]"))
    if batch is not None:
        with batch.open(encoding="utf-8") as lines:
            for item in due_command.run_batch(lines, unit, calendar):
                print(json.dumps(item, ensure_ascii=False))
        return
    if received is None or days is None:
        err.print("请给出收到日和 --days，例如：qa-service due 2026-02-13 --days 5")
        raise typer.Exit(2)
    try:
        found = due_command.find_due(received, days, unit, calendar, pause or ())
    except ValueError as error:
        err.print(str(error))
        raise typer.Exit(2) from None
    print(
        json.dumps(due_command.as_object(found), ensure_ascii=False)
        if as_json
        else due_command.as_text(found)
    )


calendar_app = typer.Typer(help="工作日历：录入放假通知，重新计算期限", no_args_is_help=True)
app.add_typer(calendar_app, name="calendar")


@calendar_app.command("import")
def calendar_import(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="通知全文（文本）、CSV 或 JSON")],
    year: Annotated[int | None, typer.Option("--year", help="年份（文中写明的可不给）")] = None,
    source: Annotated[str, typer.Option("--source", help="来源（文中写明的可不给）")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只预览，不写入")] = False,
    operator: Annotated[str, typer.Option(help="录入人，记入办理过程")] = "命令行录入",
    data_dir: DataDir = None,
) -> None:
    """录入放假通知，并重新计算所有在办期限。"""
    from qa_service.calendars import command

    use_data_dir(data_dir)
    with progress_bars() as tell:
        lines = command.enter_file(file, year, source, operator, dry_run=dry_run, progress=tell)
    for line in lines:
        out.print(line, highlight=False)


@calendar_app.command("recompute")
def calendar_recompute(
    operator: Annotated[str, typer.Option(help="操作人，记入办理过程")] = "命令行重新计算",
    data_dir: DataDir = None,
) -> None:
    """按现行工作日历重新计算所有在办期限；已答复、已办结的不变。"""
    from qa_service.calendars import command

    use_data_dir(data_dir)
    with progress_bars() as tell:
        line = command.recompute_all(operator, progress=tell)
    out.print(line, highlight=False)


@app.command()
def doctor(
    data_dir: DataDir = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """自检：办理过程有无被改动、编号、状态、截止日、索引、模型、磁盘。有问题时退出码为 1。"""
    from qa_service.doctor.report import print_report
    from qa_service.doctor.service import examine
    from qa_service.kit.database import Database
    from qa_service.settings import Settings

    use_data_dir(data_dir)
    settings = Settings()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.url, settings.database_wait_seconds)
    report = examine(settings, database)
    database.close()
    if as_json:
        print(json.dumps(report.as_object(), ensure_ascii=False))
    else:
        print_report(report, out)
    if report.failed:
        raise typer.Exit(1)


@app.command()
def intake(
    file: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, help="工单 CSV 文件，列见登记页面的说明")
    ],
    source: Annotated[str, typer.Option("--source", help="来源系统")] = "12345",
    zone: Annotated[str, typer.Option("--zone", help="登记到哪个专区（代码）；空为最上级专区")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只看报告，不写入")] = False,
    operator: Annotated[str, typer.Option(help="导入人，记入办理过程")] = "命令行导入",
    data_dir: DataDir = None,
) -> None:
    """导入另一系统的咨询工单：逐行报告，要么全部成功，要么一件不动；可以重复导入。"""
    from qa_service.registers.command import take_in_file

    use_data_dir(data_dir)
    with progress_bars() as tell:
        report = take_in_file(file, source, zone, operator, dry_run=dry_run, progress=tell)
    table = Table()
    for column in ("行", "工单号", "结果", "说明", "怎么改"):
        table.add_column(column, overflow="fold")
    for row in report.rows:
        table.add_row(str(row.line), row.key, row.status, row.reason, row.remedy)
    out.print(table)
    out.print("；".join(f"{name} {number} 张" for name, number in sorted(report.counts.items())))
    if dry_run:
        out.print("试运行：没有写入。")
    if not report.ok:
        err.print("[red]有错误或冲突，没有登记任何工单。[/]请按上表处理后重新导入。")
        raise typer.Exit(1)


def main() -> None:
    from qa_service.errors import ServiceError

    # One thread for the small matrix products of search: two on a busy machine take many times as long.
    # The encoder has its own threads (QA_ENCODER_THREADS).
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        app()
    except ServiceError as error:
        err.print(f"[red]{error.message}[/]{error.remedy}")
        sys.exit(1)
