"""Read a provider's balance on from where it was left, and look at once for what nobody knows and it has moved."""

from dataclasses import dataclass
from uuid import UUID

from core.application.racing import again_after_races
from core.domain.attempts import noticed
from core.domain.errors import CoreError
from core.domain.gateway_accounts import GatewayAccount
from core.domain.gateways import CallContext, Movement, MovementPage, MovementType
from core.domain.identifiers import TenantId
from core.domain.operations import Operation
from core.domain.payments import SUBMIT_PAYMENT
from core.domain.refunds import SUBMIT_REFUND
from ports.clock import Clock
from ports.gateways import Gateways
from ports.id_generator import IdGenerator
from ports.movement_source import MovementSource
from ports.unit_of_work import UnitOfWork, UnitOfWorkFactory

PAGE = 200
PAGES_AT_ONCE = 20
"""A run's share; the next run goes on."""

DEADLINE_SECONDS = 10.0
"""For one page."""

_KINDS = {MovementType.CHARGE: SUBMIT_PAYMENT, MovementType.REFUND: SUBMIT_REFUND}


@dataclass(frozen=True, slots=True)
class FollowMovementsHandler:
    """
    Evidence, not news: what a movement says is too little to settle with, so the operation is looked up.

    Idempotent; the cursor moves in the transaction that makes operations due.
    """

    unit_of_work: UnitOfWorkFactory
    gateways: Gateways
    ids: IdGenerator
    clock: Clock

    async def __call__(self, tenant_id: TenantId, *, trace_id: str) -> int:
        """
        How many operations in doubt were found in the balance of one of the tenant's accounts, and are due now.

        Raises:
            GatewayUnknown, GatewaySettingsInvalid, SecretMissing: If an account cannot be opened; the others were read.
            Unavailable: If the database cannot be reached.
        """
        async with self.unit_of_work() as work:
            accounts = await work.gateway_accounts.all(tenant_id)
        found = 0
        failed: CoreError | None = None
        for account in accounts:
            try:
                source = self.gateways.open(account).movements
                if source is not None:
                    found += await self._follow(account, source, trace_id)
            except CoreError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        return found

    async def _follow(self, account: GatewayAccount, source: MovementSource, trace_id: str) -> int:
        found = 0
        async with self.unit_of_work() as work:
            cursor = await work.gateway_accounts.movement_cursor(account.tenant_id, account.id)
        for _ in range(PAGES_AT_ONCE):
            context = CallContext(
                key=str(self.ids.new()), deadline_at=self.clock.monotonic() + DEADLINE_SECONDS, trace_id=trace_id
            )
            page = await source.movements(cursor, limit=PAGE, context=context)
            if not isinstance(page, MovementPage):
                break  # not to be had now: the next run asks for the same page

            async def take(read: MovementPage = page, before: str | None = cursor) -> int | None:
                return await self._take(account, read, before, trace_id)

            taken = await again_after_races(take)
            if taken is None:
                break  # another run was faster
            found, cursor = found + taken, page.cursor
            if not page.has_more:
                break
        return found

    async def _take(self, account: GatewayAccount, page: MovementPage, before: str | None, trace_id: str) -> int | None:
        async with self.unit_of_work(trace_id=trace_id) as work:
            await work.gateway_accounts.lock(account.tenant_id, account.id)
            if await work.gateway_accounts.movement_cursor(account.tenant_id, account.id) != before:
                return None
            found = 0
            for movement in sorted(page.movements, key=lambda each: each.reference or ""):  # one order of locks
                found += await self._notice(work, account, movement)
            await work.gateway_accounts.keep_movement_cursor(account.tenant_id, account.id, page.cursor)
            await work.commit()
        return found

    async def _notice(self, work: UnitOfWork, account: GatewayAccount, movement: Movement) -> bool:
        operation = await self._operation(work, account, movement)
        if operation is None:
            return False
        due = noticed(operation, now=await work.now())
        if due is None:
            return False
        await work.operations.save(due)
        return True

    async def _operation(self, work: UnitOfWork, account: GatewayAccount, movement: Movement) -> Operation | None:
        try:
            key = UUID(movement.reference or "")
        except ValueError:
            return None
        operation = await work.operations.lock_by_key(account.tenant_id, key)
        if operation is None or operation.gateway_account != account.id:
            return None
        return operation if operation.kind == _KINDS.get(movement.type) else None
