"""How the service behaves: well, unless it is asked not to."""

from collections.abc import Sequence
from enum import StrEnum
from random import Random
from typing import Annotated

import msgspec

HANG_SECONDS = 60.0
PAUSE_SECONDS = 2.0


class Mode(StrEnum):
    """What becomes of a request; *before* and *after* say on which side of the work it goes wrong."""

    OK = "ok"
    DECLINE = "decline"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    DROP_AFTER = "drop_after"
    LATE = "late"
    SLOW = "slow"


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What to do to the next requests.

    Attributes:
        seconds: How long it hangs (60 unless given), is slow, or takes to complete what is late (2).
        probability: Of each request; the others go well.
        seed: Of the chance, so that a run can be repeated.
        times: For how many requests at most; None for all.
    """

    mode: Mode = Mode.OK
    seconds: Annotated[float, msgspec.Meta(gt=0, le=3_600)] | None = None
    probability: Annotated[float, msgspec.Meta(ge=0, le=1)] = 1.0
    seed: int = 0
    times: Annotated[int, msgspec.Meta(ge=0)] | None = None

    @property
    def duration_seconds(self) -> float:
        """How long its mode takes."""
        if self.seconds is not None:
            return self.seconds
        return HANG_SECONDS if self.mode in {Mode.HANG_BEFORE, Mode.HANG_AFTER} else PAUSE_SECONDS


WELL = Behaviour()

FIRST_TIME_SKUS = {
    "sku_error_before": Mode.ERROR_BEFORE,
    "sku_error_after": Mode.ERROR_AFTER,
    "sku_hang_before": Mode.HANG_BEFORE,
    "sku_hang_after": Mode.HANG_AFTER,
    "sku_drop": Mode.DROP_AFTER,
    "sku_slow": Mode.SLOW,
}
"""What goes wrong the first time a key is seen, and well from then on."""

EVERY_TIME_SKUS = {
    "sku_declined": Mode.DECLINE,
    "sku_down": Mode.ERROR_BEFORE,
    "sku_late": Mode.LATE,
}
"""What goes the same way however often it is asked for."""


class Mood:
    """The behaviour somebody asked for, while it lasts."""

    def __init__(self) -> None:
        """Begin in a good one."""
        self.change(WELL)

    def change(self, behaviour: Behaviour) -> None:
        """Behave like that from now on; chance and count begin anew."""
        self.behaviour = behaviour
        self.left = behaviour.times
        self._chance = Random(behaviour.seed)  # noqa: S311 - it has to repeat itself, not to surprise

    def next(self) -> Behaviour:
        """How to behave to this request."""
        if self.left == 0 or self._chance.random() >= self.behaviour.probability:
            return WELL
        if self.left is not None:
            self.left -= 1
        return self.behaviour


def asked_by_items(items: Sequence[object], *, first_time: bool) -> Behaviour:
    """How an order wants to be treated by what is in it: by its first item with a telling ``sku``."""
    telling = EVERY_TIME_SKUS | (FIRST_TIME_SKUS if first_time else {})
    for item in items:
        match item:
            case {"sku": str(sku)} if sku in telling:
                return Behaviour(mode=telling[sku])
            case _:
                pass
    return WELL
