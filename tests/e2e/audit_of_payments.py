"""What was paid and refunded here against what the provider really did, item by item, once everything has ended."""

import asyncio
from collections import Counter as Counted
from typing import Any

from e2e.counter import Counter
from e2e.journal_of_clients import Journal
from e2e.payers import PAYMENTS

Row = dict[str, Any]

_PAYMENTS = """
SELECT payment.id::text, payment.wallet_id::text AS wallet, payment.asset, payment.amount, payment.status,
       payment.provider_ref, payment.captured, payment.refunded, payment.refund_pending, payment.fee, payment.review,
       payment.metadata ->> 'wish' AS wish, operation.key::text AS key
FROM payments AS payment JOIN operations AS operation
  ON operation.tenant_id = payment.tenant_id AND operation.id = payment.operation_id
WHERE payment.tenant_id = $1
"""
_REFUNDS = """
SELECT refund.id::text, refund.payment_id::text AS payment, refund.wallet_id::text AS wallet, refund.amount,
       refund.status, refund.provider_ref, operation.key::text AS key
FROM refunds AS refund LEFT JOIN operations AS operation
  ON operation.tenant_id = refund.tenant_id AND operation.id = refund.operation_id
WHERE refund.tenant_id = $1
"""
_BALANCES = """
SELECT purpose, asset, coalesce(wallet_id::text, '') AS wallet, gateway_account::text AS account, balance
FROM accounts WHERE tenant_id = $1
"""
_EVENTS = "SELECT status, count(*) AS events, sum(times_received) AS times FROM gateway_events GROUP BY status"
_LETTERS = "SELECT name, job_key, reason, status FROM dead_letters"
_QUESTIONS_AT_ONCE = 16


