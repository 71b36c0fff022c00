"""A tenant's ledger as a file: the same for us and for an outsider who only knows docs/ledger-export.md."""

import json
from pathlib import Path

import pytest
from sqlalchemy import text

from concurrency.market import Market
from core.application.integrity import export_ledger
from core.application.integrity.verify_export import verify_export
from core.domain.identifiers import TenantId
from entrypoints.container import Container, checkpoint_checker
from integration.integrity.crime_scene import Scene
from unit.test_integrity_export_format import run_verifier


async def export(container: Container, tenant_id: TenantId) -> list[str]:
    """The lines."""
    return [line async for line in container.export_ledger()(tenant_id)]


async def test_an_export_is_verified_by_us_and_by_an_outsider(scene: Scene, tmp_path: Path) -> None:
    lines = await export(scene.container, scene.tenant_id)
    key = scene.container.checkpoint_signer().public_key.hex()

    verification = verify_export(lines, checkpoint_checker(key))

    assert verification.findings == []
    counted = (verification.checkpoints, verification.accounts, verification.entries, verification.transfers)
    assert counted == (2, 4, 14, 7)
    assert run_verifier(tmp_path, lines, key) == (0, "4 accounts, 14 entries: right\n")


async def test_an_export_says_what_clients_wrote_word_for_word(scene: Scene) -> None:
    transfers = [
        json.loads(line)["transfer"] for line in await export(scene.container, scene.tenant_id) if "legs" in line
    ]
    (paid,) = [transfer for transfer in transfers if transfer["reference"] == "order-1"]
    assert (paid["description"], paid["metadata"]) == ("Größe 42", '{"order": "42"}')


async def test_an_export_tells_of_one_tenant_only(market: Market) -> None:
    other = await Market.open(market.container, market.posting)
    await other.wallet(100)
    await market.wallet()
    lines = [json.loads(line) for line in await export(market.container, market.tenant_id)]
    assert [next(iter(line)) for line in lines] == ["format", "account", "end"]
    assert lines[-1]["end"] == {"checkpoints": 0, "accounts": 1, "entries": 0, "transfers": 0}


@pytest.mark.parametrize("page", [1, 2, 3, 7, 14])
async def test_page_ends_leave_nothing_out(scene: Scene, monkeypatch: pytest.MonkeyPatch, page: int) -> None:
    whole = await export(scene.container, scene.tenant_id)
    monkeypatch.setattr(export_ledger, "_PAGE", page)
    assert (await export(scene.container, scene.tenant_id))[1:] == whole[1:]


async def test_who_reads_an_export_may_take_a_minute_between_two_pages(scene: Scene) -> None:
    """Others' transactions are ended after five seconds of idleness; this one waits for disks and pipes."""
    inspection = scene.container.ledger_inspection()
    async with inspection.at_one_moment() as ledger:
        rows = await ledger._rows(text("SHOW idle_in_transaction_session_timeout"))
    assert rows[0][0] == "1min"
