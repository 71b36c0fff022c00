"""
Verification and export beside running writers: a false finding would be worse than none.

Pages are made so small that a ledger of some hundred entries is read in hundreds of statements, between any two of
which something happens; or they stay as large as they are, so that all that happens does so within one of them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import count
from typing import Any, cast

import pytest

from concurrency.market import Market, posted_id
from core.application.integrity import export_ledger, verify_accounts, verify_checkpoints, verify_ledger
from core.application.integrity.verification import Verification
from core.application.integrity.verify_export import verify_export
from core.domain.accounts import Purpose
from core.domain.identifiers import HoldId, TenantId, WalletId
from entrypoints.container import checkpoint_checker
from ports.ledger_inspection import LedgerInspection

Happening = Callable[[], Awaitable[None]]
ROUNDS = 2
INTERRUPTIONS = 40


def make_pages_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many statements, much between them."""
    monkeypatch.setattr(verify_accounts, "ACCOUNT_PAGE", 3)
    monkeypatch.setattr(verify_accounts, "ENTRY_PAGE", 7)
    monkeypatch.setattr(verify_accounts, "SIGNED_HEAD_PAGE", 2)
    monkeypatch.setattr(verify_checkpoints, "CHECKPOINT_PAGE", 2)
    monkeypatch.setattr(verify_ledger, "TRANSFER_PAGE", 5)
    monkeypatch.setattr(export_ledger, "_PAGE", 4)


class Interrupted:
    """A reader before each of whose statements, or some of them, something happens, as often as *times*."""

    def __init__(self, inner: object, happening: Happening, *, times: int, only: str | None = None) -> None:
        self._inner = inner
        self._happening = happening
        self.left = times
        self._only = only

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def interrupted(*given: Any, **keywords: Any) -> Any:
            if self.left > 0 and self._only in {None, name}:
                self.left -= 1
                await self._happening()
            return await getattr(self._inner, name)(*given, **keywords)

        return interrupted


async def some_life(market: Market) -> tuple[list[WalletId], Happening]:
    """Wallets, and what happens between two statements: payments, a hold, a new wallet, a checkpoint."""
    wallets = [await market.wallet(1000) for _ in range(6)]
    await market.open_reserve(wallets[0])
    await market.open_system(Purpose.REVENUE)
    number = count()

    async def happening() -> None:
        n = next(number)
        source, destination = wallets[n % 6], wallets[(n + 1) % 6]
        answers = await market.posting.post_all(
            [market.transfer(source, destination), market.hold(wallets[0], 1), market.transfer(destination, source)]
        )
        assert {answer.status for answer in answers} == {201}
        hold = await market.container.hold_reader().get(market.tenant_id, HoldId(posted_id(answers[1])))
        await market.posting.post(market.capture(hold) if n % 2 else market.release(hold))
        if n % 3 == 0:
            await market.wallet(1)
        await market.container.take_checkpoint()(market.tenant_id)

    return wallets, happening


@pytest.mark.parametrize("are_small", [True, False], ids=["small pages", "one page"])
async def test_whatever_happens_between_two_statements_is_nothing_wrong(
    market: Market, monkeypatch: pytest.MonkeyPatch, are_small: bool
) -> None:
    if are_small:
        make_pages_small(monkeypatch)
    _, happening = await some_life(market)
    for _ in range(3):
        await happening()
    handler = market.container.verify_ledger()
    readers: dict[str, Any] = {
        "inspection": Interrupted(handler.inspection, happening, times=INTERRUPTIONS),
        "checkpoints": Interrupted(handler.checkpoints, happening, times=5),
        "sink": Interrupted(handler.sink, happening, times=1, only="newest_number"),
    }

    verification = await replace(handler, **readers)(market.tenant_id)

    assert verification.findings == []
    assert verification.entries > 50
    assert sum(reader.left for reader in readers.values()) == 0 or not are_small


async def test_what_is_wrong_is_found_whatever_happens_between_two_statements(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above would pass for a verification that looks at nothing."""
    make_pages_small(monkeypatch)
    wallets, happening = await some_life(market)
    for _ in range(3):
        await happening()
    handler = market.container.verify_ledger()
    interrupted = Interrupted(handler.inspection, happening, times=INTERRUPTIONS)
    honest = handler.inspection.links

    async def one_amount_off(tenant_id: TenantId, **keywords: Any) -> Sequence[Any]:
        return [
            replace(placed, link=replace(placed.link, amount=placed.link.amount + 1))
            if (placed.link.account_id, placed.link.sequence) == (wallets[3], 2)
            else placed
            for placed in await honest(tenant_id, **keywords)
        ]

    monkeypatch.setattr(type(handler.inspection), "links", lambda _self, *given, **more: one_amount_off(*given, **more))
    verification = await replace(handler, inspection=cast("LedgerInspection", interrupted))(market.tenant_id)

    assert [(finding.kind.value, finding.account_id, finding.sequence) for finding in verification.findings] == [
        ("balance_wrong", wallets[3], 2)
    ]


async def test_verifying_beside_writers_never_finds_what_is_not_there(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_pages_small(monkeypatch)
    _, happening = await some_life(market)
    verify = market.container.verify_ledger()

    async with BesideWriters(happening):
        rounds = [await verify(market.tenant_id) for _ in range(ROUNDS)]

    assert [verification.findings for verification in rounds] == [[]] * ROUNDS
    assert rounds[0].entries < rounds[-1].entries, "nobody wrote"
    assert rounds[0].checkpoints < rounds[-1].checkpoints, "nobody signed"


async def test_an_export_beside_writers_is_the_ledger_of_one_moment(
    market: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_pages_small(monkeypatch)
    _, happening = await some_life(market)
    rounds: list[Verification] = []
    checker = checkpoint_checker(market.container.checkpoint_signer().public_key.hex())

    async with BesideWriters(happening):
        for _ in range(ROUNDS):
            lines = [line async for line in market.container.export_ledger()(market.tenant_id)]
            rounds.append(verify_export(lines, checker))

    assert [verification.findings for verification in rounds] == [[]] * ROUNDS
    assert rounds[0].entries < rounds[-1].entries, "nobody wrote"


class BesideWriters:
    """Two who let things happen as fast as they can, for the time of a block."""

    def __init__(self, happening: Happening) -> None:
        self._happening = happening
        self._writers: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> None:
        await self._happening()
        self._writers = [asyncio.create_task(self._keep_on()) for _ in range(2)]

    async def __aexit__(self, *_error: object) -> None:
        for writer in self._writers:
            writer.cancel()
        for writer in self._writers:
            with suppress(asyncio.CancelledError):
                await writer

    async def _keep_on(self) -> None:
        while True:
            await self._happening()
