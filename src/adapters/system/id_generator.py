"""UUIDv7 ids (RFC 9562, section 5.7), made here because PostgreSQL before 18 cannot."""

import os
import time
from collections.abc import Iterator
from struct import Struct
from uuid import UUID

import msgspec

_VERSION_7 = 7 << 76
_VARIANT = 2 << 62
_RANDOM_62 = (1 << 62) - 1
_MILLISECOND_NS = 1_000_000
_SUB_MILLISECOND_STEPS = 4096
_DRAWN_AT_ONCE = Struct(">256Q")


class Uuid7Generator:
    """
    Implements `ports.id_generator.IdGenerator`.

    The 12 bits after the version hold the fraction of the millisecond (RFC 9562, section 6.2, method 3), so that
    ids of one process sort by the time they were made; the other 62 bits are random.
    """

    def __init__(self) -> None:
        """Draw random numbers in stock: asking the system for each takes as long as making the id."""
        self._random: Iterator[int] = iter(())
        os.register_at_fork(after_in_child=self._draw)  # or two processes would use the same numbers

    def new(self) -> UUID:
        """A fresh UUIDv7."""
        milliseconds, rest = divmod(time.time_ns(), _MILLISECOND_NS)
        fraction = rest * _SUB_MILLISECOND_STEPS // _MILLISECOND_NS
        random = next(self._random, None)
        if random is None:
            self._draw()
            random = next(self._random)
        number = (milliseconds << 80) | _VERSION_7 | (fraction << 64) | _VARIANT | (random & _RANDOM_62)
        # As UUID(int=number) makes it, in a third of the time.
        return msgspec.convert(number.to_bytes(16, "big"), UUID)

    def _draw(self) -> None:
        self._random = iter(_DRAWN_AT_ONCE.unpack(os.urandom(_DRAWN_AT_ONCE.size)))
