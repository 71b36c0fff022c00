"""Finding installed adapters by their entry points."""

from collections.abc import Sequence
from importlib.metadata import EntryPoint
from typing import Any

import pytest

from adapters.gateways import mock
from adapters.gateways.registry import GatewayPluginBroken, GatewayRegistry, Loading
from core.domain.gateway_accounts import GatewayUnknown
from ports.gateway_plugin import ENTRY_POINT_GROUP, PORT_API_VERSION

OURS = "adapters.gateways.mock:factory"


class OldFactory:
    """Written for ports that are no more."""

    port_api_version = PORT_API_VERSION - 1
    settings: Sequence[Any] = ()

    def __call__(self, *_: object) -> object:
        raise AssertionError("it must not be opened")


old_factory = OldFactory()
no_factory = "just a text"


def installed(**values: str) -> list[EntryPoint]:
    return [EntryPoint(name, value, ENTRY_POINT_GROUP) for name, value in values.items()]


def test_what_is_installed_is_found() -> None:
    registry = GatewayRegistry.load(Loading.STRICT)
    assert "mock" in registry.names
    assert registry.factory("mock") is mock.factory


def test_a_gateway_nobody_installed_is_unknown() -> None:
    registry = GatewayRegistry.load(Loading.STRICT, installed=installed(mock=OURS))
    with pytest.raises(GatewayUnknown, match="'acme' is installed; there are: mock"):
        registry.factory("acme")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_package:factory", "cannot be imported: ModuleNotFoundError"),
        ("adapters.gateways.mock:no_such_thing", "cannot be imported: AttributeError"),
        ("contract.test_mock_gateway_registry:old_factory", f"written for version {PORT_API_VERSION - 1} of the ports"),
        ("contract.test_mock_gateway_registry:no_factory", "no factory"),
    ],
)
def test_a_broken_adapter_stops_the_start_or_is_passed_over(value: str, reason: str) -> None:
    points = installed(mock=OURS, broken=value)
    with pytest.raises(GatewayPluginBroken, match=reason):
        GatewayRegistry.load(Loading.STRICT, installed=points)
    registry = GatewayRegistry.load(Loading.SKIP, installed=points)
    assert registry.names == ["mock"]
    (skipped,) = registry.skipped
    assert reason in skipped
    assert "'broken'" in skipped


def test_two_adapters_of_one_name_are_refused() -> None:
    points = [*installed(mock=OURS), *installed(mock="acme.pay:factory")]
    with pytest.raises(GatewayPluginBroken, match="two packages"):
        GatewayRegistry.load(Loading.STRICT, installed=points)
    assert GatewayRegistry.load(Loading.SKIP, installed=points).factory("mock") is mock.factory
