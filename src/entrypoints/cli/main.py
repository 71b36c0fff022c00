"""`bursar <command>`: dispatch only; a command lives in the file of its name."""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from entrypoints.cannot_run import CannotRun

_CANNOT_RUN = 1

COMMANDS: dict[str, str] = {
    "dev": "everything on this machine, with embedded PostgreSQL and Valkey, until Ctrl-C",
    "demo": "a whole story over HTTP, with the money that moved, ending with a verified ledger",
    "api": "the HTTP API",
    "worker": "jobs, schedules and the outbox relay",
    "migrate": "bring the database to the newest schema",
    "verify": "prove that the books are right, or name the first thing that is not",
    "dead-letters": "list, show, redrive or discard jobs nobody could do",
    "maintain": "partitions ahead, month snapshots, checkpoints, overdue holds, old keys",
    "seed": "a first tenant with keys, assets, users and opening balances",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="bursar", description="Wallets on a double-entry ledger.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    given = list(sys.argv[1:] if arguments is None else arguments)
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, description=summary)
        if given[:1] == [name]:
            module = import_module(f"entrypoints.cli.{name.replace('-', '_')}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    chosen = parser.parse_args(given)
    run: Callable[[argparse.Namespace], int] = chosen.run
    try:
        return run(chosen)
    except CannotRun as reason:
        print(f"bursar {chosen.command}: {reason}", file=sys.stderr)
        return _CANNOT_RUN


if __name__ == "__main__":
    sys.exit(main())
