"""The story `bursar demo` tells: each step over HTTP, with the money that moved."""

from typing import Any
from uuid import uuid4

import httpx

_TIMEOUT_SECONDS = 10.0


class StoryBroke(Exception):
    """A step did not come out as it should."""


class Narrator:
    """A client of the API that says what it does."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        """Speak over *client*."""
        self._client = client

    async def step(
        self,
        title: str,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        expect: int,
        key: str | None = None,
    ) -> dict[str, Any]:
        """
        Make one request and print what moved.

        Raises:
            StoryBroke: If the answer's status is not *expect*.
        """
        headers = {} if method == "GET" else {"Idempotency-Key": key or str(uuid4())}
        answer = await self._client.request(method, path, json=body, headers=headers)
        if answer.status_code != expect:
            raise StoryBroke(f"{title}: expected {expect}, got {answer.status_code}: {answer.text}")
        told: dict[str, Any] = answer.json()
        replayed = "  (the same answer again: nothing moved)" if answer.headers.get("idempotent-replayed") else ""
        print(f"\n• {title}{replayed}")
        for line in _movements(told):
            print(f"    {line}")
        return told


async def tell(base_url: str, api_key: str) -> None:
    """
    Two users, their wallets, and all that may happen to money inside.

    Raises:
        StoryBroke: If a step did not come out as it should.
    """
    headers = {"Authorization": f"Bearer {api_key}"}
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=_TIMEOUT_SECONDS) as client:
        narrator = Narrator(client)
        alice = (
            await narrator.step(
                "Carol opens a wallet in USD", "POST", "/v1/wallets", {"user_id": "carol", "asset": "USD"}, expect=201
            )
        )["id"]
        bob = (
            await narrator.step(
                "Dave opens one too", "POST", "/v1/wallets", {"user_id": "dave", "asset": "USD"}, expect=201
            )
        )["id"]
        await narrator.step(
            "Carol tops up 50.00",
            "POST",
            f"/v1/wallets/{alice}/topup",
            {"amount": 5000, "payment_method": "card"},
            expect=201,
        )
        key = str(uuid4())
        send = {"from_wallet_id": alice, "to_wallet_id": bob, "amount": 1250, "reference": "lunch"}
        await narrator.step("Carol sends Dave 12.50 for lunch", "POST", "/v1/transfers", send, expect=201, key=key)
        await narrator.step(
            "Her phone loses the answer and asks again", "POST", "/v1/transfers", send, expect=201, key=key
        )


def _movements(told: dict[str, Any]) -> list[str]:
    if told.get("code"):
        return [f"refused: {told['code']} ({told['detail']})"]
    transfer = told.get("transfer", told)
    return [
        f"{entry['direction']:<6} {entry['amount']:>8} {entry['asset']}  {entry['purpose']:<10}"
        f" {entry['balance_before']:>8} → {entry['balance_after']}"
        for entry in transfer.get("entries", [])
    ]
