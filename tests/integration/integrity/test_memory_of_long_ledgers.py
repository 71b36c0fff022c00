"""Verifying and exporting four times the entries takes no more memory: pages come and go."""

import tracemalloc
from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest

from concurrency.market import Market
from core.application.integrity import export_ledger, verify_accounts, verify_ledger
from core.application.integrity.verify_export import verify_export
from entrypoints.container import checkpoint_checker

SHORT, LONG = 300, 1200
"""Transfers, of two entries each."""
BATCH = 300
MAX_GROWTH_BYTES = 150_000


@pytest.fixture(autouse=True)
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that already the short ledger fills many pages."""
    monkeypatch.setattr(verify_accounts, "ENTRY_PAGE", 50)
    monkeypatch.setattr(verify_ledger, "TRANSFER_PAGE", 50)
    monkeypatch.setattr(export_ledger, "_PAGE", 50)


async def fill(market: Market, transfers: int) -> None:
    """Four wallets, and so many transfers between them."""
    wallets = [await market.wallet(transfers) for _ in range(4)]
    for start in range(0, transfers, BATCH):
        answers = await market.posting.post_all(
            [
                market.transfer(wallets[n % 4], wallets[(n + 1) % 4], key=uuid4().hex)
                for n in range(start, start + BATCH)
            ]
        )
        assert {answer.status for answer in answers} == {201}


async def peak_of(work: Callable[[Market], Awaitable[None]], market: Market) -> int:
    """The most memory that was in use at a time, above what was in use before."""
    tracemalloc.start()
    try:
        await work(market)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def test_four_times_the_entries_take_no_more_memory(market: Market, tmp_path: Path) -> None:
    longer = await Market.open(market.container, market.posting)
    await fill(market, SHORT)
    await fill(longer, LONG)
    file = tmp_path / "ledger.jsonl"

    async def verify(tenant: Market) -> None:
        verification = await tenant.container.verify_ledger()(tenant.tenant_id)
        assert verification.is_clean
        assert verification.transfers in {SHORT + 4, LONG + 4}

    async def export(tenant: Market) -> None:
        with file.open("w", encoding="utf-8") as lines:
            async for line in tenant.container.export_ledger()(tenant.tenant_id):
                lines.write(line + "\n")

    async def verify_file(_tenant: Market) -> None:
        with file.open("rb") as lines:
            assert verify_export(map(bytes.decode, lines), checkpoint_checker(None)).is_clean

    peaks: dict[str, list[int]] = {}
    await verify(market)  # what is remembered for good, such as compiled statements, is remembered now
    for tenant in (market, longer):
        for work in (verify, export, verify_file):
            peaks.setdefault(work.__name__, []).append(await peak_of(work, tenant))
    grown = {name: long - short for name, (short, long) in peaks.items()}
    assert {name: growth for name, growth in grown.items() if growth > MAX_GROWTH_BYTES} == {}, peaks
