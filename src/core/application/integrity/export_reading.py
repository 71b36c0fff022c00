"""The parts of an exported ledger, each checked as it is read."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from core.application.integrity.verification import Verification
from core.domain.chain import GENESIS, transfer_digest
from core.domain.checkpoints import Checkpoint, merkle_root
from core.domain.entry_sums import EntrySum
from core.domain.identifiers import HoldId, TransferId
from core.domain.integrity import AccountWalk, Finding, FindingKind, Head, Link
from ports.checkpoint_signer import CheckpointChecker

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CHECKPOINTS, _ACCOUNTS, _TRANSFERS, _END = range(1, 5)
_BEFORE_ALL = UUID(int=0)


class ExportReading:
    """
    Where the reading of a file stands; what is wrong goes to its verification.

    Every method takes the value of one line, and raises ValueError, TypeError or the like when it has another shape.
    """

    def __init__(self, verification: Verification, checker: CheckpointChecker) -> None:
        """Begin behind the first line."""
        self._verification = verification
        self._checker = checker
        self._part = _CHECKPOINTS
        self._last_id = _BEFORE_ALL
        self._last_digest = GENESIS
        self._signed: dict[UUID, Head] = {}
        self._walk: AccountWalk | None = None
        self._head: Head | None = None
        self._balances: dict[str, int] = {}
        self._told_by_accounts = EntrySum()
        self._told_by_transfers = EntrySum()

    def take_checkpoint(self, told: dict[str, Any]) -> None:
        """A checkpoint with its heads."""
        self._enter(_CHECKPOINTS)
        verification = self._verification
        heads = [
            Head(UUID(account_id), "", sequence, balance, bytes.fromhex(chain))
            for account_id, sequence, balance, chain in told["heads"]
        ]
        checkpoint = _checkpoint(verification, told, len(heads))
        follows = checkpoint.number == verification.checkpoints + 1 and checkpoint.previous == self._last_digest
        genuine = self._checker.is_genuine(
            public_key=checkpoint.public_key, payload=checkpoint.payload, signature=checkpoint.signature
        )
        if not (follows and genuine and merkle_root(heads) == checkpoint.root):
            self._found(FindingKind.CHECKPOINT_CHANGED, f"checkpoint {checkpoint.number} does not hold")
        self._last_digest = checkpoint.digest
        verification.checkpoints += 1
        self._signed.update({head.account_id: head for head in heads})

    def take_account(self, told: dict[str, Any]) -> None:
        """An account as it says it stands."""
        self._enter(_ACCOUNTS)
        self._end_account()
        account_id, asset = UUID(told["id"]), _text(told["asset"])
        self._come_to(account_id)
        self._head = Head(
            account_id, asset, _integer(told["sequence"]), _integer(told["balance"]), bytes.fromhex(told["chain"])
        )
        self._walk = AccountWalk(self._verification.tenant_id, account_id, asset)
        if told["start"] is not None:
            sequence, balance, chain = told["start"]
            self._walk.begin_at(Head(account_id, asset, _integer(sequence), _integer(balance), bytes.fromhex(chain)))
            self._verification.snapshots += 1
        if (signed := self._signed.pop(account_id, None)) is not None:
            self._walk.expect(signed, FindingKind.BEHIND_CHECKPOINT)
        self._balances[asset] = self._balances.get(asset, 0) + self._head.balance

    def take_entry(self, told: list[Any]) -> None:
        """The next entry of the account before it."""
        self._enter(_ACCOUNTS)
        walk = self._walk
        if walk is None:
            raise ValueError("an entry before any account")
        sequence, transfer_id, leg, direction, amount, balance_after, chain, digest = told
        link = Link(
            account_id=walk.account_id,
            asset=walk.asset,
            sequence=_integer(sequence),
            transfer_id=UUID(transfer_id),
            leg=_integer(leg),
            direction=_integer(direction),
            amount=_integer(amount),
            balance_after=_integer(balance_after),
            chain=bytes.fromhex(chain),
            digest=None if digest is None else bytes.fromhex(digest),
        )
        walk.take(link)
        self._verification.entries += 1
        self._told_by_accounts.add(
            transfer_id=transfer_id,
            leg=leg,
            account_id=str(walk.account_id),
            asset=walk.asset,
            sequence=sequence,
            direction=direction,
            amount=amount,
            digest=digest,
        )

    def take_transfer(self, told: dict[str, Any]) -> None:
        """A transfer with its legs."""
        self._enter(_TRANSFERS)
        transfer_id, legs = UUID(told["id"]), told["legs"]
        self._come_to(transfer_id)
        digest = self._digest_of(transfer_id, told, len(legs)).hex()
        net: dict[str, int] = {}
        for leg, account_id, asset, sequence, direction, amount in legs:
            net[asset] = net.get(asset, 0) + _integer(direction) * _integer(amount)
            self._told_by_transfers.add(
                transfer_id=told["id"],
                leg=leg,
                account_id=account_id,
                asset=asset,
                sequence=sequence,
                direction=direction,
                amount=amount,
                digest=digest,
            )
        if any(net.values()) or not legs:
            finding = Finding(
                FindingKind.TRANSFER_UNBALANCED, "debits and credits differ, or there are none", transfer_id=transfer_id
            )
            self._verification.found(finding)
        self._verification.transfers += 1

    def take_end(self, told: dict[str, Any]) -> None:
        """The last line: how many of each there are."""
        self._enter(_END)
        verification = self._verification
        counted = {
            "checkpoints": verification.checkpoints,
            "accounts": verification.accounts,
            "entries": verification.entries,
            "transfers": verification.transfers,
        }
        verification.expected_entries = _integer(told["entries"])
        for part, count in counted.items():
            if told[part] != count:
                self._found(FindingKind.EXPORT_DAMAGED, f"the file says {told[part]} {part}, {count} are there")

    def end(self) -> None:
        """What can only be said of the whole file."""
        if self._part != _END:
            self._end_account()
            self._found(FindingKind.EXPORT_DAMAGED, "the file ends before its last line")
        for account_id in sorted(self._signed):
            self._verification.found(
                Finding(
                    FindingKind.BEHIND_CHECKPOINT,
                    f"a checkpoint signed {self._signed[account_id].sequence} entries, there is no such account",
                    account_id,
                    1,
                )
            )
        if self._told_by_accounts != self._told_by_transfers:
            self._found(FindingKind.EXPORT_DAMAGED, "accounts and transfers do not tell of the same entries")
        for asset, balance in sorted(self._balances.items()):
            if balance:
                self._found(FindingKind.ASSET_UNBALANCED, f"the sum of all {asset} balances is off by {balance}")

    def _enter(self, part: int) -> None:
        """The parts come in order, and the end line comes once."""
        if self._part == _END:
            raise ValueError("there is more behind the last line")
        if part < self._part:
            raise ValueError("it stands behind a later part of the file")
        if part > self._part:
            self._end_account()
            self._part, self._last_id = part, _BEFORE_ALL

    def _come_to(self, next_id: UUID) -> None:
        """Accounts and transfers come in the order of their ids, each once."""
        if next_id <= self._last_id:
            raise ValueError(f"{next_id} stands behind {self._last_id}")
        self._last_id = next_id

    def _end_account(self) -> None:
        if self._walk is not None and self._head is not None:
            self._verification.found(self._walk.end(self._head))
            self._verification.accounts += 1
        self._walk = self._head = None

    def _digest_of(self, transfer_id: UUID, told: dict[str, Any], legs: int) -> bytes:
        return transfer_digest(
            tenant_id=self._verification.tenant_id,
            transfer_id=TransferId(transfer_id),
            type=told["type"],
            posted_at=_moment(told["posted_at"]),
            entry_count=legs,
            trace_id=told["trace_id"],
            reference=told["reference"],
            description=told["description"],
            metadata=told["metadata"],
            reversal_of=None if told["reversal_of"] is None else TransferId(UUID(told["reversal_of"])),
            hold_id=None if told["hold_id"] is None else HoldId(UUID(told["hold_id"])),
        )

    def _found(self, kind: FindingKind, detail: str) -> None:
        self._verification.found(Finding(kind, detail))


def _checkpoint(verification: Verification, told: dict[str, Any], head_count: int) -> Checkpoint:
    return Checkpoint(
        tenant_id=verification.tenant_id,
        number=_integer(told["number"]),
        taken_at=_moment(told["taken_at"]),
        previous=bytes.fromhex(told["previous"]),
        root=bytes.fromhex(told["root"]),
        head_count=head_count,
        public_key=bytes.fromhex(told["public_key"]),
        signature=bytes.fromhex(told["signature"]),
    )


def _moment(told: object) -> datetime:
    return _EPOCH + timedelta(microseconds=_integer(told))


def _integer(told: object) -> int:
    """JSON knows 1.0 and true as well; an export has neither."""
    if type(told) is not int:
        raise TypeError(f"{told!r} is not an integer")
    return told


def _text(told: object) -> str:
    if not isinstance(told, str):
        raise TypeError(f"{told!r} is not a text")
    return told
