"""Webhook endpoints over HTTP: registered, changed, rotated, tested, deleted; and nobody else's."""

from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest

from conftest import MakeTenant, Tenant, TestDatabase
from core.domain.identifiers import WebhookEndpointId
from entrypoints.container import Container
from integration.http.answers import posted, refused
from integration.webhooks.listener import Listener, listening

ENDPOINTS = "/v1/webhook-endpoints"
URL = "http://localhost:9/hooks"
OURS = "whsec_" + b64encode(b"a secret of the test, 32 bytes..").decode()


@pytest.fixture(scope="module")
async def worker(shared_database: TestDatabase) -> AsyncIterator[Container]:
    """What relays and delivers on the API's database."""
    ours = shared_database.container()
    yield ours
    await ours.webhook_sender().aclose()
    await ours.database().dispose()


@pytest.fixture
async def listener() -> AsyncIterator[Listener]:
    """A receiver."""
    async with listening() as running:
        yield running


async def register(tenant: Tenant, url: str = URL, *event_types: str, **others: Any) -> httpx.Response:
    body = {"url": url, "event_types": event_types or ["*"], **others}
    return await tenant.client.post(ENDPOINTS, json=body)


async def registered(tenant: Tenant, url: str = URL, *event_types: str, **others: Any) -> dict[str, Any]:
    return posted(await register(tenant, url, *event_types, **others))


async def run_worker(worker: Container, tenant: Tenant, endpoint_id: str) -> None:
    """What relay and worker do, once."""
    while (await worker.event_log().record(limit=1000)).events:
        pass
    await worker.deliver_webhooks()(tenant.id, WebhookEndpointId(UUID(endpoint_id)))


async def test_an_endpoint_is_registered_with_a_secret_that_is_shown_once(tenant: Tenant) -> None:
    endpoint = await registered(tenant, URL, "transfer.*", "order.completed", description="accounting")

    secret = endpoint.pop("secret")
    assert secret.startswith("whsec_")
    assert len(secret) == 50
    assert datetime.fromisoformat(endpoint["created_at"]).tzinfo is not None
    assert {name: endpoint[name] for name in endpoint if name not in {"id", "created_at"}} == {
        "url": URL,
        "event_types": ["transfer.*", "order.completed"],
        "description": "accounting",
        "status": "enabled",
        "disabled_reason": None,
        "failing_since": None,
        "paused_until": None,
    }
    assert posted(await tenant.client.get(f"{ENDPOINTS}/{endpoint['id']}"), 200) == endpoint
    listed = await tenant.client.get(ENDPOINTS)
    assert posted(listed, 200) == {"items": [endpoint], "next_cursor": None}
    assert secret not in listed.text


async def test_a_tenant_may_bring_its_own_secret(tenant: Tenant) -> None:
    assert (await registered(tenant, secret=OURS))["secret"] == OURS


