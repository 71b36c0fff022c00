"""The description is whole, true to the routes, and the one that is kept in docs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute

from conftest import TestDatabase
from entrypoints.http.app import create_litestar
from entrypoints.http.export_openapi import exported_openapi
from integration.http.money_routes import MONEY_ROUTES

KEPT = Path(__file__).parents[3] / "docs" / "api" / "openapi.json"
Object = dict[str, Any]
UNDESCRIBED = ("/schema", "/metrics")
"""The description itself, and what Prometheus reads in its own format."""
WITHOUT_BODY = {
    "RedriveDeadLetter",
    "RedriveDeadLetters",
    "DiscardDeadLetter",
    "ReconcileLedger",
    "VerifyLedger",
    "RetryOrder",
    "HurryOperation",
    "TestWebhookEndpoint",
    "RedeliverWebhook",
    "ConfirmPayment",
    "CancelPayment",
    "CheckGatewayAccount",
}
MOVING_BESIDES = {
    *("PlaceOrder", "RetryOrder", "ResolveOperation", "CreditUser", "DebitUser"),
    *("CreatePayment", "DepositIntoWallet", "CapturePayment", "CancelPayment", "RefundPayment"),
    "ClearPaymentReview",
}
"""They move money too, or stand in an audit, with their tests in orders and payments."""
WITH_RAW_BODY = {"ReceiveProviderWebhook"}
"""What a provider sends is described by the provider; the answer is empty."""
KNOWN_PREFIX = "https://bursar.dev/problems/"


@pytest.fixture
async def served(anybody: httpx.AsyncClient) -> Object:
    """The document as clients get it."""
    answer = await anybody.get("/schema/openapi.json")
    assert answer.status_code == 200
    document: Object = answer.json()
    return document


def operations(document: Object) -> Iterator[tuple[str, str, Object]]:
    """Method, path and operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def resolved(document: Object, node: Object) -> Object:
    """What a reference refers to."""
    while "$ref" in node:
        found: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        node = found
    return node


