"""Ending tasks that speak to Redis."""

import asyncio
from collections.abc import Collection
from typing import Any

_ASK_AGAIN_SECONDS = 0.2
_PATIENCE_SECONDS = 5.0


async def end(tasks: Collection["asyncio.Task[Any]"]) -> None:
    """
    Cancel the tasks until they have ended, for five seconds at most.

    Asking once is not enough: `asyncio.wait_for` of Python 3.11, by which redis-py sends, swallows a cancellation that
    comes at the moment it is done, and then its task goes on.
    """
    pending = {task for task in tasks if not task.done()}
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    while pending and asyncio.get_running_loop().time() < deadline:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_ASK_AGAIN_SECONDS)
