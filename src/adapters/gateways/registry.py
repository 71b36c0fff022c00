"""Which gateways are installed: entry points of the group `bursar.gateways`, ours and anybody's."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from importlib.metadata import EntryPoint, entry_points
from typing import Self, cast

import structlog

from core.domain.gateway_accounts import GatewayAccount, GatewayUnknown
from ports.gateway_plugin import ENTRY_POINT_GROUP, PORT_API_VERSION, Gateway, GatewayFactory, SecretLookup
from ports.provider_http import ProviderHttp

_log = structlog.get_logger()


class GatewayPluginBroken(Exception):
    """An installed adapter cannot be used; the message says which and why."""


class Loading(StrEnum):
    """What to do about an adapter that cannot be used."""

    STRICT = "strict"
    """Refuse to start."""
    SKIP = "skip"
    """Warn, and go on without it."""


class GatewayRegistry:
    """The adapters that were found, by name."""

    def __init__(self, factories: Mapping[str, GatewayFactory], *, skipped: Sequence[str] = ()) -> None:
        """Know *factories*; *skipped* says what was passed over, and why."""
        self._factories = dict(factories)
        self.skipped = tuple(skipped)

    @classmethod
    def load(cls, loading: Loading, *, installed: Iterable[EntryPoint] | None = None) -> Self:
        """
        Find and import what is installed.

        Raises:
            GatewayPluginBroken: In strict mode, if an adapter cannot be imported, was written for other ports, or
                has the name of another one.
        """
        factories: dict[str, GatewayFactory] = {}
        skipped: list[str] = []
        for point in entry_points(group=ENTRY_POINT_GROUP) if installed is None else installed:
            try:
                factories[point.name] = _load(point, factories)
            except GatewayPluginBroken as broken:
                if loading is Loading.STRICT:
                    raise
                skipped.append(str(broken))
                _log.warning("gateway_plugin_skipped", gateway=point.name, reason=str(broken))
        return cls(factories, skipped=skipped)

    @property
    def names(self) -> Sequence[str]:
        """What can be opened."""
        return sorted(self._factories)

    def factory(self, name: str) -> GatewayFactory:
        """
        The adapter called *name*.

        Raises:
            GatewayUnknown: If there is none.
        """
        if name not in self._factories:
            raise GatewayUnknown(f"no gateway {name!r} is installed; there are: {', '.join(self.names) or 'none'}")
        return self._factories[name]

    def open(self, account: GatewayAccount, secret: SecretLookup, http: ProviderHttp) -> Gateway:
        """
        Open *account* with its adapter; no I/O yet.

        Raises:
            GatewayUnknown: If there is no such adapter.
            GatewaySettingsInvalid: If its settings are wrong.
            LookupError: If a secret is missing.
        """
        return self.factory(account.gateway)(account, secret, http)


def _load(point: EntryPoint, known: Mapping[str, GatewayFactory]) -> GatewayFactory:
    if point.name in known:
        raise GatewayPluginBroken(f"two packages bring a gateway {point.name!r}; the second is {point.value}")
    try:
        loaded: object = point.load()
    except Exception as error:  # somebody else's module may raise anything while it is imported
        raise GatewayPluginBroken(
            f"gateway {point.name!r} ({point.value}) cannot be imported: {type(error).__name__}: {error}"
        ) from error
    written_for = getattr(loaded, "port_api_version", None)
    if not callable(loaded) or not isinstance(written_for, int):
        raise GatewayPluginBroken(f"gateway {point.name!r} ({point.value}) is no factory with a port_api_version")
    if written_for != PORT_API_VERSION:
        raise GatewayPluginBroken(
            f"gateway {point.name!r} ({point.value}) was written for version {written_for} of the ports; "
            f"these are version {PORT_API_VERSION}"
        )
    return cast("GatewayFactory", loaded)
