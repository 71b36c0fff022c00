"""What payments and refunds do to the books, by the recipes of the ledger's design."""

from core.domain.accounts import Purpose
from core.domain.idempotency import Answer, internal_claim
from core.domain.identifiers import (
    AccountId,
    TransferId,
    gateway_account_id,
    main_account_id,
    system_account_id,
)
from core.domain.instructions import Instruction, Outcome, Posted, PostingRequest
from core.domain.payments import Payment
from core.domain.refunds import Refund
from core.domain.transfers import Leg, TransferDraft, TransferType
from ports.id_generator import IdGenerator

POSTED, REFUSED = 200, 409

GATEWAY_PURPOSES = (Purpose.GATEWAY_CLEARING, Purpose.REFUNDS_IN_TRANSIT)
SYSTEM_PURPOSES = (Purpose.FEES, Purpose.SUSPENSE)


class FactRefused(Exception):
    """The books refused what the outside world has decided: a bug."""


def capture_posting(ids: IdGenerator, payment: Payment, amount: int, *, suspend: bool = False) -> PostingRequest:
    """*amount* minor units more were captured: into the wallet, or, when it cannot take it, to suspense."""
    credit = _suspense(payment) if suspend else main_account_id(payment.wallet_id)
    cause = f"payment {payment.id} captured {payment.captured}{' suspended' if suspend else ''}"
    leg = Leg(_at_gateway(payment, Purpose.GATEWAY_CLEARING), credit, amount)
    return _posting(ids, payment, TransferType.PAYMENT, leg, cause, description=payment.description)


def fee_posting(ids: IdGenerator, payment: Payment, amount: int) -> PostingRequest:
    """The provider kept *amount* minor units more."""
    fees = system_account_id(payment.tenant_id, Purpose.FEES, payment.asset)
    leg = Leg(fees, _at_gateway(payment, Purpose.GATEWAY_CLEARING), amount)
    return _posting(ids, payment, TransferType.PAYMENT_FEE, leg, f"payment {payment.id} fee {payment.fee}")


def refund_draft_leg(payment: Payment, amount: int) -> Leg:
    """From the wallet on its way back to the payer."""
    return Leg(main_account_id(payment.wallet_id), _at_gateway(payment, Purpose.REFUNDS_IN_TRANSIT), amount)


def refund_completed(ids: IdGenerator, payment: Payment, refund: Refund) -> PostingRequest:
    """It arrived."""
    leg = Leg(
        _at_gateway(payment, Purpose.REFUNDS_IN_TRANSIT), _at_gateway(payment, Purpose.GATEWAY_CLEARING), refund.amount
    )
    return _posting(ids, payment, TransferType.REFUND_COMPLETION, leg, f"refund {refund.id} completed")


def refund_returned(
    ids: IdGenerator, payment: Payment, refund: Refund, *, after_success: bool, suspend: bool = False
) -> PostingRequest:
    """It did not arrive: back into the wallet, or, when that is closed, to suspense."""
    source = Purpose.GATEWAY_CLEARING if after_success else Purpose.REFUNDS_IN_TRANSIT
    credit = _suspense(payment) if suspend else main_account_id(payment.wallet_id)
    cause = f"refund {refund.id} returned{' suspended' if suspend else ''}"
    leg = Leg(_at_gateway(payment, source), credit, refund.amount)
    return _posting(ids, payment, TransferType.REFUND_RETURN, leg, cause)


def refund_found(ids: IdGenerator, payment: Payment, refund: Refund, *, suspend: bool = False) -> PostingRequest:
    """Somebody refunded it on the provider's pages: out of the wallet, or, when that is short, out of suspense."""
    debit = _suspense(payment) if suspend else main_account_id(payment.wallet_id)
    cause = f"refund {refund.id} found{' suspended' if suspend else ''}"
    leg = Leg(debit, _at_gateway(payment, Purpose.GATEWAY_CLEARING), refund.amount)
    return _posting(ids, payment, TransferType.REFUND, leg, cause)


def _posting(
    ids: IdGenerator, payment: Payment, type_: TransferType, leg: Leg, cause: str, *, description: str | None = None
) -> PostingRequest:
    draft = TransferDraft(
        id=TransferId(ids.new()),
        type=type_,
        legs=(leg,),
        trace_id=payment.trace_id,
        description=description,
        begun=False,
    )
    instruction = Instruction(payment.tenant_id, (draft,), accounts=frozenset((leg.debit, leg.credit)))
    return PostingRequest(instruction, internal_claim(payment.tenant_id, cause), _render)


def _at_gateway(payment: Payment, purpose: Purpose) -> AccountId:
    return gateway_account_id(payment.tenant_id, payment.gateway_account, purpose, payment.asset)


def _suspense(payment: Payment) -> AccountId:
    return system_account_id(payment.tenant_id, Purpose.SUSPENSE, payment.asset)


def _render(outcome: Outcome) -> Answer:
    if isinstance(outcome, Posted):
        return Answer(POSTED, b"")
    return Answer(REFUSED, outcome.error.detail.encode())
