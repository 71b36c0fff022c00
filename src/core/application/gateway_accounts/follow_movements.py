"""Read a provider's balance on from where it was left, and look at once for what nobody knows and it has moved."""

from dataclasses import dataclass
from uuid import UUID

from core.application.racing import again_after_races
from core.domain.attempts import RESOLVABLE_STATES, noticed
from core.domain.errors import CoreError
from core.domain.gateway_accounts import GatewayAccount
from core.domain.gateways import CallContext, Movement, MovementPage, MovementType
from core.domain.identifiers import TenantId
from core.domain.operations import Operation
from core.domain.payments import CAPTURE_PAYMENT, SUBMIT_PAYMENT
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

_KINDS: dict[MovementType, tuple[str, ...]] = {
    MovementType.CHARGE: (SUBMIT_PAYMENT, CAPTURE_PAYMENT),
    MovementType.REFUND: (SUBMIT_REFUND,),
}
"""What a line may name. A charge names the capture, or, where the provider knows no reference of it, the payment."""


@dataclass(frozen=True, slots=True)
class FollowMovementsHandler:
    """
    Evidence, not news: what a movement says is too little to settle with, so the operation is looked up.

    The cursor moves in the transaction that makes operations due. Two runs at once read a page twice, which changes
    nothing. A line that is read while an operation is still under way is not seen again: its own look-ups find it.
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

            async def take(read: MovementPage = page) -> int:
                return await self._take(account, read, trace_id)

            found, cursor = found + await again_after_races(take), page.cursor
            if not page.has_more:
                break
        return found

    async def _take(self, account: GatewayAccount, page: MovementPage, trace_id: str) -> int:
        async with self.unit_of_work(trace_id=trace_id) as work:
            found = 0
            for movement in sorted(page.movements, key=lambda each: each.reference or ""):  # one order of locks
                found += await self._notice(work, account, movement)
            await work.gateway_accounts.keep_movement_cursor(account.tenant_id, account.id, page.cursor)
            await work.commit()
        return found

    async def _notice(self, work: UnitOfWork, account: GatewayAccount, movement: Movement) -> int:
        """How many operations are due now: whatever is in doubt about the payment or refund that the line is for."""
        known = await self._known_by(work, account, movement)
        if known is None:
            return 0
        found = 0
        for operation in await work.operations.of_subject(account.tenant_id, known.subject):
            if operation.state in RESOLVABLE_STATES:
                locked = await work.operations.lock(account.tenant_id, operation.id)
                due = noticed(locked, now=await work.now())
                if due is not None:
                    await work.operations.save(due)
                    found += 1
        return found

    async def _known_by(self, work: UnitOfWork, account: GatewayAccount, movement: Movement) -> Operation | None:
        """The operation whose key the line names, unless it went to another account or is of another kind."""
        try:
            key = UUID(movement.reference or "")
        except ValueError:
            return None
        operation = await work.operations.by_key(account.tenant_id, key)
        if operation is None or operation.gateway_account != account.id:
            return None
        return operation if operation.kind in _KINDS.get(movement.type, ()) else None
