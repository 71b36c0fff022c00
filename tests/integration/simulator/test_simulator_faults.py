"""Each fault does what its name says to the client, and what docs/simulator.md says to the money."""

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest

from entrypoints.development.simulator_process import SimulatorProcess
from entrypoints.embedded.free_port import free_port
from integration.simulator.merchants import Merchant, merchant_of, payment_body

PATIENCE = httpx.Timeout(1.0)


async def attempt(merchant: Merchant, body: dict, scenario: str) -> httpx.Response | str:
    """The answer, or the name of what the client met instead."""
    headers = {"Idempotency-Key": "k", "Mock-Scenario": scenario}
    try:
        return await merchant.client.post("/v1/payments", json=body, headers=headers, timeout=PATIENCE)
    except httpx.TransportError as error:
        return type(error).__name__


@pytest.mark.parametrize("fault", ["before_effect_500", "429", "html_502", "hang_before", "drop_before_effect"])
async def test_a_fault_before_the_effect_changes_nothing_and_keeps_no_answer(merchant: Merchant, fault: str) -> None:
    body = payment_body(reference=fault)
    met = await attempt(merchant, body, fault)
    if isinstance(met, httpx.Response):
        assert met.status_code == {"before_effect_500": 500, "429": 429, "html_502": 502}[fault]
    else:
        assert met == {"hang_before": "ReadTimeout", "drop_before_effect": "RemoteProtocolError"}[fault]
    assert await merchant.truth(reference=fault) == []
    again = await merchant.post("/v1/payments", body, key="k")
    assert (again.status_code, "Idempotent-Replayed" in again.headers) == (201, False)
    assert await merchant.charges(fault) == 1


@pytest.mark.parametrize(
    ("fault", "met_instead"),
    [
        ("after_effect_html_502", 502),
        ("hang_after", "ReadTimeout"),
        ("drop_after_effect", "RemoteProtocolError"),
        ("truncate", "RemoteProtocolError"),
        ("garbage_200", 200),
        ("slow_answer; seconds=5", "ReadTimeout"),
    ],
)
async def test_a_fault_after_the_effect_loses_only_the_answer(
    merchant: Merchant, fault: str, met_instead: int | str
) -> None:
    body = payment_body(reference="lost")
    met = await attempt(merchant, body, fault)
    assert (met.status_code if isinstance(met, httpx.Response) else met) == met_instead
    assert await merchant.charges("lost") == 1
    again = await merchant.post("/v1/payments", body, key="k")
    assert (again.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert await merchant.charges("lost") == 1


async def test_html_comes_as_html_and_429_says_when(merchant: Merchant) -> None:
    bad_gateway = await merchant.pay(scenario="html_502")
    assert bad_gateway.headers["content-type"].startswith("text/html")
    limited = await merchant.pay(scenario="429")
    assert limited.headers["retry-after"] == "1"


async def test_garbage_is_200_and_no_json(merchant: Merchant) -> None:
    garbage = await merchant.pay(scenario="garbage_200")
    with pytest.raises(ValueError, match="Unterminated"):
        garbage.json()


async def test_a_tampered_answer_lies_and_the_truth_does_not(merchant: Merchant) -> None:
    rule = {"fault": "tamper", "fields": {"amount": 1}, "match": {"account": merchant.account_id}, "times": 1}
    await merchant.simulator.control("POST", "/faults", rule)
    lie = (await merchant.pay(reference="lie")).json()
    assert (lie["amount"], lie["captured"]) == (1, 1000)
    assert (await merchant.get(f"/v1/payments/{lie['id']}"))["amount"] == 1000


async def test_a_rule_takes_only_the_requests_it_names_and_only_so_often(merchant: Merchant) -> None:
    match = {"account": merchant.account_id, "method": "POST", "path": "/v1/payments", "reference": "unlucky"}
    rule = await merchant.simulator.control("POST", "/faults", {"fault": "429", "match": match, "times": 2})
    assert (await merchant.pay(reference="lucky")).status_code == 201
    payment = (await merchant.pay(reference="other", capture_method="manual")).json()
    assert (await merchant.post(f"/v1/payments/{payment['id']}/capture", {"reference": "unlucky"})).status_code == 200
    assert [(await merchant.pay(reference="unlucky")).status_code for _ in range(3)] == [429, 429, 201]
    rules = (await merchant.simulator.control("GET", "/faults"))["data"]
    assert next(each["hits"] for each in rules if each["id"] == rule["id"]) == 2
    await merchant.simulator.control("DELETE", f"/faults/{rule['id']}")


async def test_chance_is_the_same_for_the_same_seed(merchant: Merchant) -> None:
    async def luck() -> list[int]:
        rule = await merchant.simulator.control(
            "POST",
            "/faults",
            {"fault": "429", "match": {"account": merchant.account_id}, "probability": 0.4, "seed": 11},
        )
        seen = [(await merchant.pay()).status_code for _ in range(20)]
        await merchant.simulator.control("DELETE", f"/faults/{rule['id']}")
        return seen

    first, second = await luck(), await luck()
    assert first == second
    assert {201, 429} == set(first)


async def test_an_unknown_scenario_is_no_silent_success(merchant: Merchant) -> None:
    for scenario in ("no_such_fault", "slow; seconds=x", "slow; seconds=-1", "slow; seconds=nan"):
        answer = await merchant.pay(scenario=scenario)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_scenario")


async def test_two_hundred_requests_at_once_are_all_answered(merchant: Merchant) -> None:
    statuses = await asyncio.gather(*(raw_payment(merchant, f"n{number}") for number in range(200)))
    assert set(statuses) == {201}
    assert (await merchant.truth()).count(("captured", 1000)) == 200


async def raw_payment(merchant: Merchant, reference: str) -> int:
    """On a connection of its own, written by hand: HTTP clients are slower than what is tested here."""
    body = json.dumps(payment_body(reference=reference)).encode()
    head = (
        f"POST /v1/payments HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {merchant.api_key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", merchant.simulator.port)
    writer.write(head.encode() + body)
    answer = await reader.read()
    writer.close()
    return int(answer.split(b" ", 2)[1])


async def test_a_simulator_with_a_hanging_request_still_ends_at_once(tmp_path: Path) -> None:
    async with SimulatorProcess(port=free_port(), log=tmp_path / "log") as simulator, merchant_of(simulator) as ours:
        hanging = asyncio.create_task(ours.pay(scenario="hang_after", reference="hanging"))
        while not await ours.truth(reference="hanging"):
            assert not hanging.done()
        began = time.monotonic()
        await simulator.stop()
        assert time.monotonic() - began < 5
        with pytest.raises(httpx.TransportError):
            await hanging
