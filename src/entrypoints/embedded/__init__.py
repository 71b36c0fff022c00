"""A real PostgreSQL and a real Valkey out of two wheels, for `bursar dev`, `bursar demo` and the tests."""

from entrypoints.embedded.errors import (
    DataFolderInUse,
    EmbeddedPackagesMissing,
    EmbeddedServersError,
    PostgresBinNotUsable,
    ServerDidNotStart,
)
from entrypoints.embedded.servers import EmbeddedServers

__all__ = [
    "DataFolderInUse",
    "EmbeddedPackagesMissing",
    "EmbeddedServers",
    "EmbeddedServersError",
    "PostgresBinNotUsable",
    "ServerDidNotStart",
]