async def test_secrets_are_sealed_in_the_database(
    tenant: Tenant, superuser: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    endpoint = await registered(tenant, secret=OURS)

    sealed = await superuser.fetchval(
        "SELECT sealed_secrets FROM webhook_endpoints WHERE id = $1", UUID(endpoint["id"])
    )

    assert sealed.startswith(b"v1|")
    assert b"a secret of the test" not in sealed
    assert b64encode(b"a secret of the test, 32 bytes..") not in sealed


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://hooks.example.com/", "the scheme must be https"),
        ("https://10.0.0.1/", "an IP address is not called; use a name"),
        ("https://0x7f000001/", "an IP address is not called; use a name"),
        ("https://[::ffff:127.0.0.1]/", "an IP address is not called; use a name"),
        ("https://user:word@hooks.example.com/", "no user name or password may stand in a URL"),
        ("https://hooks.example.com:8080/", "the port must be one of 443, 8443"),
        ("https://intranet/", "the host must be a full DNS name, with a dot in it"),
        ("ftp://localhost/", "the scheme must be https"),
        ("hooks", "a URL begins with https:// and a host"),
    ],
)
async def test_a_url_we_would_not_call_is_refused_with_the_rule(shopkeeper: Tenant, url: str, why: str) -> None:
    document = refused(await register(shopkeeper, url), 422, "webhook_url_refused", "#/url")

    assert document["detail"] == why


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"url": URL}, 400, "invalid_field", "#/event_types"),
        ({"url": URL, "event_types": []}, 400, "invalid_field", "#/event_types"),
        ({"url": "", "event_types": ["*"]}, 400, "invalid_field", "#/url"),
        ({"url": URL + "x" * 2048, "event_types": ["*"]}, 400, "invalid_field", "#/url"),
        ({"url": URL, "event_types": ["*"], "description": "a\nb"}, 400, "invalid_field", "#/description"),
        ({"url": URL, "event_types": ["*"], "status": "enabled"}, 400, "invalid_field", "#/status"),
        ({"url": URL, "event_types": ["*", "*"]}, 422, "invalid_event_filter", "#/event_types/1"),
        ({"url": URL, "event_types": ["*", "transfer.poste"]}, 422, "invalid_event_filter", "#/event_types/1"),
        ({"url": URL, "event_types": ["transfers.*"]}, 422, "invalid_event_filter", "#/event_types/0"),
        ({"url": URL, "event_types": ["transfer*"]}, 422, "invalid_event_filter", "#/event_types/0"),
        ({"url": URL, "event_types": ["*"], "secret": "whsec_c2hvcnQ="}, 422, "invalid_webhook_secret", "#/secret"),
        ({"url": URL, "event_types": ["*"], "secret": OURS[6:]}, 422, "invalid_webhook_secret", "#/secret"),
    ],
)
async def test_what_cannot_be_an_endpoint_is_refused(
    shopkeeper: Tenant, body: dict[str, Any], status: int, code: str, pointer: str
) -> None:
    answer = await shopkeeper.client.post(ENDPOINTS, json=body)

    refused(answer, status, code, pointer)
    assert body.get("secret", "nothing") not in answer.text


async def test_a_tenant_has_fifty_endpoints_at_most(tenant: Tenant) -> None:
    for number in range(50):
        await registered(tenant, f"{URL}/{number}")

    refused(await register(tenant), 422, "too_many_webhook_endpoints")

    first = posted(await tenant.client.get(ENDPOINTS, params={"limit": 30}), 200)
    rest = posted(await tenant.client.get(ENDPOINTS, params={"limit": 30, "cursor": first["next_cursor"]}), 200)
    assert [one["url"] for one in first["items"] + rest["items"]] == [f"{URL}/{number}" for number in range(50)]
    assert rest["next_cursor"] is None


async def test_an_endpoint_is_changed_where_something_is_said(tenant: Tenant) -> None:
    endpoint = await registered(tenant)
    del endpoint["secret"]
    path = f"{ENDPOINTS}/{endpoint['id']}"

    disabled = posted(await tenant.client.patch(path, json={"status": "disabled"}), 200)
    assert disabled == endpoint | {"status": "disabled", "disabled_reason": "requested"}
    moved = {"url": f"{URL}/moved", "event_types": ["order.*"], "description": "moved", "status": "enabled"}
    assert posted(await tenant.client.patch(path, json=moved), 200) == endpoint | moved
    assert posted(await tenant.client.patch(path, json={}), 200) == endpoint | moved
    refused(await tenant.client.patch(path, json={"url": "https://127.1/"}), 422, "webhook_url_refused", "#/url")
    refused(await tenant.client.patch(path, json={"event_types": ["x"]}), 422, "invalid_event_filter")
    refused(await tenant.client.patch(path, json={"status": "gone"}), 400, "invalid_field", "#/status")
    assert posted(await tenant.client.get(path), 200) == endpoint | moved


