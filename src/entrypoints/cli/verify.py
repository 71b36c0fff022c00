"""`bursar verify`: prove that the books are right, name the first thing that is not."""

import asyncio
import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from uuid import UUID

_WRONG, _UNUSABLE = 1, 2


def add_arguments(parser: ArgumentParser) -> None:
    """Which tenant, and whether to export or to read an export."""
    parser.add_argument("--tenant", type=UUID, help="only this tenant (all of them)")
    parser.add_argument("--export", type=Path, metavar="FILE", help="also write the tenant's ledger to FILE")
    parser.add_argument("--file", type=Path, metavar="FILE", help="verify an exported FILE; no database is needed")
    parser.add_argument(
        "--public-key", metavar="HEX", help="trust only checkpoints signed by this Ed25519 key (64 hex digits)"
    )


def run(arguments: Namespace) -> int:
    """0 when everything is right, 1 when something is wrong, 2 when it could not be verified."""
    if arguments.file is not None:
        return _verify_file(arguments.file, arguments.public_key)
    return asyncio.run(_verify_database(arguments))


def _verify_file(path: Path, public_key: str | None) -> int:
    from core.application.integrity.verify_export import NotAnExport, verify_export
    from entrypoints.container import checkpoint_checker

    try:
        with open(path, encoding="utf-8") as lines:
            verification = verify_export(lines, checkpoint_checker(public_key))
    except (OSError, NotAnExport, ValueError) as error:
        print(f"{path}: {error}", file=sys.stderr)
        return _UNUSABLE
    _report(verification)
    return 0 if verification.is_clean else _WRONG


async def _verify_database(arguments: Namespace) -> int:
    from core.domain.identifiers import TenantId
    from entrypoints.container import Container
    from entrypoints.settings import Settings

    container = Container(settings=Settings.from_environment(os.environ))
    try:
        tenants = await container.ledger_inspection().tenants()
        if arguments.tenant is not None:
            tenants = [tenant for tenant in tenants if tenant == arguments.tenant]
        if arguments.export is not None and len(tenants) != 1:
            print("--export writes one tenant: name it with --tenant", file=sys.stderr)
            return _UNUSABLE
        if not tenants and arguments.tenant is not None:
            print(f"there is no tenant {arguments.tenant}", file=sys.stderr)
            return _UNUSABLE
        clean = True
        for tenant_id in tenants:
            verification = await container.verify_ledger()(TenantId(tenant_id), progress=_show_progress)
            _report(verification)
            clean = clean and verification.is_clean
            if arguments.export is not None:
                with open(arguments.export, "w", encoding="utf-8") as file:  # noqa: ASYNC230 - nothing else runs
                    async for line in container.export_ledger()(tenant_id):
                        file.write(line + "\n")
                print(f"exported to {arguments.export}")
        return 0 if clean else _WRONG
    finally:
        await container.database().dispose()


def _show_progress(verification: "object") -> None:
    from core.application.integrity.verify_ledger import Verification

    if isinstance(verification, Verification) and sys.stderr.isatty():
        print(
            f"\r{verification.entries} of {verification.expected_entries} entries,"
            f" {verification.transfers} transfers …",
            end="",
            file=sys.stderr,
        )


def _report(verification: "object") -> None:
    from core.application.integrity.verify_ledger import Verification

    assert isinstance(verification, Verification)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    state = "verified" if verification.is_clean else "NOT RIGHT"
    print(
        f"tenant {verification.tenant_id}: {state}: {verification.accounts} accounts, {verification.entries} entries,"
        f" {verification.transfers} transfers, {verification.checkpoints} checkpoints"
    )
    for finding in verification.findings:
        where = [
            f"account {finding.account_id}" if finding.account_id else "",
            f"entry {finding.sequence}" if finding.sequence is not None else "",
            f"transfer {finding.transfer_id}" if finding.transfer_id else "",
        ]
        print(f"  {finding.kind}: {', '.join(filter(None, where)) or 'ledger'}: {finding.detail}")
