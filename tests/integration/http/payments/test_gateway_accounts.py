"""Accounts with providers: connected, checked, changed and disabled by operators, their secrets by name alone."""

from typing import Any
from uuid import uuid4

import pytest

from integration.http.answers import posted, refused
from integration.http.payments.till import WEBHOOK_SECRET, Till, key_of

ACCOUNTS = "/v1/admin/gateway-accounts"


def described(till: Till, **changed: Any) -> dict[str, Any]:
    settings = {"base_url": till.provider.base_url, "account": till.merchant}
    body = {"gateway": "mock", "name": f"second-{uuid4().hex[:6]}", "credentials_secret": key_of(till.merchant)}
    return {**body, "webhook_secrets": ["webhooks"], "settings": settings, **changed}


async def test_an_account_names_its_secrets_and_shows_none(till: Till) -> None:
    answer = await till.operator.post(ACCOUNTS, json=described(till, name="cards-eu"))

    account = posted(answer)
    assert account["webhook_path"] == f"/v1/webhooks/mock/{account['id']}"
    assert (account["enabled"], account["webhook_secrets"]) == (True, ["webhooks"])
    assert WEBHOOK_SECRET not in answer.text
    assert posted(await till.operator.get(f"{ACCOUNTS}/{account['id']}"), 200) == account
    listed = posted(await till.operator.get(ACCOUNTS), 200)["items"]
    assert [each["id"] for each in listed] == [till.account, account["id"]]
    refused(
        await till.operator.post(ACCOUNTS, json=described(till, name="cards-eu")), 409, "gateway_account_name_taken"
    )


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"gateway": "none-such"}, 422, "gateway_unknown"),
        ({"settings": {"account": "a"}}, 422, "gateway_settings_invalid"),
        (
            {"settings": {"account": "a", "base_url": "http://127.0.0.1:1", "bsae_url": "x"}},
            422,
            "gateway_settings_invalid",
        ),
        ({"credentials_secret": "missing"}, 503, "secret_missing"),
        ({"credentials_secret": "../passwd"}, 422, "invalid_gateway_account"),
        ({"webhook_secrets": ["missing"]}, 503, "secret_missing"),
        ({"webhook_secrets": ["a", "b", "c"]}, 400, "invalid_field"),
        ({"name": "No Name"}, 422, "invalid_gateway_account"),
        ({"api_key": "sk_live"}, 400, "invalid_field"),
    ],
)
async def test_what_could_not_be_opened_is_not_kept(
    till: Till, changed: dict[str, Any], status: int, code: str
) -> None:
    refused(await till.operator.post(ACCOUNTS, json=described(till, **changed)), status, code)
    path = f"{ACCOUNTS}/{till.account}"
    before = (await till.operator.get(path)).json()
    if "settings" in changed:
        answer = await till.operator.patch(path, json=changed)
        assert answer.status_code == 422, answer.text
    elif "gateway" not in changed:
        refused(await till.operator.patch(path, json=changed), status, code)

    assert len(posted(await till.operator.get(ACCOUNTS), 200)["items"]) == 1
    assert (await till.operator.get(path)).json() == before


async def test_credentials_are_checked_with_the_provider(till: Till) -> None:
    async def check() -> dict[str, Any]:
        return posted(await till.operator.post(f"{ACCOUNTS}/{till.account}/check"), 200)

    assert await check() == {"usable": True, "problem": None}
    posted(await till.operator.patch(f"{ACCOUNTS}/{till.account}", json={"credentials_secret": "wrong-key"}), 200)
    told = await check()
    assert (told["usable"], told["problem"]) == (False, "the provider does not accept the credentials")


