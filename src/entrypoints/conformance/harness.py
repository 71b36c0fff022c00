"""What the author of an adapter supplies, so that the kit can try it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import RawWebhook
from core.domain.outcomes import FailureClass
from ports.gateway_plugin import Gateway


class Happening(StrEnum):
    """What a test provider can be made to do by itself."""

    PAYER_APPROVES = "payer_approves"
    PAYMENT_SUCCEEDS_LATE = "payment_succeeds_late"
    REFUND_IN_DASHBOARD = "refund_in_dashboard"
    REFUND_SUCCEEDS = "refund_succeeds"
    REFUND_FAILS = "refund_fails"
    PAYOUT_LEAVES = "payout_leaves"
    PAYOUT_ARRIVES = "payout_arrives"
    PAYOUT_FAILS = "payout_fails"
    PAYOUT_RETURNS = "payout_returns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenery:
    """
    The provider's test tokens, and how its answers look; what is None the checks skip.

    Attributes:
        paid: A payment method that is authorized, and captured at once if asked.
        needs_action: One whose payer has to act first.
        declines: Methods that are declined, with the code and class that the taxonomy has for them.
        declined_with_unknown_code: One that is declined with a code that no adapter can know.
        destination: Where payouts can go.
        unknown_destination: A destination that does not exist.
        currency: In which most checks pay.
        currencies: Others, with 0, 2 and 3 decimals as far as the provider has them.
        largest_amount: In minor units, of the provider's.
        tampering: Changes to the answer of create_payment that each must end in `Conflict`, by name.
        refund_tampering: The same for refunds.
        payout_tampering: The same for payouts.
        optional_fields: What may be missing in the answer of create_payment.
        unknown_setting: A setting that the adapter does not have.
    """

    paid: str
    needs_action: str | None = None
    declines: Mapping[str, tuple[str, FailureClass]] = field(default_factory=dict[str, tuple[str, FailureClass]])
    declined_with_unknown_code: str | None = None
    destination: str | None = None
    unknown_destination: str | None = None
    currency: str = "USD"
    currencies: Sequence[str] = ("USD",)
    largest_amount: int = 99_999_999
    return_url: str = "https://shop.example/back"
    tampering: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    refund_tampering: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    payout_tampering: Mapping[str, Mapping[str, Any]] = field(default_factory=dict[str, Mapping[str, Any]])
    optional_fields: Sequence[str] = ()
    unknown_setting: str = "no_such_setting"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effects:
    """
    What the provider really did for one of our references, by its own books.

    Attributes:
        objects: How many payments, refunds or payouts it made.
        amounts: The sums in minor units, by what was done: ``captured``, ``refunded``, ``paid_out``.
    """

    objects: int
    amounts: Mapping[str, int]


class CannotHappen(Exception):
    """The test provider has no way to do that; the check is skipped."""


class AccountOnTrial(Protocol):
    """An account at the test provider, for the time of one check."""

    @property
    def provider_url(self) -> str:
        """Where the provider is; plain HTTP, so that the fault proxy can stand before it."""
        ...

    @property
    def webhook_secrets(self) -> Sequence[str]:
        """What its webhooks are signed with."""
        ...

    @property
    def secrets(self) -> Sequence[str]:
        """Texts that must be seen nowhere: credentials, webhook secrets."""
        ...

    def gateway(
        self,
        base_url: str,
        *,
        bad_credentials: bool = False,
        without: GatewayOperation | None = None,
        currencies: frozenset[str] | None = None,
        more_settings: Mapping[str, str] | None = None,
    ) -> Gateway:
        """
        The adapter on trial, speaking to *base_url*; one that cannot be narrowed ignores *without* and *currencies*.

        Raises:
            GatewaySettingsInvalid: If *more_settings* has one that the adapter does not know.
        """
        ...

    async def effects(self, reference: str) -> Effects:
        """
        Ask the provider's own books, not the adapter.

        Raises:
            CannotHappen: If it has none that can be asked.
        """
        ...

    async def balance(self, currency: str) -> int:
        """
        What the provider says that it owes us, in minor units.

        Raises:
            CannotHappen: If it does not say.
        """
        ...

    async def fund(self, amount: int) -> None:
        """
        Put money on the balance, for payouts.

        Raises:
            CannotHappen: If there is no way.
        """
        ...

    async def make_happen(self, happening: Happening, provider_ref: str) -> None:
        """
        Let it happen to that payment, refund or payout; done on return.

        Raises:
            CannotHappen: If there is no way.
        """
        ...

    async def events_about(self, provider_ref: str) -> Sequence[RawWebhook]:
        """
        Every webhook the provider has sent about that object, oldest first.

        Raises:
            CannotHappen: If there is no way to see them.
        """
        ...

    def signed(self, body: bytes, *, secrets: Sequence[str], at: datetime) -> RawWebhook:
        """*body* as the provider would send it at that moment, signed with each secret."""
        ...

    def event(self, *, of_another_account: bool = False) -> bytes:
        """The body of some event about a payment."""
        ...


class Harness(Protocol):
    """One adapter, and a provider to try it with."""

    @property
    def name(self) -> str:
        """The gateway's name, as its entry point has it."""
        ...

    @property
    def scenery(self) -> Scenery:
        """The provider's test tokens."""
        ...

    def missing_credentials(self) -> str | None:
        """What a real provider's sandbox needs and nobody gave, or None; every check is then skipped, loudly."""
        ...

    def running(self) -> AbstractAsyncContextManager[None]:
        """Whatever has to run as long as the checks do."""
        ...

    def account(self) -> AbstractAsyncContextManager[AccountOnTrial]:
        """An account for one check; if possible, of its own."""
        ...
