"""docker-compose.yml as Compose would read it."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE_FILE = ROOT / "docker-compose.yml"

VARIABLES = {
    "POSTGRES_PASSWORD": "superuser-of-the-tests",
    "BURSAR_OWNER_PASSWORD": "owner-of-the-tests",
    "BURSAR_API_PASSWORD": "application-of-the-tests",
    "REDIS_PASSWORD": "queue-of-the-tests",
    "BURSAR_ENCRYPTION_KEY": "encryption-key-of-the-tests-and-of-nothing-else",
    "BURSAR_API_KEY_PEPPER": "pepper-of-the-tests-pepper-of-the-tests",
}
"""What has no default."""

_REFERENCE = re.compile(r"\$(?:\$|\{(?P<name>\w+)(?:(?P<kind>:\?|:-)(?P<rest>[^}]*))?\})")


class MissingVariable(Exception):
    """Compose would refuse to start."""


def services(variables: Mapping[str, str]) -> dict[str, Any]:
    """
    The services, with these variables set.

    Raises:
        MissingVariable: If one is not set that must be.
    """
    document = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))
    found: dict[str, Any] = _filled_in(document, variables)["services"]
    return found


def _filled_in(value: Any, variables: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled_in(each, variables) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled_in(each, variables) for each in value]
    return _REFERENCE.sub(lambda found: _value_of(found, variables), value) if isinstance(value, str) else value


def _value_of(found: re.Match[str], variables: Mapping[str, str]) -> str:
    name, kind, rest = found["name"], found["kind"], found["rest"]
    if name is None:
        return "$"
    if variables.get(name):
        return variables[name]
    if kind == ":-":
        return str(rest)
    raise MissingVariable(f"{name}: {rest}")
