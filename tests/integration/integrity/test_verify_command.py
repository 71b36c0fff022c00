"""`bursar verify`: what it prints, and what its exit status tells: 0 right, 1 wrong, 2 not verified."""

import asyncio
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest

from concurrency.market import Market
from conftest import TestDatabase
from core.application.integrity import verify_accounts
from entrypoints.embedded.free_port import free_port
from integration.integrity.command import bursar
from integration.integrity.crime_scene import Attack, Scene, checkpoint_environment


@pytest.fixture
def environment(scene: Scene) -> dict[str, str]:
    """The environment of whoever verifies the scene."""
    return scene.database.environment() | checkpoint_environment(scene.copies.parent)


def public_key(scene: Scene) -> str:
    """The key that signed the scene's checkpoints."""
    key: str = scene.container.checkpoint_signer().public_key.hex()
    return key


# ── A database ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_right_books_are_status_0_and_one_line(scene: Scene, environment: Mapping[str, str]) -> None:
    outcome = await bursar("verify", environment=environment)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == (f"tenant {scene.tenant_id}: verified: 4 accounts, 14 entries, 7 transfers, 2 checkpoints\n")


async def test_wrong_books_are_status_1_and_name_the_account_and_the_entry(
    attack: Attack, environment: Mapping[str, str]
) -> None:
    await attack.sql("UPDATE entries SET amount = 8 WHERE account_id = {alice} AND sequence = 3")
    outcome = await bursar("verify", "--tenant", attack.scene.tenant_id, environment=environment)
    names = attack.scene.names
    assert outcome.status == 1
    assert outcome.out.splitlines() == [
        f"tenant {attack.scene.tenant_id}: NOT RIGHT: 4 accounts, 14 entries, 7 transfers, 2 checkpoints",
        f"  balance_wrong: account {names['alice']}, entry 3, transfer {names['again']}: 900 - 8 is not 893",
        f"  transfer_unbalanced: transfer {names['again']}: debits and credits differ by 1",
    ]


async def test_what_concerns_no_account_concerns_the_ledger(attack: Attack, environment: Mapping[str, str]) -> None:
    await attack.sql("DELETE FROM checkpoints", "DELETE FROM checkpoint_heads")
    outcome = await bursar("verify", environment=environment)
    assert outcome.status == 1
    assert outcome.out.splitlines()[1] == (
        "  checkpoint_missing: ledger: checkpoint 2 has a copy outside, the database ends at 0"
    )


async def test_no_more_than_a_hundred_wrongs_are_listed(database: TestDatabase) -> None:
    """A ledger that is wrong all over is wrong all over."""
    container = database.container()
    await container.posting().start()
    market = await Market.open(container, container.posting())
    for _ in range(101):
        await market.wallet()
    await container.posting().stop(grace_seconds=5)
    superuser = await asyncpg.connect(database.admin_url)
    await superuser.execute("SET session_replication_role = replica; UPDATE accounts SET balance = 1")
    await superuser.close()
    await container.database().dispose()

    outcome = await bursar("verify", environment=database.environment())
    assert (outcome.status, len(outcome.out.splitlines())) == (1, 101)


@pytest.mark.parametrize(("is_terminal", "shown"), [(True, "\r5 of 14 entries, 0 transfers …"), (False, "")])
async def test_progress_is_shown_to_people_only(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, is_terminal: bool, shown: str
) -> None:
    monkeypatch.setattr(verify_accounts, "ENTRY_PAGE", 5)
    outcome = await bursar("verify", environment=environment, is_terminal=is_terminal)
    assert outcome.status == 0
    assert (shown in outcome.err) if is_terminal else (outcome.err == "")
    assert "…" not in outcome.out


async def test_a_key_that_is_named_is_the_only_one_trusted(scene: Scene, environment: Mapping[str, str]) -> None:
    """Also by who has no private key: an auditor with a login to the database."""
    theirs = scene.database.environment()
    assert (await bursar("verify", "--public-key", public_key(scene), environment=theirs)).status == 0
    for its_environment in (theirs, environment):
        outcome = await bursar("verify", "--public-key", "11" * 32, environment=its_environment)
        assert outcome.status == 1
        assert "checkpoint_changed: ledger: checkpoint 1 has a false signature" in outcome.out


# ── What cannot be verified ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--tenant", "01990000-0000-7000-8000-000000000001"], "there is no tenant 01990000-"),
        (["--public-key", "11"], "the checkpoints' key: an Ed25519 public key has 32 bytes, not 1"),
        (["--public-key", "key"], "the checkpoints' key: non-hexadecimal"),
        (["--export", "/no/such/folder/file"], "/no/such/folder/file"),
    ],
)
async def test_what_cannot_be_done_is_status_2(environment: Mapping[str, str], arguments: list[str], said: str) -> None:
    outcome = await bursar("verify", *arguments, environment=environment)
    assert outcome.status == 2
    assert outcome.err.startswith("not verified: ")
    assert said in outcome.err
    assert "Traceback" not in outcome.err


