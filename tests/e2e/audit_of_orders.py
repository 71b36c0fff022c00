"""What was ordered against what was handed over, what was told, and what became of the money."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any
from uuid import UUID

import asyncpg

from adapters.streams.event_publisher import STREAM
from core.domain.identifiers import TenantId
from e2e.conftest import Bank
from e2e.journal_of_clients import Change, Journal
from e2e.shop import Body, Shop, canonical
from e2e.shoppers import is_order

Row = dict[str, Any]

_ORDERS = """
SELECT placed.id, placed.status, placed.amount, placed.asset, placed.user_id, placed.items, placed.reference,
       placed.fulfilment_ref, placed.wallet_id, placed.metadata ->> 'wish' AS wish, operation.key::text AS key,
       operation.state
FROM orders AS placed JOIN operations AS operation
  ON operation.tenant_id = placed.tenant_id AND operation.id = placed.operation_id
WHERE placed.tenant_id = $1
"""
_TOPUPS = "SELECT metadata ->> 'wish' AS wish, id::text FROM transfers WHERE tenant_id = $1 AND type = 'topup'"
_EVENTS = "SELECT position, id::text, type, subject, payload IS NULL AS of_ledger FROM events WHERE tenant_id = $1"
_LETTERS = "SELECT name, job_key, reason, status FROM dead_letters"
_IN_FULFILMENT = """
SELECT coalesce(sum(abs(balance)), 0)::bigint FROM accounts WHERE tenant_id = $1 AND purpose = 'orders_in_fulfilment'
"""
_TOLD_OF = ("order.placed", "order.completed", "order.failed", "transfer.posted")


class Audit:
    """The books of one tenant of a shop, once everything has ended."""

    def __init__(self, shop: Shop, bank: Bank, journal: Journal) -> None:
        """What *bank*'s clients wrote down is in *journal*."""
        self._shop, self._bank, self._journal = shop, bank, journal

    async def orders(self) -> list[Row]:
        """All there are."""
        return await self._rows(_ORDERS, self._bank.tenant_id)

    async def assert_granted_is_there_once(self) -> None:
        """Every granted order and top-up is there, as its client was told; and there is nothing else."""
        granted = [wish for wish in self._journal.wishes if wish.is_granted]
        placed = [(row["wish"], str(row["id"])) for row in await self.orders()]
        _assert_same(placed, [(wish.key, wish.order_id) for wish in granted if is_order(wish)])
        topped_up = [(row["wish"], row["id"]) for row in await self._rows(_TOPUPS, self._bank.tenant_id)]
        _assert_same(topped_up, [(wish.key, wish.transfer_id) for wish in granted if not is_order(wish)])

    async def assert_handed_over_once(self, entries: list[Body]) -> None:
        """Item by item: the service has done exactly the completed orders, each once."""
        ours = [each for each in entries if each["reference"] in {wish.key for wish in self._journal.wishes}]
        assert len({each["key"] for each in ours}) == len(ours)
        orders = await self.orders()
        assert {row["status"] for row in orders} <= {"completed", "failed"}
        done = [
            (each["reference"], each["key"], each["id"], each["user_id"], each["amount"], canonical(each["items"]))
            for each in ours
            if each["status"] == "completed"
        ]
        completed = [
            (row["wish"], row["key"], row["fulfilment_ref"], row["user_id"], row["amount"], canonical(row["items"]))
            for row in orders
            if row["status"] == "completed"
        ]
        _assert_same(done, completed)
        refused = {each["key"] for each in ours if each["status"] == "failed"}
        assert refused <= {row["key"] for row in orders if row["status"] == "failed"}

    async def balances(self, opening: dict[str, Change]) -> dict[str, Change]:
        """What each wallet must hold: failed orders took nothing."""
        failed = {str(row["id"]): row for row in await self.orders() if row["status"] == "failed"}
        expected = self._journal.balances(opening)
        for row in failed.values():
            wallet = str(row["wallet_id"])
            expected[wallet] = Change(expected[wallet].available + row["amount"], expected[wallet].reserved)
        return expected

    async def assert_nothing_is_in_fulfilment(self) -> None:
        """All orders have ended, so none keeps money."""
        [row] = await self._rows(_IN_FULFILMENT, self._bank.tenant_id)
        assert list(row.values()) == [0]

    async def assert_every_cause_has_its_event(self) -> list[Row]:
        """Positions without gaps, one event a transfer, and those of every order; the events by position."""
        events = sorted(await self._rows(_EVENTS, self._bank.tenant_id), key=lambda row: row["position"])
        assert [row["position"] for row in events] == list(range(1, len(events) + 1))
        transfers = await self._rows("SELECT id FROM transfers WHERE tenant_id = $1", self._bank.tenant_id)
        _assert_same([row["subject"] for row in events if row["of_ledger"]], [row["id"] for row in transfers])
        told = [(row["type"], row["subject"]) for row in events if row["type"].startswith("order.")]
        orders = await self.orders()
        ends = [(type_, row["id"]) for row in orders for type_ in ("order.placed", f"order.{row['status']}")]
        _assert_same(told, ends)
        return events

    async def assert_every_event_was_delivered(self, events: list[Row], *, after: int) -> None:
        """At least once, verified, never with another body; and nothing that was not asked for."""
        assert self._shop.receiver.breaches == []
        told_of = [row for row in events if row["position"] > after and row["type"] in _TOLD_OF]
        wanted = [(row["id"], row["type"]) for row in told_of]
        heard = self._shop.receiver.messages[str(self._bank.tenant_id)]
        _assert_same([(message_id, message.type) for message_id, message in heard.items()], wanted)

    async def assert_the_stream_has_every_event(self, events: list[Row]) -> None:
        """Also what was there before the stream forgot: the last day is published again, with its positions."""
        entries: Any = await self._shop.redis.xrange(STREAM)
        told = [json.loads(fields[b"event"]) for _, fields in entries]
        ours = {
            (event["id"], int(event["position"])) for event in told if event["tenantid"] == str(self._bank.tenant_id)
        }
        _assert_same(sorted(ours), [(row["id"], row["position"]) for row in events])

    async def assert_no_job_was_given_up(self) -> None:
        """No fault here lasts longer than a job is tried."""
        assert await self._rows(_LETTERS) == []

    async def _rows(self, query: str, *arguments: TenantId) -> list[Row]:
        connection = await asyncpg.connect(self._shop.admin_url)
        try:
            return [dict(row) for row in await connection.fetch(query, *arguments)]
        finally:
            await connection.close()


def _assert_same(found: Iterable[tuple[Any, ...] | UUID], wanted: Iterable[tuple[Any, ...] | UUID]) -> None:
    """Each as often as wanted; what is amiss is named."""
    have, want = Counter(found), Counter(wanted)
    assert have == want, f"missing: {list((want - have).elements())}, too much: {list((have - want).elements())}"
