"""
Snapshots at each month's close, and what verification makes of them once older months are detached.

January: the wallets are filled. February: nothing. March: Alice pays Bob, for the last time one microsecond before
April. April: again, from its first moment on. Carol does nothing after January.
"""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import asyncpg
import pytest

from concurrency.market import Market
from conftest import TestDatabase, copy_of
from core.application.integrity import maintain_ledger
from core.application.integrity.verification import Verification
from core.application.integrity.verify_export import verify_export
from core.domain.identifiers import WalletId
from entrypoints.container import checkpoint_checker
from integration.integrity.crime_scene import container_with_checkpoints, keep, undo
from integration.integrity.moved_clock import MovedClock, moved_clock

JANUARY, FEBRUARY, MARCH, APRIL = "2019_01", "2019_02", "2019_03", "2019_04"
IN_APRIL = "2019-04-15 12:00"
EVERYBODY = 4
"""Alice, Bob, Carol and the treasury."""


@dataclass(slots=True)
class Year:
    """A tenant's ledger from January to April."""

    copies: Path
    clock: MovedClock
    market: Market
    superuser: asyncpg.Connection
    owner: asyncpg.Connection
    alice: WalletId
    bob: WalletId
    carol: WalletId

    async def pay(self, amount: int = 10) -> None:
        """Alice pays Bob, now."""
        answer = await self.market.posting.post(self.market.transfer(self.alice, self.bob, amount))
        assert answer.status == 201

    async def maintain(self) -> int:
        """How many snapshots were due."""
        return (await self.market.container.maintain_ledger()(self.market.tenant_id)).snapshots_taken

    async def detach(self, *months: str) -> None:
        """Take the partitions of those months off, as the owner of the tables may."""
        for month in months:
            for table in ("entries", "transfers"):
                await self.owner.execute(f"ALTER TABLE {table} DETACH PARTITION {table}_{month}")

    async def attach(self, month: str) -> None:
        """Put the partitions of that month back."""
        first = date.fromisoformat(f"{month}-01".replace("_", "-"))
        last = (first + timedelta(days=31)).replace(day=1)
        for table in ("entries", "transfers"):
            await self.owner.execute(
                f"ALTER TABLE {table} ATTACH PARTITION {table}_{month}"
                f" FOR VALUES FROM ('{first} 00:00+00') TO ('{last} 00:00+00')"
            )

    async def detached(self) -> list[str]:
        """The months whose partitions were taken off."""
        rows = await self.owner.fetch(
            """
            SELECT right(relname, 7) FROM pg_class
            WHERE relname LIKE 'entries\\_2019\\___' AND relkind = 'r' AND NOT relispartition
            """
        )
        return [row[0] for row in rows]

    async def verify(self) -> Verification:
        """Verify the ledger."""
        verification: Verification = await self.market.container.verify_ledger()(self.market.tenant_id)
        return verification

    async def found(self) -> list[tuple[str, str | None, int | None]]:
        """What is wrong, and with whom."""
        names = {self.alice: "alice", self.bob: "bob", self.carol: "carol"}
        return [
            (
                finding.kind.value,
                names.get(WalletId(finding.account_id)) if finding.account_id else None,
                finding.sequence,
            )
            for finding in (await self.verify()).findings
        ]

    async def sql(self, statement: str) -> None:
        """Change what must not change."""
        async with self.superuser.transaction():
            await self.superuser.execute("SET LOCAL session_replication_role = replica")
            done = await self.superuser.execute(statement.format(alice=f"'{self.alice}'", carol=f"'{self.carol}'"))
            assert not done.endswith(" 0")

    async def snapshots(self, wallet: WalletId) -> dict[date, tuple[int, int]]:
        """The wallet's snapshots: by month, sequence and balance."""
        rows = await self.owner.fetch(
            "SELECT month, sequence, balance FROM balance_snapshots WHERE account_id = $1 ORDER BY month", wallet
        )
        return {row["month"]: (row["sequence"], row["balance"]) for row in rows}


@pytest.fixture(scope="session")
async def whole_year(template_database: TestDatabase, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Year]:
    """The ledger that all tests here begin with."""
    database, folder = await copy_of(template_database), tmp_path_factory.mktemp("year")
    async with moved_clock(database) as clock:
        await clock.make_partitions("2019-01", "2019-02", "2019-03", "2019-04", "2019-05", "2019-06")
        container = container_with_checkpoints(database, folder)
        await container.posting().start()
        superuser, owner = await asyncpg.connect(database.admin_url), await asyncpg.connect(database.owner_url)
        await clock.set("2019-01-10 08:00")
        market = await Market.open(container, container.posting())
        wallets = [await market.wallet(balance) for balance in (1000, 500, 300)]
        opened = Year(folder / "copies", clock, market, superuser, owner, *wallets)
        for moment in ("2019-03-05 09:00", "2019-03-31 23:59:59.999999", "2019-04-01 00:00", IN_APRIL):
            await clock.set(moment)
            await opened.pay()
        await keep(superuser)
        yield opened
        await superuser.close()
        await owner.close()
        await container.posting().stop(grace_seconds=5)
        await container.database().dispose()


