"""
Write the JSON Schema of every event's data to a folder, and a list of them.

    python -m entrypoints.export_event_schemas docs/events
"""

import json
import sys
from inspect import getdoc
from pathlib import Path
from typing import Any

import msgspec

from core.domain.events import CATALOGUE

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ADDRESS = "https://bursar.dev/schemas/events/"
"""As the stream's `dataschema` begins (adapters.streams.cloud_events)."""

_HEAD = """# Types of events

Made from the code by `python -m entrypoints.export_event_schemas docs/events`; [events.md](../events.md) says the rest.

| type | its data |
|---|---|
"""


def event_schemas() -> dict[str, bytes]:
    """File names and contents: one for each type in the catalogue, and the list."""
    schemas = {f"{name}.json": _schema(name, kind) for name, kind in sorted(CATALOGUE.items())}
    return {"README.md": _list(), **schemas}


def _list() -> bytes:
    rows = [f"| [`{name}`]({name}.json) | {_summary(kind)} |\n" for name, kind in sorted(CATALOGUE.items())]
    return (_HEAD + "".join(rows)).encode()


def _summary(kind: type) -> str:
    return (getdoc(kind) or "").partition("\n\n")[0].replace("\n", " ")


def _schema(name: str, kind: type) -> bytes:
    """Consumers should ignore members they do not know: the catalogue may add some, so none are forbidden."""
    (_reference,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    own: dict[str, Any] = components.pop(kind.__name__)
    document: dict[str, Any] = {"$schema": _DIALECT, "$id": f"{_ADDRESS}{name}.json"} | own | {"title": name}
    if components:
        document["$defs"] = components
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for file_name, content in event_schemas().items():
        (folder / file_name).write_bytes(content)