class Audit:
    """Both sides' books, read once."""

    def __init__(self, counter: Counter, journal: Journal) -> None:
        """What the *counter*'s clients wrote down is in *journal*."""
        self._counter, self._journal = counter, journal
        self.payments: list[Row] = []
        self.refunds: list[Row] = []
        self._balances: list[Row] = []
        self._truth: list[Row] = []

    async def read(self) -> None:
        """Everything; nothing moves any more."""
        counter = self._counter
        self.payments = await counter.rows(_PAYMENTS, counter.tenant_id)
        self.refunds = await counter.rows(_REFUNDS, counter.tenant_id)
        self._balances = await counter.rows(_BALANCES, counter.tenant_id)
        self._truth = await counter.truth()

    def assert_granted_is_there_once(self) -> None:
        """Every granted payment and refund is there, as its client was told; and there is nothing else."""
        granted = [wish for wish in self._journal.wishes if wish.is_granted]
        paid = sorted((wish.key, wish.order_id) for wish in granted if wish.path == PAYMENTS)
        assert sorted((row["wish"], row["id"]) for row in self.payments) == paid
        refunded = sorted(wish.order_id for wish in granted if wish.path.endswith("/refunds"))
        assert sorted(row["id"] for row in self.refunds) == refunded

    async def assert_the_provider_has_each_once(self) -> None:
        """By our reference: one payment or refund a key, and it stands there as it stands here."""
        wrong = [
            *await self._compared("/v1/payments", self.payments, _stands),
            *await self._compared("/v1/refunds", self.refunds, _refund_stands),
        ]
        assert wrong == [], f"{len(wrong)}: {wrong[:5]}"

    def assert_charges_equal_captures(self) -> None:
        """The truth journal's captures and refunds, added up for each payment and each refund."""
        captured, fees, refunded = Counted[str](), Counted[str](), Counted[str]()
        for entry in self._truth:
            match entry["effect"]:
                case "captured":
                    captured[entry["payment"]] += entry["amount"]
                    fees[entry["payment"]] += entry["fee"]
                case "refunded":
                    refunded[entry["object_id"]] += entry["amount"]
                case "refund_reversed":
                    refunded[entry["object_id"]] -= entry["amount"]
                case _:
                    pass  # authorized, released, declined: nothing was charged
        assert +captured == {row["provider_ref"]: row["captured"] for row in self.payments if row["captured"]}
        assert +fees == {row["provider_ref"]: row["fee"] for row in self.payments if row["fee"]}
        arrived = {row["provider_ref"]: row["amount"] for row in self.refunds if row["status"] == "succeeded"}
        assert +refunded == arrived

    def assert_no_refund_exceeds_its_capture(self) -> None:
        """And the sums kept with the payments are those of their refunds."""
        arrived = Counted[str]()
        for row in self.refunds:
            assert row["status"] in {"succeeded", "failed"}, row
            arrived[row["payment"]] += row["amount"] if row["status"] == "succeeded" else 0
        for row in self.payments:
            assert (row["refunded"], row["refund_pending"]) == (arrived[row["id"]], 0), row
            assert row["refunded"] <= row["captured"], row

    async def assert_clearing_is_the_providers_balance(self) -> None:
        """Of each asset: what we believe to have there is there (I8), and nothing is between the two."""
        told = (await self._counter.merchant.get("/v1/account")).json()["balances"]
        clearing = {row["asset"]: -row["balance"] for row in self._balances if row["purpose"] == "gateway_clearing"}
        assert clearing == {each["currency"]: each["total"] for each in told}
        assert {row["account"] for row in self._balances if row["purpose"] == "gateway_clearing"} == {
            self._counter.account
        }
        between = [
            row for row in self._balances if row["purpose"] in {"refunds_in_transit", "suspense"} and row["balance"]
        ]
        assert between == []

    async def assert_wallets_hold_what_was_paid(self) -> None:
        """By the truth journal, by the cached balance, and by the statement that their owners can read."""
        expected = Counted(dict.fromkeys(self._counter.wallets, 0))
        of_payment = {row["provider_ref"]: row["wallet"] for row in self.payments}
        signs = {"captured": 1, "refunded": -1, "refund_reversed": 1}
        for entry in self._truth:
            expected[of_payment.get(entry["payment"], "")] += signs.get(entry["effect"], 0) * entry["amount"]
        held = {row["wallet"]: row["balance"] for row in self._balances if row["purpose"] == "main"}
        assert {wallet: total for wallet, total in expected.items() if wallet} == held
        for wallet in self._counter.wallets:
            assert await self._statement(wallet) == held[wallet]

    async def assert_nothing_is_in_doubt(self) -> None:
        """For operators: no money in the middle, no pay-in of which nobody knows, nothing to look at."""
        doubt = (await self._counter.operator.get("/v1/admin/money-in-doubt")).json()
        assert (doubt["held"], doubt["coming_in"], doubt["coming_in_count"]) == ([], [], 0)
        assert [row for row in self.payments if row["review"] is not None] == []
        assert await self._counter.rows(_LETTERS) == []

    async def assert_every_webhook_was_understood(self) -> dict[str, int]:
        """Applied, each of them; how many came, and how often all together."""
        rows = await self._counter.rows(_EVENTS)
        assert {row["status"] for row in rows} == {"applied"}, rows
        return {"events": rows[0]["events"], "times": int(rows[0]["times"])}

    def courses(self) -> dict[str, int]:
        """How many payments and refunds ended how."""
        ended = Counted(row["status"] for row in self.payments)
        ended.update(f"refund {row['status']}" for row in self.refunds)
        return dict(sorted(ended.items()))

    async def _compared(self, path: str, rows: list[Row], stands: Any) -> list[tuple[Row, object]]:
        """Those that the provider has otherwise, twice, or not at all."""
        wrong: list[tuple[Row, object]] = []
        waiting = list(rows)

        async def compare() -> None:
            while waiting:
                row = waiting.pop()
                found = (await self._counter.merchant.get(path, params={"reference": row["key"]})).json()["data"]
                never_got_there = found == [] and row["status"] == "failed" and row["provider_ref"] is None
                if not never_got_there and (len(found) != 1 or not stands(row, found[0])):
                    wrong.append((row, found))

        await asyncio.gather(*(compare() for _ in range(_QUESTIONS_AT_ONCE)))
        return wrong

    async def _statement(self, wallet: str) -> int:
        """The sum of all its entries, page by page; each begins with what the one before it left."""
        total, before = 0, None
        cursor: str | None = None
        while True:
            params = {"limit": "100"} | ({} if cursor is None else {"cursor": cursor})
            page = (await self._counter.client.get(f"/v1/wallets/{wallet}/entries", params=params)).json()
            for line in page["items"]:  # newest first
                entry = line["entry"]
                assert before in {None, entry["balance_after"]}
                before = entry["balance_before"]
                total += entry["amount"] if entry["direction"] == "credit" else -entry["amount"]
            cursor = page["next_cursor"]
            if cursor is None:
                assert before in {None, 0}
                return total


def _stands(row: Row, there: Row) -> bool:
    same = ("amount", "captured", "refunded", "refund_pending", "fee")
    status = there["status"]
    if status in {"canceled", "expired"} and there["captured"]:
        status = "closed"
    return (
        all(row[name] == there[name] for name in same)
        and (row["asset"], row["provider_ref"]) == (there["currency"], there["id"])
        and _same_end(row["status"], status)
    )


def _same_end(ours: str, theirs: str) -> bool:
    """We say expired of a payment that we cancel because the payer's time is up."""
    return ours == theirs or {ours, theirs} == {"expired", "canceled"}


def _refund_stands(row: Row, there: Row) -> bool:
    return (row["amount"], row["provider_ref"], row["status"]) == (there["amount"], there["id"], there["status"])
