"""Why issuers decline, with the advice that networks give along."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decline:
    """
    Why a payment, a refund or a payout failed.

    Attributes:
        code: The provider's word for it; open-ended, because real providers add words without asking.
        message: For people.
        advice: `try_again_later`, `do_not_try_again`, `confirm_card_data`, or None.
        network_code: The two digits of ISO 8583 that the issuer answered, or None.
    """

    code: str
    message: str
    advice: str | None = None
    network_code: str | None = None


_LATER, _NEVER, _CHECK = "try_again_later", "do_not_try_again", "confirm_card_data"

_KNOWN = {
    decline.code: decline
    for decline in (
        Decline("insufficient_funds", "The card has insufficient funds.", _LATER, "51"),
        Decline("do_not_honor", "The issuer declined and gives no reason.", _LATER, "05"),
        Decline("generic_decline", "The card was declined.", _LATER, "05"),
        Decline("issuer_unavailable", "The issuer could not be reached.", _LATER, "91"),
        Decline("processing_error", "An error occurred while processing the card.", _LATER, "96"),
        Decline("lost_card", "The card was declined.", _NEVER, "41"),
        Decline("stolen_card", "The card was declined.", _NEVER, "43"),
        Decline("pickup_card", "The card was declined.", _NEVER, "04"),
        Decline("fraud", "The payment was blocked.", _NEVER, "59"),
        Decline("expired_card", "The card has expired.", _CHECK, "54"),
        Decline("incorrect_cvc", "The security code is wrong.", _CHECK, "N7"),
        Decline("incorrect_number", "The card number is wrong.", _CHECK, "14"),
        Decline("authentication_required", "The issuer wants the payer to authenticate.", None, "1A"),
        Decline("card_not_supported", "The card does not support this purchase.", None, "57"),
        Decline("authentication_failed", "The payer did not authenticate."),
        Decline("bank_declined", "The bank returned the debit."),
        Decline("card_closed", "The card account is closed.", _NEVER),
        Decline("account_closed", "The bank account is closed."),
        Decline("invalid_account_number", "The bank does not know the account."),
    )
}


def decline_of(code: str) -> Decline:
    """The decline with *code*; of a code that nobody has heard of, one that says only that."""
    return _KNOWN.get(code) or Decline(code, "The payment was declined.")
