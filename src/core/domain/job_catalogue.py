"""Every job a worker does, by its permanent name, with its limits."""

from collections.abc import Mapping

from core.domain.identifiers import GatewayEventId, OperationId, ReconciliationId, TenantId, WebhookEndpointId
from core.domain.jobs import JobArgument, JobRequest

RUN_OPERATION = "operations.run"
DELIVER_WEBHOOKS = "webhooks.deliver"
APPLY_GATEWAY_EVENT = "gateway_events.apply"
EXPIRE_PAYMENTS = "payments.expire"
LOOK_UP_PAYMENTS = "payments.look_up"
FOLLOW_MOVEMENTS = "movements.follow"
EXPIRE_HOLDS = "holds.expire"
RECONCILE_LEDGER = "ledger.reconcile"
RUN_RECONCILIATION = "reconciliations.run"
MAINTAIN_LEDGER = "ledger.maintain"
TAKE_CHECKPOINTS = "ledger.checkpoint"
FORGET_OLD_RECORDS = "retention.sweep"

QUEUE = "jobs"
ATTEMPTS = 5
RETRY_DELAY_SECONDS, LONGEST_RETRY_DELAY_SECONDS = 1.0, 60.0
_SHORTEST_TIMEOUT_SECONDS = 30
_TIMEOUTS_SECONDS = {
    RUN_OPERATION: 30,  # longer than its call and the writing down of what came of it
    DELIVER_WEBHOOKS: 90,
    APPLY_GATEWAY_EVENT: 30,
    EXPIRE_PAYMENTS: 300,
    LOOK_UP_PAYMENTS: 300,
    FOLLOW_MOVEMENTS: 300,
    EXPIRE_HOLDS: 300,
    RUN_RECONCILIATION: 3600,
    MAINTAIN_LEDGER: 600,
    TAKE_CHECKPOINTS: 600,
    FORGET_OLD_RECORDS: 600,
}


def run_operation_job(tenant_id: TenantId, operation_id: OperationId) -> JobRequest:
    """Attempt an operation."""
    arguments = {"tenant_id": str(tenant_id), "operation_id": str(operation_id)}
    return job(RUN_OPERATION, f"{RUN_OPERATION}:{operation_id}", arguments)


def deliver_webhooks_job(tenant_id: TenantId, endpoint_id: WebhookEndpointId) -> JobRequest:
    """Deliver what is due at one endpoint; at most one such job an endpoint, so that none keeps others waiting."""
    arguments = {"tenant_id": str(tenant_id), "endpoint_id": str(endpoint_id)}
    return job(DELIVER_WEBHOOKS, f"{DELIVER_WEBHOOKS}:{endpoint_id}", arguments)


def apply_gateway_event_job(tenant_id: TenantId, event_id: GatewayEventId) -> JobRequest:
    """Apply what a provider said."""
    arguments = {"tenant_id": str(tenant_id), "event_id": str(event_id)}
    return job(APPLY_GATEWAY_EVENT, f"{APPLY_GATEWAY_EVENT}:{event_id}", arguments)


def run_reconciliation_job(tenant_id: TenantId, reconciliation_id: ReconciliationId) -> JobRequest:
    """Finish that reconciliation; it begins no other, however late or often it comes."""
    arguments = {"tenant_id": str(tenant_id), "reconciliation_id": str(reconciliation_id)}
    return job(RUN_RECONCILIATION, f"{RUN_RECONCILIATION}:{reconciliation_id}", arguments)


def tenant_job(name: str, tenant_id: TenantId) -> JobRequest:
    """A schedule's work for one tenant, so that none waits for another's."""
    return job(name, f"{name}:{tenant_id}", {"tenant_id": str(tenant_id)})


def timeout_seconds(name: str) -> int:
    """How long one attempt at a job of that name may take."""
    return _TIMEOUTS_SECONDS.get(name, _SHORTEST_TIMEOUT_SECONDS)


def job(name: str, key: str, arguments: Mapping[str, JobArgument]) -> JobRequest:
    """The job of that name with its limits; also again, from a dead letter."""
    return JobRequest(
        name=name,
        arguments=arguments,
        key=key,
        timeout_seconds=timeout_seconds(name),
        attempts=ATTEMPTS,
        retry_delay_seconds=RETRY_DELAY_SECONDS,
        max_retry_delay_seconds=LONGEST_RETRY_DELAY_SECONDS,
    )
