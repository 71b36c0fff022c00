"""UUIDv7 ids, as RFC 9562 wants them."""

import os
import time
from itertools import pairwise
from types import SimpleNamespace
from uuid import RFC_4122, UUID

import pytest

from adapters.system.id_generator import Uuid7Generator

MILLISECOND_NS = 1_000_000
MOMENT_NS = 0x017F22E279B0 * MILLISECOND_NS
"""2022-02-22 19:22:22 UTC, the moment of the example in RFC 9562, appendix A.6."""


@pytest.fixture
def ids() -> Uuid7Generator:
    return Uuid7Generator()


def id_at(nanoseconds: int, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """An id made at that moment. This module is where the real clock is read, so the clock is replaced here."""
    monkeypatch.setattr("adapters.system.id_generator.time", SimpleNamespace(time_ns=lambda: nanoseconds))
    return Uuid7Generator().new()


def test_an_id_says_that_it_is_a_uuid_of_version_7(ids: Uuid7Generator) -> None:
    for _ in range(100):
        fresh = ids.new()
        assert (fresh.version, fresh.variant) == (7, RFC_4122)


def test_an_id_begins_with_the_millisecond_it_was_made_in(ids: Uuid7Generator) -> None:
    before = time.time_ns() // MILLISECOND_NS
    fresh = ids.new()
    after = time.time_ns() // MILLISECOND_NS
    assert before <= fresh.int >> 80 <= after


def test_the_layout_is_that_of_the_rfcs_example(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(id_at(MOMENT_NS, monkeypatch)).startswith("017f22e2-79b0-7000-")


@pytest.mark.parametrize(
    ("rest", "fraction"), [(0, "000"), (244, "000"), (245, "001"), (500_000, "800"), (999_999, "fff")]
)
def test_the_fraction_of_the_millisecond_follows_the_version(
    rest: int, fraction: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = id_at(MOMENT_NS + rest, monkeypatch)
    assert str(fresh)[14:18] == "7" + fraction
    assert (fresh.version, fresh.variant) == (7, RFC_4122)


def test_ids_sort_by_the_time_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = [MOMENT_NS + step for step in (0, 250, 500, 999_500, 1_000_000, 1_000_250, 10**9, 10**15)]
    made = [id_at(moment, monkeypatch) for moment in moments]
    assert all(earlier < later for earlier, later in pairwise(made))
    assert sorted(str(each) for each in made) == [str(each) for each in made]


def test_ids_of_the_same_moment_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({id_at(MOMENT_NS, monkeypatch) for _ in range(1000)}) == 1000


def test_no_two_ids_are_alike(ids: Uuid7Generator) -> None:
    assert len({ids.new() for _ in range(10_000)}) == 10_000


def test_a_forked_process_draws_random_numbers_of_its_own(ids: Uuid7Generator) -> None:
    ids.new()  # now there is a stock that both might use
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, ids.new().bytes)
        os._exit(0)
    os.waitpid(child, 0)
    theirs = UUID(bytes=os.read(reader, 16))
    for end in (reader, writer):
        os.close(end)

    assert theirs.int % 2**62 != ids.new().int % 2**62
