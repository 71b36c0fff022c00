"""Asking DNS, so that a slow name server holds up nobody but its own name."""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

MAX_LOOKUPS_AT_ONCE = 32
"""The C library's look-up cannot be called off, so it has threads of its own rather than everybody's."""


class NameNotResolved(Exception):
    """The name has no address, or nobody could say."""


class Resolver(Protocol):
    """Finds the addresses of a name."""

    async def addresses(self, name: str) -> tuple[str, ...]:
        """
        All of them, IPv4 and IPv6, best first.

        Raises:
            NameNotResolved: If there are none.
        """
        ...


class SystemResolver:
    """Implements `Resolver` by getaddrinfo. Callers that ask for one name at one time share one look-up."""

    def __init__(self) -> None:
        """Start no thread before the first question."""
        self._threads = ThreadPoolExecutor(MAX_LOOKUPS_AT_ONCE, "dns")
        self._lookups: dict[str, asyncio.Task[tuple[str, ...]]] = {}

    async def addresses(self, name: str) -> tuple[str, ...]:
        """
        All of them, IPv4 and IPv6, best first.

        Raises:
            NameNotResolved: If there are none.
        """
        lookup = self._lookups.get(name)
        if lookup is None:
            lookup = asyncio.create_task(self._look_up(name))
            self._lookups[name] = lookup
            lookup.add_done_callback(lambda done: self._forget(name, done))
        # One asker's timeout must not end the look-up of the others.
        return await asyncio.shield(lookup)

    async def aclose(self) -> None:
        """Take no more questions; a look-up under way ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _look_up(self, name: str) -> tuple[str, ...]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, _getaddrinfo, name)
        except (OSError, UnicodeError) as error:
            raise NameNotResolved(f"{name} does not resolve") from error

    def _forget(self, name: str, done: asyncio.Task[tuple[str, ...]]) -> None:
        self._lookups.pop(name, None)
        if not done.cancelled():
            done.exception()  # whoever still waits is told; if nobody does, it is no error of ours


def _getaddrinfo(name: str) -> tuple[str, ...]:
    # The dot at the end makes it absolute: a search domain of the cluster is never tried.
    found = socket.getaddrinfo(f"{name}.", None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return tuple(dict.fromkeys(str(address[4][0]) for address in found))
