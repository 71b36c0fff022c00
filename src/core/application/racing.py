"""Units of work that met another transaction are begun again."""

import asyncio
from collections.abc import Awaitable, Callable
from random import SystemRandom
from typing import TypeVar

from ports.unit_of_work import TransactionRaced

ATTEMPTS = 5
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.005, 0.1

_jitter = SystemRandom().uniform
T = TypeVar("T")


async def again_after_races(work: Callable[[], Awaitable[T]]) -> T:
    """
    What *work* returns, begun up to five times; it must use a fresh unit of work each time, and the same ids.

    Raises:
        TransactionRaced: If even the last one met another transaction.
    """
    for _ in range(ATTEMPTS - 1):
        try:
            return await work()
        except TransactionRaced:
            await asyncio.sleep(_jitter(SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS))
    return await work()
