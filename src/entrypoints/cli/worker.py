"""`bursar worker`: jobs from Redis Streams, schedules, the outbox relay."""

import os
from argparse import ArgumentParser, Namespace
from importlib import import_module

from entrypoints.settings import Settings


def add_arguments(_parser: ArgumentParser) -> None:
    """None; everything is in the environment."""


def run(_arguments: Namespace) -> int:
    """Work until SIGTERM; running jobs get the grace period, then others take them."""
    process = import_module("entrypoints.worker.process")  # entry points do not know each other
    status: int = process.run(Settings.from_environment(os.environ))
    return status
