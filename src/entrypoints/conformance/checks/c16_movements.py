"""C16: every line of the balance once, in order, and they add up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from core.domain.gateway_capabilities import GatewayOperation
from core.domain.gateways import Movement, MovementPage, MovementType
from core.domain.outcomes import Unknown
from entrypoints.conformance.fault_proxy import Ending, Fault, canned
from entrypoints.conformance.stage import Stage, context

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = 3
MOST_PAGES = 100


async def _pages(stage: Stage, cursor: str | None = None) -> AsyncIterator[MovementPage]:
    for _ in range(MOST_PAGES):
        page = await stage.movements.movements(cursor, limit=PAGE, context=context())
        assert isinstance(page, MovementPage), repr(page)
        assert len(page.movements) <= PAGE
        yield page
        cursor = page.cursor
        if not page.has_more:
            return
    raise AssertionError("the feed has no end")


async def _all(stage: Stage, cursor: str | None = None) -> list[Movement]:
    return [movement async for page in _pages(stage, cursor) for movement in page.movements]


class TestC16Movements:
    """The feed that reconciliation reads."""

    async def test_every_payment_and_refund_is_a_line_that_adds_up(self, stage: Stage) -> None:
        stage.need(GatewayOperation.LIST_MOVEMENTS)
        payments = [await stage.paid(1_000 + number) for number in range(4)]
        await stage.refund(payments[0], 100)
        lines = await _all(stage)
        assert len({line.id for line in lines}) == len(lines)
        assert all(line.gross - line.fee == line.net for line in lines)
        charges = {line.reference: line.gross for line in lines if line.type is MovementType.CHARGE}
        assert {each.reference: each.amount for each in payments}.items() <= charges.items()
        assert [line.gross for line in lines if line.type is MovementType.REFUND] == [-100]
        assert sum(line.net for line in lines) == await stage.account.balance(stage.scenery.currency)

    async def test_a_cursor_goes_on_where_it_was_left(self, stage: Stage) -> None:
        stage.need(GatewayOperation.LIST_MOVEMENTS)
        for _ in range(PAGE + 1):
            await stage.paid()
        first = await stage.movements.movements(None, limit=PAGE, context=context())
        assert isinstance(first, MovementPage)
        assert first.has_more
        rest = await _all(stage, first.cursor)
        assert [*first.movements, *rest] == await _all(stage)

    async def test_an_exhausted_cursor_gives_what_comes_later(self, stage: Stage) -> None:
        stage.need(GatewayOperation.LIST_MOVEMENTS)
        await stage.paid()
        last = [page async for page in _pages(stage)][-1]
        later = await stage.paid()
        assert [line.reference for line in await _all(stage, last.cursor)] == [later.reference]

    async def test_nothing_is_skipped_or_repeated_while_lines_are_added(self, stage: Stage) -> None:
        stage.need(GatewayOperation.LIST_MOVEMENTS)
        for _ in range(PAGE):
            await stage.paid()
        adding = asyncio.gather(*(stage.paid() for _ in range(8)))
        seen: list[Movement] = []
        last = ""
        async for page in _pages(stage):
            seen += page.movements
            last = page.cursor
            await asyncio.sleep(0)
        await adding
        seen += await _all(stage, last)
        assert [line.id for line in seen] == [line.id for line in await _all(stage)]

    async def test_a_page_that_was_not_read_is_no_page(self, stage: Stage) -> None:
        stage.need(GatewayOperation.LIST_MOVEMENTS)
        await stage.paid()
        for fault in (Fault(ending=Ending.CLOSE), Fault(answer=canned(500)), Fault(answer=canned(200, b"{}"))):
            stage.proxy.next(fault)
            assert isinstance(await stage.movements.movements(None, limit=PAGE, context=context()), Unknown)
