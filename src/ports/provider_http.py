"""HTTP to those whose answers decide about money: what surely was not sent is told from what may have arrived."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from core.domain.outcomes import NotSent, Unknown


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer; header names in lower case, the body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class ProviderHttp(Protocol):
    """One call, no repetitions, no redirects, no cookies."""

    async def send(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None, deadline_at: float
    ) -> HttpAnswer | NotSent | Unknown:
        """
        The answer; `NotSent` when no byte of the request left us, `Unknown` when one did and no whole answer came.

        *deadline_at* is on the monotonic clock (`ports.clock.Clock.monotonic`) and is checked again right before the
        first byte: a process that slept past it sends nothing. Never raises for what the network does.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...
