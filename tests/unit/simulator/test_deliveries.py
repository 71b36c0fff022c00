"""When and how often an event is delivered."""

from dataclasses import replace
from datetime import timedelta

from entrypoints.simulator.engine.accounts import WebhookEndpoint, WebhookManner
from entrypoints.simulator.engine.occasions import Occasion
from entrypoints.simulator.webhooks.deliveries import Delivery, DeliveryStatus, planned
from unit.simulator.provider_scene import NOON, SHOP, Scene

ENDPOINT = WebhookEndpoint(url="http://shop.test/hook", secrets=("first-secret",))


def occasions(count: int) -> list[Occasion]:
    scene = Scene()
    for _ in range(count):
        scene.pay()
    return scene.changes().occasions


def plan(manner: WebhookManner, *, seed: int, count: int = 200) -> list[Delivery]:
    account = replace(SHOP, webhooks=(ENDPOINT,), manner=manner)
    return [delivery for each in occasions(count) for delivery in planned(each, account, b"{}", seed=seed)]


def shape(deliveries: list[Delivery]) -> list[tuple[str, float, str]]:
    return [(each.id, (each.due_at - NOON).total_seconds(), each.status) for each in deliveries]


def test_the_same_seed_gives_the_same_chaos() -> None:
    manner = WebhookManner(duplicate_percent=30, drop_percent=10, reorder_window_seconds=60)
    assert shape(plan(manner, seed=7)) == shape(plan(manner, seed=7))
    assert shape(plan(manner, seed=7)) != shape(plan(manner, seed=8))


def test_about_as_many_are_doubled_and_dropped_as_asked_for() -> None:
    deliveries = plan(WebhookManner(duplicate_percent=30, drop_percent=10), seed=1, count=1000)
    dropped = sum(each.status is DeliveryStatus.DROPPED for each in deliveries)
    doubled = len(deliveries) - 1000
    assert 60 < dropped < 140
    assert 200 < doubled < 340


def test_a_window_changes_the_order_and_nothing_leaves_it() -> None:
    deliveries = plan(WebhookManner(delay_seconds=5, reorder_window_seconds=60), seed=3)
    waits = [(each.due_at - NOON).total_seconds() for each in deliveries]
    assert waits != sorted(waits)
    assert all(5 <= wait < 65 for wait in waits)


def test_good_manners_deliver_each_event_once_and_at_once() -> None:
    deliveries = plan(WebhookManner(), seed=3)
    assert len(deliveries) == 200
    assert {each.due_at for each in deliveries} == {NOON}


def test_a_retry_waits_twice_as_long_each_time_until_it_is_given_up() -> None:
    manner = WebhookManner(max_attempts=5, first_retry_seconds=1, longest_retry_seconds=3)
    (delivery,) = plan(manner, seed=0, count=1)
    pauses = []
    for _ in range(4):
        delivery = delivery.after_attempt("500", succeeded=False, manner=manner, now=NOON)
        assert delivery.status is DeliveryStatus.WAITING
        pauses.append((delivery.due_at - NOON) / timedelta(seconds=1))
    assert pauses == [1, 2, 3, 3]
    assert delivery.after_attempt("500", succeeded=False, manner=manner, now=NOON).status is DeliveryStatus.GIVEN_UP
