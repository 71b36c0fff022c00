"""How the status of a wallet may change."""

import pytest

from core.domain.accounts import AccountStatus, InvalidStatusChange, WalletNotEmpty, check_status_change

ACTIVE, FROZEN, CLOSED = AccountStatus.ACTIVE, AccountStatus.FROZEN, AccountStatus.CLOSED


@pytest.mark.parametrize("total_minor", [0, 1, -1])
@pytest.mark.parametrize(
    ("current", "wanted"),
    [(ACTIVE, FROZEN), (FROZEN, ACTIVE), (ACTIVE, ACTIVE), (FROZEN, FROZEN), (CLOSED, CLOSED)],
)
def test_freezing_unfreezing_and_staying_do_not_depend_on_the_balance(
    current: AccountStatus, wanted: AccountStatus, total_minor: int
) -> None:
    check_status_change(current, wanted, total_minor=total_minor)


@pytest.mark.parametrize("current", [ACTIVE, FROZEN])
def test_an_empty_wallet_closes(current: AccountStatus) -> None:
    check_status_change(current, CLOSED, total_minor=0)


@pytest.mark.parametrize("total_minor", [1, -1])
@pytest.mark.parametrize("current", [ACTIVE, FROZEN])
def test_a_wallet_with_money_or_debt_does_not_close(current: AccountStatus, total_minor: int) -> None:
    with pytest.raises(WalletNotEmpty) as refusal:
        check_status_change(current, CLOSED, total_minor=total_minor)
    assert refusal.value.facts == {"total": total_minor}


@pytest.mark.parametrize("wanted", [ACTIVE, FROZEN])
def test_closed_is_for_good(wanted: AccountStatus) -> None:
    with pytest.raises(InvalidStatusChange):
        check_status_change(CLOSED, wanted, total_minor=0)


def test_the_tables_above_leave_no_pair_of_statuses_out() -> None:
    """A fourth status has to say what it may become."""
    assert set(AccountStatus) == {ACTIVE, FROZEN, CLOSED}
