"""
Answers kept under the client's keys, with the meaning that large providers give them.

Once a request was executed, its status and body are kept for 24 hours of the provider's clock: a 500 as well, so that a
repetition learns nothing new. What was refused before execution is not kept.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from entrypoints.simulator.exchange.answer import Answer, WireRequest

RETENTION = timedelta(hours=24)
LONGEST_KEY = 255
_NOT_KEPT = frozenset({400, 401, 403, 404, 405, 409, 413, 415, 429})


class KeyMismatch(Exception):
    """The key was used for another request."""


class KeyInProgress(Exception):
    """The request that used the key first is still being executed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What the first request with a key was answered."""

    account_id: str
    key: str
    fingerprint: str
    status: int
    body: bytes
    created_at: datetime

    @property
    def id(self) -> str:
        """A name for it."""
        return f"{self.account_id}/{self.key}"

    @property
    def answer(self) -> Answer:
        """The same answer again."""
        return Answer(self.status, self.body)


def fingerprint(request: WireRequest) -> str:
    """The request as a hash: method, path, query and body, byte by byte."""
    head = f"{request.method} {request.path}?{request.query}\n".encode()
    return hashlib.sha256(head + request.body).hexdigest()


def is_well_formed(key: str) -> bool:
    """1 to 255 visible ASCII characters."""
    return 0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable() and " " not in key


class IdempotencyKeys:
    """Kept answers by account and key, oldest first."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: OrderedDict[str, KeptAnswer] = OrderedDict()
        self._running: set[str] = set()

    def load(self, kept: KeptAnswer) -> None:
        """Take up what an earlier process kept."""
        self._kept[kept.id] = kept

    def begin(self, account_id: str, key: str, print_of_request: str) -> Answer | None:
        """
        Claim the key, or give the answer kept under it.

        Raises:
            KeyMismatch: If it was used for another request.
            KeyInProgress: If it is being used.
        """
        name = f"{account_id}/{key}"
        if name in self._running:
            raise KeyInProgress
        kept = self._kept.get(name)
        if kept is None:
            self._running.add(name)
            return None
        if kept.fingerprint != print_of_request:
            raise KeyMismatch
        return kept.answer

    def end(self, account_id: str, key: str) -> None:
        """Let go of a claimed key."""
        self._running.discard(f"{account_id}/{key}")

    def keep(
        self, account_id: str, key: str, print_of_request: str, answer: Answer, *, at: datetime
    ) -> KeptAnswer | None:
        """Keep the answer of an executed request; None if it says that nothing was executed."""
        if answer.status in _NOT_KEPT:
            return None
        kept = KeptAnswer(
            account_id=account_id,
            key=key,
            fingerprint=print_of_request,
            status=answer.status,
            body=answer.body,
            created_at=at,
        )
        self._kept[kept.id] = kept
        return kept

    def prune(self, now: datetime) -> Sequence[KeptAnswer]:
        """Forget what is older than 24 hours, and tell what that was."""
        old: list[KeptAnswer] = []
        while self._kept and (first := next(iter(self._kept.values()))).created_at <= now - RETENTION:
            old.append(first)
            del self._kept[first.id]
        return old
