"""Secrets by name, kept outside the database."""

from typing import Protocol


class Secrets(Protocol):
    """Read anew at every call, so that a rotated secret is used at once."""

    def get(self, name: str) -> str:
        """
        The secret's value.

        Raises:
            SecretMissing: If there is none of that name, or it cannot be read.
        """
        ...
