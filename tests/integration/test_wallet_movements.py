"""Money into, out of and between wallets, over HTTP."""

from conftest import Tenant


async def test_a_transfer_moves_money_between_two_wallets_and_explains_it(tenant: Tenant) -> None:
    alice = await tenant.wallet("alice", balance=1000)
    bob = await tenant.wallet("bob")

    answer = await tenant.post("/v1/transfers", {"from_wallet_id": alice, "to_wallet_id": bob, "amount": 400})

    assert answer.status_code == 201
    told = answer.json()
    assert [(entry["direction"], entry["balance_before"], entry["balance_after"]) for entry in told["entries"]] == [
        ("debit", 1000, 600),
        ("credit", 0, 400),
    ]
    assert (await tenant.available(alice), await tenant.available(bob)) == (600, 400)
