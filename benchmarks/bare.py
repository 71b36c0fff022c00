"""
The measure: transfers in groups on the same framework, server and PostgreSQL, and nothing else.

No authentication, tenants, replays, refusals, limits, error handling, logs, traces, layers; durable all the same, with
idempotency rows, chained entries, an outbox and a trigger that checks sums. What the API reaches of its rate is what
all that costs, and says more than a rate does about a machine that nobody else has.
"""

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec
from litestar import Litestar, Request, get, post
from litestar.datastructures import State

from adapters.system.id_generator import Uuid7Generator

DATABASE_VARIABLE = "BARE_DATABASE_URL"
_MOST_IN_GROUP = 1024
_BALANCE = 10**12

_CLAIM = (
    "INSERT INTO bare.keys (key, fingerprint, transfer_id) SELECT * FROM unnest($1::text[], $2::bytea[], $3::uuid[])"
)
_LOCK = "SELECT id, balance, sequence, chain FROM bare.accounts WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE"
_POST = "INSERT INTO bare.transfers (id) SELECT * FROM unnest($1::uuid[])"
_WRITE = """
INSERT INTO bare.entries (account_id, sequence, transfer_id, amount, balance_after, chain)
SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::bigint[], $5::bigint[], $6::bytea[])
"""
_UPDATE = """
UPDATE bare.accounts AS account SET balance = given.balance, sequence = given.sequence, chain = given.chain
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bytea[]) AS given (id, balance, sequence, chain)
WHERE account.id = given.id
"""
_ANNOUNCE = "INSERT INTO bare.outbox (id) SELECT * FROM unnest($1::uuid[])"


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """One transfer, in the API's own words."""

    from_wallet_id: UUID
    to_wallet_id: UUID
    amount: int


class Wishes(msgspec.Struct):
    """A batch, in the API's own words."""

    mode: str
    transfers: list[Wish]


class Done(msgspec.Struct):
    """One answer."""

    id: UUID
    amount: int
    balances: tuple[int, int]
    status: int = 201


@dataclass(slots=True)
class _Claim:
    key: str
    fingerprint: bytes
    wish: Wish
    id: UUID
    done: "asyncio.Future[Done]"


@dataclass(slots=True)
class _Standing:
    balance: int
    sequence: int
    chain: bytes


class Groups:
    """One lane: what waits while a group is written is the next group."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        """Write over *connection*."""
        self._connection = connection
        self._waiting: asyncio.Queue[_Claim] = asyncio.Queue()
        self._ids = Uuid7Generator()

    def put(self, key: str, fingerprint: bytes, wish: Wish) -> "asyncio.Future[Done]":
        """Join the next group."""
        claim = _Claim(key, fingerprint, wish, self._ids.new(), asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(claim)
        return claim.done

    async def run(self) -> None:
        """Group after group, until cancelled."""
        while True:
            group = [await self._waiting.get()]
            while not self._waiting.empty() and len(group) < _MOST_IN_GROUP:
                group.append(self._waiting.get_nowait())
            answers = await self._write(group)
            for claim, answer in zip(group, answers, strict=True):
                claim.done.set_result(answer)

    async def _write(self, group: Sequence[_Claim]) -> list[Done]:
        connection = self._connection
        ids = [claim.id for claim in group]
        async with connection.transaction():
            await connection.execute(
                _CLAIM, [claim.key for claim in group], [claim.fingerprint for claim in group], ids
            )
            wanted = sorted({id for claim in group for id in (claim.wish.from_wallet_id, claim.wish.to_wallet_id)})
            accounts = {row[0]: _Standing(row[1], row[2], row[3]) for row in await connection.fetch(_LOCK, wanted)}
            entries: list[tuple[object, ...]] = []
            answers: list[Done] = []
            for claim in group:
                wish, balances = claim.wish, list[int]()
                for account_id, amount in ((wish.from_wallet_id, -wish.amount), (wish.to_wallet_id, wish.amount)):
                    account = accounts[account_id]
                    account.balance += amount
                    account.sequence += 1
                    said = b"%d %d %d" % (account.sequence, amount, account.balance)
                    account.chain = sha256(account.chain + claim.id.bytes + account_id.bytes + said).digest()
                    entries.append((account_id, account.sequence, claim.id, amount, account.balance, account.chain))
                    balances.append(account.balance)
                answers.append(Done(claim.id, wish.amount, (balances[0], balances[1])))
            await connection.execute(_POST, ids)
            await connection.execute(_WRITE, *zip(*entries, strict=True))
            standings = [accounts[account_id] for account_id in wanted]
            await connection.execute(
                _UPDATE,
                wanted,
                [standing.balance for standing in standings],
                [standing.sequence for standing in standings],
                [standing.chain for standing in standings],
            )
            await connection.execute(_ANNOUNCE, ids)
        return answers


@post("/v1/transfers")
async def transfer(request: Request[None, None, State], data: Wish, state: State) -> Done:
    """One transfer."""
    groups: Groups = state.groups
    return await groups.put(request.headers["idempotency-key"], sha256(await request.body()).digest(), data)


@post("/v1/transfers/batch")
async def batch(request: Request[None, None, State], data: Wishes, state: State) -> list[Done]:
    """Many at once."""
    groups: Groups = state.groups
    key = request.headers["idempotency-key"]
    said = sha256(await request.body()).digest()
    wishes = enumerate(data.transfers)
    return list(await asyncio.gather(*(groups.put(f"{key}-{number}", said, wish) for number, wish in wishes)))


@get("/ready")
async def ready() -> None:
    """It answers only once it is."""


async def make_tables(database_url: str, wallets: Sequence[str]) -> None:
    """Empty tables, and an account for each of *wallets*."""
    connection = await asyncpg.connect(database_url, timeout=5, command_timeout=60)
    try:
        await connection.execute(Path(__file__).with_name("bare.sql").read_text())
        rows = [(UUID(wallet), _BALANCE) for wallet in wallets]
        await connection.copy_records_to_table("accounts", schema_name="bare", records=rows, columns=["id", "balance"])
    finally:
        await connection.close()


@asynccontextmanager
async def _groups(app: Litestar) -> AsyncGenerator[None]:
    connection = await asyncpg.connect(os.environ[DATABASE_VARIABLE], timeout=5, command_timeout=10)
    app.state.groups = groups = Groups(connection)
    lane = asyncio.create_task(groups.run())
    try:
        yield
    finally:
        lane.cancel()
        await connection.close()


def create() -> Litestar:
    """What the server runs."""
    return Litestar([transfer, batch, ready], lifespan=[_groups], openapi_config=None)
