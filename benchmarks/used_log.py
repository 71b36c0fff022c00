"""A write-ahead log with a past: its segments are used again, as on any server that has run for a while."""

import asyncpg

from entrypoints.development.stack import DevelopmentStack

SEGMENTS = 96
"""Of 16 MB: more than a run writes between two checkpoints."""


async def use_log(stack: DevelopmentStack) -> None:
    """
    Fill segments and checkpoint, so that the next ones are old files under new names (PostgreSQL 18, section 28.5).

    A new server makes each file of 16 MB when it gets there, with zeros and an fsync: at 3,000 transfers a second every
    other second all callers wait for that, which is one in a hundred, and what p99 would show.
    """
    assert stack.servers is not None  # a given server has a past of its own
    connection = await asyncpg.connect(stack.servers.postgres_url, timeout=5, command_timeout=60)
    try:
        for _ in range(SEGMENTS):
            await connection.execute("SELECT pg_logical_emit_message(false, 'benchmark', '')")
            await connection.execute("SELECT pg_switch_wal()")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
