"""What `ports.gateway_account_repository` and `ports.gateway_event_repository` promise."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest

from concurrency.market import Market
from contract.payments_under_test import an_account, an_event, kept_account
from core.domain.gateway_accounts import GatewayAccountNameTaken, GatewayAccountNotFound
from core.domain.gateway_events import GatewayEvent, GatewayEventNotFound, GatewayEventStatus, digest_of
from core.domain.identifiers import GatewayAccountId, GatewayEventId
from entrypoints.container import Container
from ports.unit_of_work import UnitOfWorkFactory

S = GatewayEventStatus


def postgres(container: Container) -> UnitOfWorkFactory:
    begin: UnitOfWorkFactory = container.unit_of_work
    return begin


@pytest.fixture(params=[postgres])
def begin(request: pytest.FixtureRequest, container: Container) -> UnitOfWorkFactory:
    make: Callable[[Container], UnitOfWorkFactory] = request.param
    return make(container)


def with_body(market: Market, event: GatewayEvent, body: bytes) -> GatewayEvent:
    """The same once more, with that body."""
    return replace(event, id=GatewayEventId(market.container.ids().new()), body=body, body_digest=digest_of(body))


async def received(begin: UnitOfWorkFactory, event: GatewayEvent) -> GatewayEventId | None:
    async with begin() as work:
        stored = await work.gateway_events.receive(event)
        await work.commit()
    return stored


async def test_an_account_is_read_as_it_was_kept_and_as_it_was_saved(begin: UnitOfWorkFactory, market: Market) -> None:
    kept = await kept_account(market)
    second = await kept_account(market)
    changed = replace(kept, name="other", enabled=False, webhook_secrets=(), settings={}, credentials_secret="new")

    async with begin() as work:
        assert await work.gateway_accounts.get(market.tenant_id, kept.id) == kept
        assert await work.gateway_accounts.lock(market.tenant_id, kept.id) == kept
        await work.gateway_accounts.save(changed)
        await work.commit()
    async with begin() as work:
        assert await work.gateway_accounts.all(market.tenant_id) == [changed, second]


async def test_an_account_is_found_without_its_tenant_by_its_id_alone(begin: UnitOfWorkFactory, market: Market) -> None:
    kept = await kept_account(market)

    async with begin() as work:
        assert await work.gateway_accounts.find(kept.id) == kept
        assert await work.gateway_accounts.find(GatewayAccountId(uuid4())) is None


async def test_two_accounts_of_a_tenant_never_have_one_name(
    begin: UnitOfWorkFactory, market: Market, neighbours: Market
) -> None:
    kept, other = await kept_account(market), await kept_account(market)
    await kept_account(neighbours, name=kept.name)

    async with begin() as work:
        with pytest.raises(GatewayAccountNameTaken):
            await work.gateway_accounts.add(an_account(market, name=kept.name))
    async with begin() as work:
        with pytest.raises(GatewayAccountNameTaken):
            await work.gateway_accounts.save(replace(other, name=kept.name))


async def test_an_account_of_another_tenant_is_not_found(
    begin: UnitOfWorkFactory, market: Market, neighbours: Market
) -> None:
    kept = await kept_account(market)

    async with begin() as work:
        for read in (work.gateway_accounts.get, work.gateway_accounts.lock):
            with pytest.raises(GatewayAccountNotFound):
                await read(neighbours.tenant_id, kept.id)
        assert await work.gateway_accounts.all(neighbours.tenant_id) == []


async def test_how_far_a_balance_was_read_is_kept_for_each_account(
    begin: UnitOfWorkFactory, market: Market, neighbours: Market
) -> None:
    account, other = await kept_account(market), await kept_account(market)
    async with begin() as work:
        assert await work.gateway_accounts.movement_cursor(market.tenant_id, account.id) is None
        await work.gateway_accounts.keep_movement_cursor(market.tenant_id, account.id, "line 1")
        await work.commit()

    async with begin() as work:
        await work.gateway_accounts.keep_movement_cursor(market.tenant_id, account.id, "line 2")
        await work.commit()
    async with begin() as work:
        await work.gateway_accounts.keep_movement_cursor(neighbours.tenant_id, account.id, "of a stranger")
        await work.commit()

    async with begin() as work:
        assert await work.gateway_accounts.movement_cursor(market.tenant_id, account.id) == "line 2"
        assert await work.gateway_accounts.movement_cursor(market.tenant_id, other.id) is None
        assert await work.gateway_accounts.movement_cursor(neighbours.tenant_id, account.id) is None
        assert await work.gateway_accounts.get(market.tenant_id, account.id) == account


async def test_an_event_is_kept_once_and_counted_when_it_comes_again(begin: UnitOfWorkFactory, market: Market) -> None:
    event = await an_event(market, await kept_account(market))

    stored = await asyncio.gather(
        *(received(begin, replace(event, id=GatewayEventId(market.container.ids().new()))) for _ in range(8))
    )

    [first] = [each for each in stored if each is not None]
    async with begin() as work:
        kept = await work.gateway_events.get(market.tenant_id, first)
        assert kept == replace(event, id=first, times_received=8)
        assert await work.gateway_events.lock(market.tenant_id, first) == kept


async def test_another_body_under_the_same_id_is_conflicting_and_not_to_be_applied(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    account = await kept_account(market)
    event = await an_event(market, account)
    false = with_body(market, event, b"{}")

    assert await received(begin, event) == event.id
    assert await received(begin, false) is None
    assert await received(begin, false) is None

    async with begin() as work:
        kept = await work.gateway_events.get(market.tenant_id, false.id)
        assert (kept.status, kept.times_received, kept.body) == (S.CONFLICTING, 2, b"{}")
        assert (await work.gateway_events.get(market.tenant_id, event.id)).status is S.RECEIVED


async def test_of_two_bodies_of_one_id_at_once_one_is_first_and_the_other_conflicting(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    account = await kept_account(market)
    for _ in range(20):
        event = await an_event(market, account)
        bodies = [b"one", b"two"] * 3
        sent = [with_body(market, event, body) for body in bodies]

        to_apply = [each for each in await asyncio.gather(*(received(begin, each) for each in sent)) if each]

        async with begin() as work:
            stored = await work.gateway_events.page(
                market.tenant_id, gateway_account=account.id, status=None, before=None, limit=100
            )
        same_id = {each.id: each for each in stored if each.event_id == event.event_id}
        assert len(to_apply) == 1
        assert sorted((each.status, each.times_received) for each in same_id.values()) == [
            (S.CONFLICTING, 3),
            (S.RECEIVED, 3),
        ]
        assert same_id[to_apply[0]].status is S.RECEIVED


async def test_a_repetition_is_told_by_the_bytes_that_came_and_not_by_those_that_were_kept(
    begin: UnitOfWorkFactory, market: Market
) -> None:
    event = await an_event(market, await kept_account(market), body=b"masked", body_digest=digest_of(b"one number"))
    other = replace(event, id=GatewayEventId(market.container.ids().new()), body_digest=digest_of(b"another number"))

    assert await received(begin, event) == event.id
    assert await received(begin, other) is None

    async with begin() as work:
        assert (await work.gateway_events.get(market.tenant_id, event.id)).times_received == 1
        assert (await work.gateway_events.get(market.tenant_id, other.id)).status is S.CONFLICTING


async def test_the_same_event_id_at_another_account_is_another_event(begin: UnitOfWorkFactory, market: Market) -> None:
    event = await an_event(market, await kept_account(market))
    other = await an_event(market, await kept_account(market), event_id=event.event_id, body=b"other")

    assert await received(begin, event) == event.id
    assert await received(begin, other) == other.id


async def test_what_became_of_events_is_kept_listed_and_filtered(begin: UnitOfWorkFactory, market: Market) -> None:
    account, elsewhere = await kept_account(market), await kept_account(market)
    first, second = await an_event(market, account), await an_event(market, elsewhere)
    await received(begin, first)
    await received(begin, second)
    applied = replace(first, status=S.APPLIED, detail="done", applied_at=first.received_at)

    async with begin() as work:
        await work.gateway_events.save(applied)
        await work.commit()

    async def listed(**wanted: object) -> list[GatewayEvent]:
        every: dict[str, object] = {"gateway_account": None, "status": None, "before": None, "limit": 10}
        async with begin() as work:
            return list(await work.gateway_events.page(market.tenant_id, **(every | wanted)))  # type: ignore[arg-type]  # any

    assert await listed() == [second, applied]
    assert await listed(status=S.APPLIED) == [applied]
    assert await listed(gateway_account=elsewhere.id) == [second]
    assert await listed(before=second.id, limit=1) == [applied]


async def test_an_event_of_another_tenant_is_not_found(
    begin: UnitOfWorkFactory, market: Market, neighbours: Market
) -> None:
    event = await an_event(market, await kept_account(market))
    await received(begin, event)

    async with begin() as work:
        for read in (work.gateway_events.get, work.gateway_events.lock):
            with pytest.raises(GatewayEventNotFound):
                await read(neighbours.tenant_id, event.id)
