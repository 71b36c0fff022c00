"""Who may sign checkpoints, and whose signatures are taken."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from adapters.crypto.checkpoint_signatures import (
    Ed25519CheckpointChecker,
    Ed25519CheckpointSigner,
    NotACheckpointKey,
    make_key_file,
)
from unit.test_checkpoints import CHECKPOINT

SEED = bytes(range(32))
PUBLIC_KEY = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"
SIGNATURE = (
    "aeb2dfb8ead0d5552cc102f41f4927f3bbec1a01f503269f85b24cc42e26f459"
    "c372f20e6c6fdd7abd66dca9e41adbbc9c6fb0a1597f9b36208ff650b4d39b09"
)


def signer(folder: Path, key: Ed25519PrivateKey | None = None) -> Ed25519CheckpointSigner:
    """Who signs with *key*, that of the seed unless another is given."""
    path = folder / "key.pem"
    key = key or Ed25519PrivateKey.from_private_bytes(SEED)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Ed25519CheckpointSigner(path)


def is_genuine(checker: Ed25519CheckpointChecker, public_key: bytes, payload: bytes, signature: bytes) -> bool:
    """Whether the checker takes it."""
    return checker.is_genuine(public_key=public_key, payload=payload, signature=signature)


def test_the_signature_of_a_checkpoint_is_pinned(tmp_path: Path) -> None:
    """Ed25519 is deterministic: the same key signs the same checkpoint the same way (RFC 8032)."""
    ours = signer(tmp_path)
    assert ours.public_key.hex() == PUBLIC_KEY
    assert ours.sign(CHECKPOINT.payload).hex() == SIGNATURE


def test_a_signature_is_taken_for_what_was_signed_and_for_nothing_else() -> None:
    checker = Ed25519CheckpointChecker()
    public_key, signature = bytes.fromhex(PUBLIC_KEY), bytes.fromhex(SIGNATURE)
    assert is_genuine(checker, public_key, CHECKPOINT.payload, signature)
    assert not is_genuine(checker, public_key, CHECKPOINT.payload + b"\0", signature)
    assert not is_genuine(checker, public_key, CHECKPOINT.payload, signature[::-1])
    assert not is_genuine(checker, public_key, CHECKPOINT.payload, b"")
    assert not is_genuine(checker, public_key[::-1], CHECKPOINT.payload, signature)
    assert not is_genuine(checker, b"short", CHECKPOINT.payload, signature)


def test_another_key_s_signature_is_taken_only_while_no_key_is_trusted(tmp_path: Path) -> None:
    theirs = signer(tmp_path, Ed25519PrivateKey.generate())
    signature = theirs.sign(CHECKPOINT.payload)
    ours = Ed25519CheckpointChecker(bytes.fromhex(PUBLIC_KEY))
    assert is_genuine(Ed25519CheckpointChecker(), theirs.public_key, CHECKPOINT.payload, signature)
    assert not is_genuine(ours, theirs.public_key, CHECKPOINT.payload, signature)
    assert not is_genuine(ours, bytes.fromhex(PUBLIC_KEY), CHECKPOINT.payload, signature)
    assert is_genuine(ours, bytes.fromhex(PUBLIC_KEY), CHECKPOINT.payload, bytes.fromhex(SIGNATURE))


def test_half_a_key_cannot_be_trusted() -> None:
    with pytest.raises(ValueError, match="has 32 bytes, not 16"):
        Ed25519CheckpointChecker(bytes(16))


def test_a_new_key_is_ours_alone_and_stays_once_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.pem"
    make_key_file(path)
    first = Ed25519CheckpointSigner(path).public_key
    make_key_file(path)
    assert Ed25519CheckpointSigner(path).public_key == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoint.pem"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no PEM",
        X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        Ed25519PrivateKey.generate().private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password")
        ),
    ],
    ids=["empty", "no key", "another kind of key", "an encrypted key"],
)
def test_what_is_no_open_ed25519_key_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(NotACheckpointKey, match=r"key\.pem holds"):
        Ed25519CheckpointSigner(path)
