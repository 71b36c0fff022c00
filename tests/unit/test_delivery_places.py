"""Strangers' slow servers leave room in a worker for operations, and for each other."""

from contextlib import ExitStack
from uuid import UUID

from builders import OTHER_TENANT, TENANT
from core.domain.identifiers import TenantId
from entrypoints.worker.delivery_places import DeliveryPlaces


def test_webhooks_take_half_of_a_worker_and_one_tenants_a_quarter() -> None:
    places = DeliveryPlaces(concurrency=8)
    with ExitStack() as taken:
        assert [taken.enter_context(places.one_for(TENANT)) for _ in range(3)] == [True, True, False]
        assert [taken.enter_context(places.one_for(OTHER_TENANT)) for _ in range(2)] == [True, True]
        assert not taken.enter_context(places.one_for(TenantId(UUID(int=7))))
    with places.one_for(TENANT) as again:
        assert again


def test_a_worker_of_one_place_still_delivers() -> None:
    places = DeliveryPlaces(concurrency=1)
    with places.one_for(TENANT) as first, places.one_for(OTHER_TENANT) as second:
        assert (first, second) == (True, False)
