"""办理过程: before and after of each act, the chain of digests, the journal, and no way to change what is written.

The digests of existing events are computed here, by a copy of the rule as it was at this revision: the rule may
change later, what this migration wrote may not. Existing events get no `facts`: what the columns were at the time is
not known any more; the next event of a case covers them.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime, timezone
from typing import Any

import sqlalchemy as sa
from alembic import op

from qa_service.kit import database as kit

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

APPEND_ONLY = ("case_events", "case_journal")
REFUSAL = "append-only: {table} 只能追加，不能修改或删除"
_MOMENT = kit.UtcDateTime(timezone=True)


def upgrade() -> None:
    for name in ("before", "after"):
        op.add_column("case_events", sa.Column(name, sa.JSON(), nullable=False, server_default="{}"))
    for name in ("facts", "digest"):
        op.add_column("case_events", sa.Column(name, sa.String(64), nullable=False, server_default=""))
    op.create_table(
        "case_journal",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(48), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event_digest", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_case_journal")),
        sa.UniqueConstraint("number", "seq", name=op.f("uq_case_journal_number")),
    )
    op.create_table(
        "case_journal_head",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_journal_head")),
    )
    _chain_existing(op.get_bind())
    for statement in guards(op.get_bind().dialect.name):
        op.execute(sa.text(statement))


def downgrade() -> None:
    for statement in unguards(op.get_bind().dialect.name):
        op.execute(sa.text(statement))
    op.drop_table("case_journal_head")
    op.drop_table("case_journal")
    with op.batch_alter_table("case_events") as batch_op:
        for name in ("digest", "facts", "after", "before"):
            batch_op.drop_column(name)


def guards(dialect: str) -> list[str]:
    """Triggers that refuse UPDATE and DELETE (and TRUNCATE where there is one)."""
    if dialect == "sqlite":
        return [
            f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{REFUSAL.format(table=table)}'); END"
            for table in APPEND_ONLY
            for verb in ("UPDATE", "DELETE")
        ]
    function = (
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{REFUSAL.format(table='%')}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; "
        "END $$"
    )
    triggers = [
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        for table in APPEND_ONLY
    ]
    return [function, *triggers]


def unguards(dialect: str) -> list[str]:
    if dialect == "sqlite":
        return [f"DROP TRIGGER {table}_no_{verb}" for table in APPEND_ONLY for verb in ("update", "delete")]
    return [f"DROP TRIGGER {table}_append_only ON {table}" for table in APPEND_ONLY] + [
        "DROP FUNCTION refuse_change()"
    ]


def _chain_existing(connection: sa.Connection) -> None:
    """Digests for the events there are, case by case, and a journal of them in the order of their keys."""
    events = sa.table(
        "case_events", sa.column("id"), sa.column("case_id"), sa.column("seq"), sa.column("event"),
        sa.column("at", _MOMENT), sa.column("actor_role"), sa.column("actor_id"), sa.column("actor_name"),
        sa.column("from_state"), sa.column("to_state"), sa.column("sentence"), sa.column("audience"),
        sa.column("data", sa.JSON()), sa.column("digest"),
    )  # fmt: skip
    cases = sa.table("cases", sa.column("id"), sa.column("number"))
    numbers = {row.id: row.number for row in connection.execute(sa.select(cases))}
    columns = [column for column in events.c if column.name != "digest"]
    rows = connection.execute(sa.select(*columns).order_by(events.c.case_id, events.c.seq)).mappings().all()
    last: dict[int, str] = {}
    entered: list[tuple[int, str, int, str]] = []
    for row in rows:
        content = {key: value for key, value in row.items() if key not in ("id", "case_id")}
        number = numbers[row["case_id"]]
        digest = _digest({**content, "number": number, "previous": last.get(row["case_id"], "")})
        last[row["case_id"]] = digest
        entered.append((row["id"], number, row["seq"], digest))
    if entered:
        connection.execute(
            events.update().where(events.c.id == sa.bindparam("key")).values(digest=sa.bindparam("made")),
            [{"key": key, "made": digest} for key, _, _, digest in entered],
        )
    journal = sa.table(
        "case_journal", *map(sa.column, ("position", "number", "seq", "event_digest", "digest"))
    )
    end, lines = "", []
    for position, (_, number, seq, digest) in enumerate(sorted(entered), start=1):
        end = _digest({"previous": end, "position": position, "number": number, "seq": seq, "event": digest})
        lines.append(
            {"position": position, "number": number, "seq": seq, "event_digest": digest, "digest": end}
        )
    if lines:
        connection.execute(journal.insert(), lines)
    head = sa.table("case_journal_head", *map(sa.column, ("id", "position", "digest")))
    connection.execute(head.insert(), [{"id": 1, "position": len(lines), "digest": end}])


def _digest(content: dict[str, Any]) -> str:
    said = {key: _plain(value) for key, value in content.items() if value}
    line = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(line.encode("utf-8", "surrogatepass")).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(timezone.utc).isoformat(timespec="microseconds")  # noqa: UP017
    return value
