"""Take a payment off the list of those that a person has to look at, on the word of an operator who did."""

from collections.abc import Callable
from dataclasses import dataclass

from core.application.operations.inline_operation import repeated
from core.application.racing import again_after_races
from core.domain.attempts import Step
from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.identifiers import ApiKeyId, PaymentId, TenantId
from core.domain.payments import Payment
from ports.operation_repository import RecordedAttempt
from ports.unit_of_work import UnitOfWorkFactory

CLEARED = "review_cleared"
"""The outcome in the history of the operation that submitted the payment. Permanent."""

_MAX_DETAIL_LENGTH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearReview:
    """
    What the operator found, or did about it.

    Attributes:
        cleared_by: The key that says so; kept in the history.
        render: Pure: the payment as the operator will read it.
    """

    tenant_id: TenantId
    payment_id: PaymentId
    note: str
    cleared_by: ApiKeyId
    claim: IdempotencyClaim
    trace_id: str
    render: Callable[[Payment], Answer]


@dataclass(frozen=True, slots=True)
class ClearReviewHandler:
    """Moves no money and ends no operation; news that contradict again flag the payment again."""

    unit_of_work: UnitOfWorkFactory

    async def __call__(self, command: ClearReview) -> Answer:
        """
        The stored answer: the payment.

        Raises:
            PaymentNotFound: If the tenant has none of that id.
            PaymentNotUnderReview: If nobody has to look at it (any more).
            IdempotencyKeyReused: If the key came before with another request.
            RequestInProgress: If its first request is still being answered.
            Unavailable: If it could not be decided now.
        """
        return await again_after_races(lambda: self._clear(command))

    async def _clear(self, command: ClearReview) -> Answer:
        async with self.unit_of_work(trace_id=command.trace_id) as work:
            found = await work.payments.get(command.tenant_id, command.payment_id)
            submission = await work.operations.lock(command.tenant_id, found.operation_id)
            payment = await work.payments.lock(command.tenant_id, command.payment_id)
            kept = await work.idempotency.find(command.claim)  # under the lock: the same request may have been first
            if kept is not None:
                return repeated(kept, command.claim)
            cleared = payment.clear_review(now=await work.now())
            await work.payments.save(cleared)
            detail = f"by key {command.cleared_by}: {command.note} (review: {payment.review})"
            attempt = RecordedAttempt(
                attempt=submission.attempt,
                step=Step.OPERATOR.value,
                outcome=CLEARED,
                detail=detail[:_MAX_DETAIL_LENGTH],
                counted=False,  # an attempt that is under way still has to be
                ended_at=cleared.updated_at,
            )
            await work.operations.record(submission, attempt)
            answer = command.render(cleared)
            await work.idempotency.keep(command.claim, answer, trace_id=command.trace_id)
            await work.commit()
        return answer
