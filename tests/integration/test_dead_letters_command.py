"""`bursar dead-letters`, as an operator of the platform uses it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from conftest import TestDatabase
from contract.queues_under_test import flushed, own_database
from core.domain.job_catalogue import EXPIRE_HOLDS, QUEUE, RUN_OPERATION
from core.domain.jobs import FailedAttempt, PoisonJob
from entrypoints.cli.main import main
from entrypoints.container import Container
from entrypoints.embedded.servers import EmbeddedServers
from entrypoints.settings import Settings
from integration.integrity.command import bursar

DIED = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Office:
    """Where an operator sits, with a database and a queue nobody else uses."""

    environment: dict[str, str]
    container: Container

    async def bursar(self, *arguments: str, **settings: str) -> tuple[int, str]:
        """Exit status, and all that was printed."""
        done = await bursar("dead-letters", *arguments, environment=self.environment | settings)
        return done.status, done.out + done.err

    async def bury(self, tenant_id: UUID | None = None, *, name: str = RUN_OPERATION) -> str:
        """A letter; its job's key."""
        key = f"{name or 'unreadable'}:{uuid4()}"
        arguments = {} if tenant_id is None else {"tenant_id": str(tenant_id)}
        history = (FailedAttempt(1, DIED, "Traceback …\n  deep inside\nTypeError: no"),)
        await self.container.bury_job()(
            PoisonJob(
                queue=QUEUE,
                key=key,
                name=name,
                arguments=arguments,
                attempts=1,
                first_enqueued_at=None,
                history=history,
            )
        )
        return key

    async def is_queued(self, key: str) -> bool:
        """Whether a job of that key waits."""
        return await self.container.streams_queue().job(key) is not None


@pytest.fixture
async def office(database: TestDatabase, servers: EmbeddedServers) -> AsyncIterator[Office]:
    """Without a letter."""
    url = own_database(servers.redis_url)
    environment = database.environment() | {"BURSAR_REDIS_URL": url}
    container = Container(settings=Settings.from_environment(environment))
    async with flushed(url):
        yield Office(environment, container)
        await container.relay_wake().aclose()
        await container.streams_queue().disconnect()
    await container.relay_wake().aclose()
    await container.database().dispose()


async def test_letters_are_listed_shown_and_decided_about(office: Office) -> None:
    tenant = uuid4()
    key = await office.bury(tenant)
    whose = ("--tenant", str(tenant))

    assert await office.bursar("list") == (0, "no dead letters\n")
    status, listed = await office.bursar("list", *whose)
    letter = listed.split()[0]
    assert (status, listed.count("\n")) == (0, 1)
    assert "open" in listed
    assert listed.endswith("TypeError: no\n")

    status, shown = await office.bursar("show", letter, *whose)
    assert status == 0
    assert key in shown
    assert f"tenant_id = {tenant}" in shown
    assert "attempt 1, 2026-03-01 12:00:00" in shown

    for _ in range(2):
        assert await office.bursar("redrive", letter, *whose) == (0, f"{letter}: {key} is queued\n")
    assert await office.is_queued(key)
    status, refusal = await office.bursar("discard", letter, *whose)
    assert (status, refusal) == (1, "bursar dead-letters: the dead letter was redriven\n")


async def test_the_platforms_own_letters_need_no_tenant(office: Office) -> None:
    keys = [await office.bury(name=EXPIRE_HOLDS) for _ in range(2)]
    await office.bury(uuid4())

    assert (await office.bursar("list"))[1].count("platform") == 2
    assert (await office.bursar("list", "--all-tenants", "--status", "open"))[1].count("\n") == 3
    assert await office.bursar("redrive", "--all") == (0, "2 redriven, 0 skipped\n")
    assert [await office.is_queued(key) for key in keys] == [True, True]
    assert (await office.bursar("list", "--status", "open"))[1] == "no dead letters\n"


async def test_what_cannot_be_redriven_can_be_discarded(office: Office) -> None:
    await office.bury(name="")
    letter = (await office.bursar("list"))[1].split()[0]

    assert (await office.bursar("redrive", letter))[0] == 1
    assert await office.bursar("redrive", "--all") == (1, "0 redriven, 1 skipped\n")
    assert [(await office.bursar("discard", letter))[0] for _ in range(2)] == [0, 0]


async def test_exit_statuses_tell_a_refusal_from_a_failure(office: Office) -> None:
    assert (await office.bursar("show", str(uuid4())))[0] == 1
    assert (await office.bursar("list", BURSAR_PORT="none"))[0] == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["redrive"],
        ["redrive", str(UUID(int=1)), "--all"],
        ["list", "--limit", "0"],
        ["list", "--status", "buried"],
        ["list", "--all-tenants", "--tenant", str(UUID(int=1))],
        ["show", "first"],
    ],
)
def test_what_cannot_be_understood_changes_nothing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["dead-letters", *arguments])

    assert end.value.code == 2
    assert "usage: bursar dead-letters" in capsys.readouterr().err
