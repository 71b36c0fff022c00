"""`bursar verify`: prove that the books are right, name the first thing that is not."""

import asyncio
import os
import sys
import traceback
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from core.application.integrity.verification import Verification
from core.application.integrity.verify_ledger import VerifyLedgerHandler
from core.domain.errors import Unavailable
from core.domain.identifiers import TenantId
from core.domain.integrity import Finding
from entrypoints.container import Container, checkpoint_checker
from entrypoints.settings import InvalidSettings, Settings

_WRONG, _UNUSABLE = 1, 2
_PROGRESS_LINES = 5000


class _Unusable(Exception):
    """It cannot be verified, for a reason that one sentence tells."""


def add_arguments(parser: ArgumentParser) -> None:
    """Which tenant, and whether to export or to read an export."""
    files = parser.add_mutually_exclusive_group()
    files.add_argument("--export", type=Path, metavar="FILE", help="also write the tenant's ledger to FILE")
    files.add_argument("--file", type=Path, metavar="FILE", help="verify an exported FILE; no database is needed")
    parser.add_argument("--tenant", type=UUID, help="only this tenant (all of them)")
    parser.add_argument(
        "--public-key", metavar="HEX", help="trust only checkpoints signed by this Ed25519 key (64 hex digits)"
    )


def run(arguments: Namespace) -> int:
    """0 when everything is right, 1 when something is wrong, 2 when it could not be verified."""
    try:
        is_clean = _verify_file(arguments) if arguments.file is not None else asyncio.run(_verify_database(arguments))
    except (_Unusable, InvalidSettings, Unavailable, OSError) as error:
        print(f"not verified: {error}", file=sys.stderr)
        return _UNUSABLE
    except Exception:  # noqa: BLE001 - 1, as Python would end with, says that the books are wrong
        traceback.print_exc()
        return _UNUSABLE
    return 0 if is_clean else _WRONG


def _verify_file(arguments: Namespace) -> bool:
    from core.application.integrity.verify_export import NotAnExport, verify_export

    try:
        checker = checkpoint_checker(arguments.public_key)
    except ValueError as error:
        raise _Unusable(f"--public-key: {error}") from error
    try:
        with open(arguments.file, "rb") as lines:
            verification = verify_export(map(bytes.decode, lines), checker, progress=_show_progress)
    except NotAnExport as error:
        raise _Unusable(f"{arguments.file}: {error}") from error
    if arguments.tenant not in {None, verification.tenant_id}:
        raise _Unusable(f"{arguments.file} is the ledger of tenant {verification.tenant_id}")
    _report(verification)
    return verification.is_clean


async def _verify_database(arguments: Namespace) -> bool:
    container = Container(settings=Settings.from_environment(os.environ))
    verify = _verifier(container, arguments.public_key)
    try:
        is_clean = True
        for tenant_id in await _tenants(container, arguments):
            verification = await verify(tenant_id, progress=_show_progress)
            _report(verification)
            is_clean = is_clean and verification.is_clean
            if arguments.export is not None:
                await _export(container, tenant_id, arguments.export)
        return is_clean
    finally:
        await container.database().dispose()


def _verifier(container: Container, public_key: str | None) -> VerifyLedgerHandler:
    """Trusts the key that is named, else that of the environment, else whichever a checkpoint names."""
    try:
        handler: VerifyLedgerHandler = container.verify_ledger()
        return handler if public_key is None else replace(handler, checker=checkpoint_checker(public_key))
    except ValueError as error:
        raise _Unusable(f"the checkpoints' key: {error}") from error


async def _tenants(container: Container, arguments: Namespace) -> list[TenantId]:
    tenants = [
        tenant_id
        for tenant_id in await container.ledger_inspection().tenants()
        if arguments.tenant in {None, tenant_id}
    ]
    if arguments.tenant is not None and not tenants:
        raise _Unusable(f"there is no tenant {arguments.tenant}")
    if arguments.export is not None and len(tenants) != 1:
        raise _Unusable("--export writes one tenant: name it with --tenant")
    return tenants


async def _export(container: Container, tenant_id: TenantId, path: Path) -> None:
    watched = sys.stderr.isatty()
    with open(path, "w", encoding="utf-8") as file:  # noqa: ASYNC230 - nothing else runs
        number = 0
        async for line in container.export_ledger()(tenant_id):
            file.write(line + "\n")
            number += 1
            if watched and number % _PROGRESS_LINES == 0:
                print(f"\r{number} lines exported …", end="", file=sys.stderr)
    if watched:
        print(file=sys.stderr)
    print(f"exported to {path}")


def _show_progress(verification: Verification) -> None:
    if not sys.stderr.isatty():
        return
    of_all = f" of {verification.expected_entries}" if verification.expected_entries else ""
    print(
        f"\r{verification.entries}{of_all} entries, {verification.transfers} transfers …",
        end="",
        file=sys.stderr,
        flush=True,
    )


def _report(verification: Verification) -> None:
    if sys.stderr.isatty():
        print(file=sys.stderr)
    state = "verified" if verification.is_clean else "NOT RIGHT"
    begun = f" ({verification.snapshots} begun at a snapshot)" if verification.snapshots else ""
    print(
        f"tenant {verification.tenant_id}: {state}: {verification.accounts} accounts{begun},"
        f" {verification.entries} entries, {verification.transfers} transfers, {verification.checkpoints} checkpoints"
    )
    for finding in verification.findings:
        print(f"  {finding.kind}: {_place(finding)}: {finding.detail}")


def _place(finding: Finding) -> str:
    where = [
        f"account {finding.account_id}" if finding.account_id else "",
        f"entry {finding.sequence}" if finding.sequence is not None else "",
        f"transfer {finding.transfer_id}" if finding.transfer_id else "",
    ]
    return ", ".join(filter(None, where)) or "ledger"