async def test_a_deleted_endpoint_is_not_there(tenant: Tenant) -> None:
    endpoint = await registered(tenant)
    path = f"{ENDPOINTS}/{endpoint['id']}"

    gone = await tenant.client.delete(path)

    assert (gone.status_code, gone.content) == (204, b"")
    assert posted(await tenant.client.get(ENDPOINTS), 200)["items"] == []
    refused(await tenant.client.get(path), 404, "webhook_endpoint_not_found")
    refused(await tenant.client.delete(path), 404, "webhook_endpoint_not_found")
    refused(await tenant.client.patch(path, json={}), 404, "webhook_endpoint_not_found")


async def test_a_secret_is_rotated_once_at_a_time_and_at_once_after_a_leak(tenant: Tenant) -> None:
    endpoint = await registered(tenant)
    path = f"{ENDPOINTS}/{endpoint['id']}/rotate-secret"

    rotated = posted(await tenant.client.post(path, json={}), 200)
    assert rotated["secret"] != endpoint["secret"]
    refused(await tenant.client.post(path, json={}), 409, "webhook_secret_rotating")
    refused(await tenant.client.post(path, json={"overlap_seconds": 86_401}), 400, "invalid_field", "#/overlap_seconds")
    at_once = {"overlap_seconds": 0, "secret": OURS}
    assert posted(await tenant.client.post(path, json=at_once), 200)["secret"] == OURS
    refused(await tenant.client.post(path, json=at_once), 422, "invalid_webhook_secret", "#/secret")


async def test_an_endpoint_can_be_tested_before_anything_happens(
    tenant: Tenant, worker: Container, listener: Listener
) -> None:
    endpoint = await registered(tenant, listener.url("/tested"), "order.failed")

    sent = posted(await tenant.client.post(f"{ENDPOINTS}/{endpoint['id']}/test"), 202)
    await run_worker(worker, tenant, endpoint["id"])

    (heard,) = listener.heard["/tested"]
    message = heard.verified(endpoint["secret"])
    assert sent == {"endpoint_id": endpoint["id"], "event_type": "webhook_endpoint.tested"}
    assert message["type"] == "webhook_endpoint.tested"
    assert message["data"]["endpoint_id"] == endpoint["id"]


async def test_a_disabled_endpoint_is_not_tested(tenant: Tenant) -> None:
    endpoint = await registered(tenant)
    await tenant.client.patch(f"{ENDPOINTS}/{endpoint['id']}", json={"status": "disabled"})

    refused(await tenant.client.post(f"{ENDPOINTS}/{endpoint['id']}/test"), 409, "webhook_endpoint_disabled")


async def test_another_tenants_endpoint_is_not_there(make_tenant: MakeTenant) -> None:
    ours, theirs = await make_tenant(), await make_tenant()
    endpoint = await registered(ours)
    path = f"{ENDPOINTS}/{endpoint['id']}"

    for answer in (
        await theirs.client.get(path),
        await theirs.client.patch(path, json={"status": "disabled"}),
        await theirs.client.delete(path),
        await theirs.client.post(f"{path}/rotate-secret", json={}),
        await theirs.client.post(f"{path}/test"),
        await theirs.client.post("/v1/webhook-deliveries/redeliver", json={"endpoint_id": endpoint["id"]}),
        await theirs.client.get(f"{ENDPOINTS}/{uuid4()}"),
    ):
        refused(answer, 404, "webhook_endpoint_not_found")
    assert posted(await theirs.client.get(ENDPOINTS), 200)["items"] == []
    assert posted(await ours.client.get(path), 200)["status"] == "enabled"


