"""A job that cannot reach something ends, and counts no attempt; a bug is one."""

import pytest

from core.domain.errors import Unavailable
from core.domain.job_catalogue import RUN_OPERATION
from entrypoints.worker.jobs import patient


async def test_what_cannot_be_reached_is_left_to_the_next_sweep() -> None:
    async def away(_context: object, **_ids: str) -> None:
        raise Unavailable("the database cannot be reached")

    await patient(away)(None, tenant_id="t", operation_id="o")


async def test_a_bug_fails_the_job() -> None:
    async def broken(_context: object, **_ids: str) -> None:
        raise RuntimeError(RUN_OPERATION)

    with pytest.raises(RuntimeError):
        await patient(broken)(None, tenant_id="t")
