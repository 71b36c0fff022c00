"""A tenant at work on the ledger: its wallets, and the requests that move its money."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Self
from uuid import UUID, uuid4

from adapters.postgres.group_commit import GroupCommit
from core.application.holds.hold_step import step_instruction
from core.application.transfers.request import Details
from core.application.transfers.transfer_between_wallets import WalletLeg, draft_between_wallets, instruction_of
from core.application.wallets.open_wallet import OpenWallet
from core.domain.accounts import Purpose
from core.domain.assets import Asset, AssetKind
from core.domain.errors import Conflict, NotFound
from core.domain.holds import CaptureHold, ExpireHold, Hold, HoldStep, PlaceHold, ReleaseHold
from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.identifiers import AccountId, HoldId, TenantId, TransferId, WalletId, system_account_id
from core.domain.instructions import Instruction, Outcome, PostingRequest, Refused, Render
from core.domain.transfers import TransferDraft, TransferType, mirror_legs
from core.domain.wallets import counterpart_leg, hold_leg
from entrypoints.container import Container
from ports.posting import Posting

COINS = "COINS"
ASSETS = (
    Asset(COINS, "Coins", 0, AssetKind.POINTS),
    Asset("EUR", "Euro", 2, AssetKind.CURRENCY),
    Asset("USD", "US Dollar", 2, AssetKind.CURRENCY),
)
TRACE = "0123456789abcdef0123456789abcdef"
LIFETIME = timedelta(days=7)
NOTHING_SAID = Details()


def tell(outcome: Outcome) -> Answer:
    """201 and the transfers' ids (new ones each time, so that equal bytes are a replay), or the refusal's code."""
    if isinstance(outcome, Refused):
        status = 404 if isinstance(outcome.error, NotFound) else 409 if isinstance(outcome.error, Conflict) else 422
        return Answer(status, outcome.error.code.encode())
    return Answer(201, b" ".join(str(transfer.id).encode() for transfer in outcome.transfers))


def code_of(answer: Answer) -> str:
    """`posted`, or why not."""
    return "posted" if answer.status == 201 else answer.body.decode()


def posted_id(answer: Answer) -> TransferId:
    """The id of the one transfer that the answer tells of."""
    return TransferId(UUID(answer.body.decode()))


async def in_one_batch(lane: GroupCommit, requests: Iterable[PostingRequest]) -> list[Answer]:
    """The answers to callers of their own who all waited when *lane*, not yet started, began."""
    callers = [asyncio.create_task(lane.post(request)) for request in requests]
    await asyncio.sleep(0)
    await lane.start()
    return await asyncio.gather(*callers)


@dataclass(slots=True)
class Market:
    """
    One tenant with wallets in COINS.

    Attributes:
        posting: What opens its wallets' balances.
    """

    tenant_id: TenantId
    container: Container
    posting: Posting

    @classmethod
    async def open(cls, container: Container, posting: Posting) -> Self:
        """A new tenant, with three assets: all currencies of the world would take longer than most tests."""
        tenant_id = TenantId(container.ids().new())
        async with container.unit_of_work() as work:
            await work.tenants.add(tenant_id, "Test")
            await work.assets.add(tenant_id, ASSETS)
            await work.commit()
        return cls(tenant_id, container, posting)

    async def wallet(self, balance: int = 0, *, asset: str = COINS) -> WalletId:
        """A new user's wallet with that much available."""
        opening = OpenWallet(tenant_id=self.tenant_id, user_id=f"user-{uuid4().hex}", asset=asset)
        wallet = (await self.container.open_wallet()(opening))[0]
        if balance:
            await self.open_system(Purpose.TREASURY, asset)
            credited = await self.posting.post(self.move(TransferType.TOPUP, wallet.id, balance, asset=asset))
            assert credited.status == 201, credited
        return wallet.id

    async def open_system(self, purpose: Purpose, asset: str = COINS) -> AccountId:
        """The tenant's own account of that purpose."""
        return await self.container.account_opening().ensure_system(self.tenant_id, purpose, asset)

    async def open_reserve(self, wallet_id: WalletId) -> None:
        """Where the wallet's held money lies."""
        await self.container.account_opening().ensure_reserve(self.tenant_id, wallet_id, COINS)

    async def available(self, wallet_id: WalletId) -> int:
        """What the wallet can spend."""
        async with self.container.unit_of_work() as work:
            return (await work.wallets.get(self.tenant_id, wallet_id)).balance.available

    def transfer(
        self,
        source: WalletId,
        destination: WalletId,
        amount: int = 1,
        *,
        key: str | None = None,
        says: str = "",
        details: Details = NOTHING_SAID,
        render: Render = tell,
    ) -> PostingRequest:
        """A transfer under a fresh key, unless one is given; what it *says* makes its fingerprint."""
        draft = draft_between_wallets(
            self.container.ids(), [WalletLeg(source, destination, amount)], details, trace_id=TRACE
        )
        return self._request(instruction_of(self.tenant_id, (draft,)), key=key, says=says, render=render)

    def move(
        self, type_: TransferType, wallet_id: WalletId, amount: int = 1, *, asset: str = COINS, key: str | None = None
    ) -> PostingRequest:
        """A top-up, bonus, spend, credit or debit."""
        leg = counterpart_leg(type_, tenant_id=self.tenant_id, wallet_id=wallet_id, asset=asset, amount=amount)
        draft = TransferDraft(id=self._new_id(), type=type_, legs=(leg,), trace_id=TRACE)
        return self._request(instruction_of(self.tenant_id, (draft,)), key=key)

    def hold(
        self,
        wallet_id: WalletId,
        amount: int,
        *,
        lifetime: timedelta = LIFETIME,
        details: Details = NOTHING_SAID,
    ) -> PostingRequest:
        """Money to set aside; the hold's id is the transfer's."""
        leg, hold_id = hold_leg(wallet_id=wallet_id, amount=amount), self._new_id()
        draft = TransferDraft(
            id=hold_id,
            type=TransferType.HOLD,
            legs=(leg,),
            trace_id=TRACE,
            reference=details.reference,
            description=details.description,
            metadata=details.metadata,
            hold_id=HoldId(hold_id),
        )
        accounts = frozenset((leg.debit, leg.credit))
        return self._request(Instruction(self.tenant_id, (draft,), PlaceHold(wallet_id, lifetime), accounts))

    def capture(self, hold: Hold, amount: int | None = None, *, final: bool = True) -> PostingRequest:
        """Take held money as revenue."""
        revenue = system_account_id(self.tenant_id, Purpose.REVENUE, hold.asset)
        return self._step(hold, CaptureHold(hold.id, revenue, amount, final))

    def release(self, hold: Hold) -> PostingRequest:
        """Give held money back."""
        return self._step(hold, ReleaseHold(hold.id))

    def expire(self, hold: Hold) -> PostingRequest:
        """Give held money back because the time has run out."""
        return self._step(hold, ExpireHold(hold.id))

    async def reverse(self, transfer_id: TransferId) -> PostingRequest:
        """The mirror image of a transfer."""
        original = (await self.container.journal().transfer(self.tenant_id, transfer_id)).transfer
        draft = TransferDraft(
            id=self._new_id(),
            type=TransferType.REVERSAL,
            legs=mirror_legs(original.entries),
            trace_id=TRACE,
            reversal_of=original.id,
        )
        return self._request(instruction_of(self.tenant_id, (draft,)))

    def _step(self, hold: Hold, step: HoldStep) -> PostingRequest:
        return self._request(step_instruction(self.container.ids(), hold, step, trace_id=TRACE))

    def _new_id(self) -> TransferId:
        return TransferId(self.container.ids().new())

    def _request(
        self, instruction: Instruction, *, key: str | None = None, says: str = "", render: Render = tell
    ) -> PostingRequest:
        claim = IdempotencyClaim(self.tenant_id, key or uuid4().hex, sha256(says.encode()).digest())
        return PostingRequest(instruction, claim, render)
