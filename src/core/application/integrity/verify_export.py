"""
Verify an exported ledger (``bursar.ledger.1``) without a database.

Accounts and transfers stand in two parts of the file, each in its own order. That both tell of the same entries is
shown by a sum that does not depend on order, so memory grows with the accounts, not with the entries.
"""

import json
import struct
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from core.application.integrity.export_ledger import FORMAT
from core.application.integrity.export_reading import ExportReading
from core.application.integrity.verification import Progress, Verification, silent
from core.domain.identifiers import TenantId
from core.domain.integrity import Finding, FindingKind
from ports.checkpoint_signer import CheckpointChecker

PROGRESS_LINES = 5000
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError, struct.error)
"""What comes of a line of another shape than ours."""


class NotAnExport(Exception):
    """The file does not begin as a ledger export of a format we know."""


def verify_export(lines: Iterable[str], checker: CheckpointChecker, *, progress: Progress = silent) -> Verification:
    """
    Walk the file once, from its first line to its last, or to the first that cannot be read.

    *lines* are decoded when they are asked for, one by one: one that is no UTF-8 is a damaged line like others.

    Raises:
        NotAnExport: If it does not begin as an export does.
        OSError: If the file cannot be read.
    """
    reader = enumerate(lines, 1)
    verification = Verification(_tenant_of(reader), expected_entries=0)
    reading = ExportReading(verification, checker)
    number = 1
    try:
        for number, line in reader:
            _take(reading, json.loads(line))
            if number % PROGRESS_LINES == 0:
                progress(verification)
    except UnicodeDecodeError as error:
        _damaged(verification, f"line {number + 1} is not one of {FORMAT}: {error}")
    except _UNREADABLE as error:
        _damaged(verification, f"line {number} is not one of {FORMAT}: {error}")
    else:
        reading.end()
    return verification


def _damaged(verification: Verification, detail: str) -> None:
    verification.found(Finding(FindingKind.EXPORT_DAMAGED, detail))


def _tenant_of(reader: Iterator[tuple[int, str]]) -> TenantId:
    try:
        header = json.loads(next(reader)[1])
        if header["format"] != FORMAT:
            raise NotAnExport(f"the format is {header['format']!r}, not {FORMAT!r}")
        return TenantId(UUID(header["tenant_id"]))
    except (StopIteration, *_UNREADABLE) as error:
        raise NotAnExport(f"the first line is not that of {FORMAT}") from error


def _take(reading: ExportReading, line: dict[str, Any]) -> None:
    ((part, told),) = line.items()
    match part:
        case "entry":
            reading.take_entry(told)
        case "transfer":
            reading.take_transfer(told)
        case "account":
            reading.take_account(told)
        case "checkpoint":
            reading.take_checkpoint(told)
        case "end":
            reading.take_end(told)
        case _:
            raise ValueError(f"nothing is called {part!r}")
