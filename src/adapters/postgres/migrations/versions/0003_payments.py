"""Payments: gateway accounts, payments, refunds, what providers told us."""

from adapters.postgres.migrations.sql_file import run_sql_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
