"""Refusals as a catalogue: clients branch on their codes for years."""

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import core.domain
import ports
from core.domain.errors import Conflict, CoreError, NotFound, OutcomeUnknown, Rejected, Unavailable
from entrypoints.http.problems import refusal

CATEGORIES = (NotFound, Conflict, Rejected, OutcomeUnknown, Unavailable)

for _room in (core.domain, ports):
    for _module in Path(next(iter(_room.__path__))).glob("[a-z]*.py"):
        import_module(f"{_room.__name__}.{_module.stem}")


def all_refusals() -> list[type[CoreError]]:
    """Every refusal of the domain and the ports, without the five categories."""
    ours = {kind for kind in _below(CoreError) if kind.__module__.startswith(("core.", "ports."))}
    return sorted(ours - set(CATEGORIES), key=lambda kind: kind.__qualname__)


def _below(kind: type[CoreError]) -> Iterator[type[CoreError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def test_the_catalogue_is_not_empty() -> None:
    """Without this, a wrong path above would let every test below pass."""
    assert {"InsufficientFunds", "PostingQueueFull"} <= {kind.__name__ for kind in all_refusals()}


@pytest.mark.parametrize("kind", all_refusals(), ids=lambda kind: kind.__name__)
def test_every_refusal_has_a_code_and_a_title_of_its_own(kind: type[CoreError]) -> None:
    assert "code" in vars(kind)
    assert "title" in vars(kind)
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)


@pytest.mark.parametrize("kind", all_refusals(), ids=lambda kind: kind.__name__)
def test_every_refusal_is_of_exactly_one_category(kind: type[CoreError]) -> None:
    assert sum(issubclass(kind, category) for category in CATEGORIES) == 1


def test_no_two_refusals_share_a_code() -> None:
    kinds: list[type[CoreError]] = [*all_refusals(), *CATEGORIES]
    codes = [kind.code for kind in kinds]
    assert sorted(set(codes)) == sorted(codes)


@pytest.mark.parametrize(
    ("category", "status"),
    [(NotFound, 404), (Conflict, 409), (Rejected, 422), (OutcomeUnknown, 202), (Unavailable, 503), (CoreError, 500)],
)
def test_the_category_decides_the_http_status(category: type[CoreError], status: int) -> None:
    assert refusal(category("no"), "request-1").status == status


@pytest.mark.parametrize("kind", CATEGORIES)
def test_only_what_may_succeed_later_invites_a_retry(kind: type[CoreError]) -> None:
    assert kind.retryable is (kind in {OutcomeUnknown, Unavailable})
