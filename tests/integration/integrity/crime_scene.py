"""A small ledger with two checkpoints, and somebody with a superuser's password who changes it behind our back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from adapters.files.checkpoint_sink import FileCheckpointSink
from concurrency.market import Market, posted_id
from conftest import TestDatabase
from core.application.integrity.verification import Verification
from core.application.integrity.verify_ledger import VerifyLedgerHandler
from core.application.transfers.request import Details
from core.domain.accounts import Purpose
from core.domain.chain import GENESIS, entry_hash, transfer_digest
from core.domain.identifiers import TenantId, reserve_account_id
from entrypoints.container import Container, make_checkpoint_key
from entrypoints.settings import Settings

Named = tuple[str, str | None, int | None]
"""A finding as a test names it: its kind, whose account, which entry."""

KEPT = (
    "transfers",
    "entries",
    "transfer_register",
    "transfer_keys",
    "accounts",
    "holds",
    "balance_snapshots",
    "checkpoints",
    "checkpoint_heads",
)


@dataclass(frozen=True, slots=True)
class Scene:
    """
    Alice and Bob, and what they did.

    Alice: 1 top-up of 1000, 2 and 3 to Bob at the same moment (100 and 7), 4 from Bob (3), checkpoint, 5 a hold of 50,
    6 to Bob (11), checkpoint. Bob: 1 top-up of 500, then 2 to 4 and 5 as with Alice.
    """

    database: TestDatabase
    container: Container
    copies: Path
    tenant_id: TenantId
    names: Mapping[str, UUID]

    def who(self, account_id: UUID | None) -> str | None:
        """What the tests call that account."""
        if account_id is None:
            return None
        return next((name for name, known in self.names.items() if known == account_id), str(account_id))


def container_with_checkpoints(database: TestDatabase, folder: Path) -> Container:
    """A container that signs, with key and copies in *folder*."""
    make_checkpoint_key(folder / "checkpoint.pem")
    environment = database.environment() | checkpoint_environment(folder)
    return Container(settings=Settings.from_environment(environment))


def checkpoint_environment(folder: Path) -> dict[str, str]:
    """Settings for a process that signs, with key and copies in *folder*."""
    return {
        "BURSAR_CHECKPOINT_KEY_FILE": str(folder / "checkpoint.pem"),
        "BURSAR_CHECKPOINT_DIRECTORY": str(folder / "copies"),
    }


async def stage(database: TestDatabase, folder: Path) -> Scene:
    """Let Alice and Bob do what they do."""
    container = container_with_checkpoints(database, folder)
    await container.posting().start()
    market = await Market.open(container, container.posting())
    alice, bob = await market.wallet(1000), await market.wallet(500)
    await market.open_reserve(alice)
    details = Details(reference="order-1", description="Größe 42", metadata='{"order": "42"}')
    paid, again = await market.posting.post_all(
        [market.transfer(alice, bob, 100, details=details), market.transfer(alice, bob, 7)]
    )
    back = await market.posting.post(market.transfer(bob, alice, 3))
    await container.take_checkpoint()(market.tenant_id)
    held = await market.posting.post(market.hold(alice, 50))
    last = await market.posting.post(market.transfer(alice, bob, 11))
    await container.take_checkpoint()(market.tenant_id)
    treasury = await market.open_system(Purpose.TREASURY)
    transfers = {"paid": paid, "again": again, "back": back, "held": held, "last": last}
    names: dict[str, UUID] = {name: posted_id(answer) for name, answer in transfers.items()}
    names |= {"alice": alice, "bob": bob, "treasury": treasury, "reserve": reserve_account_id(alice)}
    assert alice < bob, "the tests rely on whose account is walked first"
    return Scene(database, container, folder / "copies", market.tenant_id, names)


async def keep(connection: asyncpg.Connection) -> None:
    """Remember every row, once for all tests."""
    await connection.execute("CREATE SCHEMA IF NOT EXISTS kept")
    for table in KEPT:
        await connection.execute(f"CREATE TABLE IF NOT EXISTS kept.{table} AS TABLE {table}")


async def undo(connection: asyncpg.Connection) -> None:
    """Put every row back."""
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        for table in KEPT:
            await connection.execute(f"DELETE FROM {table}")
            await connection.execute(f"INSERT INTO {table} SELECT * FROM kept.{table}")


@dataclass(slots=True)
class Attack:
    """A superuser at work, whose triggers do not fire."""

    scene: Scene
    connection: asyncpg.Connection
    copies: Path

    async def sql(self, *statements: str) -> None:
        """Run them without a trigger; {alice} and the other names stand for ids."""
        names = {name: f"'{known}'" for name, known in self.scene.names.items()}
        async with self.connection.transaction():
            await self.connection.execute("SET LOCAL session_replication_role = replica")
            for statement in statements:
                done = await self.connection.execute(statement.format(**names))
                assert not done.endswith(" 0"), f"{statement} changed nothing"

    async def delete_transfer(self, *transfers: str) -> None:
        """Take whole transfers out, with everything that tells of them."""
        for name in transfers:
            await self.sql(
                f"DELETE FROM entries WHERE transfer_id = {{{name}}}",
                f"DELETE FROM transfers WHERE id = {{{name}}}",
                f"DELETE FROM transfer_register WHERE transfer_id = {{{name}}}",
            )

    async def rehash(self, account: str, *, first: int, last: int | None = None) -> None:
        """Make the hashes of an account's entries again, as whoever has read core.domain.chain can."""
        rows = await self.connection.fetch(
            """
            SELECT entry.*, transfer.type, transfer.entry_count, transfer.trace_id, transfer.reference,
                   transfer.description, transfer.metadata, transfer.reversal_of, transfer.hold_id
            FROM entries AS entry JOIN transfers AS transfer ON transfer.id = entry.transfer_id
            WHERE entry.account_id = $1 ORDER BY entry.sequence
            """,
            self.scene.names[account],
        )
        chain = GENESIS
        for row in rows:
            if first <= row["sequence"] <= (last or len(rows)):
                chain = _hash_of(row, chain)
                await self.sql(
                    f"UPDATE entries SET chain = decode('{chain.hex()}', 'hex')"
                    f" WHERE account_id = {{{account}}} AND sequence = {row['sequence']}"
                )
            chain = row["chain"] if row["sequence"] < first else chain

    async def rewrite_account(self, *accounts: str) -> None:
        """Let accounts say what their last entries say."""
        for account in accounts:
            await self.sql(
                f"""
                UPDATE accounts SET sequence = last.sequence, balance = last.balance_after, chain = last.chain
                FROM (SELECT * FROM entries WHERE account_id = {{{account}}} ORDER BY sequence DESC LIMIT 1) AS last
                WHERE id = {{{account}}}
                """
            )

    def verifier(self, *, sink: bool = True) -> VerifyLedgerHandler:
        """What verifies, against this attack's own copies of the checkpoints, or without any."""
        handler: VerifyLedgerHandler = self.scene.container.verify_ledger()
        return replace(handler, sink=FileCheckpointSink(self.copies) if sink else None)

    async def verify(self, *, sink: bool = True) -> list[Named]:
        """What is found, in order."""
        return self.named(await self.verifier(sink=sink)(self.scene.tenant_id))

    def named(self, verification: Verification) -> list[Named]:
        """What was found, in order."""
        return [
            (finding.kind.value, self.scene.who(finding.account_id), finding.sequence)
            for finding in verification.findings
        ]


def _hash_of(row: Any, previous: bytes) -> bytes:
    columns = ("type", "posted_at", "entry_count", "trace_id", "reference", "description", "metadata")
    digest = transfer_digest(
        tenant_id=row["tenant_id"],
        transfer_id=row["transfer_id"],
        reversal_of=row["reversal_of"],
        hold_id=row["hold_id"],
        **{name: row[name] for name in columns},
    )
    own = ("tenant_id", "account_id", "asset", "sequence", "direction", "leg", "amount", "balance_after")
    return entry_hash(previous=previous, transfer=digest, **{name: row[name] for name in own})
