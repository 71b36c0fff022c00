"""C19: every check catches the adapter that was broken for it."""

import pytest

from conformance.broken.catalogue import BROKEN, Broken
from conformance.kit import CHECKS
from entrypoints.conformance.results import Results

by_name = pytest.mark.parametrize("broken", BROKEN, ids=[each.name for each in BROKEN])


@pytest.mark.timeout(300)  # the first one waits for the whole run
@by_name
async def test_the_check_that_is_meant_for_it_catches(broken_results: Results, broken: Broken) -> None:
    run = {(each.check, each.test) for each in broken_results.checks if each.gateway == broken.name}
    assert run == {(broken.meant, broken.caught_by)}
    assert broken_results.failed(broken.name) == {broken.meant}


def test_every_check_has_an_adapter_that_fails_it() -> None:
    assert {each.meant for each in BROKEN} == set(CHECKS)


@pytest.mark.faults
@pytest.mark.timeout(1_000)
@by_name
async def test_no_other_check_fails_than_those_the_mistake_hurts(all_broken_results: Results, broken: Broken) -> None:
    assert all_broken_results.failed(broken.name) == broken.fails
