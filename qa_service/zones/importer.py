"""Loading a zone folder: units, topics, zones, time limits and the working-day calendar.

Repeatable: rows are matched by their code. What an administrator has changed since is left alone.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select
from sqlalchemy.orm import Session

from qa_service.accounts.models import Unit
from qa_service.errors import Invalid
from qa_service.workdays.calendar_file import CalendarFileError, parse_rows
from qa_service.zones.calendar import store_calendar
from qa_service.zones.models import Limit, Topic, WorkCalendarDay, Zone

FILES = ("units.yaml", "topics.yaml", "zones.yaml", "limits.yaml", "calendar.csv")


def is_zone_folder(folder: Path) -> bool:
    return (folder / "zones.yaml").is_file() and (folder / "units.yaml").is_file()


def import_zone_folder(session: Session, folder: Path) -> dict[str, int]:
    """Load what is new in the folder; returns the number of new rows by file. The caller commits."""
    added = {
        "units.yaml": _add_missing(session, Unit, "code", _rows(folder / "units.yaml", "units")),
        "topics.yaml": _import_topics(session, _rows(folder / "topics.yaml", "topics")),
        "zones.yaml": _import_zones(session, _rows(folder / "zones.yaml", "zones")),
        "limits.yaml": _import_limits(session, _rows(folder / "limits.yaml", "limits")),
    }
    path = folder / "calendar.csv"
    if session.scalar(select(WorkCalendarDay.day).limit(1)) is None:
        try:
            added["calendar.csv"] = store_calendar(session, parse_rows(path.read_bytes()))
        except CalendarFileError as error:
            raise Invalid(f"{path.name}：{error}", "请改正后重新导入，现在没有导入任何内容。") from error
    return added


def _rows(path: Path, key: str) -> list[dict[str, Any]]:
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8"))
        rows = loaded[key]
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise TypeError
    except (yaml.YAMLError, TypeError, KeyError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"第 {mark.line + 1} 行" if mark else ""
        raise Invalid(
            f"{path.name}{where}：格式不对，应为“{key}:”下的列表。", "请参照随软件附带的同名文件改正。"
        ) from error
    return rows


def _add_missing(session: Session, model: type[Any], key: str, rows: list[dict[str, Any]]) -> int:
    column = getattr(model, key)
    known = set(session.scalars(select(column)))
    new = [row for row in rows if row[key] not in known]
    session.add_all(model(**row) for row in new)
    session.flush()
    return len(new)


def _import_topics(session: Session, rows: list[dict[str, Any]]) -> int:
    renamed = [
        {"name": r["name"], "position": r["order"], "kiosk": r.get("kiosk", ""), "group": r.get("group", "")}
        for r in rows
    ]
    return _add_missing(session, Topic, "name", renamed)


def _import_zones(session: Session, rows: list[dict[str, Any]]) -> int:
    """Parents before children, whatever the order in the file."""
    known = {zone.code: zone for zone in session.scalars(select(Zone))}
    waiting, added = [row for row in rows if row["code"] not in known], 0
    while waiting:
        ready = [row for row in waiting if not row.get("parent") or row["parent"] in known]
        if not ready:
            names = "、".join(row["code"] for row in waiting)
            raise Invalid(f"zones.yaml：专区 {names} 的上级专区不存在。", "请核对 parent。")
        for row in ready:
            values = {k: v for k, v in row.items() if k != "parent"}
            parent = known.get(row.get("parent") or "")
            path = f"{parent.path if parent else '/'}{row['code']}/"
            zone = Zone(**values, parent_id=parent.id if parent else None, path=path)
            session.add(zone)
            session.flush()
            known[row["code"]] = zone
            added += 1
        waiting = [row for row in waiting if row["code"] not in known]
    return added


def _import_limits(session: Session, rows: list[dict[str, Any]]) -> int:
    flat = []
    for row in rows:
        basis = row["basis"]
        pauses = row.get("pauses") or []
        flat.append(
            {**row, "basis": f"《{basis['law']}》{basis['article']}",
             "pauses": "；".join(pauses) if isinstance(pauses, list) else str(pauses)}
        )  # fmt: skip
    return _add_missing(session, Limit, "code", flat)
