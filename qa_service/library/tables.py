"""Entries in a table: .xlsx, .csv or .jsonl, one entry a row, columns by their Chinese names."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from charset_normalizer import from_bytes

from qa_service.extraction.types import DocumentError

TABLE_SUFFIXES = (".xlsx", ".csv", ".jsonl")
COLUMNS = {
    "编号": "key", "标准问": "question", "答复": "answer", "群众问法": "phrasings", "依据": "basis",
    "政策制定单位": "unit", "主题": "topic", "适用对象": "audience", "生效日期": "effective_from",
    "失效日期": "effective_to", "复核日期": "review_due",
}  # fmt: skip
NEEDED = ("标准问", "答复", "政策制定单位")
MANY = ("phrasings", "basis", "audience")
DATES = ("effective_from", "effective_to", "review_due")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row as read; several phrasings, bases or audiences stand on lines of their own in the cell."""

    line: int
    question: str
    answer: str
    unit: str
    key: str = ""
    phrasings: tuple[str, ...] = ()
    basis: tuple[str, ...] = ()
    topic: str = ""
    audience: tuple[str, ...] = ()
    effective_from: date | None = None
    effective_to: date | None = None
    review_due: date | None = None


def read_table(name: str, data: bytes) -> list[TableRow]:
    """Rows of the table. Raises DocumentError naming the line, the reason and the remedy."""
    suffix = Path(name).suffix.lower()
    lines = {".xlsx": _xlsx, ".csv": _csv, ".jsonl": _jsonl}[suffix](data)
    rows = [_row(line, cells) for line, cells in lines if any(str(v or "").strip() for v in cells.values())]
    if not rows:
        raise DocumentError("表格里没有问答", "第一行应为表头，从第二行起每行一条问答。")
    return rows


def _row(line: int, cells: dict[str, Any]) -> TableRow:
    missing = [column for column in NEEDED if not str(cells.get(column) or "").strip()]
    if missing:
        raise DocumentError(f"第 {line} 行缺少：{'、'.join(missing)}", "请补齐后重新导入。", line)
    values: dict[str, Any] = {}
    for column, field in COLUMNS.items():
        raw = cells.get(column)
        if raw is None or str(raw).strip() == "":
            continue
        if field in MANY:
            parts = raw if isinstance(raw, list) else str(raw).splitlines()
            values[field] = tuple(str(part).strip() for part in parts if str(part).strip())
        elif field in DATES:
            values[field] = _date(line, column, raw)
        else:
            values[field] = str(raw).strip()
    return TableRow(line=line, **values)


def _date(line: int, column: str, raw: Any) -> date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    text = str(raw).strip().replace("/", "-").replace("年", "-").replace("月", "-").rstrip("日")
    try:
        year, month, day = (int(part) for part in text.split("-"))
        return date(year, month, day)
    except ValueError:
        raise DocumentError(f"第 {line} 行的{column}“{raw}”不是日期", "请写成 2026-11-22。", line) from None


def _check_header(header: list[str]) -> None:
    missing = [column for column in NEEDED if column not in header]
    if missing:
        raise DocumentError(
            f"表头缺少：{'、'.join(missing)}", f"第一行应为列名，可用的列：{'、'.join(COLUMNS)}。", 1
        )
    unknown = [column for column in header if column and column not in COLUMNS]
    if unknown:
        raise DocumentError(f"不认识的列：{'、'.join(unknown)}", f"可用的列：{'、'.join(COLUMNS)}。", 1)


def _xlsx(data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    from openpyxl import load_workbook

    try:
        sheet = load_workbook(io.BytesIO(data), read_only=True, data_only=True).worksheets[0]
        rows = list(sheet.iter_rows(values_only=True))
    except Exception as error:  # openpyxl raises many kinds for a damaged file
        raise DocumentError(
            "Excel 文件打不开，可能已损坏", "请用 Excel 或 WPS 重新另存为 .xlsx 后再导入。"
        ) from error
    header = [str(cell or "").strip() for cell in (rows[0] if rows else ())]
    _check_header(header)
    for line, row in enumerate(rows[1:], 2):
        yield line, {name: value for name, value in zip(header, row, strict=False) if name}


def _csv(data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    best = from_bytes(data, cp_isolation=["utf_8", "gb18030", "utf_16"]).best()
    if best is None:
        raise DocumentError("CSV 文件的文字编码无法识别", "请另存为“CSV UTF-8”后再导入。")
    try:
        reader = csv.reader(io.StringIO(str(best).lstrip("\ufeff"), newline=""), strict=True)
        header = [name.strip() for name in next(reader, [])]
        _check_header(header)
        # Rows as a spreadsheet numbers them: a cell of several lines is still one row.
        for line, cells in enumerate(reader, 2):
            if len(cells) > len(header):
                raise DocumentError(f"第 {line} 行的列数比表头多", "含逗号的内容请加英文引号。", line)
            yield line, dict(zip(header, cells, strict=False))
    except csv.Error as error:
        raise DocumentError(f"CSV 格式有误：{error}", "请检查引号是否成对。") from error


def _jsonl(data: bytes) -> Iterator[tuple[int, dict[str, Any]]]:
    english = {field: column for column, field in COLUMNS.items()}
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DocumentError("JSONL 文件不是 UTF-8 编码", "请另存为 UTF-8 后再导入。") from None
    for line, raw in enumerate(text.splitlines(), 1):
        if not raw.strip():
            continue
        try:
            item = json.loads(raw)
        except json.JSONDecodeError as error:
            raise DocumentError(
                f"第 {line} 行不是有效的 JSON：{error.msg}", "每行应为一个 JSON 对象。", line
            ) from None
        if not isinstance(item, dict):
            raise DocumentError(f"第 {line} 行不是 JSON 对象", "每行应为一个 JSON 对象。", line)
        yield line, {english.get(str(name), str(name)): value for name, value in item.items()}
