"""The schemas in docs/events are those of the code."""

import json
from pathlib import Path

from core.domain.events import CATALOGUE
from entrypoints.export_event_schemas import event_schemas

KEPT = Path(__file__).parents[2] / "docs" / "events"


def test_the_kept_schemas_are_those_of_the_catalogue() -> None:
    """Renew them with: python -m entrypoints.export_event_schemas docs/events."""
    kept = {path.name: path.read_bytes() for path in KEPT.iterdir()}

    assert kept == event_schemas()
    assert set(kept) == {"README.md", *(f"{name}.json" for name in CATALOGUE)}


def test_every_schema_says_what_it_is_of_and_requires_every_member() -> None:
    schemas = event_schemas()
    for name in CATALOGUE:
        schema = json.loads(schemas[f"{name}.json"])
        assert schema["$id"].endswith(f"/{name}.json")
        assert schema["title"] == name
        assert set(schema["required"]) == set(schema["properties"]), "an event never leaves a member out"
