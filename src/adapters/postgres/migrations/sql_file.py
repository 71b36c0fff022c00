"""Migrations written in SQL: a revision runs the file beside it."""

from pathlib import Path

import asyncpg
from alembic import op


def run_sql_beside(revision_file: str) -> None:
    """Run the SQL file of the same name, in the revision's transaction."""
    statements = Path(revision_file).with_suffix(".sql").read_text(encoding="utf-8")

    async def execute(driver: "asyncpg.Connection[asyncpg.Record]") -> None:
        assert driver.is_in_transaction()
        await driver.execute(statements)

    op.execute("SELECT 1")  # SQLAlchemy opens its transaction lazily, with the first thing said through it
    op.get_bind().connection.run_async(execute)
