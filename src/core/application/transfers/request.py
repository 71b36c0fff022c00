"""What every request to move money brings along."""

from dataclasses import dataclass

from core.domain.idempotency import IdempotencyClaim
from core.domain.identifiers import TenantId
from core.domain.instructions import Render


@dataclass(slots=True, kw_only=True)
class Details:
    """What the client says about a movement; *metadata* is canonical JSON text or None."""

    reference: str | None = None
    description: str | None = None
    metadata: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyRequest:
    """Who asks, the claim to happen once, the trace it belongs to, and how the answer is written."""

    tenant_id: TenantId
    claim: IdempotencyClaim
    trace_id: str
    render: Render
