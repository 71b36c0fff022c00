"""Look payments up of which nothing was heard for long: the webhook that would have ended them may be lost."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.application.one_by_one import one_by_one
from core.application.racing import again_after_races
from core.domain.identifiers import PaymentId, TenantId
from ports.unit_of_work import UnitOfWorkFactory

BATCH = 50
"""A run's share, so that a provider that answers nothing fits into a job's time; the next run goes on."""

LookUp = Callable[[TenantId, PaymentId], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class LookUpQuietPaymentsHandler:
    """Each payment is taken by one run, also of several at once, and then left alone for as long as before."""

    unit_of_work: UnitOfWorkFactory
    look_up: LookUp

    async def __call__(self, tenant_id: TenantId) -> int:
        """
        How many payments were looked up.

        Raises:
            Unavailable: If the database cannot be reached; the others were looked up.
            Exception: Whatever else stopped one of them, as above.
        """

        async def look_up(payment_id: PaymentId) -> bool:
            await self.look_up(tenant_id, payment_id)
            return True

        return await one_by_one(await again_after_races(lambda: self._take(tenant_id)), look_up)

    async def _take(self, tenant_id: TenantId) -> list[PaymentId]:
        async with self.unit_of_work() as work:
            quiet = await work.payments.take_quiet(tenant_id, now=await work.now(), limit=BATCH)
            await work.commit()
        return list(quiet)
