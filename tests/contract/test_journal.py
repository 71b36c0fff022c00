"""What `ports.journal` promises."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest

from adapters.postgres.journal import PostgresJournal
from concurrency.market import COINS, TRACE, Market, posted_id
from core.application.transfers.request import Details
from core.application.wallets.open_wallet import OpenWallet
from core.domain.accounts import Purpose
from core.domain.identifiers import TransferId, WalletId, main_account_id
from core.domain.transfers import CREDIT, DEBIT, TransferNotFound, TransferType
from entrypoints.container import Container
from ports.journal import Journal, JournalLine, LineFilter, LinePosition

ANY = LineFilter()


def postgres(container: Container) -> Journal:
    return PostgresJournal(container.sessions())


@pytest.fixture(params=[postgres])
def journal(request: pytest.FixtureRequest, container: Container) -> Journal:
    make: Callable[[Container], Journal] = request.param
    return make(container)


async def paid(market: Market, source: WalletId, destination: WalletId, amount: int = 1, **said: str) -> TransferId:
    return posted_id(await market.posting.post(market.transfer(source, destination, amount, details=Details(**said))))


async def newest_first(
    journal: Journal, market: Market, wallet: WalletId, where: LineFilter = ANY, *, limit: int = 100
) -> list[JournalLine]:
    """All lines, page by page."""
    lines: list[JournalLine] = []
    before = None
    while page := await journal.lines(
        market.tenant_id, main_account_id(wallet), where=where, before=before, limit=limit
    ):
        lines += page
        assert len(page) <= limit
        assert len(lines) < 100, "a cursor that does not move on"
        before = LinePosition(page[-1].transfer.posted_at, page[-1].entry.sequence)
    return lines


async def test_a_transfer_is_read_as_it_was_posted(journal: Journal, market: Market) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    metadata = '{"b":1,"a":[1.50,"ü"]}'

    transfer_id = await paid(market, alice, bob, 30, reference="order 1", description="a book", metadata=metadata)

    found = await journal.transfer(market.tenant_id, transfer_id)
    transfer = found.transfer
    assert found.reversed_by is None
    assert (transfer.tenant_id, transfer.id, transfer.type) == (market.tenant_id, transfer_id, TransferType.TRANSFER)
    assert (transfer.trace_id, transfer.reversal_of, transfer.hold_id) == (TRACE, None, None)
    assert (transfer.reference, transfer.description, transfer.metadata) == ("order 1", "a book", metadata)
    assert [
        (entry.leg, entry.wallet_id, entry.purpose, entry.asset, entry.direction, entry.amount, entry.balance_after)
        for entry in transfer.entries
    ] == [
        (0, alice, Purpose.MAIN, COINS, DEBIT, 30, 70),
        (1, bob, Purpose.MAIN, COINS, CREDIT, 30, 30),
    ]
    assert [entry.sequence for entry in transfer.entries] == [2, 1]


async def test_a_reversed_transfer_names_its_reversal_and_the_other_way_round(journal: Journal, market: Market) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    original = await paid(market, alice, bob)

    reversal = posted_id(await market.posting.post(await market.reverse(original)))

    assert (await journal.transfer(market.tenant_id, original)).reversed_by == reversal
    assert (await journal.transfer(market.tenant_id, reversal)).transfer.reversal_of == original


async def test_an_unknown_transfer_and_another_tenants_are_not_found(
    journal: Journal, market: Market, neighbours: Market
) -> None:
    theirs = await paid(neighbours, await neighbours.wallet(10), await neighbours.wallet())

    for transfer_id in (TransferId(uuid4()), theirs):
        with pytest.raises(TransferNotFound):
            await journal.transfer(market.tenant_id, transfer_id)


async def test_a_reference_finds_its_transfer_within_its_tenant(
    journal: Journal, market: Market, neighbours: Market
) -> None:
    transfer_id = await paid(market, await market.wallet(10), await market.wallet(), reference="order 1")

    found = await journal.find_by_reference(market.tenant_id, "order 1")

    assert found == await journal.transfer(market.tenant_id, transfer_id)
    assert await journal.find_by_reference(market.tenant_id, "order 2") is None
    assert await journal.find_by_reference(neighbours.tenant_id, "order 1") is None


async def test_an_accounts_lines_are_listed_newest_first_without_gap_or_double(
    journal: Journal, market: Market
) -> None:
    """Also those of one batch, which share a moment."""
    alice, bob = await market.wallet(100), await market.wallet()
    await market.posting.post_all([market.transfer(alice, bob) for _ in range(7)])
    await paid(market, alice, bob)

    lines = await newest_first(journal, market, alice, limit=3)

    assert [line.entry.sequence for line in lines] == list(range(9, 0, -1))
    assert {line.entry.account_id for line in lines} == {main_account_id(alice)}
    assert lines[0].transfer.entries == []
    assert [line.transfer.type for line in (lines[0], lines[-1])] == [TransferType.TRANSFER, TransferType.TOPUP]


async def test_a_listing_stands_still_while_money_moves_on(journal: Journal, market: Market) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    for _ in range(4):
        await paid(market, alice, bob)
    account = main_account_id(alice)
    first = await journal.lines(market.tenant_id, account, where=ANY, before=None, limit=2)
    position = LinePosition(first[-1].transfer.posted_at, first[-1].entry.sequence)

    await paid(market, alice, bob)

    second = await journal.lines(market.tenant_id, account, where=ANY, before=position, limit=2)
    assert [line.entry.sequence for line in (*first, *second)] == [5, 4, 3, 2]


async def test_the_same_lines_forward_are_the_same_lines(journal: Journal, market: Market) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    await market.posting.post_all([market.transfer(alice, bob) for _ in range(5)])
    await paid(market, alice, bob)

    lines: list[JournalLine] = []
    after = None
    while page := await journal.lines_forward(
        market.tenant_id, main_account_id(alice), where=ANY, after=after, limit=2
    ):
        lines += page
        assert len(lines) < 100, "a cursor that does not move on"
        after = LinePosition(page[-1].transfer.posted_at, page[-1].entry.sequence)

    assert lines == (await newest_first(journal, market, alice))[::-1]


async def test_lines_are_filtered_by_type_time_and_reference(journal: Journal, market: Market) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    await paid(market, alice, bob)
    await paid(market, alice, bob, reference="order 1")
    await paid(market, bob, alice)
    moments = [line.transfer.posted_at for line in await newest_first(journal, market, alice)][::-1]

    async def sequences(**where: object) -> list[int]:
        lines = await newest_first(journal, market, alice, LineFilter(**where))  # type: ignore[arg-type]  # any field
        account = main_account_id(alice)
        forward = await journal.lines_forward(
            market.tenant_id,
            account,
            where=LineFilter(**where),  # type: ignore[arg-type]  # any field
            after=None,
            limit=10,
        )
        assert list(forward) == lines[::-1]
        return [line.entry.sequence for line in lines]

    assert await sequences(type=TransferType.TOPUP) == [1]
    assert await sequences(since=moments[1]) == [4, 3, 2]
    assert await sequences(until=moments[1]) == [1]
    assert await sequences(since=moments[1], until=moments[3]) == [3, 2]
    assert await sequences(reference="order 1") == [3]
    assert await sequences(type=TransferType.TOPUP, reference="order 1") == []


async def test_a_users_lines_are_those_of_all_his_main_accounts(journal: Journal, market: Market) -> None:
    async def opened(user_id: str, asset: str) -> WalletId:
        opening = OpenWallet(tenant_id=market.tenant_id, user_id=user_id, asset=asset)
        return (await market.container.open_wallet()(opening))[0].id

    coins, dollars, bobs = await opened("alice", COINS), await opened("alice", "USD"), await opened("bob", COINS)
    await market.open_reserve(coins)
    for asset in (COINS, "USD"):
        await market.open_system(Purpose.TREASURY, asset)
    steps = [
        market.move(TransferType.TOPUP, coins, 100),
        market.move(TransferType.TOPUP, dollars, 100, asset="USD"),
        market.transfer(coins, bobs, 5),
        market.hold(coins, 10),
    ]
    posted = [posted_id(await market.posting.post(step)) for step in steps]

    lines: list[JournalLine] = []
    before = None
    while page := await journal.lines_of_user(market.tenant_id, "alice", where=ANY, before=before, limit=3):
        lines += page
        assert len(lines) < 100, "a cursor that does not move on"
        before = (page[-1].transfer.posted_at, page[-1].transfer.id, page[-1].entry.leg)

    assert [line.transfer.id for line in lines] == posted[::-1]
    assert {line.entry.purpose for line in lines} == {Purpose.MAIN}
    only_holds = LineFilter(type=TransferType.HOLD)
    held = await journal.lines_of_user(market.tenant_id, "alice", where=only_holds, before=None, limit=3)
    assert [line.transfer.id for line in held] == posted[-1:]


async def test_another_tenants_lines_are_not_listed(journal: Journal, market: Market, neighbours: Market) -> None:
    theirs = await neighbours.wallet(10)

    assert await newest_first(journal, market, theirs) == []
    assert await journal.balance_at(market.tenant_id, main_account_id(theirs), market.container.clock().now()) == 0


async def test_a_balance_at_a_moment_counts_that_moments_entries(journal: Journal, market: Market) -> None:
    alice, bob = await market.wallet(100), await market.wallet()
    await market.posting.post_all([market.transfer(alice, bob, 10) for _ in range(3)])
    await paid(market, alice, bob, 5)
    last, *_batch, first = [line.transfer.posted_at for line in await newest_first(journal, market, alice)]
    batch, blink = _batch[0], timedelta(microseconds=1)

    moments = [first - blink, first, batch - blink, batch, last - blink, last, last + timedelta(days=400)]
    balances = [await journal.balance_at(market.tenant_id, main_account_id(alice), moment) for moment in moments]

    assert balances == [0, 100, 100, 70, 70, 65, 65]
