"""Making an installation ready: schema, sample zone, bundled library, first accounts, index.

Every step looks first whether it is already done, so that preparing again takes seconds and a killed
preparation goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from qa_service import migrations
from qa_service.accounts.demo import FirstAccount, create_first_accounts
from qa_service.accounts.roles import Actor, Role
from qa_service.errors import Invalid
from qa_service.kit.database import Database
from qa_service.library import importer
from qa_service.settings import Settings
from qa_service.zones.importer import import_zone_folder, is_zone_folder

Progress = Callable[[str, int, int], None]
BUNDLED = Actor(Role.SYSTEM, "随软件附带（已审核）")
MARK = "bundled.json"


@dataclass(slots=True)
class Prepared:
    """What was done: rows added by file, library counts, and the accounts made now (shown once)."""

    zone_rows: dict[str, int] = field(default_factory=dict)
    library: dict[str, int] = field(default_factory=dict)
    problems: list[importer.Row] = field(default_factory=list)
    accounts: list[FirstAccount] = field(default_factory=list)


def prepare_data(settings: Settings, database: Database, progress: Progress | None = None) -> Prepared:
    """Schema, sample zone, bundled library and first accounts, each only where missing or changed."""
    done = Prepared()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(database)
    mark = settings.data_dir / MARK
    current = corpus_fingerprint(settings.corpus_dir)
    with database.write() as session:
        if _marked(mark) != current:
            if is_zone_folder(settings.corpus_dir / "zone"):
                done.zone_rows = import_zone_folder(session, settings.corpus_dir / "zone")
            files = importer.read_folder([settings.corpus_dir / "interpretations"])
            report = importer.import_files(
                session, BUNDLED, files, dry_run=False, publish=True, leave_edited=True, progress=progress
            )
            done.library = report.counts
            done.problems = [row for row in report.rows if row.status in (importer.WRONG, importer.CONFLICT)]
            if report.counts.get(importer.WRONG):
                first = next(row for row in done.problems if row.status == importer.WRONG)
                raise Invalid(
                    f"随软件附带的解读文件有误，没有导入：{first.file} 第 {first.line} 行 {first.key}：{first.reason}",
                    first.remedy,
                )
        done.accounts = create_first_accounts(session)
    mark.write_text(json.dumps({"corpus": current}), encoding="utf-8")
    return done


def _marked(mark: Path) -> str:
    try:
        return str(json.loads(mark.read_text(encoding="utf-8"))["corpus"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def corpus_fingerprint(folder: Path) -> str:
    """Names and contents of the bundled files, lexicon apart (it does not reach the database)."""
    digest = hashlib.sha256()
    for part in ("interpretations", "zone"):
        for path in sorted((folder / part).rglob("*")):
            if path.is_file():
                digest.update(str(path.relative_to(folder)).encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
