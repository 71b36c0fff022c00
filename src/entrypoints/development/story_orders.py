"""Orders in the demo's story: one that completes, one that fails and refunds itself, and the webhooks about them."""

from entrypoints.development.narrator import Narrator, StoryBroke
from entrypoints.development.webhook_receiver import WebhookReceiver

_WEBHOOK_SECONDS = 15.0


async def tell_orders(narrator: Narrator, receiver: WebhookReceiver, wallet_id: str) -> None:
    """
    Two orders out of the wallet, with webhooks.

    Raises:
        StoryBroke: If a step did not come out as it should, or no webhook came.
    """
    endpoint = await narrator.post(
        "The shop wants to hear of orders: it registers a webhook endpoint",
        "/v1/webhook-endpoints",
        {"url": receiver.url, "event_types": ["order.*"]},
    )
    receiver.secret = endpoint["secret"]
    order = {"wallet_id": wallet_id, "amount": 800, "items": [{"sku": "sku_poster", "quantity": 1}]}
    completed = await narrator.post("Carol orders a poster for 8.00; the shop hands it over", "/v1/orders", order)
    _expect(completed["status"], "completed")
    narrator.say(f"the order is {completed['status']}: {completed['fulfilment_ref']}")
    sold_out = {"wallet_id": wallet_id, "amount": 300, "items": [{"sku": "sku_declined", "quantity": 1}]}
    failed = await narrator.post("She orders a cup for 3.00; it is sold out", "/v1/orders", sold_out)
    _expect(failed["status"], "failed")
    narrator.say(f"the order has {failed['status']} ({failed['failure']['code']}), and the money is back")
    await narrator.get("What Carol has now", f"/v1/wallets/{wallet_id}")
    for event_type in ("order.completed", "order.failed"):
        try:
            message = await receiver.until(event_type, within_seconds=_WEBHOOK_SECONDS)
        except TimeoutError:
            raise StoryBroke(f"no webhook of {event_type} within {_WEBHOOK_SECONDS:.0f} s") from None
        narrator.say(f"webhook received, signature verified: {message.type} {message.data['order_id']}")


def _expect(status: str, wanted: str) -> None:
    if status != wanted:
        raise StoryBroke(f"the order is {status}, not {wanted}")
