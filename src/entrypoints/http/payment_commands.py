"""Requests for payments, as the core wants them."""

from typing import Any

from litestar import Request

from core.application.payments.create_payment import CreatePayment
from core.domain.identifiers import GatewayAccountId, WalletId
from entrypoints.http.context import context_of
from entrypoints.http.idempotency import claim_of
from entrypoints.http.payment_rendering import render_payment, rule_refusal
from entrypoints.http.schemas.payments import DepositRequest


async def payment_command(
    request: Request[Any, Any, Any],
    data: DepositRequest,
    *,
    wallet_id: WalletId | None,
    user_id: str | None = None,
    asset: str | None = None,
) -> CreatePayment:
    """
    The command that *data* stands for.

    Raises:
        MalformedRequest: 400, if the idempotency key is missing or out of bounds, or the metadata too large.
        CardNumberFound, ReturnUrlRefused: If a field breaks its rule.
    """
    data.check()
    claim = await claim_of(request)
    context = context_of(request)
    account = data.gateway_account_id
    return CreatePayment(
        tenant_id=claim.tenant_id,
        claim=claim,
        trace_id=context.trace_id,
        wallet_id=wallet_id,
        user_id=user_id,
        asset=asset,
        amount=data.amount,
        capture=data.capture,
        gateway_account=None if account is None else GatewayAccountId(account),
        method=data.payment_method,
        return_url=data.return_url,
        details=data.details(),
        render=render_payment,
        refuse=rule_refusal(context.request_id),
    )
