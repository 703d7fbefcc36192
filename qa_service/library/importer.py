"""Import: parse everything → a report row for each pair → dry run or all at once, never half.

Takes interpretations with their annotation sheet (`NAME.ext` + `NAME.entries.yaml`), interpretations
alone (their pairs become drafts to be edited), and tables (.xlsx, .csv, .jsonl) with one entry a row.
Rows are matched to entries by their stable key: 新增, 更新, 未变, 冲突 (edited here since), 错误.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.accounts.roles import Actor, Role
from qa_service.errors import ServiceError
from qa_service.extraction.annotations import Annotation, match_annotations, read_annotations
from qa_service.extraction.document_meta import DocumentMeta, parse_meta
from qa_service.extraction.pairs import extract_pairs
from qa_service.extraction.reader import read_document
from qa_service.extraction.types import DocumentError, Pair
from qa_service.library import repository, service
from qa_service.library.models import Entry
from qa_service.library.service import Content
from qa_service.library.tables import TABLE_SUFFIXES, TableRow, read_table
from qa_service.zones.models import Topic

SHEET = ".entries.yaml"
DOCUMENT_SUFFIXES = (".md", ".txt", ".html", ".htm", ".docx", ".pdf")
ADDED, CHANGED, SAME, CONFLICT, WRONG = "新增", "更新", "未变", "冲突", "错误"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Row:
    """What importing makes of one pair or one line."""

    file: str
    line: int
    key: str
    question: str
    status: str
    reason: str = ""
    remedy: str = ""


@dataclass(slots=True)
class Report:
    """Every row, in the order of the files. `imported` only when nothing was wrong and it was no dry run."""

    rows: list[Row] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    imported: bool = False

    @property
    def ok(self) -> bool:
        return not self.counts.get(WRONG) and not self.counts.get(CONFLICT)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One entry as a file has it. `publishable`: complete enough to be published on import."""

    file: str
    line: int
    key: str
    content: Content
    publishable: bool


def read_folder(paths: Iterable[Path]) -> dict[str, bytes]:
    """The importable files named, folders searched. Keys are paths as shown in the report."""
    files: dict[str, bytes] = {}
    for path in paths:
        found = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in found:
            if (
                not path.is_dir()
                or file.name.endswith(SHEET)
                or file.suffix.lower() in (*DOCUMENT_SUFFIXES, *TABLE_SUFFIXES)
            ):
                files[str(file.relative_to(path)) if path.is_dir() else file.name] = file.read_bytes()
    return files


def import_uploads(session: Session, actor: Actor, files: Mapping[str, bytes], *, dry_run: bool) -> Report:
    """Import by a person: what is new or changed becomes a draft for review by somebody else."""
    return import_files(session, actor, files, dry_run=dry_run, publish=False)


