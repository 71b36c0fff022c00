"""
Entries and transfers changed by a superuser whose triggers do not fire: what finds it, and which entry is named.

The lists are complete. What comes first is the first wrong entry of the account with the lowest id; what comes after
it was found by other means (the other account, the sums of transfers, the sums of assets).
"""

import pytest

from integration.integrity.crime_scene import Attack

UNBALANCED = ("transfer_unbalanced", None, None)
INCOMPLETE = ("transfer_incomplete", None, None)
ASSET_OFF = ("asset_unbalanced", None, None)


async def test_a_changed_amount_no_longer_leads_to_the_balance_behind_it(attack: Attack) -> None:
    await attack.sql("UPDATE entries SET amount = amount + 1 WHERE account_id = {alice} AND sequence = 3")
    assert await attack.verify() == [("balance_wrong", "alice", 3), UNBALANCED]


async def test_a_changed_amount_with_all_balances_behind_it_no_longer_fits_its_hash(attack: Attack) -> None:
    await attack.sql(
        "UPDATE entries SET amount = amount + 1 WHERE account_id = {alice} AND sequence = 3",
        "UPDATE entries SET balance_after = balance_after - 1 WHERE account_id = {alice} AND sequence >= 3",
        "UPDATE accounts SET balance = balance - 1 WHERE id = {alice}",
    )
    assert await attack.verify() == [("entry_changed", "alice", 3), UNBALANCED, ASSET_OFF]


async def test_a_hash_made_again_for_one_entry_no_longer_leads_to_the_next(attack: Attack) -> None:
    await attack.sql(
        "UPDATE entries SET amount = amount + 1 WHERE account_id = {alice} AND sequence = 3",
        "UPDATE entries SET balance_after = balance_after - 1 WHERE account_id = {alice} AND sequence >= 3",
        "UPDATE accounts SET balance = balance - 1 WHERE id = {alice}",
    )
    await attack.rehash("alice", first=3, last=3)
    assert await attack.verify() == [("entry_changed", "alice", 4), UNBALANCED, ASSET_OFF]


async def test_a_history_rewritten_without_a_flaw_is_not_the_one_that_was_signed(attack: Attack) -> None:
    """Both sides, all hashes and both accounts: nothing in the ledger itself is wrong any more."""
    await attack.sql(
        "UPDATE entries SET amount = amount + 1 WHERE transfer_id = {again}",
        "UPDATE entries SET balance_after = balance_after - 1 WHERE account_id = {alice} AND sequence >= 3",
        "UPDATE entries SET balance_after = balance_after + 1 WHERE account_id = {bob} AND sequence >= 3",
    )
    for account in ("alice", "bob"):
        await attack.rehash(account, first=3)
    await attack.rewrite_account("alice", "bob")
    assert await attack.verify() == [("behind_checkpoint", "alice", 4), ("behind_checkpoint", "bob", 4)]

    await attack.sql("DELETE FROM checkpoints", "DELETE FROM checkpoint_heads")
    assert await attack.verify(sink=False) == []


async def test_a_flipped_direction_is_named(attack: Attack) -> None:
    await attack.sql("UPDATE entries SET direction = -direction WHERE account_id = {alice} AND sequence = 4")
    assert await attack.verify() == [("balance_wrong", "alice", 4), UNBALANCED]


async def test_a_leg_that_no_entry_can_have_is_named(attack: Attack) -> None:
    await attack.sql("UPDATE entries SET leg = -1 WHERE account_id = {alice} AND sequence = 2")
    assert await attack.verify() == [("entry_changed", "alice", 2)]


async def test_an_asset_changed_on_both_sides_still_balances_but_fits_no_hash(attack: Attack) -> None:
    await attack.sql("UPDATE entries SET asset = 'USD' WHERE transfer_id = {paid}")
    assert await attack.verify() == [("entry_changed", "alice", 2), ("entry_changed", "bob", 2)]


@pytest.mark.parametrize("sequence", [1, 3])
async def test_an_entry_deleted_before_the_last_leaves_a_gap(attack: Attack, sequence: int) -> None:
    await attack.sql(f"DELETE FROM entries WHERE account_id = {{alice}} AND sequence = {sequence}")
    assert await attack.verify() == [("entry_missing", "alice", sequence), INCOMPLETE]