async def test_a_disabled_account_begins_nothing_new_and_ends_what_began(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    posted(await till.operator.patch(f"{ACCOUNTS}/{till.account}", json={"enabled": False}), 200)

    refused(await till.pay(wallet), 422, "no_gateway_account", "#/gateway_account_id")
    named = await till.pay(wallet, gateway_account_id=till.account)
    refused(named, 422, "gateway_account_disabled")
    posted(await till.act(payment["id"], "refunds", {"amount": 100}), 202)


async def test_what_the_account_does_not_do_is_refused_and_the_money_stays(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    authorized = posted(await till.pay(wallet, capture="manual"))
    settings = {"base_url": till.provider.base_url, "account": till.merchant, "operations": "create_payment"}
    posted(await till.operator.patch(f"{ACCOUNTS}/{till.account}", json={"settings": settings}), 200)

    for step, of in (("refunds", payment), ("capture", authorized)):
        refused(await till.act(of["id"], step, {"amount": 100}), 422, "gateway_operation_unsupported")

    assert await till.books() == {"main": 5000, "fees": -100, "gateway_clearing": -4900}
    assert (await till.doubt())["held"] == []


async def test_an_account_that_captures_and_refunds_whole_is_not_asked_for_parts(till: Till) -> None:
    wallet = await till.wallet()
    payment = posted(await till.pay(wallet, capture="manual"))
    settings = {"base_url": till.provider.base_url, "account": till.merchant, "undivided": "capture, refund"}
    posted(await till.operator.patch(f"{ACCOUNTS}/{till.account}", json={"settings": settings}), 200)

    part = refused(
        await till.act(payment["id"], "capture", {"amount": 100}), 422, "gateway_parts_unsupported", "#/amount"
    )
    assert (part["rule"], part["left"]) == ("partial", 5000)
    posted(await till.act(payment["id"], "capture"), 200)
    part = refused(
        await till.act(payment["id"], "refunds", {"amount": 100}), 422, "gateway_parts_unsupported", "#/amount"
    )
    assert (part["rule"], part["left"]) == ("partial", 5000)

    assert await till.truth("captured") == [5000]
    assert await till.truth("refunded") == []
    assert await till.tenant.available(wallet) == 5000
    posted(await till.act(payment["id"], "refunds"), 202)


async def test_an_account_that_captures_once_is_not_asked_a_second_time(till: Till) -> None:
    payment = posted(await till.pay(await till.wallet(), capture="manual"))
    posted(await till.act(payment["id"], "capture", {"amount": 1000, "final": False}), 200)
    settings = {"base_url": till.provider.base_url, "account": till.merchant, "undivided": "capture"}
    posted(await till.operator.patch(f"{ACCOUNTS}/{till.account}", json={"settings": settings}), 200)

    second = refused(await till.act(payment["id"], "capture"), 422, "gateway_parts_unsupported", "#/amount")

    assert (second["rule"], second["before"]) == ("multiple", 1000)
    assert await till.truth("captured") == [1000]


async def test_a_secret_that_is_gone_for_a_while_loses_nothing(till: Till) -> None:
    wallet = await till.wallet()
    payment = await till.paid(wallet)
    await till.fault("drop_before_effect", "/v1/payments/*/refunds")
    refund = posted(await till.act(payment["id"], "refunds", {"amount": 100}), 202)
    file = till.secrets / key_of(till.merchant)
    file.unlink()

    await till.later()
    await till.run(refund["operation_id"])

    assert (await till.operation(refund["operation_id"]))["operation"]["state"] == "unknown"
    refused(await till.act(payment["id"], "refunds", {"amount": 100}), 503, "secret_missing")
    file.write_text(key_of(till.merchant))
    await till.later()
    await till.run(refund["operation_id"])
    assert await till.truth("refunded") == [100]


async def test_of_two_accounts_that_can_take_it_one_has_to_be_named(till: Till) -> None:
    wallet = await till.wallet()
    second = posted(await till.operator.post(ACCOUNTS, json=described(till)))["id"]

    refused(await till.pay(wallet), 422, "no_gateway_account", "#/gateway_account_id")
    assert posted(await till.pay(wallet, gateway_account_id=second))["gateway_account_id"] == second


async def test_no_tenant_names_the_secrets_of_another(till: Till, stranger: Till) -> None:
    theirs = key_of(till.merchant)

    for named, status, code in (
        (theirs, 503, "secret_missing"),
        (f"../{till.tenant.id}/{theirs}", 422, "invalid_gateway_account"),
    ):
        refused(await stranger.operator.post(ACCOUNTS, json=described(till, credentials_secret=named)), status, code)


async def test_accounts_are_the_operators_own_business(till: Till, stranger: Till) -> None:
    path = f"{ACCOUNTS}/{till.account}"

    refused(await stranger.operator.get(path), 404, "gateway_account_not_found")
    refused(await stranger.operator.patch(path, json={"enabled": False}), 404, "gateway_account_not_found")
    refused(await stranger.operator.post(f"{path}/check"), 404, "gateway_account_not_found")
    refused(await till.tenant.client.get(ACCOUNTS), 403, "not_permitted")
    answer = await stranger.pay(await stranger.wallet(), gateway_account_id=till.account)
    refused(answer, 404, "gateway_account_not_found")
