"""`bursar maintain`: partitions ahead, month snapshots, checkpoints, overdue holds, old keys."""

import asyncio
import os
import secrets
import sys
from argparse import ArgumentParser, Namespace

_ALARM = 1


def add_arguments(_parser: ArgumentParser) -> None:
    """None; the database is in the environment."""


def run(_arguments: Namespace) -> int:
    """Do what is due for every tenant; 1 when the journal's partitions end in less than six months."""
    return asyncio.run(_maintain())


async def _maintain() -> int:
    from entrypoints.container import Container
    from entrypoints.settings import Settings

    container = Container(settings=Settings.from_environment(os.environ))
    alarming = False
    await container.posting().start()
    try:
        for tenant_id in await container.ledger_inspection().tenants():
            upkeep = await container.maintain_ledger()(tenant_id)
            expired = await container.expire_holds()(tenant_id, trace_id=secrets.token_hex(16))
            checkpoint = None
            if container.settings().checkpoint_key_file is not None:
                checkpoint = await container.take_checkpoint()(tenant_id)
            print(
                f"tenant {tenant_id}: {upkeep.partitions_made} partitions made ({upkeep.months_ahead} months ahead),"
                f" {upkeep.snapshots_taken} snapshots, {upkeep.keys_forgotten} keys forgotten, {expired} holds expired,"
                f" {'checkpoint ' + str(checkpoint.number) if checkpoint else 'no new checkpoint'}"
            )
            if upkeep.is_alarming:
                print("ALARM: the journal's partitions end in less than six months", file=sys.stderr)
                alarming = True
    finally:
        await container.posting().stop(grace_seconds=container.settings().shutdown_grace_seconds)
        await container.database().dispose()
    return _ALARM if alarming else 0
