"""Clients of a shop, at a steady pace: they order and top up, and ask with the same key until they are answered."""

from e2e.clients import Clients
from e2e.journal_of_clients import Change, Wish

_ORDERS = "/v1/orders"
_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 0.4
_ASK_AGAIN_SECONDS = 0.2
_SKUS = (*("book",) * 12, "sku_declined", "sku_late", "sku_drop", "sku_error_before", "sku_error_after")
"""Most of it can simply be handed over; see entrypoints.fulfilment.behaviour for the rest."""


def is_order(wish: Wish) -> bool:
    """Whether something was ordered, and not topped up."""
    return wish.path == _ORDERS


class Shopper:
    """One of them; *number* and the clients' seed decide all that is chosen."""

    def __init__(self, clients: Clients, number: int) -> None:
        """One of *clients*."""
        self._clients = clients
        self._rng, self._prefix, self._wallets = clients.person(number)
        self._count = 0

    async def work(self) -> None:
        """Until it is time to go home."""
        while not self._clients.is_time_to_go_home:
            wish = self._choose()
            while wish.told is None and not self._clients.is_time_to_go_home:
                await self._clients.send(wish, self._rng)
                if wish.told is None:
                    await self._clients.pause(_ASK_AGAIN_SECONDS)
            await self._clients.pause(self._rng.uniform(_SHORTEST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS))

    def _choose(self) -> Wish:
        self._count += 1
        key = f"{self._prefix}-{self._count}"
        wallet, amount = self._rng.choice(self._wallets), self._rng.randint(1, 500)
        if self._rng.random() < 0.3:
            return self._clients.wish(key, f"/v1/wallets/{wallet}/topup", {"amount": amount}, {wallet: Change(amount)})
        item = {"sku": self._rng.choice(_SKUS), "quantity": self._rng.randint(1, 5)}
        body: dict[str, object] = {"wallet_id": wallet, "amount": amount, "items": [item], "reference": key}
        return self._clients.wish(key, _ORDERS, body, {wallet: Change(-amount)})
