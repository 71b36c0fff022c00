"""The instruction that takes a hold one step on; its legs follow from the hold, under lock."""

from core.application.transfers.request import Details
from core.domain.holds import CaptureHold, ExpireHold, Hold, HoldStep
from core.domain.identifiers import TransferId, main_account_id, reserve_account_id
from core.domain.instructions import Instruction
from core.domain.transfers import TransferDraft, TransferType
from ports.id_generator import IdGenerator


def step_instruction(
    ids: IdGenerator, hold: Hold, step: HoldStep, *, trace_id: str, details: Details | None = None
) -> Instruction:
    """Capture, release or expire *hold*; releases and expiries post even on a frozen wallet."""
    details = details or Details()
    if isinstance(step, CaptureHold):
        type_ = TransferType.CAPTURE
    elif isinstance(step, ExpireHold):
        type_ = TransferType.EXPIRY
    else:
        type_ = TransferType.RELEASE
    draft = TransferDraft(
        id=TransferId(ids.new()),
        type=type_,
        legs=(),
        trace_id=trace_id,
        reference=details.reference,
        description=details.description,
        metadata=details.metadata,
        hold_id=hold.id,
        begun=type_ is TransferType.CAPTURE,
    )
    touched = {main_account_id(hold.wallet_id), reserve_account_id(hold.wallet_id)}
    if isinstance(step, CaptureHold):
        touched.add(step.destination)
    return Instruction(hold.tenant_id, (draft,), hold=step, accounts=frozenset(touched))
