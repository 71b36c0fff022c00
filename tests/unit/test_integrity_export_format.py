"""The export's format, ``bursar.ledger.1``: docs/ledger-export.md describes it, with a test vector and a verifier."""

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.crypto.checkpoint_signatures import Ed25519CheckpointChecker, Ed25519CheckpointSigner
from builders import ALICE, BOB, NOON, TENANT, TRACE_ID, main_account, open_book, posted, system_account
from core.application.integrity.export_ledger import ExportLedgerHandler
from core.application.integrity.verify_export import verify_export
from core.domain.accounts import Account, Purpose
from core.domain.chain import GENESIS, transfer_digest
from core.domain.checkpoints import Checkpoint, checkpoint_payload, merkle_root
from core.domain.identifiers import AccountId, TenantId, TransferId
from core.domain.instructions import Instruction
from core.domain.integrity import Head, Link
from core.domain.transfers import Leg, Transfer, TransferDraft, TransferType
from ports.checkpoint_repository import CheckpointRepository
from ports.clock import Clock
from ports.ledger_inspection import LedgerInspection, LinkPosition, PlacedLink

DOCUMENT = Path(__file__).parents[2] / "docs" / "ledger-export.md"
SEED = bytes(range(32))
PUBLIC_KEY = "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"


def block(language: str) -> str:
    """The document's block of that language."""
    (found,) = [part.split("```")[0] for part in DOCUMENT.read_text("utf-8").split(f"```{language}\n")[1:]]
    return found


def transfer_id(number: int) -> TransferId:
    """The vector's transfers are numbered."""
    return TransferId(UUID(f"01990000-0000-7000-8000-0000000000{number:02x}"))


class VectorLedger:
    """The ledger of the test vector: a top-up, a payment, a checkpoint, a transfer of two legs."""

    def __init__(self, folder: Path, *, payment: int = 250, goes_on: bool = True) -> None:
        self.accounts = sorted(
            [main_account(ALICE), main_account(BOB), system_account(Purpose.TREASURY)], key=lambda account: account.id
        )
        self.treasury = next(account.id for account in self.accounts if account.purpose is Purpose.TREASURY)
        book = open_book(*self.accounts)
        self.told: list[Transfer] = []

        def post(type_: TransferType, *legs: tuple[UUID, UUID, int], **said: Any) -> None:
            moves = tuple(Leg(AccountId(debit), AccountId(credit), amount) for debit, credit, amount in legs)
            draft = TransferDraft(transfer_id(len(self.told) + 1), type_, moves, TRACE_ID, **said)
            self.told.extend(posted(book.decide(Instruction(TENANT, (draft,)))).transfers)

        post(TransferType.TOPUP, (self.treasury, ALICE, 1000))
        said = {"reference": "invoice-2041", "description": "Größe 42 → 43", "metadata": '{"order":"42"}'}
        post(TransferType.TRANSFER, (ALICE, BOB, payment), **said)
        self.checkpoint, self.signed = self._sign(folder)
        if goes_on:
            post(TransferType.TRANSFER, (ALICE, BOB, 50), (BOB, ALICE, 20))

    def _sign(self, folder: Path) -> tuple[Checkpoint, list[Head]]:
        path = folder / "key.pem"
        key = Ed25519PrivateKey.from_private_bytes(SEED)
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        signer, heads = Ed25519CheckpointSigner(path), [head_of(account) for account in self.accounts]
        signed: dict[str, Any] = {
            "tenant_id": TENANT,
            "number": 1,
            "taken_at": NOON,
            "previous": GENESIS,
            "root": merkle_root(heads),
            "head_count": len(heads),
        }
        signature = signer.sign(checkpoint_payload(**signed))
        return Checkpoint(**signed, public_key=signer.public_key, signature=signature), heads

    # ports.clock, ports.checkpoint_repository and ports.ledger_inspection, as far as an export asks

    def now(self) -> datetime:
        return NOON

    async def page(self, _tenant_id: TenantId, *, after: int, limit: int) -> Sequence[Checkpoint]:
        return [self.checkpoint][after:limit]

    @asynccontextmanager
    async def at_one_moment(self) -> AsyncIterator["VectorLedger"]:
        yield self

    async def heads(self, _tenant_id: TenantId, number: int = 0, **pages: Any) -> Sequence[Head]:
        if number:
            return self.signed
        return [] if pages["after"] else [head_of(account) for account in self.accounts]

    async def beginnings(self, _tenant_id: TenantId, **_pages: Any) -> Sequence[Head]:
        return []

    async def links(self, _tenant_id: TenantId, *, after: LinkPosition | None, **_pages: Any) -> Sequence[PlacedLink]:
        links = [link for transfer in self.told for link in links_of(transfer)] if after is None else []
        links.sort(key=lambda link: (link.account_id, link.sequence))
        return [PlacedLink(link, LinkPosition(link.account_id, NOON, link.sequence)) for link in links]

    async def transfers(self, _tenant_id: TenantId, *, after: UUID | None, limit: int) -> Sequence[Transfer]:
        return self.told[:limit] if after is None else []


