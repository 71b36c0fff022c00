"""Place an order: pay it from the wallet and have it handed over."""

from dataclasses import dataclass
from datetime import datetime

from core.application.orders.order_round import OrderRound, RenderOrder
from core.application.transfers.request import Details, MoneyRequest
from core.domain.idempotency import Answer
from core.domain.identifiers import OperationId, OrderId, TransferId, WalletId
from core.domain.orders import Order, OrderStatus
from ports.id_generator import IdGenerator
from ports.unit_of_work import UnitOfWork
from ports.wallet_directory import WalletDirectory
from ports.wallet_reader import WalletReader


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder(MoneyRequest):
    """
    Pay *amount* minor units for *items* (canonical JSON text) from a wallet.

    Attributes:
        wallet_id: The wallet; or None, and the user's wallet in *asset* is meant.
    """

    wallet_id: WalletId | None
    user_id: str | None
    asset: str | None
    amount: int
    items: str
    details: Details
    render_order: RenderOrder


@dataclass(frozen=True, slots=True)
class PlaceOrderHandler:
    """The answer is final when the service answers within the first attempt's deadline."""

    order_round: OrderRound
    wallets: WalletReader
    directory: WalletDirectory
    ids: IdGenerator

    async def __call__(self, command: PlaceOrder) -> Answer:
        """
        The stored answer; refusals by the Book are answers too.

        Raises:
            FulfilmentNotConfigured: If there is nobody to hand anything over.
            WalletNotFound: If there is no such wallet.
            IdempotencyKeyReused: If the key came before with another request.
            RequestInProgress: If its first request is still being answered.
            Unavailable: If it could not be decided now.
        """
        self.order_round.check_possible()
        wallet_id = command.wallet_id
        if wallet_id is None:
            assert command.user_id is not None
            assert command.asset is not None
            wallet_id = await self.directory.find(command.tenant_id, command.user_id, command.asset)
        wallet = await self.wallets.get(command.tenant_id, wallet_id)
        order_id = OrderId(self.ids.new())
        operation_id, payment_id = OperationId(self.ids.new()), TransferId(self.ids.new())

        async def next_round(_work: UnitOfWork, now: datetime) -> Order:
            return Order(
                tenant_id=command.tenant_id,
                id=order_id,
                wallet_id=wallet.id,
                user_id=wallet.user_id,
                asset=wallet.asset,
                amount=command.amount,
                items=command.items,
                reference=command.details.reference,
                description=command.details.description,
                metadata=command.details.metadata,
                status=OrderStatus.PENDING,
                round=0,
                operation_id=operation_id,
                payment_id=payment_id,
                settlement_id=None,
                fulfilment_ref=None,
                failure_code=None,
                failure_message=None,
                trace_id=command.trace_id,
                placed_at=now,
                updated_at=now,
            ).pay()

        return await self.order_round.run(command, order_id, wallet.asset, next_round, command.render_order)
