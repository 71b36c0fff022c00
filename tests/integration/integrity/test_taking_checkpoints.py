"""Checkpoints as they are taken: what each signs, in which order, and who takes it when several would."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.files.checkpoint_sink import FileCheckpointSink
from concurrency.market import Market
from core.application.integrity.take_checkpoint import TakeCheckpointHandler
from core.domain.accounts import Purpose
from core.domain.chain import GENESIS
from core.domain.checkpoints import Checkpoint
from core.domain.identifiers import WalletId
from integration.integrity.conftest import Office


async def taken(market: Market) -> Checkpoint:
    """The next checkpoint, of which there is one to take."""
    checkpoint: Checkpoint | None = await market.container.take_checkpoint()(market.tenant_id)
    assert checkpoint is not None
    return checkpoint


async def pay(market: Market, source: WalletId, destination: WalletId) -> None:
    """Move one coin."""
    assert (await market.posting.post(market.transfer(source, destination))).status == 201


async def found(market: Market) -> list[str]:
    """What verification finds."""
    return [finding.kind.value for finding in (await market.container.verify_ledger()(market.tenant_id)).findings]


def taker(market: Market, copies: Path) -> TakeCheckpointHandler:
    """What takes checkpoints and keeps their copies there."""
    handler: TakeCheckpointHandler = market.container.take_checkpoint()
    return replace(handler, sink=FileCheckpointSink(copies))


async def test_where_nothing_has_happened_nothing_is_signed(market: Market) -> None:
    take = market.container.take_checkpoint()
    assert await take(market.tenant_id) is None
    await market.wallet()
    assert await take(market.tenant_id) is None
    assert await found(market) == []


async def test_each_checkpoint_signs_the_one_before_and_the_accounts_that_went_on_since(market: Market) -> None:
    alice, bob, carol = await market.wallet(100), await market.wallet(100), await market.wallet(100)
    treasury = await market.open_system(Purpose.TREASURY)
    first = await taken(market)
    await pay(market, alice, bob)
    second = await taken(market)
    await pay(market, carol, bob)
    await pay(market, carol, bob)
    third = await taken(market)

    assert [first.number, second.number, third.number] == [1, 2, 3]
    assert [first.previous, second.previous, third.previous] == [GENESIS, first.digest, second.digest]
    repository = market.container.checkpoint_repository()
    heads = [
        {head.account_id: head.sequence for head in await repository.heads(market.tenant_id, number)}
        for number in (1, 2, 3)
    ]
    assert heads == [
        {alice: 1, bob: 1, carol: 1, treasury: 3},
        {alice: 2, bob: 2},
        {bob: 4, carol: 3},
    ]
    verification = await market.container.verify_ledger()(market.tenant_id)
    assert (verification.findings, verification.checkpoints) == ([], 3)


async def test_with_nothing_new_no_further_one_is_taken(market: Market) -> None:
    await market.wallet(100)
    await taken(market)
    assert await market.container.take_checkpoint()(market.tenant_id) is None


async def test_a_checkpoint_has_a_copy_outside_that_is_the_same(market: Market, office: Office) -> None:
    await market.wallet(100)
    checkpoint = await taken(market)
    copy = await FileCheckpointSink(office.folder / "copies").find(market.tenant_id, 1)
    assert copy == checkpoint == await market.container.checkpoint_repository().latest(market.tenant_id)


async def test_a_copy_that_could_not_be_written_is_written_by_the_next_run(market: Market, tmp_path: Path) -> None:
    alice, bob = await market.wallet(100), await market.wallet(100)
    take, copies = taker(market, tmp_path / "copies"), FileCheckpointSink(tmp_path / "copies")
    (tmp_path / "copies").write_text("a file where the folder should be")
    for _ in range(2):
        await pay(market, alice, bob)
        with pytest.raises(OSError, match="copies"):
            await take(market.tenant_id)
    first, second = await market.container.checkpoint_repository().page(market.tenant_id, after=0, limit=3)
    assert await found(market) == []  # they were taken all the same, and what is not copied yet is nothing wrong

    (tmp_path / "copies").unlink()
    assert await take(market.tenant_id) is None

    assert await copies.newest_number(market.tenant_id) == 2
    assert [await copies.find(market.tenant_id, number) for number in (1, 2)] == [first, second]


async def test_of_processes_that_take_one_at_once_one_gets_the_number(market: Market) -> None:
    alice, bob = await market.wallet(1000), await market.wallet(1000)
    take = market.container.take_checkpoint()
    for number in range(1, 11):
        await pay(market, alice, bob)
        outcomes = await asyncio.gather(*(take(market.tenant_id) for _ in range(4)))
        assert [checkpoint.number for checkpoint in outcomes if checkpoint is not None] == [number]
    verification = await market.container.verify_ledger()(market.tenant_id)
    assert (verification.findings, verification.checkpoints) == ([], 10)


async def test_checkpoints_taken_while_others_pay_leave_nobody_out_for_good(market: Market) -> None:
    wallets = [await market.wallet(100) for _ in range(6)]
    take = market.container.take_checkpoint()

    async def keep_paying() -> None:
        for n in range(60):
            await pay(market, wallets[n % 6], wallets[(n + 1) % 6])

    paying = [asyncio.create_task(keep_paying()) for _ in range(4)]
    while not all(payer.done() for payer in paying):
        await asyncio.gather(take(market.tenant_id), take(market.tenant_id))
    await asyncio.gather(*paying)
    await take(market.tenant_id)

    assert await market.container.checkpoint_repository().changed_heads(market.tenant_id, after=None, limit=10) == []
    assert await found(market) == []
