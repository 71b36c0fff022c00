"""The ledger: journal, accounts, holds, idempotency keys, outbox, proofs."""

from pathlib import Path

import asyncpg
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Run the SQL beside this file, in the revision's transaction."""
    statements = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")

    async def execute(driver: "asyncpg.Connection[asyncpg.Record]") -> None:
        # SQLAlchemy opens its transaction lazily; by now Alembic has spoken through it.
        assert driver.is_in_transaction()
        await driver.execute(statements)

    op.get_bind().connection.run_async(execute)
