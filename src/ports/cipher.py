"""Sealing what we must be able to read again, so that a copy of the database gives nothing away."""

from typing import Protocol


class SealBroken(Exception):
    """The sealed bytes were changed, moved to another place, or sealed with a key we do not have."""


class Cipher(Protocol):
    """Seals bytes for one place, and opens them there only."""

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """*plaintext*, unreadable; *context* names the place (table, column, row) and is not part of the result."""
        ...

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """
        What was sealed for that *context*.

        Raises:
            SealBroken: If it was not, or not with a key of ours.
        """
        ...
