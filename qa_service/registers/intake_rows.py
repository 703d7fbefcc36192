"""Orders of another system as a CSV table: columns by their Chinese names, after 12345 orders (DOMAIN §4.5). Pure.

A row is an `Order` of the JSON intake, so that an order means the same whichever way it comes.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from qa_service.consultations.schemas import QUESTION_LIMIT
from qa_service.errors import Invalid
from qa_service.integration.schemas import Order
from qa_service.kit import clock

ROW_LIMIT = 1000
SIZE_LIMIT = 5 * 1024 * 1024

# Column → field, and what it holds; the first name of a field is the one of the sample file.
COLUMNS: dict[str, tuple[str, str]] = {
    "工单号": ("order_no", "必填。同一系统内不重复，字母、数字、横线，64 字以内"),
    "诉求内容": ("content", f"必填。咨询的问题，{QUESTION_LIMIT} 字以内"),
    "诉求类型": ("kind", "咨询；其他类型不收"),
    "诉求人": ("person_name", "称谓"),
    "保密": ("confidential", "是、否；是的不保存诉求人"),
    "电话": ("contact", "手机号、带区号的固定电话或邮箱"),
    "渠道": ("channel", "热线、网站；空为热线"),
    "诉求时间": ("asked_at", "如 2026-11-26 09:30"),
    "事发地": ("place", ""),
    "主题": ("topics", "至多三级，用“；”或“/”分开"),
    "紧急程度": ("urgency", "紧急、特急、加急的登记为紧急，其他为一般"),
    "派单时间": ("dispatched_at", "如 2026-11-26 09:30"),
    "办理时限": ("reply_by", "来单方要求的时限，只作记录"),
    "重复工单号": ("duplicate_of", "与哪张工单重复"),
}
ALIASES = {
    "联系方式": "电话",
    "联系电话": "电话",
    "内容": "诉求内容",
    "是否保密": "保密",
    "紧急度": "紧急程度",
    "类型": "诉求类型",
}
NEEDED = ("工单号", "诉求内容")
FIELD_COLUMNS = {field: column for column, (field, _) in COLUMNS.items()}
YES_NO = {"是": True, "否": False, "1": True, "0": False, "": False}
CHANNELS = {
    "热线": "phone",
    "电话": "phone",
    "12345": "phone",
    "网站": "web",
    "门户": "web",
    "网络": "web",
    "": "phone",
}
TIMES = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d")
# What a spreadsheet makes of a long number.
_MANGLED = re.compile(r"\d(\.\d+)?[eE]\+\d+")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the file: the order, or why it is none."""

    number: int
    order_no: str
    content: str
    row: Order | None
    reason: str = ""
    remedy: str = ""


def read_rows(data: bytes) -> list[Line]:
    """Every line of the table, sound or not. Raises Invalid where the file as a whole cannot be read."""
    reader = csv.reader(io.StringIO(_decode(data), newline=""), strict=True)
    try:
        head = [ALIASES.get(name.strip(), name.strip()) for name in next(reader, [])]
        _check_head(head)
        lines = [
            _line(number, head, cells)
            for number, cells in enumerate(reader, 2)
            if any(c.strip() for c in cells)
        ]
    except csv.Error as error:
        raise Invalid("CSV 格式有误，引号没有成对。", "请用表格软件重新另存为 CSV 再上传。") from error
    if not lines:
        raise Invalid("文件里没有工单。", "第一行是列名，从第二行起每行一张工单。")
    if len(lines) > ROW_LIMIT:
        raise Invalid(f"文件有 {len(lines)} 张工单，一次最多 {ROW_LIMIT} 张。", "请分成几个文件。")
    return lines


def _decode(data: bytes) -> str:
    if len(data) > SIZE_LIMIT:
        raise Invalid("文件超过 5 MB。", "请分成几个文件。")
    encodings = ("utf-16",) if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "gb18030")
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Invalid("文件不是 CSV 文本，或者文字编码无法识别。", "请另存为“CSV UTF-8”再上传。")


