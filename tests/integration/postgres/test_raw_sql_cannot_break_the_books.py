"""
Whoever has the application's password can still not break the books.

Every attack writes SQL by hand, commits if nothing stops it, and leaves the ledger exactly as it was.
"""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from integration.postgres.raw_ledger import CREDIT, DEBIT, REFERENCE, RawLedger, month_of

Attack = Callable[[RawLedger], Awaitable[None]]
TWICE = asyncpg.UniqueViolationError.sqlstate


async def entries_that_do_not_balance(raw: RawLedger) -> None:
    transfer = await raw.transfer()
    debit, _ = await raw.pair(transfer)
    await raw.write([debit, await raw.entry(transfer, 1, raw.seeded.treasury, CREDIT, 90)])


async def a_debit_today_and_its_credit_in_the_next_statement(raw: RawLedger) -> None:
    debit, credit = await raw.pair(await raw.transfer())
    await raw.write([debit])
    await raw.write([credit])


async def two_assets_that_balance_only_in_sum(raw: RawLedger) -> None:
    transfer = await raw.transfer()
    gems = await raw.entry(transfer, 1, raw.seeded.alice_gems, CREDIT, 100, asset="GEMS")
    await raw.write([await raw.entry(transfer, 0, raw.seeded.alice, DEBIT, 100), gems])


async def money_copied_in_by_the_bulk_protocol(raw: RawLedger) -> None:
    entry = await raw.entry(await raw.transfer(), 0, raw.seeded.bob, CREDIT, 100)
    await raw.connection.copy_records_to_table("entries", records=[tuple(entry.values())], columns=list(entry))


async def entries_appended_to_yesterdays_transfer(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.known_transfer(), leg=2))


async def entries_appended_to_yesterdays_transfer_now(raw: RawLedger) -> None:
    await raw.write(await raw.pair({**await raw.known_transfer(), "posted_at": await raw.moment()}))


async def entries_appended_in_the_same_transaction(raw: RawLedger) -> None:
    transfer = await raw.transfer()
    await raw.write(await raw.pair(transfer))
    await raw.write(await raw.pair(transfer, leg=2))


async def the_same_legs_written_twice(raw: RawLedger) -> None:
    transfer = await raw.transfer()
    await raw.write(await raw.pair(transfer))
    await raw.write(await raw.pair(transfer))


async def one_leg_given_twice(raw: RawLedger) -> None:
    await raw.write([{**entry, "leg": 0} for entry in await raw.pair(await raw.transfer())])


async def legs_that_do_not_begin_at_zero(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(), leg=1))


async def a_second_transfer_of_the_same_id_at_another_moment(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(id=raw.seeded.transfer)))


async def a_sequence_skipped(raw: RawLedger) -> None:
    debit, credit = await raw.pair(await raw.transfer())
    await raw.write([debit, {**credit, "sequence": credit["sequence"] + 1}])


async def a_sequence_skipped_between_two_entries_of_one_statement(raw: RawLedger) -> None:
    transfer = await raw.transfer(entry_count=4)
    first, second = await raw.pair(transfer), await raw.pair(transfer, leg=2)
    second[1]["sequence"] += 1
    await raw.write(first + second)


async def a_sequence_used_before(raw: RawLedger) -> None:
    debit, credit = await raw.pair(await raw.transfer())
    await raw.write([debit, {**credit, "sequence": credit["sequence"] - 1}])


async def a_balance_that_does_not_follow(raw: RawLedger) -> None:
    debit, credit = await raw.pair(await raw.transfer())
    await raw.write([debit, {**credit, "balance_after": credit["balance_after"] + 1}])


async def a_balance_that_does_not_follow_between_two_entries_of_one_statement(raw: RawLedger) -> None:
    transfer = await raw.transfer(entry_count=4)
    first, second = await raw.pair(transfer), await raw.pair(transfer, leg=2)
    second[1]["balance_after"] += 1
    await raw.write(first + second)


async def a_moment_before_the_accounts_last(raw: RawLedger) -> None:
    earlier = await raw.connection.fetchval("SELECT min(last_posted_at) FROM accounts WHERE sequence > 0")
    await raw.write(await raw.pair(await raw.transfer(posted_at=earlier - timedelta(seconds=1))))


