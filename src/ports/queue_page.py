"""A page on which operators see what waits and what runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Shown = Mapping[str, object]
"""What the page's script is told, as JSON can say it."""


@dataclass(frozen=True, slots=True)
class PageAsset:
    """A file of the page, and its media type."""

    content: bytes
    media_type: str


class QueuePage(Protocol):
    """The page and what is behind its buttons. Every call on a queue raises `Unavailable` if that does not answer."""

    def html(self, root_path: str) -> str:
        """The page, whose links and calls all begin with *root_path*."""
        ...

    def asset(self, name: str) -> PageAsset | None:
        """A file that the page asks for as ``static/<name>``, or None."""
        ...

    async def queues(self) -> Sequence[Shown]:
        """Every queue with its counts and workers."""
        ...

    async def queue(self, name: str) -> Shown | None:
        """One queue with its first jobs, or None."""
        ...

    async def job(self, queue: str, key: str) -> Shown | None:
        """One job as it is recorded, or None."""
        ...

    async def retry(self, queue: str, key: str) -> bool:
        """Queue the job again, now; False if there is none."""
        ...

    async def abort(self, queue: str, key: str) -> bool:
        """Abort the job; False if there is none."""
        ...
