"""The provider's words for a no, in ours: a table that ships with the package and that an account may correct."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Self

import msgspec
import structlog

from adapters.gateways.mock.wire import LONGEST_TEXT
from core.domain.free_text import without_personal_details
from core.domain.outcomes import Failure, FailureClass, NextStep

_log = structlog.get_logger()

UNKNOWN_DECLINE = Failure(code="generic", failure_class=FailureClass.SOFT_DECLINE, next_step=NextStep.RETRY_LATER)
"""What a decline means that nobody has told us about: never that the payer may not try again."""

UNKNOWN_REFUSAL = Failure(
    code="request_refused", failure_class=FailureClass.INVALID_REQUEST, next_step=NextStep.FIX_REQUEST
)


class _Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    code: str
    failure_class: FailureClass = msgspec.field(name="class")
    next_step: NextStep
    failover_ok: bool


@dataclass(frozen=True, slots=True)
class DeclineCodes:
    """What each of the provider's codes means."""

    meanings: Mapping[str, Failure]

    @classmethod
    def shipped(cls) -> Self:
        """The table of this package, `decline_codes.json`."""
        return cls(_shipped())

    def corrected_by(self, overrides: str) -> Self:
        """
        With the rows of *overrides*, a JSON object like the shipped one, in place of ours.

        Raises:
            ValueError: If it is none.
        """
        return replace(self, meanings={**self.meanings, **_rows(overrides)})

    def decline(self, code: str | None, message: str | None = None) -> Failure:
        """Why a payment, refund or payout failed; *message* without personal details."""
        return self._meaning(code, message, UNKNOWN_DECLINE)

    def refusal(self, code: str | None, message: str | None = None) -> Failure:
        """Why a request was refused; *message* without personal details."""
        return self._meaning(code, message, UNKNOWN_REFUSAL)

    def _meaning(self, code: str | None, message: str | None, otherwise: Failure) -> Failure:
        known = self.meanings.get(code or "")
        shown = without_personal_details(code)[:LONGEST_TEXT] if code else None
        if known is None:
            # Counted from the log: each is a row that the table lacks.
            _log.warning("gateway_code_unknown", gateway="mock", provider_code=shown, treated_as=otherwise.code)
        return replace(
            otherwise if known is None else known,
            provider_code=shown,
            message=without_personal_details(message)[:LONGEST_TEXT] if message else None,
        )


@cache
def _shipped() -> Mapping[str, Failure]:
    return _rows(files("adapters.gateways.mock").joinpath("decline_codes.json").read_text(encoding="utf-8"))


def _rows(table: str) -> dict[str, Failure]:
    try:
        decoded: Any = json.loads(table)
        rows = msgspec.convert(decoded, dict[str, _Row])
    except (ValueError, msgspec.ValidationError) as error:
        raise ValueError(f"this is no table of decline codes: {error}") from None
    return {
        name: Failure(
            code=row.code, failure_class=row.failure_class, next_step=row.next_step, failover_ok=row.failover_ok
        )
        for name, row in rows.items()
    }
