"""
A sum over entries that does not depend on their order, so that two listings in different orders can be compared.

Each entry is hashed to 4,096 bits, and the numbers are added modulo 2^4096. With so many bits nobody can find other
entries of the same sum (Wagner's generalised birthday attack needs about 2^(2·sqrt(4096)) = 2^128 steps).
"""

import json
from hashlib import shake_256

_BITS = 4096


class EntrySum:
    """Equal for the same entries in any order, and for no others."""

    __slots__ = ("_total",)

    def __init__(self) -> None:
        """The sum of no entries."""
        self._total = 0

    def add(
        self,
        *,
        transfer_id: str,
        leg: int,
        account_id: str,
        asset: str,
        sequence: int,
        direction: int,
        amount: int,
        digest: str | None,
    ) -> None:
        """Add an entry; *digest* is its transfer's in hexadecimal digits, or None when there is no transfer."""
        told = json.dumps(
            [transfer_id, leg, account_id, asset, sequence, direction, amount, digest], separators=(",", ":")
        )
        self._total = (self._total + int.from_bytes(shake_256(told.encode()).digest(_BITS // 8), "big")) % (1 << _BITS)

    def __eq__(self, other: object) -> bool:
        """Whether both are sums of the same entries."""
        return self._total == other._total if isinstance(other, EntrySum) else NotImplemented

    def __hash__(self) -> int:
        """Of the sum as it is now."""
        return hash(self._total)

    def hex(self) -> str:
        """The sum in 1,024 hexadecimal digits."""
        return self._total.to_bytes(_BITS // 8, "big").hex()
