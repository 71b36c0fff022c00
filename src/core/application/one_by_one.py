"""Work on many things of which none may keep the others waiting."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from core.domain.errors import Unavailable

T = TypeVar("T")


async def one_by_one(things: Iterable[T], work: Callable[[T], Awaitable[bool]]) -> int:
    """
    For how many of *things* *work* was true; every one of them is worked on.

    Raises:
        Exception: At the end, what stopped one of them; a mere outage only if nothing else stopped any.
    """
    done = 0
    failed: list[Exception] = []
    for thing in things:
        try:
            done += await work(thing)
        except Exception as error:  # noqa: BLE001 - whatever it is, the others come first; it is raised below
            failed.append(error)
    if not failed:
        return done
    # An outage makes whoever runs this wait; it must not hide what waiting does not mend.
    raise next((error for error in failed if not isinstance(error, Unavailable)), failed[0])