def _check_head(head: list[str]) -> None:
    missing = [column for column in NEEDED if column not in head]
    unknown = [column for column in head if column and column not in COLUMNS]
    repeated = sorted({column for column in head if column and head.count(column) > 1})
    for what, columns in (("缺少", missing), ("有不认识的列", unknown), ("有重复的列", repeated)):
        if columns:
            raise Invalid(f"第一行{what}：{'、'.join(columns)}。", f"可用的列：{'、'.join(COLUMNS)}。")


def _line(number: int, head: list[str], cells: list[str]) -> Line:
    given = {name: _unquoted(value) for name, value in zip(head, cells, strict=False) if name}
    order_no, content = given.get("工单号", ""), given.get("诉求内容", "")
    if len(cells) > len(head) and any(cell.strip() for cell in cells[len(head) :]):
        return Line(number, order_no, content, None, "列数比第一行多", "含逗号的内容请加英文引号。")
    if _MANGLED.fullmatch(order_no):
        return Line(
            number,
            order_no,
            content,
            None,
            "工单号被表格软件改成了科学计数法",
            "请把工单号一列设为文本格式，重新填写。",
        )
    try:
        return Line(number, order_no, content, Order.model_validate(dict(_fields(given))))
    except _BadCell as bad:
        return Line(number, order_no, content, None, f"{bad.column}“{bad.value}”{bad.reason}", bad.remedy)
    except ValidationError as error:
        return Line(number, order_no, content, None, *_say(error))


def _unquoted(value: str) -> str:
    """Exports put an apostrophe before what looks like a formula; it is not part of the text."""
    value = value.strip()
    return value[1:] if re.match(r"'[=+\-@＝＋－＠]", value) else value


class _BadCell(Exception):
    def __init__(self, column: str, value: str, reason: str, remedy: str) -> None:
        super().__init__(column)
        self.column, self.value, self.reason, self.remedy = column, value, reason, remedy


def _fields(given: dict[str, str]) -> Iterator[tuple[str, Any]]:
    for column, value in given.items():
        field = COLUMNS[column][0]
        if field == "kind":
            if value not in ("", "咨询"):
                raise _BadCell(column, value, "不是咨询", "投诉、举报、求助不在这里登记，请从文件中去掉。")
        elif field == "confidential":
            if value not in YES_NO:
                raise _BadCell(column, value, "看不懂", "请填“是”或“否”。")
            yield field, YES_NO[value]
        elif field == "channel":
            if value not in CHANNELS:
                raise _BadCell(column, value, "不是可选的渠道", "请填“热线”或“网站”。")
            yield field, CHANNELS[value]
        elif field in ("asked_at", "dispatched_at", "reply_by"):
            yield field, _moment(column, value)
        elif field == "topics":
            yield field, [part.strip() for part in re.split(r"[；;/]", value) if part.strip()]
        else:
            yield field, value


def _moment(column: str, value: str) -> datetime | None:
    """A moment in China; 2026/11/26 9:30 and 2026年11月26日 as well."""
    plain = re.sub(r"\s+", " ", re.sub(r"[年月/.]", "-", value).replace("日", " ")).strip()
    for form in TIMES if plain else ():
        try:
            return datetime.strptime(plain, form).replace(tzinfo=clock.CHINA)
        except ValueError:
            continue
    if plain:
        raise _BadCell(column, value, "不是日期", "请写成 2026-11-26 09:30。")
    return None


def _say(error: ValidationError) -> tuple[str, str]:
    item = error.errors()[0]
    column = FIELD_COLUMNS.get(str(item["loc"][0]), "")
    match item["type"]:
        case "missing" | "string_too_short":
            return f"{column}没有填", "请补上。"
        case "string_too_long":
            return f"{column}太长，最多 {item['ctx']['max_length']} 字", "请缩短。"
        case "too_long":
            return "主题超过三级", "请只写前三级。"
        case "string_pattern_mismatch" if not str(item["input"]).strip():
            return f"{column}没有填", "请补上。"
        case "string_pattern_mismatch":
            return "工单号里有不能用的字符", "只用字母、数字、横线和下划线，64 字以内。"
    return f"{column}格式不对", "请按列的说明填写。"