def references(node: Any) -> Iterator[str]:
    """Every reference below."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        node = list(node.values())
    if isinstance(node, list):
        for inner in node:
            yield from references(inner)


async def test_the_kept_document_is_the_served_one(anybody: httpx.AsyncClient) -> None:
    """Renew it with: python -m entrypoints.http.export_openapi docs/api/openapi.json."""
    served = (await anybody.get("/schema/openapi.json")).content

    assert served == KEPT.read_bytes()
    assert served == exported_openapi()


async def test_the_document_is_openapi_3_1(served: Object) -> None:
    assert served["openapi"] == "3.1.0"
    assert served["info"]["title"] == "Bursar"
    assert {"bearer", "apiKey"} == set(served["components"]["securitySchemes"])
    assert served["security"] == [{"bearer": []}, {"apiKey": []}]


async def test_every_reference_leads_somewhere(served: Object) -> None:
    for reference in set(references(served)):
        assert resolved(served, {"$ref": reference})


async def test_every_operation_is_told_in_full(served: Object) -> None:
    tags = {tag["name"] for tag in served["tags"]}
    names = [operation["operationId"] for _, _, operation in operations(served)]
    assert len(set(names)) == len(names)
    for method, path, operation in operations(served):
        where = f"{method} {path}"
        assert re.fullmatch(r"[A-Z][A-Za-z]+", operation["operationId"]), where
        assert operation["summary"], where
        assert operation["description"].endswith((".", ")")), where
        assert set(operation["tags"]) <= tags, where
        for parameter in (resolved(served, parameter) for parameter in operation.get("parameters", [])):
            assert parameter["description"], (where, parameter["name"])
            assert parameter["schema"], (where, parameter["name"])


async def test_every_body_has_a_schema_and_an_example(served: Object) -> None:
    for method, path, operation in operations(served):
        where = f"{method} {path}"
        if operation["operationId"] in WITH_RAW_BODY:
            continue
        has_body = method in {"post", "patch"} and operation["operationId"] not in WITHOUT_BODY
        assert ("requestBody" in operation) == has_body, where
        bodies = [operation["requestBody"]["content"]] if "requestBody" in operation else []
        answers = [resolved(served, response) for status, response in operation["responses"].items() if status != "204"]
        bodies += [answer["content"] for answer in answers]
        for content in bodies:
            for media in content.values():
                assert resolved(served, media["schema"]).get("type"), where
                assert media["examples"], where
                assert all("value" in example for example in media["examples"].values()), where


async def test_every_response_is_described_with_its_headers(served: Object) -> None:
    for method, path, operation in operations(served):
        statuses = set(operation["responses"])
        assert any(status.startswith("2") for status in statuses), path
        assert "500" in statuses, path
        if path.startswith("/v1/"):
            assert {"400", "503"} <= statuses, path
            assert ("401" in statuses) == (operation.get("security") != [{}]), path
        for status, given in operation["responses"].items():
            response = resolved(served, given)
            assert response["description"], (method, path, status)
            assert {"X-Request-Id", "traceparent"} <= set(response["headers"]), (method, path, status)
            if not status.startswith("2"):
                (media,) = response["content"]
                assert media == "application/problem+json", (method, path, status)
                for example in response["content"][media]["examples"].values():
                    assert example["value"]["status"] == int(status)
                    assert example["value"]["type"].startswith(KNOWN_PREFIX)


async def test_what_moves_money_asks_for_a_key_and_may_be_a_replay(served: Object) -> None:
    moving = {route.operation for route in MONEY_ROUTES} | MOVING_BESIDES
    for _, path, operation in operations(served):
        parameters = [resolved(served, parameter) for parameter in operation.get("parameters", [])]
        keys = [parameter for parameter in parameters if parameter["name"] == "Idempotency-Key"]
        assert bool(keys) == (operation["operationId"] in moving), path
        if keys:
            assert keys[0]["required"] is True
            assert keys[0]["in"] == "header"
            for status in ("200", "201", "409", "422"):
                if status in operation["responses"]:
                    headers = resolved(served, operation["responses"][status])["headers"]
                    assert "Idempotent-Replayed" in headers, (path, status)


async def test_every_route_is_in_the_document_and_nothing_else(served: Object, template_database: TestDatabase) -> None:
    app = create_litestar(template_database.container())
    routes = {
        (method.lower(), route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith(UNDESCRIBED)
        for method in route.methods
        if method != "OPTIONS"
    }

    assert {(method, path) for method, path, _ in operations(served)} == routes


async def test_bodies_refuse_what_their_schema_does_not_know(served: Object) -> None:
    for _, path, operation in operations(served):
        if "requestBody" in operation:
            schema = resolved(served, operation["requestBody"]["content"]["application/json"]["schema"])
            assert schema["additionalProperties"] is False, path


async def test_patterns_mean_the_same_in_javascript(served: Object) -> None:
    r"""ECMA-262 knows no \Z, and Python's $ would let a line feed pass."""
    patterns = set(re.findall(r'"pattern": "(.*?)"[,\n}]', json.dumps(served, indent=1)))

    assert patterns
    for pattern in patterns:
        assert r"\\Z" not in pattern
        assert pattern.endswith(r"$(?!\\n)")


async def test_metadata_is_an_object_on_both_ways(served: Object) -> None:
    for name in ("TransferResponse", "WalletResponse", "HoldResponse", "LineResponse", "CreditRequest"):
        kinds = served["components"]["schemas"][name]["properties"]["metadata"]["anyOf"]
        assert {kind["type"] for kind in kinds} == {"object", "null"}, name


async def test_the_page_to_browse_is_there(anybody: httpx.AsyncClient) -> None:
    answer = await anybody.get("/schema")

    assert answer.status_code == 200
    assert "/schema/openapi.json" in answer.text
