"""Alembic environment: uses the connection that `upgrade` (or a developer's `alembic` call) hands in."""

from __future__ import annotations

from alembic import context

from qa_service import models

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=models.metadata,
    render_as_batch=True,
    compare_type=True,
    user_module_prefix="kit.",
)
with context.begin_transaction():
    context.run_migrations()
