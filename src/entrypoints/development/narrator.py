"""A client of the API that says what it does and what moved."""

from itertools import count
from typing import Any

import httpx

from entrypoints.cannot_run import CannotRun

_OK = 200


class StoryBroke(CannotRun):
    """A step did not come out as it should."""


class Narrator:
    """Makes requests, checks their status, and prints each with its entries."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        """Speak over *client*."""
        self._client = client
        self._keys = count(1)

    async def post(
        self, title: str, path: str, body: dict[str, Any], *, expect: int = 201, key: str | None = None
    ) -> dict[str, Any]:
        """
        POST with an idempotency key of its own, unless one is given.

        Raises:
            StoryBroke: If the answer's status is not *expect*.
        """
        headers = {"Idempotency-Key": key or f"story-{next(self._keys)}"}
        return self._tell(title, await self._client.post(path, json=body, headers=headers), expect)

    async def patch(self, title: str, path: str, body: dict[str, Any], *, expect: int = 200) -> dict[str, Any]:
        """
        PATCH.

        Raises:
            StoryBroke: If the answer's status is not *expect*.
        """
        return self._tell(title, await self._client.patch(path, json=body), expect)

    async def get(self, title: str, path: str) -> dict[str, Any]:
        """
        GET.

        Raises:
            StoryBroke: If the answer is no success.
        """
        return self._tell(title, await self._client.get(path), _OK)

    async def look(self, path: str) -> dict[str, Any]:
        """
        GET without a word.

        Raises:
            StoryBroke: If the answer is no success.
        """
        answer = await self._client.get(path)
        if answer.status_code != _OK:
            raise StoryBroke(f"{path}: got {answer.status_code}: {answer.text}")
        looked: dict[str, Any] = answer.json()
        return looked

    def say(self, what: str) -> None:
        """Print a line of the step before."""
        print(f"    {what}")

    def _tell(self, title: str, answer: httpx.Response, expect: int) -> dict[str, Any]:
        if answer.status_code != expect:
            raise StoryBroke(f"{title}: expected {expect}, got {answer.status_code}: {answer.text}")
        told: dict[str, Any] = answer.json()
        again = "  (the stored answer again; nothing moved)" if "idempotent-replayed" in answer.headers else ""
        print(f"\n• {title}{again}")
        for line in _lines(told):
            print(f"    {line}")
        return told


def _lines(told: dict[str, Any]) -> list[str]:
    if "code" in told and "status" in told:
        return [f"refused: {told['code']}: {told['detail']}"]
    if "wallets" in told:
        return [_balance_line(wallet["asset"], wallet["balance"]) for wallet in told["wallets"]]
    if "items" in told and told["items"] and "body" in told["items"][0]:
        return [line for item in told["items"] for line in _lines(item["body"])]
    entries: list[dict[str, Any]] = told.get("transfer", told).get("entries", [])
    return [_entry_line(entry) for entry in entries] or (
        [_balance_line(told["asset"], told["balance"])] if "balance" in told and "asset" in told else []
    )


def _entry_line(entry: dict[str, Any]) -> str:
    return (
        f"{entry['direction']:<6} {entry['amount']:>7} {entry['asset']:<10} {entry['purpose']:<10}"
        f" {entry['balance_before']:>8} → {entry['balance_after']}"
    )


def _balance_line(asset: str, balance: dict[str, int]) -> str:
    return f"{asset:<10} available {balance['available']:>7}   reserved {balance['reserved']:>6}"
