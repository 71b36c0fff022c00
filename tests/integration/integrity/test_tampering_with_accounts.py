"""Accounts, holds and checkpoints changed by a superuser whose triggers do not fire."""

import json
from pathlib import Path

import pytest

from adapters.crypto.checkpoint_signatures import Ed25519CheckpointSigner
from adapters.files.checkpoint_sink import FileCheckpointSink
from concurrency.market import Market
from core.application.integrity.take_checkpoint import TakeCheckpointHandler
from core.domain.checkpoints import Checkpoint, CheckpointMissing
from core.domain.identifiers import WalletId
from entrypoints.container import make_checkpoint_key
from integration.integrity.crime_scene import Attack

ASSET_OFF = ("asset_unbalanced", None, None)


async def cut_the_last_transfer(attack: Attack) -> None:
    """As if Alice had never paid her last 11: entries, transfer, register and accounts agree."""
    await attack.delete_transfer("last")
    await attack.rewrite_account("alice", "bob")


async def test_a_changed_balance_is_not_what_its_entries_say(attack: Attack) -> None:
    await attack.sql("UPDATE accounts SET balance = balance + 1 WHERE id = {alice}")
    assert await attack.verify() == [("account_changed", "alice", 6), ASSET_OFF]


async def test_a_balance_moved_between_accounts_is_not_what_their_entries_say(attack: Attack) -> None:
    await attack.sql(
        "UPDATE accounts SET balance = balance + 1 WHERE id = {alice}",
        "UPDATE accounts SET balance = balance - 1 WHERE id = {bob}",
    )
    assert await attack.verify() == [("account_changed", "alice", 6), ("account_changed", "bob", 5)]


async def test_a_changed_hash_is_not_what_its_entries_say(attack: Attack) -> None:
    await attack.sql("UPDATE accounts SET chain = sha256(chain) WHERE id = {alice}")
    assert await attack.verify() == [("account_changed", "alice", 6)]


async def test_a_changed_asset_is_not_what_its_entries_say(attack: Attack) -> None:
    await attack.sql("UPDATE accounts SET asset = 'USD' WHERE id = {alice}")
    assert await attack.verify() == [("account_changed", "alice", 1), ASSET_OFF, ASSET_OFF]


async def test_accounts_wound_back_to_an_earlier_entry_do_not_know_the_later_ones(attack: Attack) -> None:
    """They agree with each other and with that entry: only that there are later ones is wrong."""
    await attack.sql(
        *(
            f"""
            UPDATE accounts SET sequence = before.sequence, balance = before.balance_after, chain = before.chain
            FROM (SELECT * FROM entries WHERE account_id = {{{account}}} AND sequence = {sequence}) AS before
            WHERE id = {{{account}}}
            """
            for account, sequence in (("alice", 5), ("bob", 4))
        )
    )
    await attack.sql("DELETE FROM checkpoints", "DELETE FROM checkpoint_heads")
    assert await attack.verify(sink=False) == [("account_changed", "alice", 6), ("account_changed", "bob", 5)]


async def test_entries_of_a_deleted_account_are_named(attack: Attack) -> None:
    await attack.sql("DELETE FROM accounts WHERE id = {alice}")
    found = await attack.verify()
    assert found[0] == ("entry_without_account", "alice", 1)
    assert {finding[0] for finding in found[1:]} == {"asset_unbalanced"}


async def test_accounts_deleted_with_all_they_did_are_missed_by_the_checkpoint(attack: Attack) -> None:
    """Everything is gone, to the last account: nothing is left that could be wrong."""
    await attack.sql(*(f"DELETE FROM {table}" for table in ("entries", "transfers", "transfer_register", "holds")))
    await attack.sql("DELETE FROM accounts")
    found = await attack.verify()
    assert {finding[1] for finding in found} == {"alice", "bob", "treasury", "reserve"}
    assert {(finding[0], finding[2]) for finding in found} == {("behind_checkpoint", 1)}


async def test_a_changed_hold_is_not_what_lies_in_the_reserve(attack: Attack) -> None:
    await attack.sql("UPDATE holds SET captured = 10")
    assert await attack.verify() == [("holds_differ", "alice", None)]


async def test_a_hold_that_says_it_is_over_is_not_what_lies_in_the_reserve(attack: Attack) -> None:
    await attack.sql("UPDATE holds SET captured = amount, status = 'captured'")
    assert await attack.verify() == [("holds_differ", "alice", None)]


async def test_a_deleted_hold_leaves_money_in_the_reserve(attack: Attack) -> None:
    await attack.sql("DELETE FROM holds")
    assert await attack.verify() == [("holds_differ", "alice", None)]


# ── What checkpoints alone can show ──────────────────────────────────────────────────────────────────────────────────


async def test_a_cut_tail_with_accounts_rewritten_is_behind_the_last_checkpoint(attack: Attack) -> None:
    await cut_the_last_transfer(attack)
    assert await attack.verify() == [("behind_checkpoint", "alice", 6), ("behind_checkpoint", "bob", 5)]


async def test_without_checkpoints_a_cut_tail_with_accounts_rewritten_cannot_be_found(attack: Attack) -> None:
    """So the test above proves what checkpoints are for."""
    await cut_the_last_transfer(attack)
    await attack.sql("DELETE FROM checkpoints", "DELETE FROM checkpoint_heads")
    assert await attack.verify(sink=False) == []