async def a_moment_that_is_not_the_transfers(raw: RawLedger) -> None:
    transfer = await raw.transfer()
    await raw.write(await raw.pair({**transfer, "posted_at": transfer["posted_at"] + timedelta(seconds=1)}))


async def a_moment_without_a_partition(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(posted_at=await raw.moment() + timedelta(days=4000))))


async def another_asset_than_the_accounts(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(), asset="GEMS"))


async def an_account_nobody_opened(raw: RawLedger) -> None:
    transfer = await raw.transfer()
    debit, _ = await raw.pair(transfer)
    await raw.write([debit, await raw.entry(transfer, 1, uuid4(), CREDIT, 100)])


async def an_account_of_another_tenant(raw: RawLedger) -> None:
    transfer = await raw.transfer()
    debit, _ = await raw.pair(transfer)
    await raw.write([debit, await raw.entry(transfer, 1, raw.seeded.stranger, CREDIT, 100)])


async def an_entry_of_another_tenant_in_our_transfer(raw: RawLedger) -> None:
    transfer = await raw.transfer()
    other = {**transfer, "tenant_id": raw.seeded.other_tenant_id}
    debit, _ = await raw.pair(transfer)
    await raw.write([debit, await raw.entry(other, 1, raw.seeded.stranger, CREDIT, 100)])


async def entries_of_a_transfer_nobody_wrote(raw: RawLedger) -> None:
    transfer = {"tenant_id": raw.seeded.tenant_id, "id": uuid4(), "posted_at": await raw.moment()}
    await raw.write(await raw.pair(transfer))


async def fewer_entries_than_the_transfer_declares(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(entry_count=4)))


async def more_entries_than_the_transfer_declares(raw: RawLedger) -> None:
    transfer = await raw.transfer()
    await raw.write(await raw.pair(transfer) + await raw.pair(transfer, leg=2))


async def a_transfer_of_a_single_entry(raw: RawLedger) -> None:
    await raw.transfer(entry_count=1)


async def more_than_the_wallet_holds(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(), 100_000))


async def an_amount_of_zero(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(), 0))


async def a_negative_amount(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(), -100))


async def an_amount_above_10_to_the_15(raw: RawLedger) -> None:
    transfer = await raw.transfer()
    treasury, bob = raw.seeded.treasury, raw.seeded.bob
    await raw.write(
        [
            await raw.entry(transfer, 0, treasury, DEBIT, 10**15 + 1),
            await raw.entry(transfer, 1, bob, CREDIT, 10**15 + 1),
        ]
    )


async def a_balance_beyond_2_to_the_53(raw: RawLedger) -> None:
    transfer = await raw.transfer(entry_count=20)
    accounts = (raw.seeded.treasury, DEBIT), (raw.seeded.bob, CREDIT)
    await raw.write([await raw.entry(transfer, leg, *accounts[leg % 2], 10**15) for leg in range(20)])


async def a_direction_that_doubles_the_amount(raw: RawLedger) -> None:
    debit, credit = await raw.pair(await raw.transfer())
    await raw.write([{**debit, "direction": -2}, {**credit, "direction": 2}])


async def a_hash_of_the_wrong_length(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(), chain=b"short"))


async def a_second_reversal(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(reversal_of=raw.seeded.reversed_transfer)))


async def a_reference_used_before(raw: RawLedger) -> None:
    await raw.write(await raw.pair(await raw.transfer(reference=REFERENCE)))


