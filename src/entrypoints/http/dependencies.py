"""The only glue between the container and Litestar."""

from collections.abc import Callable
from typing import Any

from litestar.di import Provide


def from_container(provider: Callable[[], Any]) -> Provide:
    """Litestar cannot read a provider's signature, so wrap it in a function."""

    def resolve() -> Any:
        return provider()

    return Provide(resolve, sync_to_thread=False)
