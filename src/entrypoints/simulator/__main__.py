"""`python -m entrypoints.simulator --port N [--journal FILE] [--seed N]`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop

from entrypoints.cannot_run import CannotRun
from entrypoints.simulator.server import serve

_DEFAULT_PORT = 8090


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    parser = argparse.ArgumentParser(prog="simulator", description="A payment provider for development and tests.")
    parser.add_argument("--port", type=int, default=_DEFAULT_PORT, help=f"port of 127.0.0.1 ({_DEFAULT_PORT})")
    parser.add_argument("--journal", type=Path, help="file of its truth (in memory)")
    parser.add_argument("--seed", type=int, default=0, help="decides all that chance decides (0)")
    given = parser.parse_args(arguments)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(port=given.port, journal=given.journal, seed=given.seed))
    except CannotRun as reason:
        print(f"simulator: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