REFUSED: list[tuple[Attack, str]] = [
    (entries_that_do_not_balance, "entries_balance"),
    (a_debit_today_and_its_credit_in_the_next_statement, "entries_balance"),
    (two_assets_that_balance_only_in_sum, "entries_balance"),
    (money_copied_in_by_the_bulk_protocol, "entries_balance"),
    (an_entry_of_another_tenant_in_our_transfer, "entries_balance"),
    (entries_appended_to_yesterdays_transfer, "entries_complete_a_new_transfer"),
    (entries_appended_to_yesterdays_transfer_now, "entries_complete_a_new_transfer"),
    (entries_appended_in_the_same_transaction, "entries_complete_a_new_transfer"),
    (the_same_legs_written_twice, TWICE),
    (one_leg_given_twice, TWICE),
    (legs_that_do_not_begin_at_zero, "entries_complete_a_new_transfer"),
    (entries_of_a_transfer_nobody_wrote, "entries_complete_a_new_transfer"),
    (fewer_entries_than_the_transfer_declares, "entries_complete_a_new_transfer"),
    (more_entries_than_the_transfer_declares, "entries_complete_a_new_transfer"),
    (a_moment_that_is_not_the_transfers, "entries_complete_a_new_transfer"),
    (a_transfer_of_a_single_entry, "transfers_entry_count_range"),
    (a_second_transfer_of_the_same_id_at_another_moment, "transfer_register_pkey"),
    (a_sequence_skipped, "entries_continue_the_account"),
    (a_sequence_skipped_between_two_entries_of_one_statement, "entries_continue_the_account"),
    (a_sequence_used_before, "entries_continue_the_account"),
    (a_balance_that_does_not_follow, "entries_continue_the_account"),
    (a_balance_that_does_not_follow_between_two_entries_of_one_statement, "entries_continue_the_account"),
    (a_moment_before_the_accounts_last, "entries_continue_the_account"),
    (another_asset_than_the_accounts, "entries_continue_the_account"),
    (an_account_nobody_opened, "entries_continue_the_account"),
    (an_account_of_another_tenant, "entries_continue_the_account"),
    (a_moment_without_a_partition, asyncpg.CheckViolationError.sqlstate),
    (more_than_the_wallet_holds, "accounts_balance_above_floor"),
    (an_amount_of_zero, "entries_amount_range"),
    (a_negative_amount, "entries_amount_range"),
    (an_amount_above_10_to_the_15, "entries_amount_range"),
    (a_balance_beyond_2_to_the_53, "accounts_balance_range"),
    (a_direction_that_doubles_the_amount, "entries_direction_known"),
    (a_hash_of_the_wrong_length, "entries_chain_length"),
    (a_second_reversal, "transfer_keys_pkey"),
    (a_reference_used_before, "transfer_keys_pkey"),
]