async def test_a_wrong_environment_is_status_2(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("no key")
    for change, said in (
        ({"BURSAR_DATABASE_URL": f"postgresql://x:y@127.0.0.1:{free_port()}/x"}, "database cannot be reached"),
        ({"BURSAR_CHECKPOINT_KEY_FILE": str(tmp_path / "none.pem")}, "none.pem"),
        ({"BURSAR_CHECKPOINT_KEY_FILE": str(tmp_path / "key.pem")}, "holds no Ed25519 private key"),
        ({"BURSAR_DATABSE_URL": "x"}, "databse_url"),
    ):
        outcome = await bursar("verify", environment=environment | change)
        assert (outcome.status, said in outcome.err, "Traceback" in outcome.err) == (2, True, False), outcome.err


async def test_a_database_without_our_tables_is_status_2_and_not_1(database: TestDatabase) -> None:
    """1, as Python would end with, says that the books are wrong."""
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("ALTER TABLE accounts RENAME TO moved")
    await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES (gen_random_uuid(), 'x')")
    await owner.close()
    outcome = await bursar("verify", environment=database.environment())
    assert (outcome.status, "Traceback" in outcome.err) == (2, True)


async def test_of_several_tenants_an_export_names_one(database: TestDatabase, tmp_path: Path) -> None:
    owner = await asyncpg.connect(database.owner_url)
    first, second = uuid4(), uuid4()
    await owner.execute("INSERT INTO tenants (tenant_id, name) VALUES ($1, 'x'), ($2, 'y')", first, second)
    await owner.close()
    export = tmp_path / "ledger.jsonl"
    outcome = await bursar("verify", "--export", export, environment=database.environment())
    assert (outcome.status, outcome.err) == (2, "not verified: --export writes one tenant: name it with --tenant\n")
    assert not export.exists()

    outcome = await bursar("verify", "--export", export, "--tenant", second, environment=database.environment())
    assert outcome.status == 0
    assert (await bursar("verify", "--file", export, "--tenant", first, environment={})).status == 2
    assert (await bursar("verify", "--file", export, "--tenant", second, environment={})).status == 0


# ── Files ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def export_of(scene: Scene, environment: Mapping[str, str], folder: Path) -> Path:
    """The scene's export."""
    path = folder / "ledger.jsonl"
    outcome = await bursar("verify", "--export", path, environment=environment)
    assert outcome.out.splitlines()[1] == f"exported to {path}"
    return path


async def test_an_export_is_verified_where_there_is_no_database_and_no_setting_of_ours(
    scene: Scene, environment: Mapping[str, str], tmp_path: Path
) -> None:
    """A process of its own, far from ours."""
    path = await export_of(scene, environment, tmp_path)
    process = await asyncio.create_subprocess_exec(
        *(
            sys.executable,
            "-m",
            "entrypoints.cli.main",
            "verify",
            "--file",
            path.name,
            "--public-key",
            public_key(scene),
        ),
        env={"PATH": os.environ["PATH"]},
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert out.decode() == (f"tenant {scene.tenant_id}: verified: 4 accounts, 14 entries, 7 transfers, 2 checkpoints\n")


async def test_a_damaged_export_is_status_1_and_names_the_account_and_the_entry(
    scene: Scene, environment: Mapping[str, str], tmp_path: Path
) -> None:
    path = await export_of(scene, environment, tmp_path)
    path.write_text(path.read_text("utf-8").replace(",7,893,", ",8,893,"), "utf-8")
    outcome = await bursar("verify", "--file", path, environment={})
    names = scene.names
    assert outcome.status == 1
    assert outcome.out.splitlines()[1:] == [
        f"  balance_wrong: account {names['alice']}, entry 3, transfer {names['again']}: 900 - 8 is not 893",
        "  export_damaged: ledger: accounts and transfers do not tell of the same entries",
    ]


async def test_an_export_of_wrong_books_is_as_wrong_as_they_are(
    attack: Attack, environment: Mapping[str, str], tmp_path: Path
) -> None:
    await attack.sql("DELETE FROM entries WHERE account_id = {alice} AND sequence = 3")
    path = tmp_path / "ledger.jsonl"
    assert (await bursar("verify", "--export", path, environment=environment)).status == 1
    outcome = await bursar("verify", "--file", path, environment={})
    assert outcome.status == 1
    assert f"entry_missing: account {attack.scene.names['alice']}, entry 3" in outcome.out


async def test_an_export_of_a_transfer_without_entries_shows_it(
    attack: Attack, environment: Mapping[str, str], tmp_path: Path
) -> None:
    await attack.sql("DELETE FROM entries WHERE transfer_id = {last}")
    await attack.rewrite_account("alice", "bob")
    path = tmp_path / "ledger.jsonl"
    assert (await bursar("verify", "--export", path, environment=environment)).status == 1
    outcome = await bursar("verify", "--file", path, environment={})
    assert f"transfer_unbalanced: transfer {attack.scene.names['last']}" in outcome.out


async def test_a_byte_that_is_no_text_is_damage(scene: Scene, environment: Mapping[str, str], tmp_path: Path) -> None:
    path = await export_of(scene, environment, tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:4], b"\xff\n", *lines[5:]]))
    outcome = await bursar("verify", "--file", path, environment={})
    assert outcome.status == 1
    assert "export_damaged: ledger: line 5 is not one of bursar.ledger.1: 'utf-8' codec" in outcome.out


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"hello\n", b'{"format": "other"}\n'])
async def test_what_is_no_export_is_status_2(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    outcome = await bursar("verify", "--file", path, environment={})
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith(f"not verified: {path}: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["--file", "/no/such/file"], "/no/such/file"), (["--file", "/etc/hosts", "--public-key", "1"], "--public-key")],
)
async def test_a_file_that_cannot_be_verified_is_status_2(arguments: list[str], said: str) -> None:
    outcome = await bursar("verify", *arguments, environment={})
    assert outcome.status == 2
    assert said in outcome.err
