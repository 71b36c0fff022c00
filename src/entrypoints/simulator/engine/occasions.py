"""What the provider announces, and what it will do later."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from entrypoints.simulator.engine.payments import Payment
from entrypoints.simulator.engine.payouts import Payout
from entrypoints.simulator.engine.refunds import Refund

Subject = Payment | Refund | Payout


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Something happened to *subject*, shown as it was right then; *number* counts all of them."""

    id: str
    number: int
    type: str
    at: datetime
    account_id: str
    subject: Subject


class Step(StrEnum):
    """What the provider does by itself, some time after it was asked for something else."""

    FINISH_PAYMENT = "finish_payment"
    FAIL_PAYMENT = "fail_payment"
    SUCCEED_LATE = "succeed_late"
    EXPIRE_PAYMENT = "expire_payment"
    FINISH_REFUND = "finish_refund"
    FAIL_REFUND = "fail_refund"
    SEND_PAYOUT = "send_payout"
    PAY_PAYOUT = "pay_payout"
    FAIL_PAYOUT = "fail_payout"
    RETURN_PAYOUT = "return_payout"


@dataclass(frozen=True, slots=True, order=True)
class DueStep:
    """One step, ordered by when it is due and then by the order of asking."""

    at: datetime
    number: int
    step: Step
    object_id: str

    @property
    def id(self) -> str:
        """A name for it."""
        return str(self.number)
