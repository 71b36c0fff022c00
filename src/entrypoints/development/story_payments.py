"""Payments in the demo's story: a card with 3-D Secure, a decline, a partial refund, a lost answer that is resolved."""

import asyncio
from typing import Any

import httpx

from entrypoints.development.narrator import Narrator, StoryBroke
from entrypoints.development.simulator_process import SimulatorProcess

_TIMEOUT_SECONDS = 10.0
_RESOLVED_SECONDS = 30.0
_POLL_SECONDS = 0.5
_UNDECIDED = 202


async def tell_payments(narrator: Narrator, simulator: SimulatorProcess, wallet_id: str) -> None:
    """
    Deposits into the wallet through the simulated provider.

    Raises:
        StoryBroke: If a step did not come out as it should.
    """
    deposit = f"/v1/wallets/{wallet_id}/deposit"
    payment = await narrator.post(
        "Carol deposits 40.00 by card; her bank wants to see her (3-D Secure)",
        deposit,
        {"amount": 4000, "payment_method": "pm_card_3ds", "return_url": "https://shop.example/return"},
    )
    _expect(payment, "requires_action")
    narrator.say(f"next action: {payment['next_action']['type']} to {payment['next_action']['url']}")
    await _approve(payment["next_action"]["url"])
    confirmed = await narrator.post(
        "She approves on her bank's page and comes back; the provider is asked, not her browser",
        f"/v1/payments/{payment['id']}/confirm",
        {},
        expect=200,
    )
    _expect(confirmed, "captured")
    narrator.say(f"captured {confirmed['captured']}, of which the provider keeps a fee of {confirmed['fee']}")
    declined = await narrator.post(
        "Another card has no money on it",
        deposit,
        {"amount": 9900, "payment_method": "pm_card_declined_insufficient_funds"},
    )
    _expect(declined, "failed")
    narrator.say(f"declined: {declined['failure']['code']}; what to do: {declined['failure']['next_step']}")
    refund = await narrator.post(
        "She wants 15.00 of her deposit back on the card: it leaves her wallet, and is on its way",
        f"/v1/payments/{payment['id']}/refunds",
        {"amount": 1500},
        expect=_UNDECIDED,
    )
    arrived = await _until(narrator, f"/v1/refunds/{refund['id']}", "succeeded")
    narrator.say(f"the provider's webhook says that it arrived: the refund has {arrived['status']}")
    await simulator.control(
        "POST",
        "/faults",
        {"match": {"method": "POST", "path": "/v1/payments"}, "fault": "drop_after_effect", "times": 1},
    )
    lost = await narrator.post(
        "She deposits 5.00; the provider takes the money, and its answer is lost on the way",
        deposit,
        {"amount": 500, "payment_method": "pm_card_ok"},
        expect=_UNDECIDED,
    )
    narrator.say("nobody knows yet: nothing is booked, and nothing is tried a second way")
    resolved = await _until(narrator, f"/v1/payments/{lost['id']}", "captured")
    narrator.say(f"asked again with the same key: {resolved['status']}, once")
    await narrator.get("What Carol has now", f"/v1/wallets/{wallet_id}")


async def _approve(url: str) -> None:
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as browser:
        await browser.post(url, data={"action": "approve"})


async def _until(narrator: Narrator, path: str, status: str) -> dict[str, Any]:
    try:
        async with asyncio.timeout(_RESOLVED_SECONDS):
            while True:
                looked = await narrator.look(path)
                if looked["status"] == status:
                    return looked
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise StoryBroke(f"{path} was not {status} within {_RESOLVED_SECONDS:.0f} s") from None


def _expect(payment: dict[str, Any], status: str) -> None:
    if payment["status"] != status:
        raise StoryBroke(f"the payment is {payment['status']}, not {status}: {payment}")
