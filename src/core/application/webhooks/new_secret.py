"""Secrets that endpoints get, given by the tenant or made here."""

from collections.abc import Callable

from core.domain.webhook_secrets import NEW_KEY_BYTES, SigningKey

RandomBytes = Callable[[int], bytes]
"""As many bytes that nobody can guess."""


def given_or_new(secret: str | None, random_bytes: RandomBytes) -> SigningKey:
    """
    The tenant's own *secret*, or a fresh one.

    Raises:
        InvalidWebhookSecret: If it is not ``whsec_`` and 24 to 64 bytes in base64.
    """
    return SigningKey(random_bytes(NEW_KEY_BYTES)) if secret is None else SigningKey.parse(secret)
