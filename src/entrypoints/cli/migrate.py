"""`bursar migrate`: bring the database to the newest schema."""

import os
from argparse import ArgumentParser, Namespace

from entrypoints.settings import Settings


def add_arguments(_parser: ArgumentParser) -> None:
    """None; the database is in the environment."""


def run(_arguments: Namespace) -> int:
    """Migrate as the tables' owner (BURSAR_MIGRATION_DATABASE_URL, else the database URL)."""
    from entrypoints.container import migrate_database

    settings = Settings.from_environment(os.environ)
    owner = settings.migration_database_url or settings.database_url
    migrate_database(owner.reveal())
    print("the schema is up to date")
    return 0
