"""
Write the OpenAPI document to a file.

    python -m entrypoints.http.export_openapi docs/api/openapi.json
"""

import sys
from pathlib import Path

from entrypoints.container import Container
from entrypoints.http.app import create_litestar
from entrypoints.http.openapi.document import as_json, describe
from entrypoints.settings import Settings

_NOWHERE = {"BURSAR_DATABASE_URL": "postgresql://nobody@localhost/nothing", "BURSAR_API_KEY_PEPPER": "-" * 32}
"""The routes are described without a database: nothing connects until it is asked to."""


def exported_openapi() -> bytes:
    """The document as docs/api keeps it: the very bytes that are served."""
    return as_json(describe(create_litestar(Container(settings=Settings.from_environment(_NOWHERE)))))


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(exported_openapi())
