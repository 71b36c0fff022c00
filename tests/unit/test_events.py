"""What the outside is told, under permanent names."""

import re

import pytest

from builders import TransferFactory
from core.domain.events import event_type
from core.domain.transfers import TransferType

NAMES = {
    TransferType.TOPUP: "transfer.posted",
    TransferType.BONUS: "transfer.posted",
    TransferType.SPEND: "transfer.posted",
    TransferType.CREDIT: "transfer.posted",
    TransferType.DEBIT: "transfer.posted",
    TransferType.TRANSFER: "transfer.posted",
    TransferType.HOLD: "hold.placed",
    TransferType.CAPTURE: "hold.captured",
    TransferType.RELEASE: "hold.released",
    TransferType.EXPIRY: "hold.expired",
    TransferType.REVERSAL: "transfer.reversed",
    TransferType.ORDER_PAYMENT: "transfer.posted",
    TransferType.ORDER_COMPLETION: "transfer.posted",
    TransferType.ORDER_RETURN: "transfer.posted",
    TransferType.PAYMENT: "transfer.posted",
    TransferType.PAYMENT_FEE: "transfer.posted",
    TransferType.REFUND: "transfer.posted",
    TransferType.REFUND_COMPLETION: "transfer.posted",
    TransferType.REFUND_RETURN: "transfer.posted",
}


@pytest.mark.parametrize("type_", TransferType)
def test_every_kind_of_transfer_is_told_under_a_permanent_name(type_: TransferType) -> None:
    name = event_type(TransferFactory.build(type=type_))
    assert name == NAMES[type_]
    assert re.fullmatch(r"[a-z]+\.[a-z]+", name)