@pytest.fixture
async def year(whole_year: Year, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Year]:
    """The ledger on 15 April, before any maintenance; undone afterwards. Its partitions are made already."""
    monkeypatch.setattr(maintain_ledger, "MONTHS_AHEAD", 1)
    await whole_year.clock.set(IN_APRIL)
    yield whole_year
    for month in await whole_year.detached():
        await whole_year.attach(month)
    await undo(whole_year.superuser)
    shutil.rmtree(whole_year.copies, ignore_errors=True)


async def test_each_closed_month_keeps_where_every_account_stood_once(year: Year) -> None:
    assert await year.maintain() == 2 * EVERYBODY  # January and March; in February nobody did anything

    assert await year.snapshots(year.alice) == {date(2019, 1, 1): (1, 1000), date(2019, 3, 1): (3, 980)}
    assert await year.snapshots(year.carol) == {date(2019, 1, 1): (1, 300), date(2019, 3, 1): (1, 300)}
    assert await year.maintain() == 0
    assert (await year.verify()).is_clean


async def test_a_month_is_closed_an_hour_after_its_end(year: Year) -> None:
    """Until then a transaction that took its moment in that month might still be under way."""
    await year.clock.set("2019-04-01 00:59:59.999999")
    assert await year.maintain() == EVERYBODY
    assert date(2019, 3, 1) not in await year.snapshots(year.alice)

    await year.clock.set("2019-04-01 01:00")
    assert await year.maintain() == EVERYBODY
    assert date(2019, 3, 1) in await year.snapshots(year.alice)


async def test_a_snapshot_taken_late_is_the_one_of_the_month_s_end(year: Year) -> None:
    await year.clock.set("2019-06-20 12:00")
    await year.maintain()
    assert await year.snapshots(year.alice) == {
        date(2019, 1, 1): (1, 1000),
        date(2019, 3, 1): (3, 980),
        date(2019, 4, 1): (5, 960),
    }


