"""What the service did, in a file that survives its death: one fulfilment for a key, ever."""

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

_BUSY_SECONDS = 5.0
PAGE = 10_000
"""Entries in one answer of the journal."""

_NOW = "((julianday('now') - 2440587.5) * 86400.0)"  # seconds since 1970, by SQLite's clock
_TABLES = """
CREATE TABLE IF NOT EXISTS arrivals (key TEXT PRIMARY KEY, asked INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fulfilments (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    key TEXT NOT NULL UNIQUE,
    id TEXT NOT NULL UNIQUE,
    digest TEXT NOT NULL,
    request TEXT NOT NULL,
    failure_code TEXT,
    failure_message TEXT,
    done_at REAL NOT NULL,
    completes_at REAL NOT NULL
);
"""
_ARRIVE = "INSERT INTO arrivals VALUES (?, 1) ON CONFLICT (key) DO UPDATE SET asked = asked + 1 RETURNING asked"
_DO = f"""
INSERT INTO fulfilments (key, id, digest, request, failure_code, failure_message, done_at, completes_at)
VALUES (?, ?, ?, ?, ?, ?, {_NOW}, {_NOW} + ?) ON CONFLICT (key) DO NOTHING
"""  # noqa: S608 - put together from a constant, values are bound
_COLUMNS = f"sequence, key, id, digest, request, failure_code, failure_message, done_at, completes_at > {_NOW}, asked"
_READ = f"SELECT {_COLUMNS} FROM fulfilments JOIN arrivals USING (key)"  # noqa: S608 - constants


class KeyReused(Exception):
    """The key stands for something else already."""


class FulfilmentBody(msgspec.Struct, frozen=True):
    """What a client asks for."""

    key: str
    user_id: str
    asset: str
    amount: int
    items: list[object]
    reference: str | None = None


class FailureReport(msgspec.Struct, frozen=True):
    """Why it was not done."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fulfilment:
    """
    One thing done, or refused for good.

    Attributes:
        asked: How often a request with this key arrived, whatever became of it.
        done_at: In seconds since 1970.
    """

    sequence: int
    id: str
    request: FulfilmentBody
    failure: FailureReport | None
    done_at: float
    is_late: bool
    asked: int

    @property
    def status(self) -> str:
        """As it is answered."""
        if self.is_late:
            return "pending"
        return "completed" if self.failure is None else "failed"


class Journal:
    """An SQLite file. What a method has returned is on record, also after ``kill -9``."""

    def __init__(self, path: Path) -> None:
        """Open *path*, or begin it."""
        self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")  # survives our death, not the machine's
        self._connection.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def arrive(self, key: str) -> int:
        """Count a request with *key*; the how many-th it is."""
        asked: int = self._rows(_ARRIVE, (key,))[0][0]
        return asked

    def do(
        self, body: FulfilmentBody, fresh_id: str, *, failure: FailureReport | None, late_seconds: float
    ) -> tuple[Fulfilment, bool]:
        """
        Do it, or refuse it, unless that was done before; what is on record, and whether this made it.

        Raises:
            KeyReused: If the key stands for another request.
        """
        request = msgspec.json.encode(body, order="sorted")
        digest = hashlib.sha256(request).hexdigest()
        code, message = (None, None) if failure is None else (failure.code, failure.message)
        done = self._connection.execute(
            _DO, (body.key, fresh_id, digest, request.decode(), code, message, late_seconds)
        ).rowcount
        row = self._rows(f"{_READ} WHERE key = ?", (body.key,))[0]
        if row[3] != digest:
            raise KeyReused
        return _fulfilment(row), done == 1

    def find(self, key: str) -> Fulfilment | None:
        """What was done for *key*."""
        return next(map(_fulfilment, self._rows(f"{_READ} WHERE key = ?", (key,))), None)

    def entries(self, *, after: int) -> list[Fulfilment]:
        """Everything done after the sequence number *after*, oldest first, 10,000 at a time."""
        rows = self._rows(f"{_READ} WHERE sequence > ? ORDER BY sequence LIMIT ?", (after, PAGE))
        return [_fulfilment(row) for row in rows]

    def _rows(self, statement: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """All rows: a statement with RETURNING is not committed before they are read."""
        return self._connection.execute(statement, values).fetchall()


def _fulfilment(row: tuple[Any, ...]) -> Fulfilment:
    sequence, _, fulfilment_id, _, request, code, message, done_at, is_late, asked = row
    return Fulfilment(
        sequence=sequence,
        id=fulfilment_id,
        request=msgspec.json.decode(request, type=FulfilmentBody),
        failure=None if code is None else FailureReport(code, message or ""),
        done_at=done_at,
        is_late=bool(is_late),
        asked=asked,
    )
