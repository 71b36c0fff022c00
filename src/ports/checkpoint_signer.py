"""Signing and checking checkpoints (Ed25519, RFC 8032)."""

from typing import Protocol


class CheckpointSigner(Protocol):
    """Holds the private key; nobody else does."""

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        ...

    def sign(self, payload: bytes) -> bytes:
        """The 64 bytes of the signature."""
        ...


class CheckpointChecker(Protocol):
    """Needs no secret."""

    def is_genuine(self, *, public_key: bytes, payload: bytes, signature: bytes) -> bool:
        """Whether the key's owner signed the payload."""
        ...
