"""`bursar demo`: a whole story over HTTP, on free ports and a temporary folder."""

import asyncio
import tempfile
from argparse import ArgumentParser, Namespace
from pathlib import Path


def add_arguments(_parser: ArgumentParser) -> None:
    """None: it needs nothing."""


def run(_arguments: Namespace) -> int:
    """Tell the story; 0 when everything in it, the verified ledger included, came out as it should."""
    return asyncio.run(_tell())


async def _tell() -> int:
    from entrypoints.container import Container
    from entrypoints.development.services import DevelopmentServices
    from entrypoints.development.stack import DevelopmentStack
    from entrypoints.development.story import tell

    with tempfile.TemporaryDirectory(prefix="bursar-demo-") as folder:
        home = Path(folder) / "home"
        async with DevelopmentStack(home) as stack:
            print("PostgreSQL and Valkey are running, the schema is made, the first tenant is there.")
            async with DevelopmentServices(stack) as services:
                keys = stack.keys
                await tell(
                    services.api.base_url,
                    api_key=keys.api_key,
                    admin_key=keys.admin_key,
                    clock=Container.clock(),
                    simulator=services.simulator,
                )
    return 0
