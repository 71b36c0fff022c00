"""`python -m entrypoints.fulfilment`: the development fulfilment service."""

import asyncio
import sys
from argparse import ArgumentParser
from pathlib import Path

from entrypoints.fulfilment.journal import Journal
from entrypoints.fulfilment.server import FulfilmentServer
from entrypoints.fulfilment.service import FulfilmentService


def main() -> int:
    """Serve until SIGTERM or SIGINT; 1 if the port is taken."""
    parser = ArgumentParser(prog="python -m entrypoints.fulfilment", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port of 127.0.0.1 to listen on")
    parser.add_argument("--journal", type=Path, required=True, help="SQLite file of what was done")
    parser.add_argument("--token", help="bearer token that clients must show")
    arguments = parser.parse_args()
    journal = Journal(arguments.journal)
    try:
        asyncio.run(FulfilmentServer(FulfilmentService(journal, token=arguments.token)).run(arguments.port))
    except OSError as error:
        print(f"127.0.0.1:{arguments.port} cannot be listened on: {error}", file=sys.stderr)
        return 1
    finally:
        journal.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