def head_of(account: Account) -> Head:
    """Where it stands."""
    return Head(account.id, account.asset, account.sequence, account.balance, account.chain)


def links_of(transfer: Transfer) -> list[Link]:
    """Its entries, as a walk needs them."""
    columns = ("type", "posted_at", "trace_id", "reference", "description", "metadata", "reversal_of", "hold_id")
    said = {name: getattr(transfer, name) for name in columns}
    digest = transfer_digest(
        tenant_id=TENANT,
        transfer_id=transfer.id,
        entry_count=len(transfer.entries),
        **said | {"type": transfer.type.value},
    )
    own = ("account_id", "asset", "sequence", "leg", "direction", "amount", "balance_after", "chain")
    return [
        Link(transfer_id=transfer.id, digest=digest, **{name: getattr(entry, name) for name in own})
        for entry in transfer.entries
    ]


async def exported(vector: VectorLedger) -> list[str]:
    """The vector's ledger, exported."""
    export = ExportLedgerHandler(
        cast("LedgerInspection", vector), cast("CheckpointRepository", vector), cast("Clock", vector)
    )
    return [line async for line in export(TENANT)]


async def test_the_vector_in_the_document_is_what_we_export(tmp_path: Path) -> None:
    assert await exported(VectorLedger(tmp_path)) == block("jsonl").splitlines()


def test_the_vector_in_the_document_is_what_we_verify() -> None:
    lines = block("jsonl").splitlines(keepends=True)
    verification = verify_export(lines, Ed25519CheckpointChecker(bytes.fromhex(PUBLIC_KEY)))
    assert verification.findings == []
    assert (verification.checkpoints, verification.accounts, verification.entries, verification.transfers) == (
        1,
        3,
        8,
        3,
    )


def run_verifier(folder: Path, lines: list[str], *arguments: str) -> tuple[int, str]:
    """What an outsider's program says, who knows the document and nothing of us."""
    script, file = folder / "outsider.py", folder / "ledger.jsonl"
    script.write_text(block("python"), "utf-8")
    file.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", script, file, *arguments], capture_output=True, text=True, check=False, env={}
    )
    return done.returncode, done.stdout + done.stderr


def test_the_document_s_own_verifier_takes_the_vector(tmp_path: Path) -> None:
    assert run_verifier(tmp_path, block("jsonl").splitlines(), PUBLIC_KEY) == (0, "3 accounts, 8 entries: right\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (",1000,1000,", ",1001,1000,", "00000000a11c, entry 1"),
        ("Größe 42", "Größe 43", "accounts and transfers do not tell of the same entries"),
        ('"balance":280', '"balance":281', "000000000b0b ends elsewhere"),
        ('"number":1', '"number":2', "checkpoint"),
        ('{"end":', '{"account":', "the order of the parts"),
        ('"transfers":3', '"transfers":4', "counts"),
    ],
)
def test_the_document_s_own_verifier_refuses_a_changed_vector(tmp_path: Path, old: str, new: str, said: str) -> None:
    lines = block("jsonl").replace(old, new, 1).splitlines()
    status, output = run_verifier(tmp_path, lines, PUBLIC_KEY)
    assert (status, output.startswith("wrong: "), said in output) == (1, True, True), output


def test_the_document_s_own_verifier_misses_the_end(tmp_path: Path) -> None:
    lines = block("jsonl").splitlines()[:-1]
    assert run_verifier(tmp_path, lines, PUBLIC_KEY) == (1, "wrong: the end is missing\n")


def test_the_document_s_own_verifier_takes_no_other_key(tmp_path: Path) -> None:
    status, output = run_verifier(tmp_path, block("jsonl").splitlines(), "00" * 32)
    assert (status, "checkpoint 1" in output) == (1, True)
