"""
AES-256-GCM with keys derived by HKDF (RFC 5869), by the cryptography library.

A sealed value is ``v1|`` key id ``|`` nonce, ciphertext and tag. The key id says which key opens it, so that a new key
can seal while old ones still open. The version, the key id and the context are authenticated with it.
"""

import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ports.cipher import SealBroken

_VERSION = b"v1"
_SEPARATOR = b"|"
_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12
_OF_THE_KEY, _OF_ITS_ID = b"bursar sealing key v1", b"bursar sealing key id v1"


class AesGcmCipher:
    """Implements `ports.cipher.Cipher`. Random nonces: one key is good for four thousand million values."""

    def __init__(self, secret: bytes, *, former: Sequence[bytes] = ()) -> None:
        """Seal with a key made of *secret*; open also what was sealed with the *former* ones."""
        self._newest, _ = newest = _key(secret)
        self._keys = dict([*map(_key, former), newest])

    def seal(self, plaintext: bytes, *, context: str) -> bytes:
        """See `ports.cipher.Cipher.seal`."""
        nonce = os.urandom(_NONCE_BYTES)
        head = _SEPARATOR.join((_VERSION, self._newest, b""))
        return head + nonce + self._keys[self._newest].encrypt(nonce, plaintext, head + context.encode())

    def open(self, sealed: bytes, *, context: str) -> bytes:
        """See `ports.cipher.Cipher.open`."""
        version, _, rest = sealed.partition(_SEPARATOR)
        key_id, _, secret = rest.partition(_SEPARATOR)
        key = self._keys.get(key_id)
        if version != _VERSION or key is None or len(secret) < _NONCE_BYTES:
            raise SealBroken("sealed in a way, or with a key, that is not ours")
        head = sealed[: len(sealed) - len(secret)]
        try:
            return key.decrypt(secret[:_NONCE_BYTES], secret[_NONCE_BYTES:], head + context.encode())
        except InvalidTag:
            raise SealBroken("the sealed value was changed, or belongs elsewhere") from None

    def __repr__(self) -> str:
        """Without any key."""
        return "AesGcmCipher(***)"


def _key(secret: bytes) -> tuple[bytes, AESGCM]:
    key_id = _derived(secret, _OF_ITS_ID, _KEY_ID_BYTES).hex().encode()
    return key_id, AESGCM(_derived(secret, _OF_THE_KEY, _KEY_BYTES))


def _derived(secret: bytes, purpose: bytes, length: int) -> bytes:
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=purpose).derive(secret)
