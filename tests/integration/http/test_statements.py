"""Opening balance, lines, closing balance: they always add up, on screen and in a spreadsheet."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

from integration.http.answers import posted, refused
from integration.http.money_routes import Shop

EARLIEST = "2020-01-01T00:00:00Z"


async def statement(shop: Shop, wallet_id: str, **query: str) -> dict[str, Any]:
    """As JSON."""
    path = f"/v1/wallets/{wallet_id}/statement"
    return posted(await shop.tenant.client.get(path, params={"from": EARLIEST} | query), 200)


async def rows(shop: Shop, wallet_id: str, **query: str) -> list[dict[str, str]]:
    """As CSV."""
    answer = await shop.tenant.client.get(
        f"/v1/wallets/{wallet_id}/statement", params={"from": EARLIEST, "format": "csv"} | query
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


async def move_a_little(shop: Shop) -> list[str]:
    """Five lines for Bob, and the instants they were posted at."""
    moments = []
    for action, amount in (("credit", 50), ("spend", 20), ("topup", 7), ("debit", 30), ("bonus", 3)):
        moved = posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/{action}", {"amount": amount}))
        moments.append(moved["posted_at"])
    return moments


async def test_a_statement_adds_up(shop: Shop) -> None:
    await move_a_little(shop)

    told = await statement(shop, shop.bob)

    assert (told["opening_balance"], told["closing_balance"]) == (0, 110)
    assert [line["entry"]["balance_after"] for line in told["items"]] == [100, 150, 130, 137, 107, 110]
    assert [line["type"] for line in told["items"]] == ["transfer", "credit", "spend", "topup", "debit", "bonus"]
    balance = told["opening_balance"]
    for line in told["items"]:
        assert line["entry"]["balance_before"] == balance
        balance = line["entry"]["balance_after"]
    assert balance == told["closing_balance"]


async def test_a_statement_takes_its_first_instant_and_leaves_its_last(shop: Shop) -> None:
    moments = await move_a_little(shop)

    told = await statement(shop, shop.bob, **{"from": moments[1], "to": moments[3]})

    assert [line["type"] for line in told["items"]] == ["spend", "topup"]
    assert (told["opening_balance"], told["closing_balance"]) == (150, 137)
    assert (told["from"], told["to"]) == (moments[1], moments[3])


async def test_a_statement_of_no_time_is_empty_and_still_adds_up(shop: Shop) -> None:
    moments = await move_a_little(shop)

    told = await statement(shop, shop.bob, **{"from": moments[1], "to": moments[1]})

    assert (told["items"], told["opening_balance"], told["closing_balance"]) == ([], 150, 150)


async def test_a_statement_read_page_by_page_ends_where_it_began_to_end(shop: Shop) -> None:
    await move_a_little(shop)
    first = await statement(shop, shop.bob, limit="4")
    posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/credit", {"amount": 1000}))

    second = await statement(shop, shop.bob, limit="4", cursor=first["next_cursor"])

    assert second["to"] == first["to"]
    assert [line["type"] for line in second["items"]] == ["debit", "bonus"]
    assert (second["opening_balance"], second["closing_balance"], second["next_cursor"]) == (0, 110, None)


async def test_the_csv_says_what_the_json_says(shop: Shop) -> None:
    moments = await move_a_little(shop)
    span = {"from": moments[0], "to": datetime.now(UTC).isoformat()}

    told, lines = await statement(shop, shop.bob, **span), await rows(shop, shop.bob, **span)

    opening, *moved, closing = lines
    assert (opening["type"], opening["balance_after"]) == ("opening_balance", str(told["opening_balance"]))
    assert (closing["type"], closing["balance_after"]) == ("closing_balance", str(told["closing_balance"]))
    assert [(row["transfer_id"], row["direction"], row["amount"], row["balance_after"]) for row in moved] == [
        (
            line["transfer_id"],
            line["entry"]["direction"],
            str(line["entry"]["amount"]),
            str(line["entry"]["balance_after"]),
        )
        for line in told["items"]
    ]


async def test_the_csv_is_asked_for_by_parameter_or_by_header(shop: Shop) -> None:
    path = f"/v1/wallets/{shop.bob}/statement?from={EARLIEST}"
    by_header = await shop.tenant.client.get(path, headers={"Accept": "text/csv"})
    parameter_wins = await shop.tenant.client.get(path + "&format=json", headers={"Accept": "text/csv"})

    assert by_header.headers["content-type"] == "text/csv; charset=utf-8"
    assert by_header.headers["content-disposition"] == f'attachment; filename="statement-{shop.bob}.csv"'
    assert parameter_wins.headers["content-type"] == "application/json"
    assert {by_header.headers["vary"], parameter_wins.headers["vary"]} == {"Accept"}


async def test_no_cell_of_a_csv_is_run_as_a_formula(shop: Shop) -> None:
    formulas = ['=HYPERLINK("http://evil","x")', "+1+1", "-2+3", "@SUM(A1)", " =1+1", "\uff1d1+1"]
    for text in formulas:
        posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/credit", {"amount": 5, "description": text}))

    cells = [row["description"] for row in await rows(shop, shop.bob)]

    assert cells[2:-1] == [f"'{text}" for text in formulas]


async def test_commas_and_quotes_stay_within_their_cell(shop: Shop) -> None:
    said = {"amount": 5, "description": 'a, "b"; c', "reference": f'r,"{shop.user_id}"'}
    posted(await shop.tenant.post(f"/v1/wallets/{shop.bob}/credit", said))

    row = (await rows(shop, shop.bob))[-2]

    assert (row["description"], row["reference"]) == (said["description"], said["reference"])


async def test_a_long_csv_comes_whole(shop: Shop) -> None:
    one = {"from_wallet_id": shop.alice, "to_wallet_id": shop.bob, "amount": 1}
    posted(await shop.tenant.post("/v1/transfers/batch", {"mode": "independent", "transfers": [one] * 1000}), 200)
    posted(await shop.tenant.post("/v1/transfers", {"legs": [one] * 100}))

    lines = await rows(shop, shop.bob)

    assert len(lines) == 1 + 1 + 1000 + 100 + 1
    assert lines[-1]["balance_after"] == "1200"


async def test_a_statement_of_nobody_is_not_found(shared_shop: Shop) -> None:
    path = f"/v1/wallets/{shared_shop.hold}/statement"
    for query in ({"from": EARLIEST}, {"from": EARLIEST, "format": "csv"}):
        refused(await shared_shop.tenant.client.get(path, params=query), 404, "wallet_not_found")
