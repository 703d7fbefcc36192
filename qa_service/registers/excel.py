"""The ledger as an Excel workbook, written row by row, and as CSV. Knows columns and rows, no database."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Border, Font, NamedStyle, PatternFill, Side
from openpyxl.utils import get_column_letter

from qa_service.kit.csv_file import BOM, safe_cell
from qa_service.kit.words import writable
from qa_service.registers.columns import COLUMNS, GROUPS, Cell, Column, Kind, LedgerRow

TITLE = "登记、交办、回复台账"
HEAD_ROWS = 2
A4 = 9  # as the format numbers paper sizes
CELL_LIMIT = 32_767  # of Excel
FORMATS = {Kind.DATE: "yyyy-mm-dd", Kind.MOMENT: "yyyy-mm-dd hh:mm", Kind.NUMBER: "0"}
_LINE = Side(style="thin", color="FF999999")
_BORDER = Border(left=_LINE, right=_LINE, top=_LINE, bottom=_LINE)


def write_workbook(path: Path, rows: Iterable[LedgerRow], note: str) -> int:
    """Write the workbook to `path`; returns the number of rows. `note` stands in the printed footer.

    Write-only mode: a row is on the disk before the next is read, so that the size of the ledger does not matter.
    """
    book = Workbook(write_only=True)
    styles = {kind: _style(kind) for kind in Kind}
    for style in styles.values():
        book.add_named_style(style)
    sheet = book.create_sheet("台账")
    _set_up(sheet, note)
    for line in _heads(sheet):
        sheet.append(line)
    count = 0
    # A row is written when it is appended, so that one set of cells, styled once, does for all of them.
    cells = [_styled(sheet, column) for column in COLUMNS]
    for row in rows:
        for cell, column in zip(cells, COLUMNS, strict=True):
            _put(cell, column.value(row))
        sheet.append(cells)
        count += 1
    sheet.auto_filter.ref = f"A{HEAD_ROWS}:{get_column_letter(len(COLUMNS))}{HEAD_ROWS + count}"
    book.save(path)
    return count


def write_csv(path: Path, rows: Iterable[LedgerRow]) -> int:
    """The same columns as CSV with a byte order mark; returns the number of rows."""
    count = 0
    with path.open("w", encoding="utf-8", errors="replace", newline="") as handle:
        handle.write(BOM)
        writer = csv.writer(handle)
        writer.writerow([column.title for column in COLUMNS])
        for row in rows:
            writer.writerow([_plain(column.value(row)) for column in COLUMNS])
            count += 1
    return count


def _plain(value: Cell) -> str | int | float:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, date):
        return value.isoformat()
    return safe_cell(writable(value)) if isinstance(value, str) else value


def _set_up(sheet: Any, note: str) -> None:
    """Widths, frozen heads, and print on A4 landscape with the heads on every page."""
    for index, column in enumerate(COLUMNS, 1):
        sheet.column_dimensions[get_column_letter(index)].width = column.width + 1
    sheet.freeze_panes = f"C{HEAD_ROWS + 1}"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", A4
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = len(GROUPS), 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows, sheet.print_title_cols = f"1:{HEAD_ROWS}", "A:B"
    sheet.page_margins.left = sheet.page_margins.right = 0.4
    sheet.oddHeader.center.text = TITLE
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = note, "第 &P 页，共 &N 页"
    at = 1
    for _, columns in GROUPS:
        sheet.merged_cells.ranges.add(_range(at, at + len(columns) - 1))
        at += len(columns)


def _range(first: int, last: int) -> Any:
    from openpyxl.worksheet.cell_range import CellRange

    return CellRange(min_row=1, max_row=1, min_col=first, max_col=last)


def _heads(sheet: Any) -> Sequence[list[Any]]:
    fill = PatternFill("solid", fgColor="FFE7ECF3")
    lines: tuple[list[Any], list[Any]] = ([], [])
    for group, columns in GROUPS:
        for index, column in enumerate(columns):
            for line, text in zip(lines, (group if index == 0 else None, column.title), strict=True):
                cell = WriteOnlyCell(sheet, text)
                cell.font, cell.fill, cell.border = Font(bold=True), fill, _BORDER
                cell.alignment = Alignment(horizontal="center", vertical="center", wrap_text=True)
                line.append(cell)
    return lines


def _style(kind: Kind) -> NamedStyle:
    style = NamedStyle(f"ledger_{kind}", border=_BORDER)
    number = kind is Kind.NUMBER
    style.alignment = Alignment(
        vertical="top", wrap_text=kind in (Kind.TEXT, Kind.LONG), horizontal="right" if number else "left"
    )
    # Text is kept as text whatever it looks like: also when somebody edits the cell.
    style.number_format = FORMATS.get(kind, "@")
    return style


def _styled(sheet: Any, column: Column) -> Any:
    cell = WriteOnlyCell(sheet)
    cell.style = f"ledger_{column.kind}"
    return cell


def _put(cell: Any, value: Cell) -> None:
    """Text is marked as text: openpyxl takes what begins with "=" for a formula. A date keeps its column's format."""
    if not isinstance(value, str):
        style = cell._style
        cell.value = value
        cell._style = style
        return
    cell.value = safe_cell(writable(value)[: CELL_LIMIT - 1])
    cell.data_type = "s"