@pytest.mark.parametrize(("attack", "rule"), REFUSED, ids=[attack.__name__ for attack, _ in REFUSED])
@pytest.mark.usefixtures("unchanged")
async def test_a_flawed_entry_is_refused(raw: RawLedger, attack: Attack, rule: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        async with raw.connection.transaction():
            await attack(raw)

    assert rule in {refused.value.constraint_name, refused.value.sqlstate}


async def test_the_same_sql_without_a_flaw_posts(raw: RawLedger) -> None:
    """The attacks above fail for their flaw, not for their form."""
    read = "SELECT balance FROM accounts WHERE id = $1"
    before = await raw.connection.fetchval(read, raw.seeded.bob)

    async with raw.connection.transaction():
        transfer = await raw.transfer(entry_count=4, reference="order 2")
        await raw.write(await raw.pair(transfer) + await raw.pair(transfer, leg=2))

    assert await raw.connection.fetchval(read, raw.seeded.bob) == before + 200


# What the application's role may not do at all -----------------------------------------------------------------------

KEPT = {
    "transfers": "description = 'x'",
    "entries": "amount = 1",
    "transfers{month}": "description = 'x'",
    "entries{month}": "amount = 1",
    "transfer_register": "entry_count = 2",
    "transfer_keys": "value = 'x'",
    "balance_snapshots": "balance = 0",
    "checkpoints": "root = '\\x00'",
    "checkpoint_heads": "balance = 0",
}
REWRITING = {
    f"{verb} {table.format(month=' partition')}": statement.format(table=table, change=change)
    for table, change in KEPT.items()
    for verb, statement in {
        "UPDATE": "UPDATE {table} SET {change}",
        "DELETE": "DELETE FROM {table}",
        "TRUNCATE": "TRUNCATE {table} CASCADE",
    }.items()
}
FORBIDDEN = {
    **REWRITING,
    **{
        f"UPDATE accounts.{column}": f"UPDATE accounts SET {column} = {value}"
        for column, value in {
            "balance": "balance + 1",
            "sequence": "sequence + 1",
            "chain": "'\\x00'",
            "floor": "NULL",
            "debt_allowed": "true",
            "last_posted_at": "now()",
            "asset": "'GEMS'",
            "purpose": "'treasury'",
            "wallet_id": "NULL",
            "id": "gen_random_uuid()",
        }.items()
    },
    "DELETE accounts": "DELETE FROM accounts",
    "TRUNCATE accounts": "TRUNCATE accounts CASCADE",
    "INSERT an account with a balance": """
        INSERT INTO accounts (tenant_id, id, asset, purpose, floor, balance)
        SELECT tenant_id, gen_random_uuid(), 'COINS', 'treasury', NULL, 1000 FROM tenants""",
    "INSERT an account that may owe": """
        INSERT INTO accounts (tenant_id, id, asset, purpose, floor, debt_allowed)
        SELECT tenant_id, gen_random_uuid(), 'COINS', 'treasury', NULL, true FROM tenants""",
    "INSERT into a partition of transfers": "INSERT INTO transfers{month} SELECT * FROM transfers",
    "INSERT into a partition of entries": "INSERT INTO entries{month} SELECT * FROM entries",
    "INSERT into the register": "INSERT INTO transfer_register SELECT * FROM transfer_register",
    "INSERT into the keys": "INSERT INTO transfer_keys SELECT * FROM transfer_keys",
    "UPSERT an entry": "INSERT INTO entries SELECT * FROM entries ON CONFLICT ON CONSTRAINT entries_pkey"
    " DO UPDATE SET amount = 1",
    "MERGE an entry away": "MERGE INTO entries AS mine USING entries AS theirs ON mine.account_id = theirs.account_id"
    " WHEN MATCHED THEN DELETE",
    "UPDATE the schema's version": "UPDATE schema_version SET version_num = '0000'",
    "UPDATE a wallet's user": "UPDATE wallets SET user_id = 'mallory'",
    "UPDATE a hold's amount": "UPDATE holds SET amount = amount + 1",
    "DELETE holds": "DELETE FROM holds",
    "DELETE the outbox": "DELETE FROM outbox",
    "DELETE an event": "DELETE FROM events",
    "UPDATE an event": "UPDATE events SET type = 'order.completed'",
    "INSERT an event": "INSERT INTO events SELECT * FROM events",
    "renumber the events": "UPDATE event_positions SET recorded = 0",
    "disable the triggers": "ALTER TABLE entries DISABLE TRIGGER ALL",
    "disable the triggers of a session": "SET session_replication_role = replica",
    "drop a trigger": "DROP TRIGGER entries_are_applied ON entries",
    "add a trigger": "CREATE TRIGGER mine BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION refuse_change()",
    "add a rule": "CREATE RULE mine AS ON INSERT TO entries DO INSTEAD NOTHING",
    "drop a table": "DROP TABLE entries CASCADE",
    "drop a partition": "DROP TABLE entries{month}",
    "detach a partition": "ALTER TABLE entries DETACH PARTITION entries{month}",
    "drop a constraint": "ALTER TABLE accounts DROP CONSTRAINT accounts_balance_above_floor",
    "drop a column": "ALTER TABLE entries DROP COLUMN chain",
    "rename a table": "ALTER TABLE entries RENAME TO entries_of_old",
    "replace a trigger's function": "CREATE OR REPLACE FUNCTION apply_entries() RETURNS trigger LANGUAGE plpgsql"
    " AS 'BEGIN RETURN NULL; END'",
    "become the owner": "SET ROLE bursar_owner",
    "become the owner for the session": "SET SESSION AUTHORIZATION bursar_owner",
    "become the superuser": "SET ROLE postgres",
    "join the owner": "GRANT bursar_owner TO bursar_api",
    "promote oneself": "ALTER ROLE bursar_api SUPERUSER",
    "create a table in public": "CREATE TABLE public.mine (id integer)",
    "create a view in public": "CREATE VIEW public.mine AS SELECT 1",
    "create a function in public": "CREATE FUNCTION public.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "create a schema": "CREATE SCHEMA mine",
    "read files of the server": "COPY assets FROM '/etc/passwd'",
}


@pytest.mark.parametrize("statement", FORBIDDEN.values(), ids=FORBIDDEN)
@pytest.mark.usefixtures("unchanged")
async def test_the_application_is_not_allowed_to(raw: RawLedger, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await raw.connection.execute(statement.replace("{month}", month_of(await raw.moment())))


@pytest.mark.usefixtures("unchanged")
async def test_nobody_grants_himself_more(raw: RawLedger) -> None:
    await raw.connection.execute("GRANT UPDATE ON entries TO bursar_api")  # PostgreSQL only warns that it did nothing


async def balances_moved_from_a_table_of_ones_own(raw: RawLedger) -> None:
    await raw.connection.execute("CREATE TEMPORARY TABLE entries_of_mine (LIKE entries) ON COMMIT DROP")
    await raw.connection.execute(
        "CREATE TRIGGER mine AFTER INSERT ON entries_of_mine REFERENCING NEW TABLE AS new_entries"
        " FOR EACH STATEMENT EXECUTE FUNCTION apply_entries()"
    )
    await raw.write(await raw.pair(await raw.transfer()), table="entries_of_mine")


async def transfers_registered_from_a_table_of_ones_own(raw: RawLedger) -> None:
    await raw.connection.execute("CREATE TEMPORARY TABLE transfers_of_mine (LIKE transfers) ON COMMIT DROP")
    await raw.connection.execute(
        "CREATE TRIGGER mine AFTER INSERT ON transfers_of_mine REFERENCING NEW TABLE AS new_transfers"
        " FOR EACH STATEMENT EXECUTE FUNCTION register_transfers()"
    )
    await raw.transfer(table="transfers_of_mine", reference="an order of others")


@pytest.mark.parametrize(
    "attack", [balances_moved_from_a_table_of_ones_own, transfers_registered_from_a_table_of_ones_own]
)
@pytest.mark.usefixtures("unchanged")
async def test_the_functions_that_act_as_the_owner_serve_the_journal_alone(raw: RawLedger, attack: Attack) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with raw.connection.transaction():
            await attack(raw)


WRONG_ACCOUNTS = {
    "a wallet account without a floor": ("main", True, None, "accounts_wallet_has_floor"),
    "a wallet account with a floor below zero": ("main", True, -1000, "accounts_wallet_has_floor"),
    "a treasury that belongs to a wallet": ("treasury", True, 0, "accounts_wallet_has_floor"),
    "a main account without a wallet": ("main", False, 0, "accounts_wallet_has_floor"),
    "a second main account of one wallet": ("main", True, 0, "accounts_one_per_wallet_and_purpose"),
    "a second reserve of one wallet": ("reserve", True, 0, "accounts_one_per_wallet_and_purpose"),
    "an account that cannot be opened at zero": ("treasury", False, 1, "accounts_balance_above_floor"),
}


@pytest.mark.parametrize(
    ("purpose", "of_a_wallet", "floor", "rule"), WRONG_ACCOUNTS.values(), ids=WRONG_ACCOUNTS.keys()
)
@pytest.mark.usefixtures("unchanged")
async def test_no_account_is_opened_beside_the_rules(
    raw: RawLedger, purpose: str, of_a_wallet: bool, floor: int | None, rule: str
) -> None:
    wallet_id = raw.seeded.alice if of_a_wallet else None

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await raw.connection.execute(
            "INSERT INTO accounts (tenant_id, id, asset, purpose, wallet_id, floor)"
            " VALUES ($1, gen_random_uuid(), 'COINS', $2, $3, $4)",
            *(raw.seeded.tenant_id, purpose, wallet_id, floor),
        )

    assert refused.value.constraint_name == rule


# What not even the owner does by mistake ------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", REWRITING.values(), ids=REWRITING)
@pytest.mark.usefixtures("unchanged")
async def test_even_the_owner_is_stopped_by_a_trigger(
    owner: asyncpg.Connection, raw: RawLedger, statement: str
) -> None:
    month = month_of(await raw.moment())

    with pytest.raises(asyncpg.IntegrityConstraintViolationError) as refused:
        await owner.execute(statement.replace("{month}", month))

    assert refused.value.constraint_name == "journal_is_append_only"
