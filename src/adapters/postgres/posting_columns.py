"""
A batch as the columns that the posting path's statements take.

Column by column, because that is how unnest takes them, and because building rows first costs as much again.
"""

from collections.abc import Iterable, Sequence
from typing import TypeVar

import msgspec

from core.domain.accounts import Account
from core.domain.holds import Hold
from core.domain.idempotency import Answer, IdempotencyClaim
from core.domain.transfers import Transfer

_encode = msgspec.json.Encoder().encode
Value = TypeVar("Value")


def columns_of(rows: Iterable[tuple[object, ...]], width: int) -> list[list[object]]:
    """Rows turned into one list a column, as unnest takes them."""
    columns = list(map(list, zip(*rows, strict=True)))
    return columns or [[] for _ in range(width)]


def numbers(values: list[int]) -> str:
    """Numbers the way PostgreSQL writes an array, which costs a fraction of what asyncpg takes for a list of them."""
    return f"{{{_encode(values)[1:-1].decode()}}}"


def sparse(values: list[Value | None]) -> list[Value | None]:
    """Nothing, when there is no value among them: unnest fills up with NULL."""
    return [] if values.count(None) == len(values) else values


def key_columns(keys: list[tuple[IdempotencyClaim, Answer, str]]) -> tuple[object, ...]:
    """In the order of their scopes: whoever meets on several keys takes them in the same order."""
    keys.sort(key=lambda key: key[0].scope)
    claims = [claim for claim, _answer, _trace_id in keys]
    answers = [answer for _claim, answer, _trace_id in keys]
    return (
        [claim.tenant_id for claim in claims],
        [claim.key for claim in claims],
        numbers([claim.item for claim in claims]),
        [claim.fingerprint for claim in claims],
        numbers([answer.status for answer in answers]),
        [answer.body for answer in answers],
        [trace_id for _claim, _answer, trace_id in keys],
    )


def transfer_columns(transfers: list[Transfer]) -> tuple[object, ...]:
    """The transfers without their entries."""
    return (
        [transfer.tenant_id for transfer in transfers],
        [transfer.id for transfer in transfers],
        [transfer.type.value for transfer in transfers],
        numbers([len(transfer.entries) for transfer in transfers]),
        [transfer.trace_id for transfer in transfers],
        sparse([transfer.reference for transfer in transfers]),
        sparse([transfer.description for transfer in transfers]),
        sparse([transfer.metadata for transfer in transfers]),
        sparse([transfer.reversal_of for transfer in transfers]),
        sparse([transfer.hold_id for transfer in transfers]),
    )


class Places:
    """The accounts and assets of a batch, which its entries name by their places (from 1)."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self.account_ids = [account.id for account in accounts]
        self.assets = sorted({account.asset for account in accounts})
        self.of_accounts = {(account.tenant_id, account.id): place for place, account in enumerate(accounts, 1)}
        self.of_assets = {asset: place for place, asset in enumerate(self.assets, 1)}


def entry_columns(transfers: list[Transfer], places: Places) -> tuple[object, ...]:
    """The accounts, the assets, and entries with the places of their transfer, account and asset."""
    accounts, assets = places.of_accounts, places.of_assets
    entries = [entry for transfer in transfers for entry in transfer.entries]
    return (
        places.account_ids,
        places.assets,
        numbers([place for place, transfer in enumerate(transfers, 1) for _entry in transfer.entries]),
        numbers(
            [accounts[transfer.tenant_id, entry.account_id] for transfer in transfers for entry in transfer.entries]
        ),
        numbers([assets[entry.asset] for entry in entries]),
        numbers([entry.sequence for entry in entries]),
        numbers([entry.leg for entry in entries]),
        numbers([entry.amount for entry in entries]),
        numbers([entry.balance_after for entry in entries]),
        [entry.chain for entry in entries],
    )


def step_row(hold: Hold) -> tuple[object, ...]:
    """What changes when a hold is captured or released."""
    return hold.tenant_id, hold.id, hold.captured, hold.released, hold.status.value


def hold_row(hold: Hold, trace_id: str) -> tuple[object, ...]:
    """A new hold."""
    return (
        hold.tenant_id,
        hold.id,
        hold.wallet_id,
        hold.asset,
        hold.amount,
        hold.captured,
        hold.released,
        hold.status.value,
        hold.expires_at,
        hold.placed_at,
        hold.reference,
        hold.description,
        hold.metadata,
        trace_id,
    )
