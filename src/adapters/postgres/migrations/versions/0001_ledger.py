"""The ledger: journal, accounts, holds, idempotency keys, outbox, proofs."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL beside this file, in the revision's transaction."""
    statements = Path(__file__).with_suffix(".sql").read_text()
    op.get_bind().connection.run_async(lambda driver: driver.execute(statements))
