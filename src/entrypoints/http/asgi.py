"""What Granian loads: one application a worker process, from the environment."""

import os

from litestar.types import ASGIApp

from entrypoints.container import Container
from entrypoints.http.app import create_app
from entrypoints.settings import Settings
from entrypoints.telemetry import configure_logging


def create() -> ASGIApp:
    """The application, configured by ``BURSAR_*`` variables."""
    settings = Settings.from_environment(os.environ)
    configure_logging(settings.log_level)
    return create_app(Container(settings=settings))
