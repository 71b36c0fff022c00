"""A bounded memory of facts that never change, so that the hot path asks for each only once a process."""

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """Keeps at most *capacity* facts; the one learnt first goes first."""

    def __init__(self, capacity: int) -> None:
        """Remember nothing yet."""
        self._capacity = capacity
        self._facts: dict[Key, Value] = {}

    def get(self, key: Key) -> Value | None:
        """The fact, if it is remembered."""
        return self._facts.get(key)

    def keep(self, key: Key, value: Value) -> None:
        """Remember one more fact."""
        if len(self._facts) >= self._capacity and key not in self._facts:
            del self._facts[next(iter(self._facts))]
        self._facts[key] = value
