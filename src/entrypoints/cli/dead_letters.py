"""`bursar dead-letters`: what nobody could do, and a person's decision about it."""

import asyncio
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Awaitable, Callable
from uuid import UUID

from core.domain.dead_letters import PLATFORM, DeadLetter, DeadLetterNotFound, DeadLetterStatus
from core.domain.errors import Conflict, Unavailable
from core.domain.identifiers import DeadLetterId, TenantId
from entrypoints.container import Container
from entrypoints.settings import InvalidSettings, Settings

_REFUSED, _UNUSABLE = 1, 2
_PAGE, _MOST_LISTED = 100, 1000

_Act = Callable[[Container, Namespace], Awaitable[int]]


def add_arguments(parser: ArgumentParser) -> None:
    """What to do, with which letter, of whom."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="list|show|redrive|discard")
    listing = actions.add_parser("list", help="those that died last first")
    whose = listing.add_mutually_exclusive_group()
    _add_tenant(whose.add_argument)
    whose.add_argument("--all-tenants", action="store_true", help="everybody's")
    listing.add_argument(
        "--status", type=DeadLetterStatus, choices=list(DeadLetterStatus), help="only these (open, redriven, discarded)"
    )
    listing.add_argument(
        "--limit", type=_listed, default=_PAGE, help=f"at most so many, up to {_MOST_LISTED} ({_PAGE})"
    )
    listing.set_defaults(act=_list)
    for name, act, summary in (
        ("show", _show, "one letter with its history"),
        ("redrive", _redrive, "queue the job again; again does no harm"),
        ("discard", _discard, "leave it at that: the job stays undone"),
    ):
        action = actions.add_parser(name, help=summary)
        _add_tenant(action.add_argument)
        which = action.add_mutually_exclusive_group(required=True) if name == "redrive" else action
        which.add_argument("id", type=UUID, nargs="?" if name == "redrive" else None, help="the letter's id")
        if name == "redrive":
            which.add_argument("--all", action="store_true", help="all that are open, 500 at most")
        action.set_defaults(act=act)


def run(arguments: Namespace) -> int:
    """0 when it was done; 1 when the letter says no, or some were left; 2 when nothing can be done."""
    try:
        return asyncio.run(_with_container(arguments.act, arguments))
    except (DeadLetterNotFound, Conflict) as error:
        print(f"bursar dead-letters: {error}", file=sys.stderr)
        return _REFUSED
    except (InvalidSettings, Unavailable) as error:
        print(f"bursar dead-letters: {error}", file=sys.stderr)
        return _UNUSABLE


def _add_tenant(add_argument: Callable[..., object]) -> None:
    add_argument("--tenant", type=UUID, default=PLATFORM, help="of this tenant (the platform's own: schedules' jobs)")


def _listed(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or not 1 <= int(text) <= _MOST_LISTED:
        raise ArgumentTypeError(f"a number from 1 to {_MOST_LISTED}")
    return int(text)


async def _with_container(act: _Act, arguments: Namespace) -> int:
    container = Container(settings=Settings.from_environment(os.environ))
    try:
        return await act(container, arguments)
    finally:
        await container.relay_wake().aclose()
        if container.settings().redis_url is not None:
            await container.streams_queue().disconnect()
        await container.relay_wake().aclose()
        await container.database().dispose()


async def _list(container: Container, arguments: Namespace) -> int:
    tenant_id = None if arguments.all_tenants else TenantId(arguments.tenant)
    letters: list[DeadLetter] = []
    while len(letters) < arguments.limit:
        more = await container.read_dead_letters().page(
            tenant_id,
            status=arguments.status,
            before=letters[-1].id if letters else None,
            limit=min(_PAGE, arguments.limit - len(letters)),
        )
        if not more:
            break
        letters.extend(more)
    for letter in letters:
        print(_line(letter))
    if not letters:
        print("no dead letters")
    return 0


async def _show(container: Container, arguments: Namespace) -> int:
    letter = await container.read_dead_letters().get(TenantId(arguments.tenant), DeadLetterId(arguments.id))
    print(_line(letter))
    queued = letter.first_enqueued_at or "nobody knows when"
    print(f"  key {letter.job_key} in queue {letter.queue}, first queued {queued}")
    for name, value in letter.arguments.items():
        print(f"  {name} = {value}")
    for failed in letter.history:
        print(f"  attempt {failed.attempt}, {failed.at:%Y-%m-%d %H:%M:%S}: {failed.error}")
    return 0


async def _redrive(container: Container, arguments: Namespace) -> int:
    tenant_id = TenantId(arguments.tenant)
    if not arguments.all:
        letter = await container.redrive_dead_letter()(tenant_id, DeadLetterId(arguments.id))
        print(f"{letter.id}: {letter.job_key} is queued")
        return 0
    done = await container.redrive_open_dead_letters()(tenant_id)
    left = "; more are open: do it again" if done.has_more else ""
    print(f"{done.redriven} redriven, {done.skipped} skipped{left}")
    return _REFUSED if done.skipped or done.has_more else 0


async def _discard(container: Container, arguments: Namespace) -> int:
    letter = await container.discard_dead_letter()(TenantId(arguments.tenant), DeadLetterId(arguments.id))
    print(f"{letter.id}: discarded; {letter.job_key} stays undone, unless it is still due")
    return 0


def _line(letter: DeadLetter) -> str:
    whose = "platform" if letter.tenant_id == PLATFORM else f"tenant {letter.tenant_id}"
    last_words = letter.reason.strip().splitlines() or ["no reason"]
    return (
        f"{letter.id} {letter.status} {letter.died_at:%Y-%m-%d %H:%M:%S} {whose}: {letter.name or 'unreadable'}"
        f" after {letter.attempts} attempts: {last_words[-1]}"
    )
