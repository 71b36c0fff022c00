"""`bursar seed`: a first tenant with keys, assets, users and opening balances, in any database."""

import asyncio
import os
from argparse import ArgumentParser, Namespace
from pathlib import Path

from entrypoints.settings import Settings


def add_arguments(parser: ArgumentParser) -> None:
    """Where the keys are kept."""
    parser.add_argument("--sql", type=Path, metavar="FILE", help="write the seed as SQL to FILE instead")
    parser.add_argument("--data-dir", type=Path, default=Path(".bursar"), help="folder the keys are kept in (.bursar)")


def run(arguments: Namespace) -> int:
    """Seed the database of the environment (again changes nothing), or write the same as SQL."""
    if arguments.sql is not None:
        from entrypoints.development.seed_sql import seed_sql

        arguments.sql.write_text(seed_sql(), encoding="utf-8")
        print(f"written to {arguments.sql}")
        return 0
    from entrypoints.container import Container
    from entrypoints.development.keys import keys_in
    from entrypoints.development.seeding import seed

    settings = Settings.from_environment(os.environ)
    arguments.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    keys = keys_in(arguments.data_dir)
    asyncio.run(seed(Container(settings=settings), keys))
    print(f"seeded; the keys are in {arguments.data_dir}/api.key and {arguments.data_dir}/admin.key")
    return 0
