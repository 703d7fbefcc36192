"""qa-service doctor: every check there is, in the order in which a fault would spread."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

from qa_service import migrations
from qa_service.cases import anchors
from qa_service.cases.anchors import Anchor
from qa_service.cases.verify import check_history
from qa_service.cases.verify_numbers import check_numbers
from qa_service.consultations.checks import check_due_dates, check_reachable, check_states
from qa_service.kit.database import Database
from qa_service.kit.findings import Check, check
from qa_service.library.checks import check_encoder, check_index
from qa_service.library.opening import INDEXING_THREADS, EncoderStatus
from qa_service.settings import Settings

GIB = 1024**3
DISK_PROBLEM, DISK_NOTICE = 1 * GIB, 5 * GIB
SHOWN = 20  # findings of one check that a report names; the rest is counted


@dataclass(frozen=True, slots=True)
class Report:
    checks: list[Check]
    end: Anchor

    @property
    def failed(self) -> bool:
        return any(check.failed for check in self.checks)

    def as_object(self) -> dict[str, Any]:
        return {
            "ok": not self.failed,
            "journal": {"position": self.end.position, "digest": self.end.digest},
            "checks": [
                {
                    "code": check.code, "name": check.name, "status": check.status, "checked": check.checked,
                    "findings": [
                        {
                            "code": finding.code, "subject": finding.subject, "message": finding.message,
                            "remedy": finding.remedy, "problem": finding.problem,
                        }
                        for finding in check.findings
                    ],
                }
                for check in self.checks
            ],
        }  # fmt: skip


def examine(settings: Settings, database: Database) -> Report:
    """Look at everything; change nothing but the anchor file, which notes the journal's end when all is well."""
    checks: list[Check] = []
    with check("schema", "表结构", checks) as schema:
        schema.checked = 1
        if behind := migrations.pending(database):
            schema.found(
                "schema",
                f"数据库还没有升级到本版本的表结构（差 {len(behind)} 步）。",
                "启动一次服务即自动升级。",
            )
            return Report(checks, Anchor(0, ""))
    path = settings.data_dir / anchors.FILE
    with database.read() as session:
        with check("history", "办理过程未被改动", checks) as history:
            check_history(session, anchors.read(path), history)
        end = anchors.current(session)
    with database.read() as session:
        with check("numbers", "编号连续", checks) as numbers:
            check_numbers(session, numbers)
        with check("reachable", "每件都找得到、有人办", checks) as reachable:
            check_reachable(session, reachable)
        with check("states", "办理状态", checks) as states:
            check_states(session, states)
        with check("due", "截止日与日历一致", checks) as due:
            check_due_dates(session, due)
        status = EncoderStatus(settings, INDEXING_THREADS)
        with check("encoder", "句向量模型", checks) as encoder:
            check_encoder(settings, status, encoder)
        with check("index", "检索索引与问答库一致", checks) as index:
            check_index(session, settings, status, index)
    with check("disk", "磁盘空间", checks) as disk:
        check_disk(settings, disk)
    if not history.failed:
        anchors.note(path, end)
    return Report(checks, end)


def check_disk(settings: Settings, disk: Check) -> None:
    disk.checked = 1
    free = shutil.disk_usage(settings.data_dir).free
    if free < DISK_NOTICE:
        disk.found(
            "disk", f"数据目录所在磁盘只剩 {free / GIB:.1f} GB。", "请清理磁盘或扩容；写满以后将不能登记。",
            str(settings.data_dir), problem=free < DISK_PROBLEM,
        )  # fmt: skip
