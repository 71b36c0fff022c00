"""What `ports.reconciliation_repository` promises."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.domain.identifiers import ReconciliationId, TenantId
from core.domain.reconciliation import (
    Break,
    Reconciliation,
    ReconciliationKind,
    ReconciliationNotFound,
    ReconciliationStatus,
)
from entrypoints.container import Container

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def reconciliation(container: Container, tenant_id: TenantId, *, breaks: int = 0) -> Reconciliation:
    return Reconciliation(
        tenant_id=tenant_id,
        id=ReconciliationId(container.ids().new()),
        kind=ReconciliationKind.INTERNAL,
        status=ReconciliationStatus.BROKEN if breaks else ReconciliationStatus.CLEAN,
        accounts_checked=2**40,
        entries_checked=2**41,
        break_count=breaks,
        started_at=NOW,
        finished_at=NOW + timedelta(seconds=9),
    )


def breaks_of(count: int) -> list[Break]:
    """Some with an account, some without."""
    return [
        Break(
            number=number,
            type="balance_wrong",
            account_id=uuid4() if number % 2 else None,
            sequence=number if number % 2 else None,
            detail=f"break {number}",
        )
        for number in range(1, count + 1)
    ]


async def begin(container: Container, wanted: Reconciliation) -> Reconciliation:
    async with container.unit_of_work() as work:
        running: Reconciliation = await work.reconciliations.begin(wanted)
        await work.commit()
    return running


def begun(finished: Reconciliation) -> Reconciliation:
    """As it was before it had its result."""
    return Reconciliation(
        tenant_id=finished.tenant_id,
        id=finished.id,
        kind=finished.kind,
        status=ReconciliationStatus.RUNNING,
        started_at=finished.started_at,
        next_attempt_at=finished.started_at,
    )


async def due(container: Container) -> list[TenantId]:
    """Whose may be attempted now."""
    return [each.tenant_id for each in await container.due_work().reconciliations(limit=1000)]


async def keep(container: Container, found: Reconciliation, breaks: Sequence[Break] = ()) -> Reconciliation:
    await begin(container, begun(found))
    async with container.unit_of_work() as work:
        locked = await work.reconciliations.lock(found.tenant_id, found.id)
        assert locked == begun(found)
        await work.reconciliations.finish(found, breaks)
        await work.commit()
    return found


async def test_a_tenant_has_one_running_however_many_are_begun_at_once(container: Container) -> None:
    tenant, other = TenantId(uuid4()), TenantId(uuid4())
    wanted = [begun(reconciliation(container, tenant)) for _ in range(8)]

    running = await asyncio.gather(*(begin(container, each) for each in wanted))
    theirs = await begin(container, begun(reconciliation(container, other)))

    assert len({each.id for each in running}) == 1
    assert running[0] in wanted
    assert theirs.tenant_id == other
    async with container.unit_of_work() as work:
        assert await work.reconciliations.page(tenant, before=None, limit=10) == [running[0]]
    assert tenant in await due(container)


async def test_one_that_has_its_result_makes_room_for_the_next(container: Container) -> None:
    tenant = TenantId(uuid4())
    first = await keep(container, reconciliation(container, tenant))
    assert tenant not in await due(container)

    second = await begin(container, begun(reconciliation(container, tenant)))

    assert second.id != first.id
    async with container.unit_of_work() as work:
        with pytest.raises(ReconciliationNotFound):
            await work.reconciliations.lock(TenantId(uuid4()), second.id)


async def test_a_reconciliation_is_kept_with_its_breaks(container: Container) -> None:
    tenant, breaks = TenantId(uuid4()), breaks_of(5)
    kept = await keep(container, reconciliation(container, tenant, breaks=5), breaks)
    other = await keep(container, reconciliation(container, tenant, breaks=1), breaks_of(1))

    async with container.unit_of_work() as work:
        assert await work.reconciliations.get(tenant, kept.id) == kept
        assert await work.reconciliations.breaks(tenant, kept.id, after=0, limit=100) == breaks
        assert len(await work.reconciliations.breaks(tenant, other.id, after=0, limit=100)) == 1


async def test_breaks_are_paged_by_their_numbers(container: Container) -> None:
    tenant, breaks = TenantId(uuid4()), breaks_of(7)
    kept = await keep(container, reconciliation(container, tenant, breaks=7), breaks)

    async with container.unit_of_work() as work:
        assert await work.reconciliations.breaks(tenant, kept.id, after=0, limit=3) == breaks[:3]
        assert await work.reconciliations.breaks(tenant, kept.id, after=3, limit=3) == breaks[3:6]
        assert await work.reconciliations.breaks(tenant, kept.id, after=6, limit=3) == breaks[6:]
        assert await work.reconciliations.breaks(tenant, kept.id, after=7, limit=3) == []


async def test_the_newest_comes_first_and_pages_have_no_gaps(container: Container) -> None:
    tenant = TenantId(uuid4())
    kept = [await keep(container, reconciliation(container, tenant)) for _ in range(5)]

    async with container.unit_of_work() as work:
        first = await work.reconciliations.page(tenant, before=None, limit=2)
        second = await work.reconciliations.page(tenant, before=first[-1].id, limit=2)
        third = await work.reconciliations.page(tenant, before=second[-1].id, limit=2)

    assert [*first, *second, *third] == kept[::-1]


async def test_somebody_elses_is_not_there(container: Container) -> None:
    kept = await keep(container, reconciliation(container, TenantId(uuid4()), breaks=1), breaks_of(1))
    stranger = TenantId(uuid4())

    async with container.unit_of_work() as work:
        with pytest.raises(ReconciliationNotFound):
            await work.reconciliations.get(stranger, kept.id)
        assert await work.reconciliations.breaks(stranger, kept.id, after=0, limit=9) == []
        assert await work.reconciliations.page(stranger, before=None, limit=9) == []
