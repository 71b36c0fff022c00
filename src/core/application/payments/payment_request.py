"""What every request about a payment brings along."""

from collections.abc import Callable
from dataclasses import dataclass

from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.identifiers import PaymentId, TenantId
from core.domain.instructions import Render
from core.domain.operations import Operation
from core.domain.payments import Payment
from core.domain.refunds import Refund

RenderPayment = Callable[[Payment, Operation], Answer]
"""Pure: a payment as the client will read it, after an operation on it; a problem, when the provider refused that."""

RenderRefund = Callable[[Refund, Operation], Answer]
"""Pure: a refund as the client will read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRequest:
    """Who asks, about which payment, the claim to happen once, and how the answer is written."""

    tenant_id: TenantId
    payment_id: PaymentId
    claim: IdempotencyClaim
    trace_id: str
    render: RenderPayment
    refuse: Render
