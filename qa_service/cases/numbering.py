"""编号: `{专区代码}-{类别}-{YYYYMMDD}-{4 位流水}`, the serial gapless per zone, kind and year."""

from __future__ import annotations

import secrets
from datetime import date

from sqlalchemy.orm import Session

from qa_service.cases.models import CaseCounter
from qa_service.kit.database import insert_into

# Without 0/O, 1/I/L, 2/Z, 5/S, 8/B: read over the phone and typed on a kiosk without confusion.
CODE_ALPHABET = "34679ACDEFGHJKMNPQRTUVWXY"
CODE_LENGTH = 10


def next_serial(session: Session, zone_id: int, kind: str, year: int) -> int:
    """The next serial, from 1. The counter's row stays locked until the transaction ends, so a rolled
    back registration gives its number to the next one and no two get the same."""
    first = insert_into(session, CaseCounter).values(zone_id=zone_id, kind=kind, year=year, last=1)
    statement = first.on_conflict_do_update(
        index_elements=["zone_id", "kind", "year"], set_={"last": CaseCounter.last + 1}
    )
    return session.execute(statement.returning(CaseCounter.last)).scalar_one()


def case_number(zone_code: str, category: str, day: date, serial: int) -> str:
    return f"{zone_code}-{category}-{day:%Y%m%d}-{serial:04d}"


def new_query_code() -> str:
    """查询码: ten characters, about 46 bits, without any personal detail in it."""
    return "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
