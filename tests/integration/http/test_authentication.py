"""Who has no valid key gets the same answer, whatever is wrong with it."""

import asyncpg
import httpx
import pytest

from conftest import MakeTenant, Tenant
from core.domain.access import Environment, compose_key, parse_key
from integration.http.answers import posted, refused
from integration.http.money_routes import fresh_key


def rejected(answer: httpx.Response) -> None:
    """401, with the challenge that HTTP asks for, and without a reason."""
    document = refused(answer, 401, "not_authenticated")
    assert answer.headers["www-authenticate"] == 'Bearer realm="bursar"'
    assert document["detail"] in {
        "the credential is not valid",
        "send the API key as Authorization: Bearer, or as X-API-Key",
    }


async def ask(client: httpx.AsyncClient, key: str) -> httpx.Response:
    """Something harmless."""
    return await client.get("/v1/wallets", headers={"Authorization": f"Bearer {key}"})


async def test_a_key_is_taken_as_bearer_or_as_x_api_key(anybody: httpx.AsyncClient, tenant: Tenant) -> None:
    for headers in (
        {"Authorization": f"Bearer {tenant.api_key}"},
        {"Authorization": f"bearer  {tenant.api_key}"},
        {"X-API-Key": tenant.api_key},
        {"Authorization": "Basic Zm9vOmJhcg==", "X-API-Key": tenant.api_key},
        {"Authorization": f"Bearer {tenant.operator_key}"},
    ):
        posted(await anybody.get("/v1/wallets", headers=headers), 200)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic Zm9vOmJhcg=="},
        {"X-API-Key": ""},
        {"Authorization": "Bearer x"},
        {"Authorization": "Bearer bsr_test_"},
        {"Authorization": "Bearer " + "x" * 4000},
        {"X-API-Key": "null"},
        {"Cookie": "api_key=x"},
    ],
    ids=str,
)
async def test_without_a_key_nobody_comes_in(anybody: httpx.AsyncClient, headers: dict[str, str]) -> None:
    rejected(await anybody.get("/v1/wallets", headers=headers))


async def test_a_key_that_is_no_ascii_is_no_key(anybody: httpx.AsyncClient) -> None:
    for key in (b"Bearer \xff\xfe", "Bearer schlüssel".encode()):
        rejected(await anybody.get("/v1/wallets", headers=[(b"Authorization", key)]))


async def test_a_key_in_the_query_is_ignored(anybody: httpx.AsyncClient, tenant: Tenant) -> None:
    for name in ("api_key", "key", "access_token", "authorization", "x-api-key"):
        rejected(await anybody.get("/v1/wallets", params={name: tenant.api_key}))


async def test_a_forged_key_is_no_key(anybody: httpx.AsyncClient, tenant: Tenant, make_tenant: MakeTenant) -> None:
    genuine, other = parse_key(tenant.api_key), parse_key((await make_tenant()).api_key)
    last = tenant.api_key[-1]
    forged = {
        "wrong checksum": tenant.api_key[:-1] + ("0" if last != "0" else "1"),
        "wrong secret": compose_key(Environment.TEST, genuine.id, "0" * 43),
        "another tenant's secret": compose_key(Environment.TEST, genuine.id, other.secret),
        "unknown id": compose_key(Environment.TEST, "0" * 12, genuine.secret),
        "other environment": compose_key(Environment.LIVE, genuine.id, genuine.secret),
        "other case": tenant.api_key.swapcase(),
        "cut off": tenant.api_key[:-1],
        "too long": tenant.api_key + "0",
        "two keys": f"{tenant.api_key},{tenant.api_key}",
    }

    for key in forged.values():
        rejected(await ask(anybody, key))


@pytest.mark.parametrize(
    "change", ["revoked_at = now() - interval '1 second'", "expires_at = now() - interval '1 second'"]
)
async def test_a_key_that_is_over_is_no_key(
    anybody: httpx.AsyncClient, tenant: Tenant, superuser: asyncpg.Connection, change: str
) -> None:
    await superuser.execute(
        f"UPDATE api_keys SET {change} WHERE tenant_id = $1 AND id = $2", tenant.id, parse_key(tenant.api_key).id
    )

    rejected(await ask(anybody, tenant.api_key))
    posted(await ask(anybody, tenant.operator_key), 200)


BY_SIGNATURE = {"/v1/webhooks/{gateway}/{account_id}"}


async def test_every_route_below_v1_asks_for_a_key(anybody: httpx.AsyncClient) -> None:
    document = (await anybody.get("/schema/openapi.json")).json()
    nobody = "00000000-0000-7000-8000-000000000000"
    for path, item in document["paths"].items():
        for method, operation in item.items():
            concrete = path
            for name in ("wallet_id", "transfer_id", "hold_id"):
                concrete = concrete.replace(f"{{{name}}}", nobody)
            answer = await anybody.request(method, concrete.replace("{user_id}", "alice"), headers=fresh_key())
            if path in BY_SIGNATURE:
                assert answer.status_code == 400, "a provider's message is signed, and this one names no account"
            elif path.startswith("/v1/"):
                rejected(answer)
            else:
                assert answer.status_code == 200, operation["operationId"]


async def test_the_key_is_asked_for_before_anything_is_said_about_the_request(anybody: httpx.AsyncClient) -> None:
    for path in ("/v1/wallets/not-a-uuid", "/v1/wallets?limit=0", "/v1/transfers"):
        rejected(await anybody.get(path))
    rejected(await anybody.post("/v1/transfers", content=b"{", headers={"Content-Type": "text/plain"}))


async def test_only_an_operators_key_administers(anybody: httpx.AsyncClient, tenant: Tenant) -> None:
    path = "/v1/admin/integrity/verify"

    refused(await anybody.post(path, headers={"X-API-Key": tenant.api_key}), 403, "not_permitted")
    told = posted(await anybody.post(path, headers={"X-API-Key": tenant.operator_key}), 200)

    assert told["is_clean"] is True
