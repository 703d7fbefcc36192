"""initial schema"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from qa_service.kit import database as kit

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_role", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("target", sa.String(length=128), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
    )
    with op.batch_alter_table("audit_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_events_at"), ["at"], unique=False)

    op.create_table(
        "calibrations",
        sa.Column("encoder_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("library_fingerprint", sa.String(length=64), nullable=False),
        sa.Column("library_size", sa.Integer(), nullable=False),
        sa.Column("library_revision", sa.Integer(), nullable=False),
        sa.Column("fitted_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("encoder_fingerprint", name=op.f("pk_calibrations")),
    )
    op.create_table(
        "entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("published_version_id", sa.Integer(), nullable=True),
        sa.Column("working_version_id", sa.Integer(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["published_version_id"],
            ["entry_versions.id"],
            name="fk_entries_published_version_id",
            use_alter=True,
        ),
        sa.ForeignKeyConstraint(
            ["working_version_id"],
            ["entry_versions.id"],
            name="fk_entries_working_version_id",
            use_alter=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("key", name=op.f("uq_entries_key")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entries_revision"), ["revision"], unique=False)

    op.create_table(
        "library_revision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_library_revision")),
    )
    op.create_table(
        "limits",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("starts", sa.String(length=255), nullable=False),
        sa.Column("pauses", sa.String(length=255), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_limits")),
    )
    op.create_table(
        "throttles",
        sa.Column("bucket", sa.String(length=128), nullable=False),
        sa.Column("window_start", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_throttles")),
    )
    op.create_table(
        "topics",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kiosk", sa.String(length=32), nullable=False),
        sa.Column("group_name", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_topics")),
    )
    op.create_table(
        "units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("short_name", sa.String(length=64), nullable=False),
        sa.Column("duties", sa.Text(), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("hours", sa.String(length=255), nullable=False),
        sa.Column("topics", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_units")),
        sa.UniqueConstraint("code", name=op.f("uq_units_code")),
        sa.UniqueConstraint("name", name=op.f("uq_units_name")),
    )
    op.create_table(
        "vectors",
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "key", name=op.f("pk_vectors")),
    )
    op.create_table(
        "work_calendar",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("entered_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_work_calendar")),
    )
    op.create_table(
        "zones",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("level", sa.String(length=16), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("venue", sa.String(length=128), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("hours", sa.String(length=255), nullable=False),
        sa.Column("areas", sa.JSON(), nullable=False),
        sa.Column("accepts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["zones.id"], name=op.f("fk_zones_parent_id_zones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_zones")),
        sa.UniqueConstraint("code", name=op.f("uq_zones_code")),
        sa.UniqueConstraint("name", name=op.f("uq_zones_name")),
    )
    with op.batch_alter_table("zones", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_zones_path"), ["path"], unique=False)

    op.create_table(
        "case_counters",
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_case_counters_zone_id_zones")),
        sa.PrimaryKeyConstraint("zone_id", "kind", "year", name=op.f("pk_case_counters")),
    )
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("number", sa.String(length=48), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=24), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("holder_unit_id", sa.Integer(), nullable=True),
        sa.Column("registered_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("acted_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("query_code", sa.String(length=16), nullable=False),
        sa.Column("idempotency_key", sa.String(length=128), nullable=True),
        sa.Column("limit_code", sa.String(length=64), nullable=True),
        sa.Column("clock_started_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_status", sa.String(length=16), nullable=False),
        sa.Column("due_steps", sa.JSON(), nullable=False),
        sa.Column("met_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["holder_unit_id"], ["units.id"], name=op.f("fk_cases_holder_unit_id_units")),
        sa.ForeignKeyConstraint(["limit_code"], ["limits.code"], name=op.f("fk_cases_limit_code_limits")),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_cases_zone_id_zones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_cases_idempotency_key")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number")),
        sa.UniqueConstraint("query_code", name=op.f("uq_cases_query_code")),
        sa.UniqueConstraint("zone_id", "kind", "year", "serial", name=op.f("uq_cases_zone_id")),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        batch_op.create_index("ix_cases_holder_state", ["holder_unit_id", "state"], unique=False)
        batch_op.create_index("ix_cases_kind_state_due_on", ["kind", "state", "due_on"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_registered_at"), ["registered_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_cases_zone_id"), ["zone_id"], unique=False)

    op.create_table(
        "kiosks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("last_seen", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("help_called_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_kiosks_zone_id_zones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kiosks")),
        sa.UniqueConstraint("code", name=op.f("uq_kiosks_code")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_kiosks_token_hash")),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=True),
        sa.Column("zone_id", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role <> 'desk' OR zone_id IS NOT NULL", name=op.f("ck_users_desk_role_has_zone")),
        sa.CheckConstraint("role <> 'unit' OR unit_id IS NOT NULL", name=op.f("ck_users_unit_role_has_unit")),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_users_unit_id_units")),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_users_zone_id_zones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("username", name=op.f("uq_users_username")),
    )
    op.create_table(
        "case_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("event", sa.String(length=32), nullable=False),
        sa.Column("at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("actor_role", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(length=64), nullable=False),
        sa.Column("from_state", sa.String(length=24), nullable=False),
        sa.Column("to_state", sa.String(length=24), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_events_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_events")),
        sa.UniqueConstraint("case_id", "seq", name=op.f("uq_case_events_case_id")),
    )
    with op.batch_alter_table("case_events", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_case_events_case_id"), ["case_id"], unique=False)

    op.create_table(
        "entry_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("question", sa.String(length=128), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("basis", sa.JSON(), nullable=False),
        sa.Column("phrasings", sa.JSON(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("audience", sa.JSON(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.Column("effective_to", sa.Date(), nullable=True),
        sa.Column("review_due", sa.Date(), nullable=True),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("author_name", sa.String(length=64), nullable=False),
        sa.Column("reviewer_id", sa.Integer(), nullable=True),
        sa.Column("reviewer_name", sa.String(length=64), nullable=False),
        sa.Column("created_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("published_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("retired_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "reviewer_id IS NULL OR author_id IS NULL OR reviewer_id <> author_id",
            name=op.f("ck_entry_versions_two_people"),
        ),
        sa.ForeignKeyConstraint(["author_id"], ["users.id"], name=op.f("fk_entry_versions_author_id_users")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["entries.id"], name=op.f("fk_entry_versions_entry_id_entries")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["users.id"], name=op.f("fk_entry_versions_reviewer_id_users")
        ),
        sa.ForeignKeyConstraint(["unit_id"], ["units.id"], name=op.f("fk_entry_versions_unit_id_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry_versions")),
        sa.UniqueConstraint("entry_id", "number", name=op.f("uq_entry_versions_entry_id")),
    )
    with op.batch_alter_table("entry_versions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_entry_versions_entry_id"), ["entry_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_entry_versions_question"), ["question"], unique=False)
        batch_op.create_index(batch_op.f("ix_entry_versions_state"), ["state"], unique=False)
        batch_op.create_index(batch_op.f("ix_entry_versions_topic"), ["topic"], unique=False)
        batch_op.create_index(batch_op.f("ix_entry_versions_unit_id"), ["unit_id"], unique=False)

    op.create_table(
        "sign_in_sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("expires_at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_sign_in_sessions_user_id_users")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_sessions")),
    )
    with op.batch_alter_table("sign_in_sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_sessions_user_id"), ["user_id"], unique=False)

    op.create_table(
        "query_log",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", kit.UtcDateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("zone_id", sa.Integer(), nullable=True),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("hits", sa.JSON(), nullable=False),
        sa.Column("library_revision", sa.Integer(), nullable=False),
        sa.Column("chosen_version_id", sa.Integer(), nullable=True),
        sa.Column("milliseconds", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["chosen_version_id"],
            ["entry_versions.id"],
            name=op.f("fk_query_log_chosen_version_id_entry_versions"),
        ),
        sa.ForeignKeyConstraint(["zone_id"], ["zones.id"], name=op.f("fk_query_log_zone_id_zones")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_query_log")),
    )
    with op.batch_alter_table("query_log", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_query_log_at"), ["at"], unique=False)
        batch_op.create_index("ix_query_log_outcome_at", ["outcome", "at"], unique=False)

    op.create_table(
        "consultations",
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("person_name", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=128), nullable=False),
        sa.Column("contact_last4", sa.String(length=4), nullable=False),
        sa.Column("audience", sa.String(length=32), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("trace_id", sa.String(length=32), nullable=False),
        sa.Column("first_asked_id", sa.Integer(), nullable=True),
        sa.Column("first_asked_name", sa.String(length=64), nullable=False),
        sa.Column("entry_version_id", sa.Integer(), nullable=True),
        sa.Column("guided_to", sa.String(length=128), nullable=False),
        sa.Column("guided_contact", sa.String(length=255), nullable=False),
        sa.Column("no_contact_reason", sa.String(length=255), nullable=False),
        sa.Column("assigned_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("assigned_by", sa.String(length=64), nullable=False),
        sa.Column("policy_clue", sa.Text(), nullable=False),
        sa.Column("designated", sa.Boolean(), nullable=False),
        sa.Column("returns", sa.Integer(), nullable=False),
        sa.Column("signed_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("signed_by", sa.String(length=64), nullable=False),
        sa.Column("reply_text", sa.Text(), nullable=False),
        sa.Column("reply_basis", sa.JSON(), nullable=False),
        sa.Column("reply_unit_id", sa.Integer(), nullable=True),
        sa.Column("replied_by", sa.String(length=64), nullable=False),
        sa.Column("replied_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("told_how", sa.String(length=16), nullable=False),
        sa.Column("told_by", sa.String(length=64), nullable=False),
        sa.Column("told_at", kit.UtcDateTime(timezone=True), nullable=True),
        sa.Column("library_decision", sa.String(length=16), nullable=False),
        sa.Column("library_reason", sa.Text(), nullable=False),
        sa.Column("library_entry_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_consultations_case_id_cases")),
        sa.ForeignKeyConstraint(
            ["entry_version_id"],
            ["entry_versions.id"],
            name=op.f("fk_consultations_entry_version_id_entry_versions"),
        ),
        sa.ForeignKeyConstraint(
            ["first_asked_id"], ["users.id"], name=op.f("fk_consultations_first_asked_id_users")
        ),
        sa.ForeignKeyConstraint(
            ["library_entry_id"], ["entries.id"], name=op.f("fk_consultations_library_entry_id_entries")
        ),
        sa.ForeignKeyConstraint(
            ["reply_unit_id"], ["units.id"], name=op.f("fk_consultations_reply_unit_id_units")
        ),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["query_log.id"], name=op.f("fk_consultations_trace_id_query_log")
        ),
        sa.PrimaryKeyConstraint("case_id", name=op.f("pk_consultations")),
    )
    # Entries and their versions point at each other. SQLite takes both in CREATE TABLE and cannot alter.
    if op.get_bind().dialect.name != "sqlite":
        for column in ("published_version_id", "working_version_id"):
            op.create_foreign_key(f"fk_entries_{column}", "entries", "entry_versions", [column], ["id"])


def downgrade() -> None:
    raise RuntimeError("the first schema has nothing before it")
