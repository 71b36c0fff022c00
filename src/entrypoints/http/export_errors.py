"""
Write the error catalogue to a file.

    python -m entrypoints.http.export_errors docs/errors.md
"""

import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from pkgutil import walk_packages

import core
import ports
from core.domain.errors import Conflict, CoreError, NotFound, OutcomeUnknown, Rejected, Unavailable
from entrypoints.http.problem_types import PROBLEM_TYPES, ProblemType
from entrypoints.http.problems import PROBLEM_PREFIX, status_of_type

_CATEGORIES = (CoreError, NotFound, Conflict, Rejected, OutcomeUnknown, Unavailable)
_MEANINGS = {
    202: "It is under way, or nobody knows yet",
    400: "The request cannot be understood",
    401: "Who asks is not known",
    403: "Who asks may not do this",
    404: "There is no such thing, or it is another tenant's",
    405: "The path does not take the method",
    409: "The state of things does not allow it",
    413: "Too much at once",
    415: "Not a body we read",
    422: "A rule says no",
    500: "Our fault",
    503: "Not now",
}
_HEAD = f"""# Errors

Every error is a problem document (RFC 9457, `application/problem+json`): `type`, `title`, `status`, `detail`,
`instance`, `code`, `request_id`, `retryable`, and `errors` (pointer and detail) where fields are at fault. Branch on
`code`; it never changes its meaning. `detail` is for people. Some codes add members, such as `available` or
`transfer_id`. `type` is `{PROBLEM_PREFIX}<code with hyphens>`.

`retryable` means that the very same request, with the same idempotency key, may succeed later: wait as long as
`Retry-After` says. Refusals by a rule (409 and 422, decided under lock) are kept with the idempotency key and come
again byte for byte; everything else is decided anew.

Made from the code by `python -m entrypoints.http.export_errors docs/errors.md`.
"""


def error_catalogue() -> str:
    """All codes with status, title and meaning, as Markdown."""
    import_module("entrypoints.container")  # and with it the adapters that are in use
    for room in (core, ports):
        for module in walk_packages(room.__path__, f"{room.__name__}."):
            import_module(module.name)
    entries = [*(_of_core(error) for error in set(_below(CoreError)) - set(_CATEGORIES)), *PROBLEM_TYPES]
    parts = [_HEAD]
    for status, meaning in _MEANINGS.items():
        kinds = sorted((entry for entry in entries if entry.status == status), key=lambda entry: entry.code)
        if kinds:
            parts.append(f"\n## {status} · {meaning}\n\n| code | title | retryable | when |\n|---|---|---|---|\n")
            parts.extend(map(_row, kinds))
    return "".join(parts)


def _below(kind: type[CoreError]) -> Iterator[type[CoreError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def _of_core(error: type[CoreError]) -> ProblemType:
    meaning = " ".join((getdoc(error) or "").split())
    return ProblemType(error.code, status_of_type(error), error.title, meaning, error.retryable)


def _row(kind: ProblemType) -> str:
    return f"| `{kind.code}` | {kind.title} | {'yes' if kind.retryable else 'no'} | {kind.meaning} |\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(error_catalogue(), encoding="utf-8")