async def test_a_tail_that_is_cut_is_missed_by_the_account(attack: Attack) -> None:
    await attack.sql("DELETE FROM entries WHERE account_id = {alice} AND sequence >= 5")
    assert await attack.verify() == [("entry_missing", "alice", 5), INCOMPLETE, INCOMPLETE]


async def test_a_transfer_deleted_with_all_that_tells_of_it_leaves_a_gap_in_both_accounts(attack: Attack) -> None:
    await attack.delete_transfer("again")
    assert await attack.verify() == [("entry_missing", "alice", 3), ("entry_missing", "bob", 3)]


async def test_the_last_transfer_deleted_with_all_that_tells_of_it_is_missed_by_both_accounts(attack: Attack) -> None:
    await attack.delete_transfer("last")
    assert await attack.verify() == [("entry_missing", "alice", 6), ("entry_missing", "bob", 5)]


async def test_swapped_sequences_are_out_of_step_with_time(attack: Attack) -> None:
    await attack.sql("UPDATE entries SET sequence = 7 - sequence WHERE account_id = {alice} AND sequence IN (3, 4)")
    assert await attack.verify() == [("entry_missing", "alice", 3)]


async def test_swapped_sequences_of_one_moment_are_named_at_the_first_of_them(attack: Attack) -> None:
    await attack.sql(
        "UPDATE entries SET sequence = 105 - sequence WHERE account_id = {alice} AND sequence IN (2, 3)",
        "UPDATE entries SET sequence = sequence - 100 WHERE account_id = {alice} AND sequence > 100",
    )
    assert await attack.verify() == [("balance_wrong", "alice", 2)]


async def test_swapped_amounts_are_named_at_the_first_of_them(attack: Attack) -> None:
    await attack.sql(
        "UPDATE entries SET amount = 107 - amount WHERE account_id = {alice} AND sequence IN (2, 3)",
    )
    assert await attack.verify() == [("balance_wrong", "alice", 2), UNBALANCED, UNBALANCED]


async def test_entries_that_swapped_their_places_in_the_chain_are_named_at_the_first_of_them(attack: Attack) -> None:
    """Hash and balance went along, so that each place still looks as it should."""
    columns = ("sequence", "balance_after", "chain")
    await attack.sql(
        f"""
        UPDATE entries AS one SET {", ".join(f"{column} = other.{column}" for column in columns)}
        FROM (SELECT * FROM entries WHERE account_id = {{alice}} AND sequence IN (3, 4)) AS other
        WHERE one.account_id = {{alice}} AND one.sequence = 7 - other.sequence
        """
    )
    assert await attack.verify() == [("entry_missing", "alice", 3)]


@pytest.mark.parametrize(
    "change",
    [
        "description = 'Größe 43'",
        "description = NULL",
        """metadata = '{{"order": "43"}}'""",
        """metadata = '{{"order":"42"}}'""",
        "reference = 'order-2'",
        "trace_id = reverse(trace_id)",
        "type = 'credit'",
        "reversal_of = {again}",
        "hold_id = {held}",
    ],
)
async def test_no_word_of_a_transfer_changes_without_both_its_entries_being_named(attack: Attack, change: str) -> None:
    await attack.sql(f"UPDATE transfers SET {change} WHERE id = {{paid}}")
    assert await attack.verify() == [("entry_changed", "alice", 2), ("entry_changed", "bob", 2)]


async def test_a_transfer_that_declares_more_entries_than_it_has_is_named(attack: Attack) -> None:
    await attack.sql("UPDATE transfers SET entry_count = 4 WHERE id = {paid}")
    assert await attack.verify() == [("entry_changed", "alice", 2), ("entry_changed", "bob", 2), INCOMPLETE]


async def test_a_transfer_moved_in_time_has_lost_its_entries(attack: Attack) -> None:
    await attack.sql("UPDATE transfers SET posted_at = posted_at + interval '1 microsecond' WHERE id = {paid}")
    assert await attack.verify() == [
        ("entry_without_transfer", "alice", 2),
        ("entry_without_transfer", "bob", 2),
        INCOMPLETE,
    ]


