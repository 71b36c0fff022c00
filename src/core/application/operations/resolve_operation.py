"""End an operation whose outcome nobody knows, on the word of an operator who found out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.application.operations.driver import OperationDriver
from core.application.racing import again_after_races
from core.domain.attempts import Step, resolve
from core.domain.errors import Rejected
from core.domain.idempotency import Answer, IdempotencyClaim, IdempotencyKeyReused, RequestInProgress
from core.domain.identifiers import ApiKeyId, OperationId, TenantId
from core.domain.operations import Operation
from core.domain.outcomes import Declined, Failure, FailureClass, NextStep, Succeeded
from ports.operation_repository import RecordedAttempt
from ports.unit_of_work import UnitOfWorkFactory


class ProviderRefRequired(Rejected):
    """What happened at a gateway is known there by a name, and only by that."""

    code = "provider_ref_required"
    title = "The provider's reference is required"


RenderOperation = Callable[[Operation], Answer]
"""Pure: an operation as the operator will read it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolveOperation:
    """
    What happened outside, and how the operator knows.

    Attributes:
        provider_ref: What the provider calls it, when the operator found that; else its key stands for it.
        resolved_by: The key that says so; kept in the history of attempts.
    """

    tenant_id: TenantId
    operation_id: OperationId
    has_succeeded: bool
    provider_ref: str | None
    reason: str
    resolved_by: ApiKeyId
    claim: IdempotencyClaim
    trace_id: str
    render: RenderOperation


@dataclass(frozen=True, slots=True)
class ResolveOperationHandler:
    """The money moves as if the provider had said so, in the transaction that records who did."""

    unit_of_work: UnitOfWorkFactory
    drivers: Mapping[str, OperationDriver]

    async def __call__(self, command: ResolveOperation) -> Answer:
        """
        The stored answer.

        Raises:
            OperationNotFound: If the tenant has none of that id.
            InvalidOperationMove: Unless its outcome is unknown or it waits for a person.
            IdempotencyKeyReused: If the key came before with another request.
            RequestInProgress: If its first request is still being answered.
            Unavailable: If it could not be decided now.
        """
        return await again_after_races(lambda: self._resolve(command))

    async def _resolve(self, command: ResolveOperation) -> Answer:
        async with self.unit_of_work(trace_id=command.trace_id) as work:
            operation = await work.operations.lock(command.tenant_id, command.operation_id)
            kept = await work.idempotency.find(command.claim)  # under the lock: the same request may have been first
            if kept is not None:
                if kept.fingerprint != command.claim.fingerprint:
                    raise IdempotencyKeyReused("this key came before with another request")
                if not kept.settled:
                    raise RequestInProgress("the first request with this key is still being answered")
                return kept.answer
            outcome = _outcome(command, operation)
            resolved = resolve(operation, outcome, now=await work.now())
            await work.operations.save(resolved)
            await work.operations.record(resolved, _attempt(command, resolved, outcome))
            await self.drivers[operation.kind].settle(work, resolved, outcome)
            answer = command.render(resolved)
            await work.idempotency.keep(command.claim, answer, trace_id=command.trace_id)
            await work.commit()
        return answer


def _outcome(command: ResolveOperation, operation: Operation) -> Succeeded | Declined:
    if command.has_succeeded:
        provider_ref = command.provider_ref or operation.provider_ref
        if provider_ref is None and operation.gateway_account is not None:
            raise ProviderRefRequired(
                "what the provider calls it is needed, so that its later news are understood", pointer="#/provider_ref"
            )
        return Succeeded(provider_ref or str(operation.key))
    failure = Failure(
        code="declined_by_operator",
        failure_class=FailureClass.HARD_DECLINE,
        next_step=NextStep.CONTACT_SUPPORT,
        message=command.reason,
    )
    return Declined(failure, command.provider_ref)


def _attempt(command: ResolveOperation, resolved: Operation, outcome: Succeeded | Declined) -> RecordedAttempt:
    return RecordedAttempt(
        attempt=resolved.attempt,
        step=Step.OPERATOR.value,
        outcome=type(outcome).__name__.lower(),
        detail=f"by key {command.resolved_by}: {command.reason}",
        counted=True,
        ended_at=resolved.updated_at,
    )
