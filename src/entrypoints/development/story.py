"""The story `bursar demo` tells: each step over HTTP, with the money that moved."""

import httpx

from entrypoints.development.narrator import Narrator, StoryBroke
from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.development.story_orders import tell_orders
from entrypoints.development.story_payments import tell_payments
from entrypoints.development.webhook_receiver import WebhookReceiver
from ports.clock import Clock

_TIMEOUT_SECONDS = 10.0
_REFUSED = 422


async def tell(base_url: str, *, api_key: str, admin_key: str, clock: Clock, simulator: SimulatorProcess) -> None:
    """
    Two users, their wallets, all that may happen to money inside; orders fulfilled outside, payments through a
    provider, and the proof at the end.

    Raises:
        StoryBroke: If a step did not come out as it should.
    """
    headers = {"Authorization": f"Bearer {api_key}"}
    async with httpx.AsyncClient(base_url=base_url, headers=headers, timeout=_TIMEOUT_SECONDS) as client:
        narrator = Narrator(client)
        carol, dave = await _open_and_fund(narrator)
        await _transfer(narrator, carol, dave)
        await _hold(narrator, carol)
        await _undo(narrator, dave)
        await _batch(narrator, carol, dave)
        async with WebhookReceiver(clock) as receiver:
            await tell_orders(narrator, receiver, carol)
        await tell_payments(narrator, simulator, carol)
        await narrator.get("What Carol has now", "/v1/users/carol/balances")
        client.headers["Authorization"] = f"Bearer {admin_key}"
        await _verify(client)


async def _open_and_fund(narrator: Narrator) -> tuple[str, str]:
    carol = await narrator.post("Carol opens a wallet", "/v1/wallets", {"user_id": "carol", "asset": "USD"})
    dave = await narrator.post("Dave opens one too", "/v1/wallets", {"user_id": "dave", "asset": "USD"})
    top_up = {"amount": 5000, "payment_method": "card", "reference": "top-up-1"}
    await narrator.post("Carol tops up 50.00", f"/v1/wallets/{carol['id']}/topup", top_up)
    coins = {"user_id": "carol", "asset": "GOLD_COINS", "amount": 250, "bonus_type": "welcome"}
    await narrator.post("She gets 250 gold coins as a welcome; a wallet for them opens", "/v1/bonuses", coins)
    return carol["id"], dave["id"]


async def _transfer(narrator: Narrator, carol: str, dave: str) -> None:
    lunch = {"from_wallet_id": carol, "to_wallet_id": dave, "amount": 1250, "description": "Lunch"}
    await narrator.post("Carol sends Dave 12.50 for lunch", "/v1/transfers", lunch, key="lunch")
    await narrator.post("Her phone lost the answer and asks again", "/v1/transfers", lunch, key="lunch")
    too_much = {"from_wallet_id": dave, "to_wallet_id": carol, "amount": 99_999}
    await narrator.post("Dave tries to send more than he has", "/v1/transfers", too_much, expect=_REFUSED)


async def _hold(narrator: Narrator, carol: str) -> None:
    placed = await narrator.post(
        "A hotel sets 20.00 of Carol's aside", "/v1/holds", {"wallet_id": carol, "amount": 2000}
    )
    hold_id = placed["hold"]["id"]
    part = {"amount": 1500, "final": True}
    await narrator.post(
        "She stays a night less: 15.00 is taken, the rest comes back", f"/v1/holds/{hold_id}/capture", part, expect=200
    )


async def _undo(narrator: Narrator, dave: str) -> None:
    spent = await narrator.post("Dave buys a song for 0.99", f"/v1/wallets/{dave}/spend", {"amount": 99})
    await narrator.post("It would not play, so the purchase is reversed", f"/v1/transfers/{spent['id']}/reverse", {})
    await narrator.patch("Dave's phone is stolen: his wallet is frozen", f"/v1/wallets/{dave}", {"status": "frozen"})
    await narrator.post("The thief gets nothing", f"/v1/wallets/{dave}/spend", {"amount": 1}, expect=_REFUSED)
    await narrator.patch("Dave has a new phone", f"/v1/wallets/{dave}", {"status": "active"})


async def _batch(narrator: Narrator, carol: str, dave: str) -> None:
    transfers = [
        {"from_wallet_id": carol, "to_wallet_id": dave, "amount": 100},
        {"from_wallet_id": dave, "to_wallet_id": carol, "amount": 1_000_000},
        {"from_wallet_id": dave, "to_wallet_id": carol, "amount": 50},
    ]
    body = {"mode": "independent", "transfers": transfers}
    await narrator.post(
        "Three transfers at once; one cannot be, the others do not mind", "/v1/transfers/batch", body, expect=200
    )


async def _verify(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/admin/integrity/verify")
    told = answer.json()
    if not (answer.is_success and told["is_clean"]):
        raise StoryBroke(f"the ledger does not verify: {answer.text}")
    print(
        f"\n✓ The books are right: {told['accounts']} accounts, {told['entries']} entries and {told['transfers']}"
        " transfers walked,\n  every hash made again, every sum zero."
    )
