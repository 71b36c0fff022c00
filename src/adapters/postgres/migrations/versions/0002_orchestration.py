"""Orchestration: operations, orders, the event log, outgoing webhooks, dead letters, reconciliations."""

from adapters.postgres.migrations.sql_file import run_sql_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
