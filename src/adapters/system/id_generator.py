"""UUIDv7 ids (RFC 9562, section 5.7), made here because PostgreSQL before 18 cannot."""

import os
import time
from uuid import UUID

_VERSION_7 = 7 << 76
_VARIANT = 2 << 62
_RANDOM_62 = (1 << 62) - 1
_MILLISECOND_NS = 1_000_000
_SUB_MILLISECOND_STEPS = 4096


class Uuid7Generator:
    """
    Implements `ports.id_generator.IdGenerator`.

    The 12 bits after the version hold the fraction of the millisecond (RFC 9562, section 6.2, method 3), so that
    ids of one process sort by the time they were made; the other 62 bits are random.
    """

    def new(self) -> UUID:
        """A fresh UUIDv7."""
        milliseconds, rest = divmod(time.time_ns(), _MILLISECOND_NS)
        fraction = rest * _SUB_MILLISECOND_STEPS // _MILLISECOND_NS
        random = int.from_bytes(os.urandom(8), "big") & _RANDOM_62
        return UUID(int=(milliseconds << 80) | _VERSION_7 | (fraction << 64) | _VARIANT | random)
