"""`bursar maintain`: what it does, what it says, and when its exit status raises an alarm."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from adapters.files.checkpoint_sink import FileCheckpointSink
from concurrency.market import Market
from conftest import TestDatabase
from core.application.integrity import maintain_ledger
from entrypoints.container import Container, make_checkpoint_key
from entrypoints.embedded.free_port import free_port
from integration.integrity.command import bursar
from integration.integrity.crime_scene import checkpoint_environment

ALARM = "ALARM: the journal's partitions end in less than six months\n"


@pytest.fixture
async def owner(database: TestDatabase) -> AsyncIterator[asyncpg.Connection]:
    """SQL as the role that owns the tables."""
    connection = await asyncpg.connect(database.owner_url)
    yield connection
    await connection.close()


@pytest.fixture
async def container(database: TestDatabase) -> AsyncIterator[Container]:
    """A container on the test's own database."""
    ours = database.container()
    await ours.posting().start()
    yield ours
    await ours.posting().stop(grace_seconds=5)
    await ours.database().dispose()


@pytest.fixture
async def market(container: Container) -> Market:
    """The only tenant, with a wallet."""
    opened = await Market.open(container, container.posting())
    await opened.wallet(100)
    return opened


async def keep_months(owner: asyncpg.Connection, ahead: int) -> None:
    """Drop the partitions of later months than that, as the owner of the tables may."""
    for table in ("entries", "transfers"):
        last = await owner.fetchval(
            "SELECT to_char(now() AT TIME ZONE 'UTC' + $1 * interval '1 month', 'YYYY_MM')", ahead
        )
        later = await owner.fetch(
            """
            SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid
            WHERE inhparent = $1::text::regclass AND right(relname, 7) > $2
            """,
            table,
            last,
        )
        for row in later:
            await owner.execute(f"DROP TABLE {row[0]}")


async def test_what_is_due_is_done_and_said(database: TestDatabase, market: Market, tmp_path: Path) -> None:
    make_checkpoint_key(tmp_path / "checkpoint.pem")
    environment = database.environment() | checkpoint_environment(tmp_path)
    nothing = "0 partitions made (24 months ahead), 0 snapshots, 0 keys forgotten, 0 holds expired"

    first = await bursar("maintain", environment=environment)
    again = await bursar("maintain", environment=environment)

    assert (first.status, first.err, again.status, again.err) == (0, "", 0, "")
    tenant = f"tenant {market.tenant_id}:"
    assert first.out == f"{tenant} {nothing}\n{tenant} checkpoint 1\n"
    assert again.out == f"{tenant} {nothing}\n{tenant} nothing new to sign\n"
    assert await FileCheckpointSink(tmp_path / "copies").newest_number(market.tenant_id) == 1
    assert (await bursar("verify", environment=environment)).status == 0


async def test_missing_months_are_made_before_anybody_needs_them(
    database: TestDatabase, market: Market, owner: asyncpg.Connection
) -> None:
    await keep_months(owner, 3)
    outcome = await bursar("maintain", environment=database.environment())
    assert (outcome.status, outcome.err) == (0, "")
    assert "42 partitions made (24 months ahead)" in outcome.out


@pytest.mark.parametrize(("ahead", "told"), [(5, (1, ALARM)), (6, (0, ""))])
async def test_fewer_than_six_months_that_cannot_be_added_to_raise_an_alarm(
    database: TestDatabase, market: Market, owner: asyncpg.Connection, ahead: int, told: tuple[int, str]
) -> None:
    """Whatever locks the table, such as an index that is being built: the rest of the work is done all the same."""
    await keep_months(owner, ahead)
    async with owner.transaction():
        await owner.execute("LOCK TABLE transfers IN SHARE UPDATE EXCLUSIVE MODE")
        outcome = await bursar("maintain", environment=database.environment())
    assert (outcome.status, outcome.err) == told
    assert f"0 partitions made ({ahead} months ahead), 0 snapshots" in outcome.out

    assert (await bursar("maintain", environment=database.environment())).status == 0


async def test_months_ahead_end_at_the_first_hole(
    container: Container, owner: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies behind a hole will be of no use when the hole is reached."""
    upkeep = container.ledger_upkeep()
    assert await upkeep.months_ahead() == 24
    for table, ahead, left in (("entries", 8, 7), ("transfers", 3, 2), ("entries", 0, -1)):
        month = await owner.fetchval(
            "SELECT to_char(date_trunc('month', now() AT TIME ZONE 'UTC') + $1 * interval '1 month', 'YYYY_MM')", ahead
        )
        await owner.execute(f"DROP TABLE {table}_{month}")
        assert await upkeep.months_ahead() == left
    assert await upkeep.make_partitions(months_ahead=maintain_ledger.MONTHS_AHEAD) == 3
    assert await upkeep.months_ahead() == 24


async def test_a_copy_that_cannot_be_written_raises_an_alarm_and_stops_nothing_else(
    database: TestDatabase, market: Market, tmp_path: Path
) -> None:
    make_checkpoint_key(tmp_path / "checkpoint.pem")
    (tmp_path / "copies").write_text("a file where the folder should be")
    second = await Market.open(market.container, market.posting)
    await second.wallet(100)
    environment = database.environment() | checkpoint_environment(tmp_path)

    outcome = await bursar("maintain", environment=environment)
    assert outcome.status == 1
    assert [line.partition(": checkpoint: ")[0] for line in outcome.err.splitlines()] == [
        f"ALARM: tenant {market.tenant_id}",
        f"ALARM: tenant {second.tenant_id}",
    ]

    (tmp_path / "copies").unlink()
    assert (await bursar("maintain", environment=environment)).status == 0
    assert await FileCheckpointSink(tmp_path / "copies").newest_number(second.tenant_id) == 1


async def test_checkpoints_that_were_taken_out_raise_an_alarm(
    database: TestDatabase, market: Market, tmp_path: Path
) -> None:
    make_checkpoint_key(tmp_path / "checkpoint.pem")
    environment = database.environment() | checkpoint_environment(tmp_path)
    await bursar("maintain", environment=environment)
    superuser = await asyncpg.connect(database.admin_url)
    await superuser.execute("SET session_replication_role = replica; DELETE FROM checkpoints")
    await superuser.close()

    outcome = await bursar("maintain", environment=environment)
    assert (outcome.status, outcome.err) == (
        1,
        f"ALARM: tenant {market.tenant_id}: checkpoint: checkpoint 1 has a copy outside, the database ends at 0\n",
    )


async def test_where_nothing_can_be_done_the_status_is_2(database: TestDatabase) -> None:
    nowhere = {"BURSAR_DATABASE_URL": f"postgresql://x:y@127.0.0.1:{free_port()}/x"}
    for change in (nowhere, {"BURSAR_TYPING_ERROR": "x"}):
        outcome = await bursar("maintain", environment=database.environment() | change)
        assert (outcome.status, outcome.out) == (2, "")
        assert outcome.err.startswith("not maintained: ")
