"""Ids that follow from their cause. They are stored, so they may never come out differently."""

from uuid import UUID

from builders import ALICE, BOB, OTHER_TENANT, TENANT
from core.domain.identifiers import main_account_id, reserve_account_id, system_account_id


def test_a_wallet_and_its_main_account_share_one_id() -> None:
    assert main_account_id(ALICE) == ALICE


def test_the_id_of_a_reserve_is_pinned() -> None:
    assert reserve_account_id(ALICE) == UUID("307e1970-5598-56f5-807f-0d2f46f0fe1a")


def test_the_id_of_a_tenants_own_account_is_pinned() -> None:
    assert system_account_id(TENANT, "treasury", "USD") == UUID("e71cf821-09aa-5416-abef-a315a5224fe0")


def test_each_account_has_an_id_of_its_own() -> None:
    ids = [
        main_account_id(ALICE),
        reserve_account_id(ALICE),
        reserve_account_id(BOB),
        system_account_id(TENANT, "treasury", "USD"),
        system_account_id(TENANT, "treasury", "EUR"),
        system_account_id(TENANT, "revenue", "USD"),
        system_account_id(OTHER_TENANT, "treasury", "USD"),
    ]
    assert len(set(ids)) == len(ids)
