"""The front page: what the provider did lately."""

from typing import Any

from litestar import Request, Response, get

from entrypoints.simulator.pages.markup import heading, page, paragraph, table
from entrypoints.simulator.simulator import Simulator

_LINES = 100


@get("/", include_in_schema=False)
async def front_page(request: Request[Any, Any, Any]) -> Response[str]:
    """Balances, the latest entries of the truth journal, and the latest webhooks."""
    simulator: Simulator = request.app.state.simulator
    now = simulator.clock.now()
    balances = [
        [account_id, balance.currency, balance.total, balance.available]
        for account_id in sorted(simulator.books.accounts)
        for balance in simulator.books.balances(account_id, at=now)
    ]
    effects = [
        [
            number,
            f"{entry.at:%Y-%m-%d %H:%M:%S}",
            entry.account_id,
            entry.effect,
            entry.amount,
            entry.currency,
            entry.fee,
            entry.reference,
            entry.object_id,
        ]
        for number, entry in simulator.file.latest_truth(_LINES)
    ]
    deliveries = [
        [each.event_type, each.event_id, each.url, each.status, each.attempts, each.outcome]
        for each in simulator.webhooks.deliveries(None, _LINES)
    ]
    return page(
        "Payment provider simulator",
        paragraph(f"Its clock says {now:%Y-%m-%d %H:%M:%S} UTC. Amounts are minor units. No real money is here."),
        heading("Balances"),
        table(["Account", "Currency", "Total", "Available"], balances),
        heading("What it did"),
        table(["No.", "When", "Account", "Effect", "Amount", "Currency", "Fee", "Reference", "Object"], effects),
        heading("Webhooks"),
        table(["Type", "Event", "To", "Status", "Attempts", "Outcome"], deliveries),
    )
