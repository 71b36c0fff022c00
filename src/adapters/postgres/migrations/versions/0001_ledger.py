"""The ledger: journal, accounts, holds, idempotency keys, outbox, proofs."""

from adapters.postgres.migrations.sql_file import run_sql_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql_beside(__file__)
