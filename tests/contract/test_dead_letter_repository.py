"""What `ports.dead_letter_repository` promises, and what a poison job becomes."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from core.domain.dead_letters import (
    PLATFORM,
    DeadLetter,
    DeadLetterClosed,
    DeadLetterNotFound,
    DeadLetterNotRedrivable,
    DeadLetterStatus,
    dead_letter,
)
from core.domain.identifiers import DeadLetterId, TenantId
from core.domain.job_catalogue import ATTEMPTS, RUN_OPERATION, timeout_seconds
from core.domain.jobs import FailedAttempt, PoisonJob
from entrypoints.container import Container

NOW = datetime(2026, 3, 1, 12, 0, 0, 123, tzinfo=UTC)


def poison(
    tenant_id: object, *, key: str = "", name: str = RUN_OPERATION, error: str = "TypeError: no", at: datetime = NOW
) -> PoisonJob:
    """A job of that tenant that failed twice."""
    history = (FailedAttempt(1, at - timedelta(seconds=3), "TimeoutError"), FailedAttempt(2, at, error))
    return PoisonJob(
        queue="jobs",
        key=key or f"{RUN_OPERATION}:{uuid4()}",
        name=name,
        arguments={"tenant_id": str(tenant_id), "operation_id": str(uuid4()), "number": 7},
        attempts=2,
        first_enqueued_at=at - timedelta(minutes=1),
        history=history,
    )


def new_tenant() -> TenantId:
    """Whose letters nobody else sees."""
    return TenantId(uuid4())


async def keep(container: Container, letter: DeadLetter) -> bool:
    async with container.unit_of_work() as work:
        is_new: bool = await work.dead_letters.add(letter)
        await work.commit()
    return is_new


async def page(
    container: Container,
    tenant_id: TenantId | None,
    *,
    status: DeadLetterStatus | None = None,
    before: DeadLetterId | None = None,
    limit: int = 100,
) -> Sequence[DeadLetter]:
    async with container.unit_of_work() as work:
        found: Sequence[DeadLetter] = await work.dead_letters.page(tenant_id, status=status, before=before, limit=limit)
    return found


async def kept(container: Container, tenant_id: TenantId, count: int) -> list[DeadLetter]:
    """So many, those that died last first; two of each die at the same moment."""
    letters = [dead_letter(poison(tenant_id), now=NOW + timedelta(seconds=number // 2)) for number in range(count)]
    for letter in letters:
        assert await keep(container, letter)
    return sorted(letters, key=lambda letter: (letter.died_at, letter.id), reverse=True)


async def test_a_letter_is_kept_with_its_history(container: Container) -> None:
    tenant = new_tenant()
    letter = dead_letter(poison(tenant), now=NOW)

    assert await keep(container, letter)

    async with container.unit_of_work() as work:
        assert await work.dead_letters.get(tenant, letter.id) == letter
        assert await work.dead_letters.lock(tenant, letter.id) == letter


async def test_the_same_job_given_up_is_one_letter_however_often_it_is_told(container: Container) -> None:
    tenant = new_tenant()
    job = poison(tenant)

    told = [await keep(container, dead_letter(job, now=NOW + timedelta(hours=hour))) for hour in range(3)]

    assert told == [True, False, False]
    assert [letter.died_at for letter in await page(container, tenant)] == [NOW]


async def test_a_job_has_one_open_letter_at_most_and_another_once_it_is_closed(container: Container) -> None:
    tenant = new_tenant()
    job, again = poison(tenant), NOW + timedelta(hours=1)
    letter = dead_letter(job, now=NOW)
    later = dead_letter(poison(tenant, key=job.key, at=again), now=again)
    assert later.id != letter.id

    assert [await keep(container, letter), await keep(container, later)] == [True, False]
    await container.discard_dead_letter()(tenant, letter.id)
    assert [await keep(container, letter), await keep(container, later)] == [False, True]


async def test_a_letter_of_somebody_else_is_not_there(container: Container) -> None:
    letter = dead_letter(poison(new_tenant()), now=NOW)
    await keep(container, letter)
    stranger = new_tenant()

    assert await page(container, stranger) == []
    async with container.unit_of_work() as work:
        for look in (work.dead_letters.get, work.dead_letters.lock):
            with pytest.raises(DeadLetterNotFound):
                await look(stranger, letter.id)
    with pytest.raises(DeadLetterNotFound):
        await container.discard_dead_letter()(stranger, letter.id)


async def test_pages_go_from_the_last_to_the_first_without_gap_or_repetition(container: Container) -> None:
    tenant = new_tenant()
    letters = await kept(container, tenant, 7)

    seen: list[DeadLetter] = []
    while found := await page(container, tenant, before=seen[-1].id if seen else None, limit=3):
        assert len(found) <= 3
        seen += found

    assert seen == letters


async def test_letters_are_found_by_status(container: Container) -> None:
    tenant = new_tenant()
    first, second, third = await kept(container, tenant, 3)
    await container.discard_dead_letter()(tenant, second.id)

    assert [each.id for each in await page(container, tenant, status=DeadLetterStatus.OPEN)] == [first.id, third.id]
    [discarded] = await page(container, tenant, status=DeadLetterStatus.DISCARDED)
    assert discarded.id == second.id
    assert discarded.closed_at is not None
    assert await page(container, tenant, status=DeadLetterStatus.REDRIVEN) == []


async def test_everybodys_letters_can_be_listed(container: Container) -> None:
    [mine], [theirs] = [await kept(container, new_tenant(), 1) for _ in range(2)]

    found = {letter.id for letter in await page(container, None, limit=1000)}

    assert {mine.id, theirs.id} <= found


async def test_of_two_decisions_at_once_one_waits_and_is_refused(container: Container) -> None:
    tenant = new_tenant()
    [letter] = await kept(container, tenant, 1)
    async with container.unit_of_work() as work:
        locked = await work.dead_letters.lock(tenant, letter.id)
        deciding = asyncio.create_task(container.discard_dead_letter()(tenant, letter.id))
        await asyncio.sleep(0)
        await work.dead_letters.save(locked.redrive(NOW))
        await work.commit()

    with pytest.raises(DeadLetterClosed):
        await deciding


@pytest.mark.parametrize(
    "arguments",
    [
        {"tenant_id": "not an id"},
        {"tenant_id": None, "flag": True, "share": 0.5, "many": [1], "nothing": None},
        {"number": 2**70, "least": -(2**63) + 1, "text": "a\0b", "half \ud800": "\udfff"},
        {},
    ],
)
async def test_whatever_a_poison_job_says_it_can_be_buried_and_read(
    container: Container, arguments: Mapping[str, object]
) -> None:
    """Otherwise the queue would hand it over for ever."""
    key = f"odd \0{uuid4()}"
    job = PoisonJob(
        queue="jobs",
        key=key,
        name="odd\0name",
        arguments=arguments,
        attempts=0,
        first_enqueued_at=None,
        history=(FailedAttempt(1, NOW, "\0 and \ud800"),),
    )

    await container.bury_job()(job)

    letter = dead_letter(job, now=NOW)
    found = await container.read_dead_letters().get(PLATFORM, letter.id)
    assert found.arguments == letter.arguments
    assert found.history == letter.history
    with pytest.raises(DeadLetterNotRedrivable):
        found.job()


def test_a_letter_knows_the_job_it_stands_for() -> None:
    job = poison(new_tenant())

    again = dead_letter(job, now=NOW).job()

    assert (again.name, again.key, dict(again.arguments)) == (job.name, job.key, job.arguments)
    assert (again.attempts, again.timeout_seconds) == (ATTEMPTS, timeout_seconds(RUN_OPERATION))


def test_a_letter_is_decided_about_once() -> None:
    letter = dead_letter(poison(new_tenant()), now=NOW)
    redriven, discarded = letter.redrive(NOW), letter.discard(NOW)

    assert redriven.redrive(NOW + timedelta(hours=1)) == redriven
    assert discarded.discard(NOW + timedelta(hours=1)) == discarded
    for decision in (redriven.discard, discarded.redrive):
        with pytest.raises(DeadLetterClosed):
            decision(NOW)


async def test_a_letter_that_cannot_be_read_is_listed_as_such_beside_the_others(container: Container) -> None:
    tenant_id = new_tenant()
    broken, other = (dead_letter(poison(tenant_id), now=NOW + timedelta(seconds=place)) for place in range(2))
    await keep(container, broken)
    await keep(container, other)
    async with container.sessions()() as session:
        await session.execute(
            text("""UPDATE dead_letters SET arguments = '{"tenant_id": [1.5]}' WHERE id = :id"""), {"id": broken.id}
        )
        await session.commit()

    found = await page(container, tenant_id)

    assert found[0] == other
    assert (found[1].id, found[1].status, found[1].arguments) == (broken.id, DeadLetterStatus.OPEN, {})
    assert f"{RUN_OPERATION} cannot be read: Expected `" in found[1].reason
    assert found[1].reason.endswith("TypeError: no")
    with pytest.raises(DeadLetterNotRedrivable):
        found[1].job()
    assert found[1].discard(NOW).status is DeadLetterStatus.DISCARDED