async def test_a_transfer_moved_in_time_with_its_entries_fits_no_hash(attack: Attack) -> None:
    earlier = "SET posted_at = posted_at - interval '1 microsecond'"
    await attack.sql(
        f"UPDATE transfers {earlier} WHERE id = {{paid}}",
        f"UPDATE entries {earlier} WHERE transfer_id = {{paid}}",
        f"UPDATE transfer_register {earlier} WHERE transfer_id = {{paid}}",
    )
    assert await attack.verify() == [("entry_changed", "alice", 2), ("entry_changed", "bob", 2)]


async def test_a_deleted_transfer_leaves_its_entries_without_one(attack: Attack) -> None:
    await attack.sql("DELETE FROM transfers WHERE id = {paid}")
    assert await attack.verify() == [
        ("entry_without_transfer", "alice", 2),
        ("entry_without_transfer", "bob", 2),
        INCOMPLETE,
    ]


async def test_a_transfer_taken_from_the_register_could_come_a_second_time(attack: Attack) -> None:
    await attack.sql("DELETE FROM transfer_register WHERE transfer_id = {paid}")
    assert await attack.verify() == [INCOMPLETE]


async def test_a_transfer_that_never_had_an_entry_is_found(attack: Attack) -> None:
    values = f"('{attack.scene.tenant_id}', '01990000-0000-7000-8000-000000000001', now(), 2"
    await attack.sql(
        "INSERT INTO transfers (tenant_id, id, posted_at, entry_count, type, trace_id)"
        f" VALUES {values}, 'transfer', 'no trace')",
        f"INSERT INTO transfer_register (tenant_id, transfer_id, posted_at, entry_count) VALUES {values})",
    )
    assert await attack.verify() == [INCOMPLETE]


COLUMNS = "tenant_id, account_id, posted_at, sequence, transfer_id, leg, direction, asset, amount, balance_after, chain"


async def test_an_entry_copied_in_behind_the_last_is_one_more_than_the_account_knows(attack: Attack) -> None:
    """It has a moment of its own, so that nothing else is in its way, and no sum of its transfer counts it."""
    await attack.sql(
        f"""
        INSERT INTO entries ({COLUMNS})
        SELECT tenant_id, account_id, now(), 7, transfer_id, leg, direction, asset, amount, balance_after, chain
        FROM entries WHERE account_id = {{alice}} AND sequence = 3
        """
    )
    assert await attack.verify() == [("account_changed", "alice", 7)]


async def test_an_entry_copied_in_behind_itself_is_out_of_order(attack: Attack) -> None:
    await attack.sql(
        f"""
        INSERT INTO entries ({COLUMNS})
        SELECT tenant_id, account_id, posted_at + interval '1 microsecond', sequence, transfer_id, leg, direction,
               asset, amount, balance_after, chain
        FROM entries WHERE account_id = {{alice}} AND sequence = 3
        """
    )
    assert await attack.verify() == [("entry_out_of_order", "alice", 4)]


async def test_an_entry_copied_in_as_a_further_leg_makes_its_transfer_too_long(attack: Attack) -> None:
    await attack.sql(
        f"""
        INSERT INTO entries ({COLUMNS})
        SELECT tenant_id, account_id, posted_at, 7, transfer_id, 2, direction, asset, amount, balance_after, chain
        FROM entries WHERE account_id = {{alice}} AND sequence = 6
        """
    )
    assert await attack.verify() == [("account_changed", "alice", 7), INCOMPLETE]


async def test_an_entry_moved_to_another_account_is_missed_here_and_wrong_there(attack: Attack) -> None:
    await attack.sql("UPDATE entries SET account_id = {bob} WHERE account_id = {alice} AND sequence = 1")
    assert await attack.verify() == [("entry_missing", "alice", 1), ("entry_changed", "bob", 1)]


async def test_an_entry_moved_to_where_its_number_is_the_next_is_wrong_there_too(attack: Attack) -> None:
    await attack.sql("UPDATE entries SET account_id = {bob} WHERE account_id = {alice} AND sequence = 5")
    assert await attack.verify() == [("entry_missing", "alice", 5), ("balance_wrong", "bob", 5)]


async def test_everybody_damaged_is_named_once(attack: Attack) -> None:
    await attack.sql("UPDATE entries SET amount = amount + 1 WHERE account_id IN ({alice}, {bob})")
    found = await attack.verify()
    assert found[:2] == [("balance_wrong", "alice", 1), ("balance_wrong", "bob", 1)]
    assert {finding[0] for finding in found[2:]} <= {"transfer_unbalanced"}
