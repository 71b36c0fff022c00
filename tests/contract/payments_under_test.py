"""Gateway accounts, payments, refunds and events in a tenant of a test's own."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

from concurrency.market import Market
from core.domain.gateway_accounts import GatewayAccount
from core.domain.gateway_events import GatewayEvent, GatewayEventStatus, digest_of
from core.domain.identifiers import GatewayAccountId, GatewayEventId, OperationId, PaymentId, RefundId
from core.domain.payments import Payment, PaymentStatus
from core.domain.refunds import Refund, RefundStatus
from payment_builders import payment, refund


def an_account(market: Market, **said: Any) -> GatewayAccount:
    """One that nobody has kept yet."""
    values: dict[str, Any] = {
        "tenant_id": market.tenant_id,
        "id": GatewayAccountId(market.container.ids().new()),
        "gateway": "mock",
        "name": f"n-{uuid4().hex[:12]}",
        "enabled": True,
        "credentials_secret": "key",
        "webhook_secrets": ("one", "two"),
        "settings": {"base_url": "http://127.0.0.1:1", "account": "ä"},
    }
    return GatewayAccount(**{**values, **said})


async def kept_account(market: Market, **said: Any) -> GatewayAccount:
    """The same, in the table."""
    account = an_account(market, **said)
    async with market.container.unit_of_work() as work:
        await work.gateway_accounts.add(account)
        await work.commit()
    return account


async def a_payment(market: Market, status: PaymentStatus = PaymentStatus.CREATED, **said: Any) -> Payment:
    """One of a fresh wallet's, kept."""
    ids = market.container.ids()
    values = {
        "tenant_id": market.tenant_id,
        "id": PaymentId(ids.new()),
        "operation_id": OperationId(ids.new()),
        **said,
    }
    values.setdefault("wallet_id", await market.wallet())
    if "gateway_account" not in values:
        values["gateway_account"] = (await kept_account(market)).id
    async with market.container.unit_of_work() as work:
        now = await work.now()
        moments = {"created_at": now, "updated_at": now, "expires_at": now, **values}
        made = payment(status, **moments)
        await work.payments.add(made)
        await work.commit()
    return made


async def a_refund(market: Market, of: Payment, status: RefundStatus = RefundStatus.CREATED, **said: Any) -> Refund:
    """One of that payment's, kept."""
    ids = market.container.ids()
    made = replace(
        refund(status),
        **{
            "tenant_id": market.tenant_id,
            "id": RefundId(ids.new()),
            "operation_id": OperationId(ids.new()),
            "payment_id": of.id,
            "wallet_id": of.wallet_id,
            "gateway_account": of.gateway_account,
            **said,
        },
    )
    async with market.container.unit_of_work() as work:
        await work.refunds.add(made)
        await work.commit()
    return made


async def an_event(market: Market, account: GatewayAccount, **said: Any) -> GatewayEvent:
    """One that nobody has received yet."""
    async with market.container.unit_of_work() as work:
        now = await work.now()
    values: dict[str, Any] = {
        "tenant_id": market.tenant_id,
        "id": GatewayEventId(market.container.ids().new()),
        "gateway_account": account.id,
        "event_id": uuid4().hex,
        "event_type": "payment.captured",
        "body": b'{"\xc3\xa4":1.50}',
        "occurred_at": now,
        "received_at": now,
        "times_received": 1,
        "status": GatewayEventStatus.RECEIVED,
        "detail": None,
        "applied_at": None,
        "trace_id": "0" * 32,
    }
    values |= said
    return GatewayEvent(**{"body_digest": digest_of(values["body"]), **values})
