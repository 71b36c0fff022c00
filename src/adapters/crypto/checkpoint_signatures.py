"""Ed25519 signatures of checkpoints (RFC 8032), by the cryptography library."""

from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

PUBLIC_KEY_BYTES = 32


class NotACheckpointKey(ValueError):
    """The file holds no unencrypted Ed25519 private key in PEM."""


def make_key_file(path: Path) -> None:
    """
    Make a private key in *path*, readable by its owner alone, unless the file is there.

    Raises:
        OSError: If it cannot be written.
    """
    if path.exists():
        return
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_bytes(pem)
    draft.rename(path)


class Ed25519CheckpointSigner:
    """Implements `ports.checkpoint_signer.CheckpointSigner` with a key from a file."""

    def __init__(self, key_file: Path) -> None:
        """
        Read the private key (PEM, PKCS#8).

        Raises:
            NotACheckpointKey: If the file holds something else.
            OSError: If it cannot be read.
        """
        try:
            key = load_pem_private_key(key_file.read_bytes(), password=None)
        except (ValueError, TypeError) as error:
            raise NotACheckpointKey(f"{key_file} holds no Ed25519 private key in PEM") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise NotACheckpointKey(f"{key_file} holds a key of another kind than Ed25519")
        self._key = key

    @property
    def public_key(self) -> bytes:
        """32 bytes."""
        return self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, payload: bytes) -> bytes:
        """The 64 bytes of the signature."""
        return self._key.sign(payload)


class Ed25519CheckpointChecker:
    """Implements `ports.checkpoint_signer.CheckpointChecker`; trusts one public key, when it is told which."""

    def __init__(self, trusted_public_key: bytes | None = None) -> None:
        """
        Accept only signatures by *trusted_public_key*, or, without one, by whichever key a checkpoint names.

        Raises:
            ValueError: If the key has not 32 bytes.
        """
        if trusted_public_key is not None and len(trusted_public_key) != PUBLIC_KEY_BYTES:
            raise ValueError(f"an Ed25519 public key has {PUBLIC_KEY_BYTES} bytes, not {len(trusted_public_key)}")
        self._trusted = trusted_public_key

    def is_genuine(self, *, public_key: bytes, payload: bytes, signature: bytes) -> bool:
        """Whether the key's owner signed the payload, and is who we trust."""
        if self._trusted is not None and public_key != self._trusted:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, payload)
        except (InvalidSignature, ValueError):
            return False
        return True
