"""`bursar maintain`: partitions ahead, month snapshots, checkpoints, overdue holds, old keys: what the worker does."""

import asyncio
import os
import secrets
import sys
from argparse import ArgumentParser, Namespace

from core.domain.checkpoints import CheckpointMissing
from core.domain.errors import Unavailable
from core.domain.identifiers import TenantId
from entrypoints.container import Container
from entrypoints.settings import InvalidSettings, Settings
from ports.checkpoint_sink import CopyUnreadable

_ALARM, _UNUSABLE = 1, 2


def add_arguments(_parser: ArgumentParser) -> None:
    """None; the database is in the environment."""


def run(_arguments: Namespace) -> int:
    """
    Do what is due for every tenant.

    0 when all was done; 1 when the journal's partitions end in less than six months, or a checkpoint or its copy could
    not be written; 2 when nothing can be done.
    """
    try:
        return asyncio.run(_maintain())
    except (InvalidSettings, Unavailable) as error:
        print(f"not maintained: {error}", file=sys.stderr)
        return _UNUSABLE


async def _maintain() -> int:
    container = Container(settings=Settings.from_environment(os.environ))
    is_alarming = False
    await container.posting().start()
    try:
        for tenant_id in await container.ledger_inspection().tenants():
            upkeep = await container.maintain_ledger()(tenant_id)
            expired = await container.expire_holds()(tenant_id, trace_id=secrets.token_hex(16))
            print(
                f"tenant {tenant_id}: {upkeep.partitions_made} partitions made ({upkeep.months_ahead} months ahead),"
                f" {upkeep.snapshots_taken} snapshots, {upkeep.keys_forgotten} keys forgotten, {expired} holds expired"
            )
            if upkeep.is_alarming:
                print("ALARM: the journal's partitions end in less than six months", file=sys.stderr)
            has_checkpoint = await _take_checkpoint(container, tenant_id)
            is_alarming = is_alarming or upkeep.is_alarming or not has_checkpoint
    finally:
        await container.posting().stop(grace_seconds=container.settings().shutdown_grace_seconds)
        await container.relay_wake().aclose()
        await container.database().dispose()
    return _ALARM if is_alarming else 0


async def _take_checkpoint(container: Container, tenant_id: TenantId) -> bool:
    """Take one if anything has changed, and say so; False when it, or its copy, could not be written."""
    if container.settings().checkpoint_key_file is None:
        return True
    try:
        checkpoint = await container.take_checkpoint()(tenant_id)
    except (CheckpointMissing, CopyUnreadable, OSError) as error:
        print(f"ALARM: tenant {tenant_id}: checkpoint: {error}", file=sys.stderr)
        return False
    print(f"tenant {tenant_id}: {'nothing new to sign' if checkpoint is None else f'checkpoint {checkpoint.number}'}")
    return True
