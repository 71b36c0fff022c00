"""
Verify an exported ledger (``bursar.ledger.1``) without a database.

Accounts and transfers stand in two parts of the file, each in its own order. That both tell of the same entries is
shown by a sum of hashes that does not depend on order, so memory grows with the accounts, not with the entries.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

from core.application.integrity.export_ledger import FORMAT
from core.application.integrity.verify_ledger import Verification
from core.domain.chain import GENESIS, transfer_digest
from core.domain.checkpoints import Checkpoint, merkle_root
from core.domain.identifiers import HoldId, TenantId, TransferId
from core.domain.integrity import AccountWalk, Finding, FindingKind, Head, Link
from ports.checkpoint_signer import CheckpointChecker

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MODULUS = 2**256


class NotAnExport(Exception):
    """The file is not a ledger export of a format we know."""


@dataclass(slots=True)
class _Reading:
    """Where the reading of a file stands."""

    verification: Verification
    pins: dict[UUID, Head] = field(default_factory=dict[UUID, Head])
    previous: bytes = GENESIS
    walk: AccountWalk | None = None
    head: Head | None = None
    balances: dict[str, int] = field(default_factory=dict[str, int])
    sum_by_account: int = 0
    sum_by_transfer: int = 0
    ended: bool = False


def verify_export(lines: Iterable[str], checker: CheckpointChecker) -> Verification:
    """
    Walk the file once, from its first line to its last.

    Raises:
        NotAnExport: If it does not begin as an export does, or a line is not one of ours.
    """
    reader = iter(lines)
    try:
        header = json.loads(next(reader))
        if header["format"] != FORMAT:
            raise NotAnExport(f"the format is {header['format']!r}, not {FORMAT!r}")
        verification = Verification(TenantId(UUID(header["tenant_id"])), expected_entries=0)
        reading = _Reading(verification)
        for line in reader:
            _take(reading, json.loads(line), checker)
    except (StopIteration, ValueError, KeyError, TypeError, IndexError) as error:
        raise NotAnExport(f"a line is not one of {FORMAT}: {error}") from error
    _end_account(reading)
    if not reading.ended:
        verification.found(Finding(FindingKind.EXPORT_DAMAGED, "the file ends before its last line"))
    if reading.sum_by_account != reading.sum_by_transfer:
        verification.found(
            Finding(FindingKind.EXPORT_DAMAGED, "accounts and transfers do not tell of the same entries")
        )
    for asset, balance in sorted(reading.balances.items()):
        if balance:
            verification.found(
                Finding(FindingKind.ASSET_UNBALANCED, f"the sum of all {asset} balances is off by {balance}")
            )
    return verification


def _take(reading: _Reading, line: dict[str, Any], checker: CheckpointChecker) -> None:
    if reading.ended:
        reading.verification.found(Finding(FindingKind.EXPORT_DAMAGED, "there is more behind the last line"))
    if "entry" in line:
        _take_entry(reading, line["entry"])
    elif "account" in line:
        _take_account(reading, line["account"])
    elif "transfer" in line:
        _end_account(reading)
        _take_transfer(reading, line["transfer"])
    elif "checkpoint" in line:
        _take_checkpoint(reading, line["checkpoint"], checker)
    else:
        _end_account(reading)
        _take_end(reading, line["end"])


def _take_account(reading: _Reading, told: dict[str, Any]) -> None:
    _end_account(reading)
    account_id = UUID(told["id"])
    reading.head = Head(account_id, told["asset"], told["sequence"], told["balance"], bytes.fromhex(told["chain"]))
    reading.walk = AccountWalk(
        reading.verification.tenant_id, account_id, told["asset"], pinned=reading.pins.get(account_id)
    )
    if told["start"] is not None:
        sequence, balance, chain = told["start"]
        reading.walk.sequence, reading.walk.balance, reading.walk.chain = sequence, balance, bytes.fromhex(chain)
    asset = told["asset"]
    reading.balances[asset] = reading.balances.get(asset, 0) + told["balance"]


def _take_entry(reading: _Reading, told: list[Any]) -> None:
    walk = reading.walk
    if walk is None:
        raise ValueError("an entry before any account")
    sequence, transfer_id, leg, direction, amount, balance_after, chain, digest = told
    link = Link(
        account_id=walk.account_id,
        sequence=sequence,
        transfer_id=UUID(transfer_id),
        leg=leg,
        direction=direction,
        amount=amount,
        balance_after=balance_after,
        chain=bytes.fromhex(chain),
        digest=None if digest is None else bytes.fromhex(digest),
    )
    walk.take(link)
    reading.verification.entries += 1
    reading.sum_by_account = _added(
        reading.sum_by_account, transfer_id, leg, str(walk.account_id), walk.asset, sequence, direction, amount, digest
    )


def _end_account(reading: _Reading) -> None:
    if reading.walk is not None and reading.head is not None:
        reading.verification.found(reading.walk.end(reading.head))
        reading.verification.accounts += 1
    reading.walk = reading.head = None


def _take_transfer(reading: _Reading, told: dict[str, Any]) -> None:
    transfer_id, legs = UUID(told["id"]), told["legs"]
    digest = transfer_digest(
        tenant_id=reading.verification.tenant_id,
        transfer_id=TransferId(transfer_id),
        type=told["type"],
        posted_at=_EPOCH + timedelta(microseconds=told["posted_at"]),
        entry_count=len(legs),
        trace_id=told["trace_id"],
        reference=told["reference"],
        description=told["description"],
        metadata=told["metadata"],
        reversal_of=None if told["reversal_of"] is None else TransferId(UUID(told["reversal_of"])),
        hold_id=None if told["hold_id"] is None else HoldId(UUID(told["hold_id"])),
    ).hex()
    net: dict[str, int] = {}
    for leg, account_id, asset, sequence, direction, amount in legs:
        net[asset] = net.get(asset, 0) + direction * amount
        reading.sum_by_transfer = _added(
            reading.sum_by_transfer, told["id"], leg, account_id, asset, sequence, direction, amount, digest
        )
    if any(net.values()) or not legs:
        reading.verification.found(
            Finding(FindingKind.TRANSFER_UNBALANCED, "debits and credits differ", transfer_id=transfer_id)
        )
    reading.verification.transfers += 1


def _take_checkpoint(reading: _Reading, told: dict[str, Any], checker: CheckpointChecker) -> None:
    verification = reading.verification
    heads = [
        Head(UUID(account_id), "", sequence, balance, bytes.fromhex(chain))
        for account_id, sequence, balance, chain in told["heads"]
    ]
    checkpoint = Checkpoint(
        tenant_id=verification.tenant_id,
        number=told["number"],
        taken_at=_EPOCH + timedelta(microseconds=told["taken_at"]),
        previous=bytes.fromhex(told["previous"]),
        root=bytes.fromhex(told["root"]),
        head_count=len(heads),
        public_key=bytes.fromhex(told["public_key"]),
        signature=bytes.fromhex(told["signature"]),
    )
    follows = checkpoint.number == verification.checkpoints + 1 and checkpoint.previous == reading.previous
    genuine = checker.is_genuine(
        public_key=checkpoint.public_key, payload=checkpoint.payload, signature=checkpoint.signature
    )
    if not (follows and genuine and merkle_root(heads) == checkpoint.root):
        verification.found(Finding(FindingKind.CHECKPOINT_CHANGED, f"checkpoint {checkpoint.number} does not hold"))
    reading.previous = checkpoint.digest
    verification.checkpoints += 1
    reading.pins.update({head.account_id: head for head in heads})


def _take_end(reading: _Reading, told: dict[str, Any]) -> None:
    verification = reading.verification
    counted = {
        "checkpoints": verification.checkpoints,
        "accounts": verification.accounts,
        "entries": verification.entries,
        "transfers": verification.transfers,
    }
    verification.expected_entries = told["entries"]
    reading.ended = True
    for part, count in counted.items():
        if told[part] != count:
            verification.found(
                Finding(FindingKind.EXPORT_DAMAGED, f"the file says {told[part]} {part}, {count} are there")
            )


def _added(total: int, *members: object) -> int:
    """A sum of hashes: the same for the same members in any order."""
    return (total + int.from_bytes(sha256(json.dumps(members).encode()).digest(), "big")) % _MODULUS
