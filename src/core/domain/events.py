"""Events: what happened, in the past tense. Permanent names; the catalogue grows and nothing is renamed."""

from core.domain.transfers import Transfer, TransferType

_EVENT_TYPES: dict[TransferType, str] = {
    TransferType.HOLD: "hold.placed",
    TransferType.CAPTURE: "hold.captured",
    TransferType.RELEASE: "hold.released",
    TransferType.EXPIRY: "hold.expired",
    TransferType.REVERSAL: "transfer.reversed",
}


def event_type(transfer: Transfer) -> str:
    """The name of the event a posted transfer emits."""
    return _EVENT_TYPES.get(transfer.type, "transfer.posted")
