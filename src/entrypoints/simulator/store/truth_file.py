"""
One SQLite file with everything the provider knows, and its truth journal.

What a turn did is written in one transaction before it is answered, so that a provider killed at any moment has, after
its restart, done exactly what it said it did.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from entrypoints.cannot_run import CannotRun
from entrypoints.simulator.engine.truth import Effect, TruthEntry

_SCHEMA = """
CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL, UNIQUE (kind, id)
);
CREATE TABLE IF NOT EXISTS truth (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, account_id TEXT NOT NULL, effect TEXT NOT NULL,
    object_id TEXT NOT NULL, payment_id TEXT, reference TEXT, amount INTEGER NOT NULL, fee INTEGER NOT NULL,
    currency TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS truth_of_reference ON truth (account_id, reference);
CREATE TRIGGER IF NOT EXISTS truth_is_not_changed BEFORE UPDATE ON truth BEGIN SELECT RAISE(ABORT, 'append only'); END;
CREATE TRIGGER IF NOT EXISTS truth_is_not_lost BEFORE DELETE ON truth BEGIN SELECT RAISE(ABORT, 'append only'); END;
"""
_ADD = "INSERT INTO truth VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_BUSY_SECONDS = 2.0


class TruthFileInUse(CannotRun):
    """Another simulator works on the same file."""


@dataclass(frozen=True, slots=True)
class Put:
    """Keep *body* under a kind and an id, in the place of what was there."""

    kind: str
    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Drop:
    """Keep it no longer."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class TruthTotal:
    """The sum of one effect's amounts and fees in one currency."""

    account_id: str
    effect: Effect
    currency: str
    count: int
    amount: int
    fee: int


class TruthFile:
    """A file that one process at a time has, or memory."""

    def __init__(self, path: Path | None) -> None:
        """
        Open *path*, or memory that ends with the process.

        Raises:
            TruthFileInUse: If another process has it.
        """
        self._database = sqlite3.connect(path or ":memory:", timeout=_BUSY_SECONDS, isolation_level=None)
        try:
            # A kill of the process loses nothing then; a loss of power could lose the last moments, but no more.
            self._database.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._database.execute("PRAGMA journal_mode = WAL")
            self._database.execute("PRAGMA synchronous = NORMAL")
            self._database.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            self._database.close()
            raise TruthFileInUse(f"{path} cannot be used ({error}): does another simulator run on it?") from None

    def close(self) -> None:
        """Let go of the file."""
        self._database.close()

    def load(self, kind: str) -> Iterator[bytes]:
        """All bodies of a kind, in the order in which they were first kept."""
        for (body,) in self._database.execute("SELECT body FROM documents WHERE kind = ? ORDER BY rowid", (kind,)):
            yield body

    def write(self, changes: Iterable[Put | Drop], truth: Iterable[TruthEntry] = ()) -> None:
        """Write all of it, or nothing."""
        puts: list[tuple[str, str, bytes]] = []
        drops: list[tuple[str, str]] = []
        for change in changes:
            if isinstance(change, Put):
                puts.append((change.kind, change.id, change.body))
            else:
                drops.append((change.kind, change.id))
        entries = [_row(entry) for entry in truth]
        if not (puts or drops or entries):
            return
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._database.executemany(
                "INSERT INTO documents VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body", puts
            )
            self._database.executemany("DELETE FROM documents WHERE kind = ? AND id = ?", drops)
            self._database.executemany(_ADD, entries)
            self._database.execute("COMMIT")
        except BaseException:
            self._database.execute("ROLLBACK")
            raise

    def truth(
        self, *, account_id: str | None, reference: str | None, after: int, limit: int
    ) -> Sequence[tuple[int, TruthEntry]]:
        """At most *limit* numbered entries above *after*, in order."""
        rows = self._database.execute(
            "SELECT * FROM truth WHERE number > ?1 AND account_id = coalesce(?2, account_id)"
            " AND (?3 IS NULL OR reference = ?3) ORDER BY number LIMIT ?4",
            (after, account_id, reference, limit),
        )
        return [_entry(row) for row in rows]

    def latest_truth(self, limit: int) -> Sequence[tuple[int, TruthEntry]]:
        """The last *limit* numbered entries, newest first."""
        rows = self._database.execute("SELECT * FROM truth ORDER BY number DESC LIMIT ?", (limit,))
        return [_entry(row) for row in rows]

    def truth_totals(self, account_id: str | None) -> Sequence[TruthTotal]:
        """What all entries sum up to; sums are Python's, so that they cannot overflow."""
        sums: dict[tuple[str, str, str], tuple[int, int, int]] = {}
        for owner, effect, currency, amount, fee in self._database.execute(
            "SELECT account_id, effect, currency, amount, fee FROM truth WHERE account_id = coalesce(?, account_id)",
            (account_id,),
        ):
            count, amounts, fees = sums.get((owner, effect, currency), (0, 0, 0))
            sums[owner, effect, currency] = count + 1, amounts + amount, fees + fee
        return [
            TruthTotal(owner, Effect(effect), currency, *total)
            for (owner, effect, currency), total in sorted(sums.items())
        ]


def _row(entry: TruthEntry) -> tuple[str | int | None, ...]:
    return (
        entry.at.isoformat(),
        entry.account_id,
        entry.effect,
        entry.object_id,
        entry.payment_id,
        entry.reference,
        entry.amount,
        entry.fee,
        entry.currency,
    )


def _entry(row: tuple[int, str, str, str, str, str | None, str | None, int, int, str]) -> tuple[int, TruthEntry]:
    number, at, account_id, effect, object_id, payment_id, reference, amount, fee, currency = row
    return number, TruthEntry(
        at=datetime.fromisoformat(at),
        account_id=account_id,
        effect=Effect(effect),
        object_id=object_id,
        payment_id=payment_id,
        reference=reference,
        amount=amount,
        fee=fee,
        currency=currency,
    )