@pytest.mark.parametrize("which", ["", "WHERE number = 2"], ids=["all checkpoints", "the last"])
async def test_checkpoints_deleted_as_well_are_missed_by_their_copies_outside(attack: Attack, which: str) -> None:
    await cut_the_last_transfer(attack)
    await attack.sql(f"DELETE FROM checkpoints {which}", f"DELETE FROM checkpoint_heads {which}")
    assert await attack.verify() == [("checkpoint_missing", None, None)]


async def test_a_cut_tail_that_has_grown_again_is_not_what_was_signed_before(attack: Attack) -> None:
    """Newer checkpoints sign the new history: the older ones are compared all the same."""
    await cut_the_last_transfer(attack)
    market = Market(attack.scene.tenant_id, attack.scene.container, attack.scene.container.posting())
    alice, bob = WalletId(attack.scene.names["alice"]), WalletId(attack.scene.names["bob"])
    for _ in range(3):
        paid = await market.posting.post(market.transfer(alice, bob, 1))
        assert paid.status == 201
    assert (await take_checkpoint(attack)).number == 3

    assert await attack.verify() == [("behind_checkpoint", "alice", 6), ("behind_checkpoint", "bob", 5)]


async def test_nothing_is_signed_over_checkpoints_that_were_taken_out(attack: Attack) -> None:
    """Else the new ones would soon have the numbers of the old ones, and the copies nothing to miss."""
    await cut_the_last_transfer(attack)
    await attack.sql("DELETE FROM checkpoints WHERE number = 2", "DELETE FROM checkpoint_heads WHERE number = 2")
    with pytest.raises(CheckpointMissing, match="checkpoint 2 has a copy outside, the database ends at 1"):
        await take_checkpoint(attack)
    assert await attack.verify() == [("checkpoint_missing", None, None)]


async def take_checkpoint(attack: Attack) -> Checkpoint:
    """A further checkpoint, with its copy among this attack's."""
    container = attack.scene.container
    taken = await TakeCheckpointHandler(
        container.checkpoint_repository(),
        container.checkpoint_signer(),
        FileCheckpointSink(attack.copies),
        container.clock(),
    )(attack.scene.tenant_id)
    assert taken is not None
    return taken


# ── The checkpoints themselves ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "change",
    [
        "taken_at = taken_at + interval '1 microsecond'",
        "previous = sha256(previous)",
        "root = sha256(root)",
        "head_count = head_count + 1",
        "signature = sha512(signature)",
    ],
)
async def test_no_word_of_a_checkpoint_changes_unseen(attack: Attack, change: str) -> None:
    await attack.sql(f"UPDATE checkpoints SET {change} WHERE number = 1")
    assert await attack.verify(sink=False) == [("checkpoint_changed", None, None)]


async def test_a_missing_checkpoint_before_the_last_is_missed(attack: Attack) -> None:
    await attack.sql("DELETE FROM checkpoints WHERE number = 1")
    assert await attack.verify(sink=False) == [("checkpoint_missing", None, None)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE checkpoint_heads SET balance = balance + 1 WHERE number = 2 AND account_id = {alice}",
        "UPDATE checkpoint_heads SET sequence = sequence - 1 WHERE number = 2 AND account_id = {alice}",
        "UPDATE checkpoint_heads SET chain = sha256(chain) WHERE number = 2 AND account_id = {alice}",
        "DELETE FROM checkpoint_heads WHERE number = 2 AND account_id = {alice}",
    ],
)
async def test_heads_that_were_not_signed_are_blamed_on_the_checkpoint_first(attack: Attack, change: str) -> None:
    await attack.sql(change)
    assert (await attack.verify(sink=False))[0] == ("checkpoint_changed", None, None)


async def test_a_checkpoint_signed_anew_with_another_key_is_not_ours(attack: Attack, tmp_path: Path) -> None:
    """Without our key one can only sign with one's own; who has ours, or knows it, trusts no other."""
    await cut_the_last_transfer(attack)
    await attack.sql("DELETE FROM checkpoints", "DELETE FROM checkpoint_heads")
    make_checkpoint_key(tmp_path / "theirs.pem")
    container = attack.scene.container
    forge = TakeCheckpointHandler(
        container.checkpoint_repository(),
        Ed25519CheckpointSigner(tmp_path / "theirs.pem"),
        None,
        container.clock(),
    )
    assert await forge(attack.scene.tenant_id) is not None

    assert await attack.verify(sink=False) == [("checkpoint_changed", None, None)]


async def test_a_changed_copy_outside_is_found_whichever_it_is(attack: Attack) -> None:
    path = attack.copies / str(attack.scene.tenant_id) / "000000000001.json"
    copy = json.loads(path.read_text())
    copy["root"] = bytes(32).hex()
    path.write_text(json.dumps(copy))
    assert await attack.verify() == [("checkpoint_changed", None, None)]


async def test_a_copy_outside_that_cannot_be_read_is_found(attack: Attack) -> None:
    path = attack.copies / str(attack.scene.tenant_id) / "000000000002.json"
    path.write_text("{}")
    assert await attack.verify() == [("checkpoint_changed", None, None)]


async def test_a_copy_that_is_not_there_yet_is_nothing_wrong(attack: Attack) -> None:
    (attack.copies / str(attack.scene.tenant_id) / "000000000002.json").unlink()
    assert await attack.verify() == []