@pytest.mark.parametrize(
    ("detached", "kept"),
    [
        ([JANUARY], 8),
        ([JANUARY, FEBRUARY], 8),  # February has no snapshots: January's are the last ones
        ([JANUARY, FEBRUARY, MARCH], 4),
    ],
    ids=["January", "to February", "to March"],
)
async def test_verification_begins_at_the_snapshots_of_what_was_detached(
    year: Year, detached: list[str], kept: int
) -> None:
    await year.maintain()
    await year.detach(*detached)

    verification = await year.verify()

    assert verification.findings == []
    assert (verification.accounts, verification.snapshots) == (EVERYBODY, EVERYBODY)
    assert (verification.entries, verification.expected_entries, verification.transfers) == (kept, kept, kept // 2)


async def test_what_goes_on_after_months_were_detached_is_verified_with_the_rest(year: Year) -> None:
    """Carol's only entries are gone: her wallet begins and ends at the snapshot, and goes on from there."""
    await year.maintain()
    await year.detach(JANUARY, FEBRUARY, MARCH)
    paid = await year.market.posting.post(year.market.transfer(year.carol, year.alice, 300))
    dora = await year.market.wallet(70)
    assert paid.status == 201

    verification = await year.verify()
    assert verification.findings == []
    assert (verification.accounts, verification.snapshots) == (EVERYBODY + 1, EVERYBODY)

    await year.clock.set("2019-05-02 00:00")
    assert await year.maintain() == EVERYBODY + 1
    assert await year.snapshots(dora) == {date(2019, 4, 1): (1, 70)}
    assert (await year.verify()).is_clean


async def test_snapshots_go_on_where_the_ones_before_end_when_no_entry_is_left(year: Year) -> None:
    await year.maintain()
    await year.detach(JANUARY, FEBRUARY, MARCH)
    await year.clock.set("2019-05-02 00:00")
    assert await year.maintain() == EVERYBODY
    assert (await year.snapshots(year.carol))[date(2019, 4, 1)] == (1, 300)


async def test_a_month_detached_before_it_was_closed_is_missed(year: Year) -> None:
    await year.clock.set("2019-03-31 23:59:59.999999")
    await year.maintain()
    await year.detach(JANUARY, FEBRUARY, MARCH)
    assert (await year.found())[:2] == [("entry_missing", "alice", 2), ("entry_missing", "bob", 2)]


async def test_a_month_attached_again_is_verified_again(year: Year) -> None:
    await year.maintain()
    await year.detach(JANUARY)
    await year.attach(JANUARY)

    verification = await year.verify()
    assert verification.findings == []
    assert (verification.snapshots, verification.transfers) == (0, 7)


# ── Wrong snapshots ──────────────────────────────────────────────────────────────────────────────────────────────────

WRONG = [
    "UPDATE balance_snapshots SET balance = balance + 1 WHERE account_id = {alice} AND month = '2019-03-01'",
    "UPDATE balance_snapshots SET chain = sha256(chain) WHERE account_id = {alice} AND month = '2019-03-01'",
    "UPDATE balance_snapshots SET sequence = sequence - 1 WHERE account_id = {alice} AND month = '2019-03-01'",
]


@pytest.mark.parametrize("change", WRONG)
async def test_a_wrong_snapshot_is_found_while_its_month_is_still_kept(year: Year, change: str) -> None:
    """Later would be too late."""
    await year.maintain()
    await year.sql(change)
    assert [(kind, who) for kind, who, _ in await year.found()] == [("snapshot_wrong", "alice")]


async def test_a_snapshot_of_entries_that_never_were_is_found(year: Year) -> None:
    await year.maintain()
    await year.sql("UPDATE balance_snapshots SET sequence = 9 WHERE account_id = {alice} AND month = '2019-03-01'")
    assert await year.found() == [("snapshot_wrong", "alice", 6)]


@pytest.mark.parametrize(
    ("change", "kind"), list(zip(WRONG, ["balance_wrong", "entry_changed", "entry_missing"], strict=True))
)
async def test_a_wrong_snapshot_does_not_lead_to_the_first_entry_behind_it(year: Year, change: str, kind: str) -> None:
    await year.maintain()
    await year.detach(JANUARY, FEBRUARY, MARCH)
    await year.sql(change)
    assert [(found, who) for found, who, _ in await year.found()] == [(kind, "alice")]


async def test_a_wrong_snapshot_with_no_entry_behind_it_is_not_what_the_account_says(year: Year) -> None:
    await year.maintain()
    await year.detach(JANUARY, FEBRUARY, MARCH)
    await year.sql("UPDATE balance_snapshots SET balance = balance + 1 WHERE account_id = {carol}")
    assert await year.found() == [("account_changed", "carol", 1)]


async def test_a_snapshot_and_its_account_changed_alike_are_not_what_a_checkpoint_signed(year: Year) -> None:
    await year.market.container.take_checkpoint()(year.market.tenant_id)
    await year.maintain()
    await year.detach(JANUARY, FEBRUARY, MARCH)
    await year.sql("UPDATE balance_snapshots SET balance = balance + 1 WHERE account_id = {carol}")
    await year.sql("UPDATE accounts SET balance = balance + 1 WHERE id = {carol}")
    found = await year.found()
    assert found[0] == ("behind_checkpoint", "carol", 1)
    assert {kind for kind, _, _ in found[1:]} == {"asset_unbalanced"}


# ── What else reads the whole ledger ─────────────────────────────────────────────────────────────────────────────────


async def test_transfers_behind_the_detached_ones_are_still_looked_at(year: Year) -> None:
    """The register keeps every transfer for ever: its first pages may hold nothing that is kept."""
    await year.maintain()
    await year.detach(JANUARY)
    await year.sql("DELETE FROM entries WHERE account_id = {alice} AND sequence = 5")
    inspection = year.market.container.ledger_inspection()
    pages, after = [], None
    while True:
        wrong, after, seen = await inspection.incomplete_transfers(year.market.tenant_id, after=after, limit=2)
        pages.append((len(wrong), seen))
        if after is None:
            break
    assert pages == [(0, 0), (0, 1), (0, 2), (1, 1)]


async def test_an_export_after_months_were_detached_is_verified_from_the_snapshots(year: Year) -> None:
    container = year.market.container
    await container.take_checkpoint()(year.market.tenant_id)
    await year.maintain()
    await year.detach(JANUARY, FEBRUARY)

    lines = [line async for line in container.export_ledger()(year.market.tenant_id)]

    verification = verify_export(lines, checkpoint_checker(container.checkpoint_signer().public_key.hex()))
    assert verification.findings == []
    assert (verification.snapshots, verification.entries, verification.transfers) == (EVERYBODY, 8, 4)
