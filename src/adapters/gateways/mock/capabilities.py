"""What the mock provider can do."""

from dataclasses import replace
from datetime import timedelta

from core.domain.gateway_capabilities import (
    Capabilities,
    GatewayOperation,
    Idempotency,
    LookUp,
    Maturity,
    OperationCapability,
)

KEY_WINDOW = timedelta(hours=24)
"""For so long the provider remembers a key."""

LONGEST_KEY = 255

_ONCE = OperationCapability(
    idempotency=Idempotency(window=KEY_WINDOW, max_length=LONGEST_KEY),
    look_up=LookUp.AUTHORITATIVE_INCLUDING_ABSENCE,
)

CAPABILITIES = Capabilities(
    maturity=Maturity.BETA,
    operations={
        GatewayOperation.CREATE_PAYMENT: replace(_ONCE, asynchronous=True),
        GatewayOperation.CONFIRM_PAYMENT: replace(_ONCE, asynchronous=True),
        GatewayOperation.CAPTURE: replace(_ONCE, partial=True, multiple=True),
        GatewayOperation.CANCEL: _ONCE,
        GatewayOperation.REFUND: replace(_ONCE, partial=True, multiple=True, asynchronous=True),
        GatewayOperation.CREATE_PAYOUT: replace(_ONCE, asynchronous=True),
        GatewayOperation.CANCEL_PAYOUT: _ONCE,
        GatewayOperation.LIST_MOVEMENTS: OperationCapability(),
    },
)
"""Everything the protocol has; an account may be given less (`adapters.gateways.mock.assembly`)."""