async def test_a_transfer_over_http_arrives_with_its_movements_and_its_delivery_can_be_read(
    tenant: Tenant, worker: Container, listener: Listener
) -> None:
    endpoint = await registered(tenant, listener.url("/money"), "transfer.posted")
    wallet = await tenant.wallet("alice", balance=1500)

    await run_worker(worker, tenant, endpoint["id"])

    (heard,) = listener.heard["/money"]
    data = heard.verified(endpoint["secret"])["data"]
    assert [(one["purpose"], one["amount"], one["wallet_id"]) for one in data["movements"]] == [
        ("treasury", -1500, None),
        ("main", 1500, wallet),
    ]
    deliveries = "/v1/webhook-deliveries"
    (delivery,) = posted(await tenant.client.get(deliveries), 200)["items"]
    assert delivery["event_id"] == heard.message_id
    assert (delivery["status"], delivery["attempts"], delivery["last_response_status"]) == ("succeeded", 1, 200)
    found = posted(await tenant.client.get(f"{deliveries}/{delivery['id']}"), 200)
    (attempt,) = found.pop("history")
    assert found == delivery
    assert (attempt["number"], attempt["response_status"], attempt["error"]) == (1, 200, None)


async def test_deliveries_are_filtered_paged_and_sent_again(
    make_tenant: MakeTenant, worker: Container, listener: Listener
) -> None:
    tenant, stranger = await make_tenant(), await make_tenant()
    endpoint, other = [await registered(tenant, listener.url(path), "transfer.*") for path in ("/one", "/two")]
    wallet = await tenant.wallet("alice", balance=100)
    await tenant.post(f"/v1/wallets/{wallet}/credit", {"amount": 1})
    await run_worker(worker, tenant, endpoint["id"])
    deliveries = "/v1/webhook-deliveries"

    async def listed(**filters: str | int) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = posted(await tenant.client.get(deliveries, params=filters), 200)["items"]
        return items

    assert len(await listed()) == 4
    assert {one["status"] for one in await listed(endpoint_id=endpoint["id"])} == {"succeeded"}
    assert {one["endpoint_id"] for one in await listed(status="pending")} == {other["id"]}
    assert await listed(type="order.placed") == []
    first = posted(await tenant.client.get(deliveries, params={"limit": 3}), 200)
    rest = await listed(limit=3, cursor=first["next_cursor"])
    assert [one["id"] for one in first["items"] + rest] == [one["id"] for one in await listed()]

    newest = (await listed(endpoint_id=endpoint["id"]))[0]
    path = f"{deliveries}/{newest['id']}"
    again = posted(await tenant.client.post(f"{path}/redeliver"), 200)
    assert (again["status"], again["attempts"], again["ended_at"]) == ("pending", 0, None)
    refused(await tenant.client.post(f"{path}/redeliver"), 409, "webhook_delivery_pending")
    await run_worker(worker, tenant, endpoint["id"])
    assert [heard.message_id for heard in listener.heard["/one"]].count(newest["event_id"]) == 2

    body = {"endpoint_id": endpoint["id"], "status": "succeeded"}
    sent = posted(await tenant.client.post(f"{deliveries}/redeliver", json=body), 200)
    assert sent == {"redelivered": 2, "next_after_position": None}
    failed = posted(await tenant.client.post(f"{deliveries}/redeliver", json={"endpoint_id": endpoint["id"]}), 200)
    assert failed["redelivered"] == 0

    assert posted(await stranger.client.get(deliveries), 200)["items"] == []
    refused(await stranger.client.get(path), 404, "webhook_delivery_not_found")
    refused(await stranger.client.post(f"{path}/redeliver"), 404, "webhook_delivery_not_found")


@pytest.mark.parametrize(
    ("query", "name"),
    [("status=sent", "status"), ("endpoint_id=1", "endpoint_id"), ("type=transfer.*", "type"), ("limit=0", "limit")],
)
async def test_a_filter_that_fits_nothing_is_refused(shopkeeper: Tenant, query: str, name: str) -> None:
    refused(await shopkeeper.client.get(f"/v1/webhook-deliveries?{query}"), 400, "invalid_field", f"#/{name}")
