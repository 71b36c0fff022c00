"""A tenant's accounts with providers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.errors import Conflict, NotFound, Rejected, Unavailable
from core.domain.identifiers import GatewayAccountId, TenantId

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_SECRET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
MAX_WEBHOOK_SECRETS = 2


class GatewayAccountNotFound(NotFound):
    """There is no such gateway account."""

    code = "gateway_account_not_found"
    title = "There is no such gateway account"


class GatewayAccountNameTaken(Conflict):
    """The tenant has one of that name."""

    code = "gateway_account_name_taken"
    title = "The name is taken"


class GatewayUnknown(Rejected):
    """No adapter of that name is installed."""

    code = "gateway_unknown"
    title = "There is no such gateway"


class GatewayAccountDisabled(Rejected):
    """Nothing new begins there."""

    code = "gateway_account_disabled"
    title = "The gateway account is disabled"


class NoGatewayAccount(Rejected):
    """None of the tenant's accounts can take this payment; or several can, and none was named."""

    code = "no_gateway_account"
    title = "No gateway account takes this payment"


class InvalidGatewayAccount(Rejected):
    """A field breaks a rule."""

    code = "invalid_gateway_account"
    title = "The gateway account is not valid"


class SecretMissing(Unavailable):
    """A secret is not where it should be."""

    code = "secret_missing"
    title = "A secret is missing"
    retryable = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayAccount:
    """
    A tenant's account with one provider.

    Attributes:
        gateway: Which adapter speaks to it, such as ``mock``.
        name: The tenant's own.
        credentials_secret: Where its credentials are: the name of a secret, never the secret.
        webhook_secrets: Names of the secrets its webhooks may be signed with: two while one is being replaced.
        settings: What else the adapter needs, such as the base URL.

    Raises:
        InvalidGatewayAccount: If a name breaks its rule.
    """

    tenant_id: TenantId
    id: GatewayAccountId
    gateway: str
    name: str
    enabled: bool
    credentials_secret: str
    webhook_secrets: tuple[str, ...]
    settings: Mapping[str, str]

    def __post_init__(self) -> None:
        """Refuse what cannot be one."""
        if not _NAME.fullmatch(self.name):
            raise InvalidGatewayAccount(
                "name must be 1 to 64 lower-case letters, digits, _ and -, beginning with a letter or digit",
                pointer="#/name",
            )
        if len(self.webhook_secrets) > MAX_WEBHOOK_SECRETS:
            raise InvalidGatewayAccount("at most two webhook secrets are live", pointer="#/webhook_secrets")
        for pointer, name in (
            ("#/credentials_secret", self.credentials_secret),
            *((f"#/webhook_secrets/{place}", name) for place, name in enumerate(self.webhook_secrets)),
        ):
            if not _SECRET_NAME.fullmatch(name):
                raise InvalidGatewayAccount("a secret is named by 1 to 128 letters, digits, _ . and -", pointer=pointer)
