"""Group commit: one key or one reference has one effect and one answer, however often and wherever it comes."""

import asyncio
from uuid import uuid4

from concurrency.conftest import MakeLane
from concurrency.market import Market, code_of, in_one_batch, posted_id
from core.application.transfers.request import Details
from core.domain.identifiers import WalletId


async def test_a_key_twice_in_one_batch_is_one_effect_and_the_same_bytes(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    lane = make_lane()

    first, second = await in_one_batch(
        lane,
        [market.transfer(alice, bob, key="k", says="pay"), market.transfer(alice, bob, key="k", says="pay")],
    )

    assert (first.status, first.replayed, second.replayed) == (201, False, True)
    assert (second.status, second.body) == (first.status, first.body)
    assert await market.available(alice) == 9
    assert lane.figures().retries == 0, "decided in memory, not by running into the database's refusal"


async def test_a_key_twice_in_one_batch_for_different_requests_refuses_the_second(
    market: Market, make_lane: MakeLane
) -> None:
    alice, bob = await market.wallet(10), await market.wallet()

    answers = await in_one_batch(
        make_lane(), [market.transfer(alice, bob, key="k", says="1"), market.transfer(alice, bob, key="k", says="2")]
    )

    assert [(answer.status, code_of(answer)) for answer in answers] == [
        (201, "posted"),
        (422, "idempotency_key_reused"),
    ]
    assert await market.available(alice) == 9


async def test_behind_a_leader_that_found_no_wallet_the_next_one_is_decided_on_its_own(
    market: Market, make_lane: MakeLane
) -> None:
    """What was not found is not stored: the key is still free."""
    alice, bob = await market.wallet(10), await market.wallet()
    nobody = WalletId(uuid4())

    answers = await in_one_batch(
        make_lane(),
        [
            market.transfer(nobody, bob, key="k", says="first try"),
            market.transfer(alice, bob, key="k", says="second try"),
            market.transfer(alice, bob, key="k", says="second try"),
        ],
    )

    assert [code_of(answer) for answer in answers] == ["wallet_not_found", "posted", "posted"]
    assert answers[2].replayed
    assert await market.available(alice) == 9


async def test_a_declined_key_stays_declined_when_money_has_come(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(), await market.wallet(5)
    lane = make_lane()
    await lane.start()
    declined = await lane.post(market.transfer(alice, bob, key="k"))
    await lane.post(market.transfer(bob, alice, 5))

    again = await lane.post(market.transfer(alice, bob, key="k"))

    assert (code_of(declined), declined.replayed) == ("insufficient_funds", False)
    assert (again.status, again.body, again.replayed) == (declined.status, declined.body, True)


async def test_a_key_answered_by_one_process_is_replayed_by_another(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    one, other = make_lane(), make_lane()
    await one.start()
    await other.start()
    first = await one.post(market.transfer(alice, bob, key="k", says="pay"))

    same = await other.post(market.transfer(alice, bob, key="k", says="pay"))
    different = await other.post(market.transfer(alice, bob, key="k", says="pay more"))

    assert (same.body, same.replayed) == (first.body, True)
    assert code_of(different) == "idempotency_key_reused"
    assert await market.available(alice) == 9


async def test_a_hundred_posts_of_one_key_over_two_processes_are_one_effect_and_one_body(
    market: Market, make_lane: MakeLane
) -> None:
    alice, bob = await market.wallet(1000), await market.wallet()
    lanes = [make_lane(), make_lane()]
    for lane in lanes:
        await lane.start()

    answers = await asyncio.gather(
        *(lanes[n % 2].post(market.transfer(alice, bob, key="k", says="pay")) for n in range(100))
    )

    assert len({(answer.status, answer.body) for answer in answers}) == 1
    assert answers[0].status == 201
    assert sum(not answer.replayed for answer in answers) == 1
    assert await market.available(alice) == 999


async def test_one_key_raced_by_different_requests_of_different_wallets_has_one_winner(
    market: Market, make_lane: MakeLane
) -> None:
    """No account is common to the rivals, so that only the key stands between them."""
    bob = await market.wallet()
    rivals = [await market.wallet(10) for _ in range(8)]
    sinks = [await market.wallet() for _ in rivals]
    lanes = [make_lane(), make_lane()]
    for lane in lanes:
        await lane.start()

    for attempt in range(10):
        answers = await asyncio.gather(
            *(
                lanes[n % 2].post(market.transfer(rival, sinks[n], key=f"k{attempt}", says=str(n)))
                for n, rival in enumerate(rivals)
            )
        )

        assert sorted(code_of(answer) for answer in answers) == ["idempotency_key_reused"] * 7 + ["posted"]
    assert await market.available(bob) == 0


async def test_a_reference_twice_in_one_batch_names_one_transfer(market: Market, make_lane: MakeLane) -> None:
    alice, bob = await market.wallet(10), await market.wallet()
    order = Details(reference="order 17")

    answers = await in_one_batch(
        make_lane(), [market.transfer(alice, bob, details=order), market.transfer(alice, bob, details=order)]
    )

    assert [(answer.status, code_of(answer)) for answer in answers] == [
        (201, "posted"),
        (409, "reference_already_used"),
    ]


async def test_a_reference_of_a_refused_transfer_is_free_for_the_next_in_the_batch(
    market: Market, make_lane: MakeLane
) -> None:
    poor, alice, bob = await market.wallet(), await market.wallet(10), await market.wallet()
    order = Details(reference="order 18")

    answers = await in_one_batch(
        make_lane(), [market.transfer(poor, bob, details=order), market.transfer(alice, bob, details=order)]
    )

    assert [code_of(answer) for answer in answers] == ["insufficient_funds", "posted"]


async def test_a_reference_raced_by_two_processes_names_one_transfer(market: Market, make_lane: MakeLane) -> None:
    """Neither account is common to both, so that only the reference stands between them."""
    pairs = [(await market.wallet(100), await market.wallet()) for _ in range(2)]
    lanes = [make_lane(), make_lane()]
    for lane in lanes:
        await lane.start()

    for number in range(25):
        order = Details(reference=f"order {number}")
        answers = await asyncio.gather(
            *(lane.post(market.transfer(*pair, details=order)) for lane, pair in zip(lanes, pairs, strict=True))
        )

        assert sorted(code_of(answer) for answer in answers) == ["posted", "reference_already_used"]


async def test_a_transfer_reversed_by_two_processes_at_once_is_reversed_once(
    market: Market, make_lane: MakeLane
) -> None:
    alice, bob = await market.wallet(10), await market.wallet(10)
    lanes = [make_lane(), make_lane()]
    for lane in lanes:
        await lane.start()
    paid = await lanes[0].post(market.transfer(alice, bob, 4))
    reversals = [await market.reverse(posted_id(paid)) for _ in lanes]

    answers = await asyncio.gather(*(lane.post(request) for lane, request in zip(lanes, reversals, strict=True)))

    assert sorted(code_of(answer) for answer in answers) == ["posted", "transfer_already_reversed"]
    assert await market.available(alice) == 10
