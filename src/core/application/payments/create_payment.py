"""Begin a payment into a wallet, and ask the provider for it at once."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from core.application.operations.inline_operation import Begun, InlineOperation
from core.application.payments.declared_capability import DeclaredCapability
from core.application.payments.gateway_of_payment import payments_of
from core.application.payments.payment_postings import GATEWAY_PURPOSES, SYSTEM_PURPOSES
from core.application.payments.payment_request import RenderPayment
from core.application.transfers.request import Details
from core.domain.accounts import AccountStatus, WalletClosed, WalletFrozen
from core.domain.gateway_accounts import GatewayAccount, GatewayAccountDisabled, NoGatewayAccount
from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import CaptureMode
from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.identifiers import GatewayAccountId, OperationId, PaymentId, TenantId, WalletId
from core.domain.instructions import Render
from core.domain.operations import Intent, begin_operation
from core.domain.payment_events import payment_events
from core.domain.payments import SUBMIT_PAYMENT, UNPAID_LIFETIME, Payment
from core.domain.wallets import Wallet
from ports.account_opening import AccountOpening
from ports.gateways import Gateways
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory
from ports.wallet_directory import WalletDirectory
from ports.wallet_reader import WalletReader


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatePayment:
    """
    Take *amount* minor units from a payer into a wallet.

    Attributes:
        wallet_id: The wallet; or None, and the user's wallet in *asset* is meant.
        gateway_account: Through which account; or None, and the one that can take it is meant.
        method: The provider's token for the means of payment, or None for a page of the provider's own.
    """

    tenant_id: TenantId
    claim: IdempotencyClaim
    trace_id: str
    wallet_id: WalletId | None
    user_id: str | None
    asset: str | None
    amount: int
    capture: CaptureMode
    gateway_account: GatewayAccountId | None
    method: str | None
    return_url: str | None
    details: Details
    render: RenderPayment
    refuse: Render


@dataclass(frozen=True, slots=True)
class CreatePaymentHandler:
    """No money moves before the provider says that it did; what is asked for is written down before it is asked."""

    inline: InlineOperation
    declared_capability: DeclaredCapability
    unit_of_work: UnitOfWorkFactory
    accounts: AccountOpening
    gateways: Gateways
    wallets: WalletReader
    directory: WalletDirectory
    ids: IdGenerator

    async def __call__(self, command: CreatePayment) -> Answer:
        """
        The stored answer: the payment, final or with what the payer has to do.

        Raises:
            WalletNotFound: If there is no such wallet.
            WalletFrozen, WalletClosed: If it takes no new payments.
            NoGatewayAccount, GatewayAccountNotFound, GatewayAccountDisabled, Unsupported: If nothing can take it.
            ReferenceAlreadyUsed: If another payment has the reference.
            IdempotencyKeyReused, RequestInProgress: As the key's earlier use says.
            Unavailable: If it could not be decided now.
        """
        wallet = await self._wallet(command)
        account = await self._account(command, wallet.asset)
        for purpose in GATEWAY_PURPOSES:
            await self.accounts.ensure_gateway(
                command.tenant_id, account.id, purpose, wallet.asset, trace_id=command.trace_id
            )
        for purpose in SYSTEM_PURPOSES:
            await self.accounts.ensure_system(command.tenant_id, purpose, wallet.asset, trace_id=command.trace_id)
        payment_id, operation_id = PaymentId(self.ids.new()), OperationId(self.ids.new())

        async def begin(work: UnitOfWork, now: datetime) -> Begun:
            declared = await self.declared_capability.of(
                work, command.tenant_id, account.id, GatewayOperation.CREATE_PAYMENT
            )
            payment = _payment(command, wallet, account, (payment_id, operation_id), now)
            operation = begin_operation(
                _intent(command, payment, declared.key_window),
                operation_id,
                now=now,
                leased_seconds=self.inline.policy.deadline_seconds,
            )
            await work.payments.add(payment)
            await work.outbox.add(payment_events(None, payment))
            return Begun(command.render(payment, operation), operation, kept=False)

        async def finish(work: UnitOfWork) -> Answer:
            operation = await work.operations.get(command.tenant_id, operation_id)
            return command.render(await work.payments.get(command.tenant_id, payment_id), operation)

        return await self.inline.run(
            command.claim, trace_id=command.trace_id, begin=begin, finish=finish, refuse=command.refuse
        )

    async def _wallet(self, command: CreatePayment) -> Wallet:
        wallet_id = command.wallet_id
        if wallet_id is None:
            assert command.user_id is not None
            assert command.asset is not None
            wallet_id = await self.directory.find(command.tenant_id, command.user_id, command.asset)
        wallet = await self.wallets.get(command.tenant_id, wallet_id)
        if wallet.status is AccountStatus.FROZEN:
            raise WalletFrozen("the wallet is frozen")
        if wallet.status is AccountStatus.CLOSED:
            raise WalletClosed("the wallet is closed")
        return wallet

    async def _account(self, command: CreatePayment, asset: str) -> GatewayAccount:
        """The named account, or the only one that can take the payment."""
        async with self.unit_of_work() as work:
            if command.gateway_account is not None:
                account = await work.gateway_accounts.get(command.tenant_id, command.gateway_account)
                if not account.enabled:
                    raise GatewayAccountDisabled("this account is disabled", pointer="#/gateway_account_id")
                payments_of(self.gateways.open(account)).capabilities.require(GatewayOperation.CREATE_PAYMENT, asset)
                return account
            accounts = await work.gateway_accounts.all(command.tenant_id)
        able = [account for account in accounts if account.enabled and self._can(account, asset)]
        if len(able) != 1:
            how_many = "none" if not able else "more than one"
            raise NoGatewayAccount(
                f"{how_many} of the gateway accounts takes {asset}: name one", pointer="#/gateway_account_id"
            )
        return able[0]

    def _can(self, account: GatewayAccount, asset: str) -> bool:
        gateway = self.gateways.open(account).payments
        return gateway is not None and gateway.capabilities.supports(GatewayOperation.CREATE_PAYMENT, asset)


def _payment(
    command: CreatePayment,
    wallet: Wallet,
    account: GatewayAccount,
    ids: tuple[PaymentId, OperationId],
    now: datetime,
) -> Payment:
    return Payment(
        tenant_id=command.tenant_id,
        id=ids[0],
        wallet_id=wallet.id,
        user_id=wallet.user_id,
        asset=wallet.asset,
        amount=command.amount,
        capture=command.capture,
        gateway_account=account.id,
        method=command.method,
        return_url=command.return_url,
        reference=command.details.reference,
        description=command.details.description,
        metadata=command.details.metadata,
        operation_id=ids[1],
        trace_id=command.trace_id,
        created_at=now,
        expires_at=now + UNPAID_LIFETIME,
        updated_at=now,
    )


def _intent(command: CreatePayment, payment: Payment, key_window: timedelta | None) -> Intent:
    parts = (payment.wallet_id, payment.asset, payment.amount, payment.capture, payment.method, payment.return_url)
    return Intent(
        tenant_id=payment.tenant_id,
        kind=SUBMIT_PAYMENT,
        subject=payment.id,
        asset=payment.asset,
        amount=payment.amount,
        params_digest=sha256("\0".join(map(str, parts)).encode()).digest(),
        cause=command.claim.key,
        trace_id=command.trace_id,
        gateway_account=payment.gateway_account,
        key_window=key_window,
    )