def import_files(
    session: Session,
    actor: Actor,
    files: Mapping[str, bytes],
    *,
    dry_run: bool,
    publish: bool,
    leave_edited: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Parse all, compare all, then take over all or nothing. The caller commits.

    `publish` is for material that was reviewed before it was handed in (the bundled library, an export
    of another installation): complete rows are published at once. With `leave_edited`, entries in conflict
    stay as the office has made them and do not stop the rest (a new release of the bundled library).
    """
    report, candidates = _parse_all(session, files, progress)
    held = repository.by_keys(session, [c.key for c in candidates])
    wanted: list[tuple[Candidate, Entry | None]] = []
    for candidate in candidates:
        entry = held.get(candidate.key)
        row = _compare(session, actor, candidate, entry, publish)
        report.rows.append(row)
        if row.status in (ADDED, CHANGED):
            wanted.append((candidate, entry))
    _mark_repeated(report)
    report.counts = dict(Counter(row.status for row in report.rows))
    if dry_run or report.counts.get(WRONG) or (report.counts.get(CONFLICT) and not leave_edited):
        return report
    for index, (candidate, entry) in enumerate(wanted, 1):
        _take_over(session, actor, candidate, entry, publish)
        if progress:
            progress("写入问答库", index, len(wanted))
    report.imported = True
    return report


def _parse_all(
    session: Session, files: Mapping[str, bytes], progress: Progress | None
) -> tuple[Report, list[Candidate]]:
    report, candidates = Report(), []
    units = {unit.name: unit.id for unit in session.scalars(select(Unit))}
    topics = set(session.scalars(select(Topic.name)))
    sheets = {name for name in files if name.endswith(SHEET)}
    used: set[str] = set()
    for index, (name, data) in enumerate(sorted(files.items()), 1):
        if name in sheets:
            continue
        try:
            if Path(name).suffix.lower() in TABLE_SUFFIXES:
                candidates += [
                    _from_table(name, row, units, topics, report) for row in read_table(name, data)
                ]
            else:
                sheet = name[: -len(Path(name).suffix)] + SHEET
                used.add(sheet)
                candidates += _from_document(name, data, sheet, files.get(sheet), units, topics, report)
        except DocumentError as error:
            report.rows.append(Row(name, error.line or 0, "", "", WRONG, error.message, error.remedy))
        if progress:
            progress("读取文件", index, len(files))
    for sheet in sorted(sheets - used):
        report.rows.append(
            Row(sheet, 0, "", "", WRONG, "采编表没有对应的解读文件", "请把同名的解读文件一起导入。")
        )
    return report, [c for c in candidates if c is not None]


def _from_document(
    name: str,
    data: bytes,
    sheet: str,
    sheet_data: bytes | None,
    units: Mapping[str, int],
    topics: set[str],
    report: Report,
) -> list[Candidate]:
    document = read_document(name, data)
    meta = parse_meta(document)
    pairs = extract_pairs(document)
    if not pairs:
        raise DocumentError("没有找到问答", "请核对文件是否有“问：”“答：”，或者带标题的分节。")
    unit_id = units.get(meta.issuing_unit)
    if unit_id is None:
        raise DocumentError(
            f"制定单位“{meta.issuing_unit}”不在单位目录中", "请先在管理页面添加该单位，或改正单位全称。"
        )
    if meta.topic not in topics:
        raise DocumentError(f"主题“{meta.topic}”不在主题目录中", f"可用的主题：{'、'.join(sorted(topics))}。")
    try:
        annotations = read_annotations(sheet, sheet_data) if sheet_data is not None else []
    except DocumentError as error:
        report.rows.append(Row(sheet, error.line or 0, "", "", WRONG, error.message, error.remedy))
        return []
    matched, problems = match_annotations(pairs, annotations)
    for problem in problems:
        report.rows.append(
            Row(sheet, 0, "", "", WRONG, problem, "请让采编表的 heading 与解读文件中的问题文字一致。")
        )
    candidates = []
    for pair, annotation in matched:
        try:
            candidates.append(_candidate(name, pair, annotation, meta, unit_id))
        except DocumentError as error:
            key = annotation.key if annotation else ""
            report.rows.append(
                Row(name, pair.first_line, key, pair.heading, WRONG, error.message, error.remedy)
            )
    return candidates


def _candidate(
    name: str, pair: Pair, annotation: Annotation | None, meta: DocumentMeta, unit_id: int
) -> Candidate:
    stem = Path(name).stem
    source = {"file": Path(name).name, "heading": pair.heading, "title": meta.title}
    source["hash"] = hashlib.sha256(pair.answer.encode()).hexdigest()[:16]
    content = Content(
        question=pair.question, answer=pair.answer, unit_id=unit_id, topic=meta.topic, audience=meta.audience,
        effective_to=meta.effective_to, review_due=meta.review_due, source=source,
    )  # fmt: skip
    if annotation is None:
        digest = hashlib.sha256(f"{stem}\n{pair.heading}".encode()).hexdigest()[:8]
        return Candidate(name, pair.first_line, f"{stem[:48]}-{digest}", content, publishable=False)
    basis = []
    for ref in annotation.basis:
        if ref.law not in meta.laws:
            raise DocumentError(
                f"依据《{ref.law}》没有写进文件的“依据”一行", "请在“依据”中补上文件名称、版本日期和条款。"
            )
        basis.append(
            {"law": ref.law, "version": meta.laws[ref.law], "article": ref.article, "phrase": ref.phrase}
        )
    content = replace(
        content, question=annotation.question or pair.heading, basis=tuple(basis),
        audience=annotation.audience or meta.audience,
        topic=annotation.topics[0] if annotation.topics else meta.topic,
        phrasings=tuple({"text": text, "origin": "采编"} for text in annotation.phrasings),
    )  # fmt: skip
    return Candidate(name, pair.first_line, annotation.key, content, publishable=bool(basis))


def _from_table(
    name: str, row: TableRow, units: Mapping[str, int], topics: set[str], report: Report
) -> Candidate | None:
    problem = ""
    if row.unit not in units:
        problem = f"政策制定单位“{row.unit}”不在单位目录中"
    elif row.topic and row.topic not in topics:
        problem = f"主题“{row.topic}”不在主题目录中"
    if problem:
        report.rows.append(Row(name, row.line, row.key, row.question, WRONG, problem, "请改正后重新导入。"))
        return None
    content = Content(
        question=row.question, answer=row.answer, unit_id=units[row.unit], topic=row.topic,
        basis=tuple({"law": text} for text in row.basis), audience=row.audience,
        phrasings=tuple({"text": text, "origin": "导入"} for text in row.phrasings),
        effective_from=row.effective_from, effective_to=row.effective_to, review_due=row.review_due,
        source={"file": Path(name).name, "line": row.line},
    )  # fmt: skip
    key = row.key or f"t-{hashlib.sha256(row.question.encode()).hexdigest()[:12]}"
    return Candidate(name, row.line, key, content, publishable=bool(row.basis))


COMPARED = (
    "question", "answer", "unit_id", "topic", "basis", "phrasings", "audience", "effective_from", "effective_to",
    "review_due",
)  # fmt: skip


def _compare(session: Session, actor: Actor, candidate: Candidate, entry: Entry | None, publish: bool) -> Row:
    def row(status: str, reason: str = "", remedy: str = "") -> Row:
        question = candidate.content.question
        return Row(candidate.file, candidate.line, candidate.key, question, status, reason, remedy)

    if actor.role is Role.UNIT and actor.unit_id != candidate.content.unit_id:
        return row(WRONG, "不是本单位的问答", "请由该单位或专区窗口导入。")
    try:
        content = service.check_content(
            session, candidate.content, for_publication=publish and candidate.publishable,
            entry_id=entry.id if entry else None,
        )  # fmt: skip
    except ServiceError as error:
        return row(WRONG, error.message, error.remedy)
    if entry is None:
        return row(ADDED)
    current = entry.working or entry.published
    if current is not None:
        held, new = asdict(Content.of(current)), asdict(content)
        if all(
            list(held[k]) == list(new[k]) if isinstance(new[k], tuple) else held[k] == new[k]
            for k in COMPARED
        ):
            return row(SAME)
    if entry.working is not None:
        return row(CONFLICT, "本系统中正有人修改这条问答", "请先发布或放弃草稿，再重新导入。")
    if entry.published is not None and entry.published.author_id is not None:
        return row(
            CONFLICT,
            "这条问答在上次导入后已由本单位修改发布",
            "请人工核对后在问答库中编辑，或从文件中去掉这一条。",
        )
    if entry.published is None:
        return row(CONFLICT, "这条问答已被撤回", "确需恢复的，请在问答库中重新起草。")
    return row(CHANGED)


def _mark_repeated(report: Report) -> None:
    """The same key or the same standard question twice in one import is a mistake in the files."""
    seen: dict[str, Row] = {}
    for index, row in enumerate(report.rows):
        if row.status not in (ADDED, CHANGED, SAME):
            continue
        for mark in (f"键 {row.key}", f"标准问“{row.question}”"):
            if mark in seen:
                first = seen[mark]
                report.rows[index] = replace(
                    row, status=WRONG, reason=f"{mark} 与 {first.file} 第 {first.line} 行重复",
                    remedy="请改正其中一处。",
                )  # fmt: skip
                break
            seen[mark] = row


def _take_over(
    session: Session, actor: Actor, candidate: Candidate, entry: Entry | None, publish: bool
) -> None:
    content = service.check_content(
        session, candidate.content, for_publication=False, entry_id=entry.id if entry else None
    )
    if publish and candidate.publishable:
        service.import_published(session, entry, candidate.key, content, actor.name)
    elif entry is None:
        service.create_entry(session, actor, content, candidate.key)
    else:
        service.edit_entry(session, actor, entry, content)
