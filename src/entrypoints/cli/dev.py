"""`bursar dev`: everything on this machine until Ctrl-C."""

import asyncio
import os
import signal
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

_POLL_SECONDS = 0.2


def add_arguments(parser: ArgumentParser) -> None:
    """Folder, port, and whether to begin anew."""
    parser.add_argument("--data-dir", type=Path, default=Path(".bursar"), help="folder of all data (.bursar)")
    parser.add_argument("--port", type=int, default=8080, help="port of the API (8080)")
    parser.add_argument("--workers", type=int, default=1, help="API processes (1)")
    parser.add_argument("--fresh", action="store_true", help="begin with an empty folder")


def run(arguments: Namespace) -> int:
    """Serve until Ctrl-C or SIGTERM; DATABASE_URL and REDIS_URL, when given, are used instead of embedded servers."""
    return asyncio.run(_serve(arguments))


def _given(name: str) -> str | None:
    """A variable with our prefix, or without."""
    return os.environ.get(f"BURSAR_{name}") or os.environ.get(name) or None


async def _serve(arguments: Namespace) -> int:
    from entrypoints.development.panel import panel
    from entrypoints.development.services import DevelopmentServices
    from entrypoints.development.stack import DevelopmentStack

    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    home = arguments.data_dir.resolve()
    postgres_bin = os.environ.get("BURSAR_POSTGRES_BIN")
    stack = DevelopmentStack(
        home,
        database_url=_given("DATABASE_URL"),
        migration_database_url=_given("MIGRATION_DATABASE_URL"),
        redis_url=_given("REDIS_URL"),
        fresh=arguments.fresh,
        postgres_bin=None if postgres_bin is None else Path(postgres_bin),
    )
    async with stack, DevelopmentServices(stack, port=arguments.port, workers=arguments.workers) as services:
        description = stack.write_description(services.api.base_url)
        keys = stack.keys
        print(
            panel(
                base_url=services.api.base_url,
                api_key=keys.api_key,
                admin_key=keys.admin_key,
                description=str(description),
            ),
            flush=True,
        )
        while not stopped.is_set():
            if services.ended is not None:
                print(f"{services.ended.title} ended; see its log in {home}", file=sys.stderr)
                return 1
            try:
                async with asyncio.timeout(_POLL_SECONDS):
                    await stopped.wait()
            except TimeoutError:
                continue
        print("stopping …", flush=True)
    return 0
