"""Accounts with providers over the wire: secrets by name, never by value."""

from typing import Annotated, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from core.application.gateway_accounts.change_gateway_account import ChangeGatewayAccount
from core.application.gateway_accounts.create_gateway_account import CreateGatewayAccount
from core.domain.gateway_accounts import MAX_WEBHOOK_SECRETS, GatewayAccount
from core.domain.identifiers import GatewayAccountId, TenantId
from entrypoints.http.schemas.fields import PRINTABLE_PATTERN, Request

GatewayName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=PRINTABLE_PATTERN,
        description="Which installed adapter speaks to it.",
        examples=["mock"],
    ),
]
AccountName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        description="Yours: lower-case letters, digits, _ and -.",
        examples=["cards-eu"],
    ),
]
SecretName = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        description="The name of a secret, never the secret: letters, digits, _ . and -",
        examples=["mock-api-key"],
    ),
]
WebhookSecretNames = Annotated[
    list[SecretName],
    Meta(
        max_length=MAX_WEBHOOK_SECRETS,
        description="What its webhooks may be signed with; two while one is being replaced.",
    ),
]
AccountSettings = Annotated[
    dict[
        Annotated[str, Meta(min_length=1, max_length=64)],
        Annotated[str, Meta(max_length=4096, pattern=PRINTABLE_PATTERN)],
    ],
    Meta(max_length=32, description="What else the adapter needs; no secrets."),
]


class CreateGatewayAccountRequest(Request, frozen=True, kw_only=True):
    """An account that you have with a provider."""

    gateway: GatewayName
    name: AccountName
    enabled: bool = True
    credentials_secret: SecretName
    webhook_secrets: WebhookSecretNames = msgspec.field(default_factory=list[str])
    settings: AccountSettings = msgspec.field(default_factory=dict[str, str])

    def to_command(self, tenant_id: TenantId, *, trace_id: str) -> CreateGatewayAccount:
        """The same for the core."""
        return CreateGatewayAccount(
            tenant_id=tenant_id,
            gateway=self.gateway,
            name=self.name,
            enabled=self.enabled,
            credentials_secret=self.credentials_secret,
            webhook_secrets=tuple(self.webhook_secrets),
            settings=self.settings,
            trace_id=trace_id,
        )


class ChangeGatewayAccountRequest(Request, frozen=True, kw_only=True):
    """What is left out stays as it is."""

    name: AccountName | None = None
    enabled: bool | None = None
    credentials_secret: SecretName | None = None
    webhook_secrets: WebhookSecretNames | None = None
    settings: AccountSettings | None = None

    def to_command(self, tenant_id: TenantId, account_id: GatewayAccountId) -> ChangeGatewayAccount:
        """The same for the core."""
        return ChangeGatewayAccount(
            tenant_id=tenant_id,
            account_id=account_id,
            name=self.name,
            enabled=self.enabled,
            credentials_secret=self.credentials_secret,
            webhook_secrets=None if self.webhook_secrets is None else tuple(self.webhook_secrets),
            settings=self.settings,
        )


class GatewayAccountResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An account with a provider. `webhook_path` is where the provider sends its webhooks, below your own address."""

    id: UUID
    gateway: str
    name: str
    enabled: bool
    credentials_secret: str
    webhook_secrets: list[str]
    settings: dict[str, str]
    webhook_path: str

    @classmethod
    def of(cls, account: GatewayAccount) -> Self:
        """As operators read it."""
        return cls(
            id=account.id,
            gateway=account.gateway,
            name=account.name,
            enabled=account.enabled,
            credentials_secret=account.credentials_secret,
            webhook_secrets=list(account.webhook_secrets),
            settings=dict(account.settings),
            webhook_path=f"/v1/webhooks/{account.gateway}/{account.id}",
        )


class GatewayAccountsResponse(msgspec.Struct, frozen=True):
    """All of them, oldest first."""

    items: list[GatewayAccountResponse]


class GatewayAccountCheckResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the provider takes the credentials; `problem` says why not."""

    usable: bool
    problem: str | None
