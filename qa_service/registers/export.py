"""Exporting the ledger: what is on the register page, as a file. Whoever takes it out is in the audit trail."""

from __future__ import annotations

import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from qa_service.accounts.roles import Actor
from qa_service.accounts.service import audit
from qa_service.errors import Invalid
from qa_service.kit import clock
from qa_service.kit.database import Database
from qa_service.kit.words import cn_datetime
from qa_service.registers.excel import TITLE, write_csv, write_workbook
from qa_service.registers.ledger import Selection, ledger_rows
from qa_service.registers.service import check_reveal

FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Export:
    """A finished file. Whoever asked for it removes it when it has been sent."""

    path: Path
    name: str
    media_type: str
    rows: int


def export_ledger(
    database: Database, actor: Actor, selection: Selection, file_format: str, *, reveal: bool = False, reason: str = ""
) -> Export:  # fmt: skip
    """Write the selected ledger to a temporary file. Persons are masked; with `reveal` they are not, which takes a
    reason and a role that may see them.

    Takes sessions of its own: a long ledger is read without holding up those who write.
    """
    if file_format not in FORMATS:
        raise Invalid("没有这种文件格式。", "可以导出 Excel（xlsx）或 CSV。")
    if reveal:
        check_reveal(actor, reason)
    handle, name = tempfile.mkstemp(prefix="ledger-", suffix=f".{file_format}")
    os.close(handle)
    path = Path(name)
    try:
        with database.read() as session:
            rows = ledger_rows(session, actor, selection, revealed=reveal)
            if file_format == "xlsx":
                masked = "含咨询人信息，请妥善保管" if reveal else "咨询人信息已掩码"
                count = write_workbook(path, rows, f"{actor.name} {cn_datetime(clock.now())}导出，{masked}")
            else:
                count = write_csv(path, rows)
        with database.write() as session:
            audit(
                session, actor, "export-ledger", file_format, rows=count, revealed=reveal, reason=reason,
                selection=asdict(selection),
            )  # fmt: skip
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Export(path, f"{TITLE}-{clock.today():%Y%m%d}.{file_format}", FORMATS[file_format], count)
